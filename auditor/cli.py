"""The command `auditor`: finds the command, runs it, and turns whatever ends it into words and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from auditor.commands.common import Group, Workplace
from auditor.failures import COULD_NOT_RUN, explain
from auditor.phrases import cli_text

#: command -> module and object; a module is imported when its command is used
COMMANDS = {
    "init": "auditor.commands.setup:init",
    "audit": "auditor.commands.audit:audit",
    "mail": "auditor.commands.mail:mail",
    "send": "auditor.commands.desk:send",
    "schedule": "auditor.commands.desk:schedule",
    "rejudge": "auditor.commands.record:rejudge",
    "history": "auditor.commands.record:history",
    "criteria": "auditor.commands.record:criteria",
    "attest": "auditor.commands.person:attest",
    "waive": "auditor.commands.person:waive",
    "agencies": "auditor.commands.agencies:agencies",
    "mailboxes": "auditor.commands.mailboxes:mailboxes",
    "reports": "auditor.commands.reports:reports",
    "doctor": "auditor.commands.setup:doctor",
    "demo": "auditor.commands.demo:demo",
}


class Auditor(Group):
    """The group of all commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> NoReturn:
        """Run and exit: 0 done, 1 could not run, 3 configuration wrong. A fault of the program shows its traceback."""
        extra["standalone_mode"] = False
        try:
            code = super().main(args, **extra)
        except click.exceptions.Exit as error:
            code = error.exit_code
        except click.Abort:
            code = _tell(KeyboardInterrupt())
        except click.ClickException as error:
            click.echo(_usage_text(error), err=True)
            code = COULD_NOT_RUN
        except BrokenPipeError:  # the reader of a pipe went away: nothing is left to say, and nobody to say it to
            sys.stdout = io.StringIO()
            code = COULD_NOT_RUN
        except BaseException as error:  # noqa: BLE001  whatever it is becomes words and an exit code
            code = _tell(error)
        sys.exit(code if isinstance(code, int) else 0)


def _tell(error: BaseException) -> int:
    """One message on stderr; for what nobody foresaw, the whole traceback too."""
    if isinstance(error, SystemExit):
        raise error
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return _tell(error.exceptions[0])
    failure = explain(error)
    if failure is None:
        traceback.print_exception(error)
        click.echo(cli_text("failure.program_fault", what=f"{type(error).__name__}: {error}"), err=True)
        return COULD_NOT_RUN
    click.echo(cli_text("failure.line", text=failure.text), err=True)
    return failure.exit_code


def _usage_text(error: click.ClickException) -> str:
    """What is wrong with the command line, in Vietnamese, and how to get help."""
    name = ""
    if isinstance(error, click.BadParameter) and error.param is not None:
        name = " / ".join(error.param.opts) if isinstance(error.param, click.Option) else _shown(error.param)
    match error:
        case click.NoSuchOption():
            text = cli_text("usage.no_option", name=error.option_name)
        case click.MissingParameter():
            text = cli_text("usage.missing", name=name)
        case click.BadParameter():
            text = cli_text("usage.bad_value", name=name, what=error.message)
        case click.UsageError():
            text = cli_text("usage.other", what=error.message)
        case _:
            return cli_text("failure.line", text=error.format_message())
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "auditor"
    return cli_text("failure.line", text=text) + "\n" + cli_text("usage.help", path=path)


def _shown(parameter: click.Parameter) -> str:
    return str(getattr(parameter, "metavar", None) or parameter.name)


@click.group(
    cls=Auditor,
    help=cli_text("command.auditor.help"),
    subcommand_metavar=cli_text("help.command_metavar"),
    options_metavar=cli_text("help.options_metavar"),
    invoke_without_command=True,
)
@click.option(
    "--folder", type=click.Path(path_type=Path), metavar=cli_text("metavar.folder"), help=cli_text("option.folder")
)
@click.version_option(package_name="auditor", message="%(version)s", help=cli_text("option.version"))
@click.pass_context
def cli(ctx: click.Context, folder: Path | None) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        return
    ctx.obj = Workplace.at(folder)


def main() -> NoReturn:
    """The console script. Output is UTF-8 wherever it goes: a Windows pipe would choose otherwise."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):
                stream.reconfigure(encoding="utf-8", errors="replace")
    cli.main(prog_name="auditor")


if __name__ == "__main__":
    main()
