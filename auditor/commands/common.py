"""What all commands share: working folder, printing (results on stdout, log on stderr), parameter types, help."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor.failures import CannotRun
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from auditor.model import Agency
    from auditor.registry import Registry
    from auditor.rulebook import Rulebook
    from auditor.settings import Settings
    from auditor.store import Store

F = TypeVar("F", bound=Callable[..., Any])

SETTINGS_FILE = "auditor.toml"


@dataclass(frozen=True)
class Workplace:
    """Where a command works: `folder` holds database and output; `configured` is it too if it has a configuration,
    else None (the shipped one serves)."""

    folder: Path
    configured: Path | None

    @classmethod
    def at(cls, folder: Path | None) -> Workplace:
        """The folder given with --folder, or the current one. Raises CannotRun if the given one does not exist."""
        if folder is not None and not folder.is_dir():
            raise CannotRun("no_folder", path=folder)
        place = folder or Path.cwd()
        return cls(place, place if folder is not None or (place / SETTINGS_FILE).is_file() else None)

    @cached_property
    def settings(self) -> Settings:
        from auditor.settings import load_settings

        return load_settings(self.folder)

    @cached_property
    def rulebook(self) -> Rulebook:
        from auditor.rulebook import load_rulebook

        return load_rulebook(self.configured)

    @cached_property
    def registry(self) -> Registry:
        from auditor.registry import load_agencies

        return load_agencies(self.configured)

    def agencies(self, codes: Sequence[str]) -> tuple[Agency, ...]:
        """The agencies of `codes`, in that order, each once. Raises CannotRun for a code that the registry lacks."""
        known = self.registry.by_code()
        for code in codes:
            if code not in known:
                raise CannotRun("unknown_agency", code=code, file=self.registry.file)
        return tuple(known[code] for code in dict.fromkeys(codes))

    def store(self, *, read_only: bool = False) -> Store:
        """The database of the folder; for reading it must exist already."""
        from auditor.store import open_store

        return open_store(self.settings.database, read_only=read_only)


pass_workplace = click.make_pass_decorator(Workplace)


# -- printing ---------------------------------------------------------------------------------------------------------


def now() -> datetime:
    """Real time, UTC."""
    return datetime.now(UTC)


def today(settings: Settings) -> date:
    """The civil date in the configured zone."""
    return now().astimezone(settings.schedule.zone).date()


def log(key: str, **fields: object) -> None:
    """One line of the log, on stderr: the phrase `key` of config/cli.yaml."""
    click.echo(cli_text(key, **fields), err=True)


def say(key: str, **fields: object) -> None:
    """One line of the result, on stdout: the phrase `key` of config/cli.yaml."""
    click.echo(cli_text(key, **fields))


def print_json(value: object) -> None:
    """`value` (plain data; dates allowed) as JSON on stdout: the only thing there."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, date | Path):
        return value.isoformat() if isinstance(value, date) else str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, err: bool = False, title: str = ""
) -> None:
    """A table on stdout (or stderr). `columns` are keys under `column` in config/cli.yaml; cells are never markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from reports.text import clean

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(cli_text(f"column.{column}"), overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) if cell is not None else Text("–") for cell in row))
    stream = sys.stderr if err else sys.stdout
    _console(stream).print(table)


def _console(stream: Any) -> Any:
    from rich.console import Console

    # Into a file or a pipe: wide enough for one line per row, no colours.
    return Console(file=stream, width=None if stream.isatty() else 160, highlight=False)


# -- parameters and help ----------------------------------------------------------------------------------------------


class Day(click.ParamType):  # type: ignore[type-arg]  # generic only in newer releases of click
    """YYYY-MM-DD or DD/MM/YYYY -> date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        for form in ("%Y-%m-%d", "%d/%m/%Y"):
            try:
                return datetime.strptime(value, form).date()
            except ValueError:
                continue
        self.fail(cli_text("failure.bad_date", value=value), param, ctx)


class Checked(click.ParamType):  # type: ignore[type-arg]
    """A text that `parse` (imported only when needed) accepts; otherwise `failure.<key>` says what was expected."""

    def __init__(self, name: str, parse: Callable[[str], object], key: str) -> None:
        self.name = name
        self._parse = parse
        self._key = key

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            self._parse(value)
        except ValueError:
            self.fail(cli_text(f"failure.{self._key}", value=value), param, ctx)
        return str(value)


def _nameserver(text: str) -> None:
    from auditor.settings import parse_nameserver

    parse_nameserver(text)


def _connect_to(text: str) -> None:
    from auditor.gather.connect_to import parse_connect_to

    parse_connect_to(text)


def _domain(text: str) -> None:
    from auditor.settings import looks_like_domain

    if not looks_like_domain(text):
        raise ValueError(text)


def _address(text: str) -> None:
    import ipaddress

    ipaddress.ip_address(text)


DAY = Day()
ADDRESS = Checked("address", _address, "bad_address")
NAMESERVER = Checked("resolver", _nameserver, "bad_resolver")
CONNECT_TO = Checked("connect-to", _connect_to, "bad_connect_to")
DOMAIN = Checked("domain", _domain, "bad_domain")


class _Words(click.Command):
    """Vietnamese headings for click's help; its texts come from config/cli.yaml."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=cli_text("help.usage") + " ")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = cli_text("help.help")
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option))
        records = [record for option in options if (record := option.get_help_record(ctx))]
        if records:
            with formatter.section(cli_text("help.options")):
                formatter.write_dl(records)


class Command(_Words):
    """A command whose help is Vietnamese."""


class Group(_Words, click.Group):
    """A group whose help is Vietnamese."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self.short_help_of(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section(cli_text("help.commands")):
            formatter.write_dl(rows)

    def short_help_of(self, ctx: click.Context, name: str) -> str:
        """One line on the command `name`, without loading it: config/cli.yaml `command.<path>.short`."""
        inside = [*ctx.command_path.split()[1:], name]
        return cli_text(f"command.{'-'.join(inside)}.short")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise CannotRun("no_command", name=name, known=", ".join(self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


def command(name: str, *, text: str | None = None) -> Callable[[Callable[..., Any]], Command]:
    """`@command("audit")`: help and metavar come from config/cli.yaml, `command.<text or name>`."""
    key = f"command.{text or name}"
    return click.command(
        name,
        cls=Command,
        help=cli_text(f"{key}.help"),
        short_help=cli_text(f"{key}.short"),
        options_metavar=cli_text("help.options_metavar"),
    )


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """`@option("--as-of")`: its help is `option.<name>` of config/cli.yaml, its metavar `metavar.<name>` if any."""
    from auditor.phrases import has_text

    long = next(name for name in names if name.startswith("--")).removeprefix("--")
    key = settings.pop("text", long)
    if not settings.get("is_flag") and has_text(f"metavar.{long}"):
        settings["metavar"] = cli_text(f"metavar.{long}")
    return click.option(*names, help=cli_text(f"option.{key}"), **settings)


def argument(name: str, **settings: Any) -> Callable[[F], F]:
    """`@argument("codes")`: its metavar is `metavar.<name>` of config/cli.yaml."""
    return click.argument(name, metavar=cli_text(f"metavar.{name}"), **settings)


json_option = option("--json", "as_json", is_flag=True)
