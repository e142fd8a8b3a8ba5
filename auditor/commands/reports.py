"""`auditor reports import [FOLDER] | show [DOMAIN]`: DMARC aggregate reports, in and out of the database."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.common import (
    DAY,
    DOMAIN,
    Group,
    Workplace,
    argument,
    command,
    json_option,
    log,
    now,
    option,
    pass_workplace,
    print_json,
    print_table,
    say,
    today,
)
from auditor.failures import COULD_NOT_RUN, DONE, CannotRun
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from auditor.model import ReportFacts
    from auditor.report_import import BadFile, ImportResult
    from auditor.settings import Settings
    from auditor.store import Store


@click.group(
    "reports",
    cls=Group,
    help=cli_text("command.reports.help"),
    short_help=cli_text("command.reports.short"),
    subcommand_metavar=cli_text("help.command_metavar"),
    options_metavar=cli_text("help.options_metavar"),
)
def reports() -> None:
    pass


@command("import", text="reports-import")
@argument("reports_folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@json_option
@pass_workplace
@click.pass_context
def import_(ctx: click.Context, work: Workplace, /, reports_folder: Path | None, as_json: bool) -> None:
    from auditor.nightly import lock_path
    from auditor.report_import import import_reports
    from auditor.runlock import run_lock

    folder = reports_folder or work.settings.reports_folder
    if folder is None or not folder.is_dir():
        raise CannotRun("no_reports_folder", path=folder or "reports_folder")
    with work.store() as store, run_lock(lock_path(store.path), now()):
        result = import_reports(folder, store)
    _tell_bad(result)
    if as_json:
        print_json({
            "schema": 1, "folder": folder, "files": result.files, "unchanged": result.unchanged,
            "imported": result.imported, "repeated": result.repeated,
            "bad": [{"file": one.name, "problem": one.problem, "detail": one.detail} for one in result.bad],
        })  # fmt: skip
    else:
        say("reports.imported", files=result.files, unchanged=result.unchanged, imported=result.imported,
            repeated=result.repeated)  # fmt: skip
    ctx.exit(COULD_NOT_RUN if result.bad else DONE)


def import_before_night(settings: Settings, store: Store) -> None:
    """The nightly run's import. A folder that is not there, and files that are bad, are said and stop nothing."""
    from auditor.report_import import import_reports

    folder = settings.reports_folder
    if folder is None:
        return
    if not folder.is_dir():
        log("failure.line", text=cli_text("failure.no_reports_folder", path=folder))
        return
    result = import_reports(folder, store)
    _tell_bad(result)
    if result.imported:
        log("reports.imported", files=result.files, unchanged=result.unchanged, imported=result.imported,
            repeated=result.repeated)  # fmt: skip


def _tell_bad(result: ImportResult) -> None:
    for one in result.bad:
        log("reports.bad", name=one.name, what=_what(one))


def _what(one: BadFile) -> str:
    text = cli_text(f"reports.problem.{one.problem}")
    return f"{text} ({one.detail})" if one.detail else text


@command("show", text="reports-show")
@argument("domain", required=False, type=DOMAIN)
@option("--days", type=click.IntRange(min=1, max=36_500))
@option("--as-of", type=DAY, text="reports-as-of")
@json_option
@pass_workplace
def show(work: Workplace, domain: str | None, days: int | None, as_of: date | None, as_json: bool) -> None:
    settings = work.settings
    until, length = as_of or today(settings), days or settings.mail_domain.reports_days
    with work.store(read_only=True) as store:
        name = domain or next(iter((*settings.mail_domain.domains, *store.report_domains())), "")
        facts = store.report_facts(name, until, length)
    if facts is None:
        first = until - timedelta(days=length - 1)
        raise CannotRun("no_reports", domain=name, first=first, last=until, path=settings.database)
    if as_json:
        print_json(_plain(facts))
        return
    _print(facts)


def _plain(facts: ReportFacts) -> dict[str, Any]:
    return {
        "schema": 1, "domain": facts.domain, "first": facts.first, "last": facts.last, "reports": facts.reports,
        "reporters": list(facts.reporters), "messages": facts.messages, "passed": facts.passed, "dkim": facts.dkim,
        "spf": facts.spf, "source_count": facts.source_count,
        "sources": [
            {"ip": one.ip, "messages": one.messages, "passed": one.passed, "dkim": one.dkim, "spf": one.spf,
             "domains": list(one.domains), "reporters": list(one.reporters)}
            for one in facts.sources
        ],
    }  # fmt: skip


def _print(facts: ReportFacts) -> None:
    from reports.text import percent

    say("reports.seen", domain=facts.domain, first=facts.first, last=facts.last, reports=facts.reports,
        reporters=len(facts.reporters), messages=facts.messages, sources=facts.source_count,
        percent=percent(int(facts.share * 1000 + 1e-9)))  # fmt: skip
    rows = [
        (one.ip, one.messages, one.passed, one.dkim, one.spf, ", ".join(one.domains[:3]), ", ".join(one.reporters[:3]))
        for one in facts.sources
    ]
    print_table(("source", "messages", "passed", "dkim", "spf", "domains", "reporters"), rows)


for _each in (import_, show):
    reports.add_command(_each)
