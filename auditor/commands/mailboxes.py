"""`auditor mailboxes list | check | import FILE.csv|FILE.xlsx`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.commands.common import (
    DAY,
    Group,
    Workplace,
    argument,
    command,
    json_option,
    option,
    pass_workplace,
    print_json,
    print_table,
    say,
    today,
)
from auditor.failures import CONFIGURATION_WRONG, CannotRun
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from auditor.model import Agency, MailboxRegister


@click.group(
    "mailboxes",
    cls=Group,
    help=cli_text("command.mailboxes.help"),
    short_help=cli_text("command.mailboxes.short"),
    subcommand_metavar=cli_text("help.command_metavar"),
    options_metavar=cli_text("help.options_metavar"),
)
def mailboxes() -> None:
    pass


def _register(work: Workplace) -> MailboxRegister:
    from auditor.mailboxes import REGISTER_FILE, load_register

    register = load_register(work.configured)
    if register is None:
        raise CannotRun("no_register", path=work.folder / REGISTER_FILE)
    return register


@command("list", text="mailboxes-list")
@json_option
@pass_workplace
def list_(work: Workplace, as_json: bool) -> None:
    register = _register(work)
    if as_json:
        print_json({
            "schema": 1,
            "recorded_on": register.recorded_on,
            "mailboxes": [
                {"code": box.code, "address": box.address, "office": box.office, "last_used": box.last_used,
                 "never_used": box.never_used}
                for box in register.boxes
            ],
        })  # fmt: skip
        return
    rows = [
        (box.code, box.address, cli_text(f"mailboxes.kind.{'office' if box.office else 'person'}"),
         cli_text("mailboxes.never") if box.never_used else box.last_used)
        for box in register.boxes
    ]  # fmt: skip
    print_table(("code", "mailbox", "mailbox_kind", "last_used"), rows)
    say("mailboxes.count", count=len(rows), day=register.recorded_on)


@command("check", text="mailboxes-check")
@json_option
@pass_workplace
def check(work: Workplace, as_json: bool) -> None:
    """Where register and registry disagree, and agencies without a mailbox: worth a look, no error."""
    register = _register(work)
    known = work.registry.by_code()
    strange = sorted({box.code for box in register.boxes} - known.keys())
    without = sorted({agency.code for agency in work.registry.enabled} - {box.code for box in register.boxes})
    placed = [box for box in register.boxes if box.code in known]
    foreign = [box.address for box in placed if not _accepted(box.address, known[box.code])]
    found = {"unknown_agencies": strange, "agencies_without_mailbox": without, "outside_mail_domain": foreign}
    if as_json:
        print_json({"schema": 1, "recorded_on": register.recorded_on, **found})
        return
    for key, values in found.items():
        if values:
            say(f"mailboxes.found.{key}", count=len(values), values=", ".join(values[:10]))
    say("mailboxes.checked", count=len(register.boxes), day=register.recorded_on)


def _accepted(address: str, agency: Agency) -> bool:
    domain = address.rpartition("@")[2]
    accepted = {agency.mail_domain, *(use.domain for use in agency.accepted_mail_domains)} - {None}
    return not accepted or any(domain == name or domain.endswith(f".{name}") for name in accepted)


@command("import", text="mailboxes-import")
@argument("table_file", type=click.Path(path_type=Path))
@option("--as-of", type=DAY, text="mailboxes-as-of")
@json_option
@pass_workplace
def import_(work: Workplace, table_file: Path, as_of: date | None, as_json: bool) -> None:
    from auditor.mailboxes import import_register

    if work.configured is None:
        raise CannotRun("needs_folder", exit_code=CONFIGURATION_WRONG, path=work.folder)
    day = as_of or today(work.settings)
    report = import_register(table_file, work.configured, work.registry.agencies, day)
    if as_json:
        print_json({
            "schema": 1, "file": report.file, "backup": report.backup, "recorded_on": day,
            "mailboxes": report.mailboxes, "agencies": report.agencies, "offices": report.offices,
            "ignored_columns": list(report.ignored),
        })  # fmt: skip
        return
    if report.ignored:
        click.echo(cli_text("mailboxes.ignored", names=", ".join(report.ignored)), err=True)
    say("mailboxes.imported", file=report.file, mailboxes=report.mailboxes, agencies=report.agencies,
        offices=report.offices, day=day)  # fmt: skip


for _each in (list_, check, import_):
    mailboxes.add_command(_each)
