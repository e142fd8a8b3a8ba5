"""`auditor send` and `auditor schedule`: what reaches the desk, and when."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.commands.common import (
    Workplace,
    command,
    json_option,
    log,
    now,
    option,
    pass_workplace,
    print_json,
    say,
)
from auditor.failures import CONFIGURATION_WRONG, COULD_NOT_RUN, DONE, CannotRun, explain, room_messages
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from email.message import EmailMessage

    from auditor.deliver import DeliveryReport
    from auditor.schedule import Job, LastRuns
    from auditor.settings import Settings
    from auditor.store import Store
    from reports.run import RunInfo

WEEKLY, ALERT = "weekly", "alert"


# -- send -------------------------------------------------------------------------------------------------------------


@command("send")
@option("--dry-run", is_flag=True)
@option("--out", type=click.Path(path_type=Path, file_okay=False), text="send-out")
@option("--retry-failed", is_flag=True)
@json_option
@pass_workplace
@click.pass_context
def send(
    ctx: click.Context, work: Workplace, dry_run: bool, out: Path | None, retry_failed: bool, as_json: bool
) -> None:
    settings = work.settings
    require(settings, ("recipients",) if dry_run else ("recipients", "sender", "smtp_host"))
    with work.store(read_only=dry_run) as store:
        messages = all_cards(work, settings, store)
        if dry_run:
            from auditor.deliver import write_eml

            paths = write_eml(messages, out or settings.output / "eml")
            if as_json:
                print_json({"files": [str(path) for path in paths]})
            else:
                for path in paths:
                    click.echo(str(path))
            return
        report = hand_over(settings, store, messages, WEEKLY, retry_failed=retry_failed)
    ctx.exit(tell_delivery(report, as_json=as_json))


def require(settings: Settings, names: Iterable[str]) -> None:
    """Raises CannotRun (exit 3) naming file and line of the first key of [delivery] that is empty."""
    for name in names:
        if not getattr(settings.delivery, name):
            raise CannotRun(
                f"delivery_{name}",
                exit_code=CONFIGURATION_WRONG,
                file=settings.file or "auditor.toml",
                line=settings.line_of(f"delivery.{name}"),
                folder=settings.folder,
                how=cli_text("failure.how_to_edit" if settings.file else "failure.how_to_init"),
            )


def all_cards(work: Workplace, settings: Settings, store: Store) -> list[EmailMessage]:
    """The mail with the league table and every agency's newest card. Raises CannotRun if nothing was audited yet."""
    from auditor.publish import card_of, grade_words, league_of_run
    from reports.email import build_weekly

    audits = list(store.latest_per_agency())
    if not audits:
        raise CannotRun("nothing_to_send", path=settings.database)
    names = {agency.code: agency.name for agency in work.registry.agencies}
    run = _newest_run(store, names)
    return build_weekly(
        audits,
        work.rulebook.messages,
        settings.delivery,
        {audit.agency.code: card_of(audit, work.rulebook, settings, names) for audit in audits},
        sent_at=now(),
        run=run,
        league_html=league_of_run(audits, work.rulebook, settings, run),
        grade_words=grade_words(work.rulebook),
    )


def _newest_run(store: Store, names: dict[str, str]) -> RunInfo | None:
    from auditor.publish import run_info
    from auditor.store import RunKind

    newest = next(iter(store.runs(kind=RunKind.NIGHTLY, limit=1)), None)
    return run_info(store, newest, names) if newest else None


def hand_over(
    settings: Settings, store: Store, messages: Iterable[EmailMessage], kind: str, *, retry_failed: bool = False
) -> DeliveryReport:
    """Queue the messages and send what waits in the outbox. Raises DeliveryError; what is queued stays then."""
    from auditor.deliver import SmtpSettings, deliver, queue_messages

    made = list(messages)
    moment = now()
    queue_messages(store, made, kind=kind, as_of=moment.astimezone(settings.schedule.zone).date(), at=moment)
    return deliver(store, SmtpSettings.of(settings), retry_failed=retry_failed)


def tell_delivery(report: DeliveryReport, *, as_json: bool = False) -> int:
    """What became of a sending, and the exit code."""
    lines = problem_lines(report)
    if as_json:
        print_json({"sent": list(report.sent), "problems": lines})
    else:
        say("send.sent" if report.sent else "send.nothing_new", count=len(report.sent))
    for line in lines:
        click.echo(line, err=True)
    return DONE if report.ok else COULD_NOT_RUN


def problem_lines(report: DeliveryReport) -> list[str]:
    """Each problem of a sending as a sentence."""
    messages = room_messages()
    return [messages[problem.key].format(**problem.fields) for problem in report.problems]


def mail_after_night(work: Workplace, settings: Settings, store: Store, info: RunInfo) -> None:
    """After a night: all cards if `every_night` is set, else the short alert if something newly fails or went wrong.
    Trouble with the mail server is told; the mail waits in the outbox."""
    from auditor.deliver import DeliveryError
    from reports.email import build_alert, new_fails_of

    if not settings.delivery.recipients or not settings.delivery.smtp_host:
        log("send.not_configured")
        return
    if settings.delivery.every_night and info.state != "failed":
        kind, messages = WEEKLY, all_cards(work, settings, store)
    else:
        fails = new_fails_of(list(store.audits_of_run(int(info.id)))) if info.id else []
        kind, messages = ALERT, build_alert(fails, info, work.rulebook.messages, settings.delivery, sent_at=now())
    try:
        report = hand_over(settings, store, messages, kind)
    except DeliveryError as error:
        failure = explain(error)
        log("failure.line", text=failure.text if failure else error)
        return
    if report.sent:
        log("send.sent", count=len(report.sent))
    for line in problem_lines(report):
        log("failure.line", text=line)


# -- schedule ---------------------------------------------------------------------------------------------------------


@command("schedule")
@pass_workplace
def schedule(work: Workplace) -> None:
    work.registry, work.rulebook  # noqa: B018  a wrong configuration is told now, not at half past one
    asyncio.run(_serve(work))


async def _serve(work: Workplace) -> None:
    from auditor.schedule import Duties, Schedule, stop_on_signals

    duties = Duties(
        night=lambda night, stop: _night(work.folder, night, stop),
        weekly=lambda: asyncio.to_thread(_weekly, work.folder),
        outbox=lambda: asyncio.to_thread(_outbox, work.folder),
        last_runs=lambda: last_runs(work),
        log=log,
        failed=lambda job, error: _failed(work, job, error),
    )
    service = Schedule(work.settings, duties, now)
    stop_on_signals(service.stop)
    await service.run()


def last_runs(work: Workplace) -> LastRuns:
    """What the store knows of nights and weekly mails; nothing if there is no database yet."""
    from auditor.schedule import LastRuns
    from auditor.store import RunKind, RunState

    if not work.settings.database.is_file():
        return LastRuns()
    with work.store(read_only=True) as store:
        nights = [run.as_of for run in store.runs(kind=RunKind.NIGHTLY, limit=1000) if run.state is RunState.DONE]
        weekly = store.last_delivery(WEEKLY)
    return LastRuns(max(nights, default=None), min(nights, default=None), weekly.created_at if weekly else None)


def _again(folder: Path) -> Workplace:
    """The working folder read anew: what was edited since the last night counts."""
    return Workplace.at(folder)


async def _night(folder: Path, night: date, stop: asyncio.Event) -> None:
    from auditor.commands.night import make_run
    from auditor.store import RunKind

    work = _again(folder)
    settings = work.settings
    pause = timedelta(minutes=settings.audit.nightly_second_look_minutes)
    with work.store() as store:
        made = await make_run(
            work, settings, store, work.registry.enabled,
            kind=RunKind.NIGHTLY, as_of=night, profile=None, pause=pause, stop=stop,
        )  # fmt: skip
        if stop.is_set() and made.info.state == "failed":
            log("audit.stopped")
            return
        mail_after_night(work, settings, store, made.info)


def _weekly(folder: Path) -> None:
    work = _again(folder)
    settings = work.settings
    if not settings.delivery.recipients or not settings.delivery.smtp_host:
        log("send.not_configured")
        return
    with work.store() as store:
        tell_delivery(hand_over(settings, store, all_cards(work, settings, store), WEEKLY))


def _outbox(folder: Path) -> None:
    """Try again what still waits."""
    work = _again(folder)
    if not work.settings.database.is_file() or not work.settings.delivery.smtp_host:
        return
    with work.store() as store:
        if store.undelivered():
            hand_over(work.settings, store, (), WEEKLY)


def _failed(work: Workplace, job: Job, error: BaseException) -> None:
    """A duty ended in an exception: told in full, and after a failed night by mail too."""
    from auditor.schedule import Job
    from reports.run import RunInfo

    failure = explain(error)
    if failure is None:
        traceback.print_exception(error)
    text = failure.text if failure else f"{type(error).__name__}: {error}"
    log("schedule.failed", job=cli_text(f"job.{job}"), text=text)
    if job is not Job.NIGHT:
        return
    moment: datetime = now()
    night = moment.astimezone(work.settings.schedule.zone).date()
    info = RunInfo(id="", as_of=night, started_at=moment, finished_at=moment, state="failed", message=text)
    with work.store() as store:
        mail_after_night(work, work.settings, store, info)
