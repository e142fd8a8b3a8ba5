"""`auditor agencies list | check | import FILE.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auditor.commands.common import (
    Group,
    Workplace,
    argument,
    command,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
)
from auditor.failures import CONFIGURATION_WRONG, CannotRun
from auditor.phrases import cli_text


@click.group(
    "agencies",
    cls=Group,
    help=cli_text("command.agencies.help"),
    short_help=cli_text("command.agencies.short"),
    subcommand_metavar=cli_text("help.command_metavar"),
    options_metavar=cli_text("help.options_metavar"),
)
def agencies() -> None:
    pass


@command("list", text="agencies-list")
@json_option
@pass_workplace
def list_(work: Workplace, as_json: bool) -> None:
    registry = work.registry
    if as_json:
        print_json({"file": registry.file, "agencies": [_plain(agency) for agency in registry.agencies]})
        return
    rows = [
        (a.code, a.name, a.url or cli_text(f"site_status.{a.site_status}"), a.valid_to, cli_text(f"yes_no.{a.enabled}"))
        for a in registry.agencies
    ]
    print_table(("code", "name", "address", "valid_to", "enabled"), rows)
    say("agencies.count", count=len(registry.agencies), enabled=len(registry.enabled), file=registry.file)


def _plain(agency: Any) -> dict[str, Any]:
    return {
        "code": agency.code,
        "name": agency.name,
        "kind": agency.kind.value,
        "enabled": agency.enabled,
        "status": agency.site_status.value,
        "url": agency.url,
        "scope": None if agency.scope is None else {"host": agency.scope.host, "prefix": agency.scope.prefix},
        "valid_to": agency.valid_to,
        "operates_mail": agency.operates_mail,
    }


@command("check", text="agencies-check")
@json_option
@pass_workplace
@click.pass_context
def check(ctx: click.Context, work: Workplace, as_json: bool) -> None:
    from auditor.registry import check_registry

    registry = work.registry
    problems = check_registry(registry)
    blocking = any(problem.blocking for problem in problems)
    if as_json:
        print_json({"file": registry.file, "problems": [_problem(work, problem) for problem in problems]})
    else:
        for problem in problems:
            click.echo(_problem(work, problem)["text"])
        say("agencies.checked", count=len(registry.agencies), problems=len(problems), file=registry.file)
    ctx.exit(CONFIGURATION_WRONG if blocking else 0)


def _problem(work: Workplace, problem: Any) -> dict[str, Any]:
    fields = {"code": problem.code, "field": problem.field, "found": problem.found, "other": problem.other}
    text = work.rulebook.messages[f"registry.problem.{problem.key}"].format(**fields)
    return {"key": problem.key, **fields, "blocking": problem.blocking, "text": text}


@command("import", text="agencies-import")
@argument("csv_file", type=click.Path(path_type=Path))
@json_option
@pass_workplace
def import_(work: Workplace, csv_file: Path, as_json: bool) -> None:
    from auditor.registry_csv import import_agencies

    if work.configured is None:
        raise CannotRun("needs_folder", exit_code=CONFIGURATION_WRONG, path=work.folder)
    report = import_agencies(csv_file, work.configured)
    if as_json:
        print_json({
            "file": report.file, "backup": report.backup, "added": list(report.added), "updated": list(report.updated),
            "unchanged": list(report.unchanged), "problems": [_problem(work, problem) for problem in report.problems],
        })  # fmt: skip
        return
    for problem in report.problems:
        click.echo(_problem(work, problem)["text"], err=True)
    counts = {"added": len(report.added), "updated": len(report.updated), "unchanged": len(report.unchanged)}
    say("agencies.imported", file=report.file, **counts)


for _each in (list_, check, import_):
    agencies.add_command(_each)
