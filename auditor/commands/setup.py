"""`auditor init DIR` and `auditor doctor`."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.commands.common import (
    Workplace,
    argument,
    command,
    json_option,
    now,
    option,
    pass_workplace,
    print_json,
    say,
)
from auditor.failures import COULD_NOT_RUN, DONE
from auditor.phrases import cli_text, has_text

if TYPE_CHECKING:
    from auditor.doctor import Line

#: what a working folder has of its own, to edit; readers fall back to the shipped file for what it lacks
OWN_FILES = (
    "auditor.toml",
    "agencies.yaml",
    "criteria.yaml",
    "messages.yaml",
    "vocabulary.yaml",
    "mail.yaml",
    "holidays",
)


@command("init")
@argument("directory", type=click.Path(path_type=Path, file_okay=False))
@json_option
def init(directory: Path, as_json: bool) -> None:
    from auditor.settings import load_settings
    from auditor.store import open_store

    made, kept = copy_configuration(directory)
    settings = load_settings(directory)
    settings.output.mkdir(parents=True, exist_ok=True)
    open_store(settings.database).close()
    if as_json:
        print_json({"folder": directory, "created": made, "kept": kept, "database": settings.database,
                    "output": settings.output})  # fmt: skip
        return
    for name in kept:
        say("init.kept", name=name)
    say(
        "init.done",
        folder=directory,
        created=", ".join(made) or "–",
        database=settings.database,
        output=settings.output,
    )


def copy_configuration(directory: Path) -> tuple[list[str], list[str]]:
    """Copy the shipped configuration into `directory`; what is there already stays. Returns (created, kept) names."""
    from config import shipped_folder

    directory.mkdir(parents=True, exist_ok=True)
    made, kept = [], []
    for name in OWN_FILES:
        source, target = shipped_folder() / name, directory / name
        if target.exists():
            kept.append(name)
            continue
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
        made.append(name)
    return made, kept


@command("doctor")
@option("--port25", is_flag=True)
@json_option
@pass_workplace
@click.pass_context
def doctor(ctx: click.Context, work: Workplace, port25: bool, as_json: bool) -> None:
    from auditor.doctor import Level, Subject, examine
    from auditor.rulebook import load_calendar

    subject = Subject(work.settings, work.registry, load_calendar(work.configured), now(), os.environ)
    lines = asyncio.run(examine(subject, port25=port25))
    if as_json:
        print_json({"schema": 1, "checks": [_as_json(line) for line in lines]})
    else:
        for line in lines:
            click.echo(_as_text(line))
        counts = {level.value: sum(line.level is level for line in lines) for level in Level}
        say("doctor.summary", **counts)
    ctx.exit(COULD_NOT_RUN if any(line.level is Level.FAIL for line in lines) else DONE)


def _as_json(line: Line) -> dict[str, str]:
    return {"check": line.check, "level": line.level.value, "key": line.key, "what": what(line), "to_do": to_do(line)}


def _as_text(line: Line) -> str:
    mark, todo = cli_text(f"level.{line.level}"), to_do(line)
    return f"{mark} {what(line)}" + (f"\n       {todo}" if todo else "")


def what(line: Line) -> str:
    """What was found, in Vietnamese."""
    return cli_text(f"doctor.{line.key}", **line.fields)


def to_do(line: Line) -> str:
    """What to do about it, or ""."""
    key = f"doctor.{line.key}_todo"
    return cli_text(key, **line.fields) if line.level != "ok" and has_text(key) else ""
