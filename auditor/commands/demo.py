"""`auditor demo`: a small province on this machine, audited, mailed and shown. Touches nothing outside its folder."""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.commands.common import DAY, Workplace, command, json_option, log, now, option, print_json
from auditor.failures import COULD_NOT_RUN, DONE, CannotRun
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from auditor.commands.night import Made
    from auditor.deliver import DeliveryReport
    from auditor.demo.province import Province

MARK = ".auditor-demo"  # this folder is the demo's: it may be emptied
_PAUSE = timedelta(seconds=1)


@command("demo")
@option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-out"), text="demo-out")
@option("--as-of", type=DAY, text="demo-as-of")
@option("--serve", is_flag=True)
@json_option
@click.pass_context
def demo(ctx: click.Context, out: Path, as_of: date | None, serve: bool, as_json: bool) -> None:
    try:
        from auditor.demo.province import Province
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in ("trustme", "aiosmtpd"):
            raise CannotRun("demo_extra", name=error.name) from error
        raise
    folder = fresh_folder(out.absolute())
    from auditor.settings import load_settings

    night = as_of or now().astimezone(load_settings(None).schedule.zone).date()
    with Province(night, folder) as province:
        made, report = asyncio.run(_audit_and_send(province, folder, night, as_json=as_json))
        if serve:
            _serve(province)
    ctx.exit(DONE if made.result.complete and report.ok else COULD_NOT_RUN)


def fresh_folder(folder: Path) -> Path:
    """The demo's folder, empty but for its mark. Raises CannotRun for a folder with something else in it."""
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise CannotRun("demo_folder", path=folder)
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    return folder


async def _audit_and_send(
    province: Province, folder: Path, night: date, *, as_json: bool
) -> tuple[Made, DeliveryReport]:
    """The nightly run over the province's agencies, then the weekly mail to its mail server."""
    from auditor.commands.audit import show_table
    from auditor.commands.desk import problem_lines
    from auditor.commands.night import make_run
    from auditor.store import RunKind

    work = Workplace.at(folder)
    settings = work.settings
    log("demo.started", folder=folder)
    with work.store() as store:
        made = await make_run(
            work, settings, store, work.registry.enabled,
            kind=RunKind.NIGHTLY, as_of=night, profile=None, pause=_PAUSE, out=folder / cli_text("file.cards"),
        )  # fmt: skip
        audits = list(store.audits_of_run(made.result.run_id))
        if as_json:
            from reports.jsonout import run_to_json

            print_json(run_to_json(made.info, audits))
        show_table(audits, made.published, work.rulebook.messages, err=as_json)
        report = await asyncio.to_thread(_send, work)
    for line in problem_lines(report):
        log("failure.line", text=line)
    mails = sorted(province.mailbox.glob("*.eml"))
    click.echo(
        cli_text(
            "demo.look_here", cards=made.published.folder, league=made.published.league, mails=province.mailbox,
            count=len(mails), database=settings.database,
            program=_program(), folder=folder,
        ),
        err=as_json,
    )  # fmt: skip
    return made, report


def _program() -> str:
    """How this program was called, to be typed again."""
    return sys.argv[0] if Path(sys.argv[0]).stem == "auditor" else "auditor"


def _send(work: Workplace) -> DeliveryReport:
    """In a thread of its own, with a connection of its own: sending mail waits for the server."""
    from auditor.commands.desk import WEEKLY, all_cards, hand_over

    with work.store() as store:
        return hand_over(work.settings, store, all_cards(work, work.settings, store), WEEKLY)


def _serve(province: Province) -> None:
    """Leave the servers running until Ctrl+C."""
    options = " ".join(f"--connect-to {rule}" for rule in province.connect_to)
    log(
        "demo.serving", resolver=province.resolver, connect_to=options, ca_file=province.ca_file, host=province.hosts[0]
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        log("demo.stopped")
