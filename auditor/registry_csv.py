"""`auditor agencies import FILE.csv`: rows of a spreadsheet into agencies.yaml, all of them or none."""

from __future__ import annotations

import csv
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from auditor.configuration import ConfigError, Document, Location, load_yaml
from auditor.registry import (
    AgencyEntry,
    Problem,
    Registry,
    check_registry,
    inherited,
    read_entries,
    registry_path,
)
from auditor.table_file import fold_word
from config import shipped_folder

_LISTS = frozenset(
    {"also", "extra_hosts", "predecessors", "successors", "mailboxes", "phones", "short_names", "portal_hosts"}
)
_DATES = frozenset({"valid_from", "valid_to"})
_SWITCHES = frozenset({"enabled", "operates_mail"})
_IN_SCOPE = frozenset({"prefix", "also", "extra_hosts"})
_CLEAR = "-"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `problems` are the registry's after it (none of them blocking and new)."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    problems: tuple[Problem, ...]
    file: str
    backup: str | None  # the registry as it was; None if there was none


class _Words(BaseModel):
    """config/agencies-csv.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    columns: dict[str, tuple[StrictStr, ...]]
    kinds: dict[str, tuple[StrictStr, ...]]
    statuses: dict[str, tuple[StrictStr, ...]]
    yes: tuple[StrictStr, ...] = Field(min_length=1)
    no: tuple[StrictStr, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: Mapping[str, str]  # field of the registry -> text of the cell
    headers: Mapping[str, str]  # field of the registry -> the column's heading as written


def import_agencies(csv_path: Path, registry_file: Path) -> ImportReport:
    """Merge the rows of a CSV file (UTF-8; comma, semicolon or tab) into the registry by code.

    `registry_file` is agencies.yaml or its folder; where it does not exist yet, the shipped registry is the base.
    Everything is read and checked first. Raises ConfigError (file, line, column, expectation) for the first thing
    that is wrong, and then nothing has changed. The new file replaces the old one at once, which stays as *.bak.
    """
    target = registry_file / "agencies.yaml" if registry_file.is_dir() else registry_file
    base = load_yaml(target if target.is_file() else registry_path(None))
    before = Registry(tuple(entry.agency() for entry in read_entries(base)), base.file)
    words = load_yaml(shipped_folder() / "agencies-csv.yaml").parse(_Words)
    rows = _read_rows(csv_path, words)
    entries: dict[str, dict[str, Any]] = {entry["code"]: entry for entry in base.data["agencies"]}
    done: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": []}
    for row in rows:
        code = row.cells["code"]
        merged = _merge(entries.get(code), row, words, csv_path)
        _validate(merged, inherited(base), row, csv_path)
        kind = "added" if code not in entries else "unchanged" if merged == entries[code] else "updated"
        done[kind].append(code)
        entries[code] = merged
    data = {**base.data, "agencies": list(entries.values())}
    after = Registry(tuple(entry.agency() for entry in read_entries(Document(str(target), data, {}))), str(target))
    problems = check_registry(after)
    _refuse_new(problems, check_registry(before), rows, csv_path)
    backup = _replace(target, data)
    return ImportReport(
        tuple(done["added"]), tuple(done["updated"]), tuple(done["unchanged"]), tuple(problems), str(target), backup
    )


def _read_rows(path: Path, words: _Words) -> list[_Row]:
    text = _read_text(path)
    first, _, rest = text.partition("\n")
    skipped = 0
    if re.fullmatch(r"sep=.\s*", first):  # a line that spreadsheets write to name the separator
        text, skipped = rest, 1
    names = {fold_word(alias): field for field, aliases in words.columns.items() for alias in (field, *aliases)}
    separator = _separator(text, names)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    rows: list[_Row] = []
    columns: list[str] | None = None
    headers: dict[str, str] = {}
    seen: dict[str, int] = {}
    line = skipped + 1
    try:
        for cells in reader:
            cells = [unicodedata.normalize("NFC", cell).strip() for cell in cells]
            if any(cells) and columns is None:
                columns = _columns(cells, names, path, line, words)
                headers = dict(zip(columns, cells, strict=True))
            elif any(cells) and columns is not None:
                row = _row(cells, columns, headers, path, line)
                if row.cells["code"] in seen:
                    raise ConfigError(str(path), line, headers["code"], "cfg_code_once", row.cells["code"])
                seen[row.cells["code"]] = line
                rows.append(row)
            line = skipped + reader.line_num + 1
    except csv.Error as error:
        raise ConfigError(str(path), line, expected="cfg_csv", found=str(error)) from error
    if not rows:
        raise ConfigError(str(path), 1, expected="cfg_csv_rows")
    return rows


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), error.object[: error.start].count(b"\n") + 1, expected="utf8") from error
    except OSError as error:
        raise ConfigError(str(path), expected="readable_file", found=error.strerror) from error


def _separator(text: str, names: Mapping[str, str]) -> str:
    """The separator under which the first line with text holds the most known headings."""
    heading = next((line for line in text.splitlines() if line.strip(",;\t \"'")), "")

    def known(separator: str) -> int:
        cells = next(csv.reader([heading], delimiter=separator), [])
        return sum(fold_word(cell) in names for cell in cells)

    return max((",", ";", "\t"), key=known)


def _columns(cells: list[str], names: Mapping[str, str], path: Path, line: int, words: _Words) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    columns: list[str] = []
    for cell in cells:
        field = names.get(fold_word(cell))
        if field is None:
            known = ", ".join(f"{name} ({aliases[0]})" for name, aliases in words.columns.items())
            raise ConfigError(str(path), line, cell, "cfg_csv_column", cell or None, names=known)
        if field in columns:
            raise ConfigError(str(path), line, cell, "key_once", cell)
        columns.append(field)
    if "code" not in columns:
        raise ConfigError(str(path), line, "code", "cfg_csv_code_column", ", ".join(cells))
    return columns


def _row(cells: list[str], columns: list[str], headers: Mapping[str, str], path: Path, line: int) -> _Row:
    if any(cells[len(columns) :]):
        raise ConfigError(str(path), line, "", "cfg_csv_cells", len(cells), count=len(columns))
    row = _Row(line, dict(zip(columns, [*cells, *[""] * len(columns)], strict=False)), headers)
    if not row.cells["code"]:
        raise ConfigError(str(path), line, headers["code"], "not_empty")
    return row


def _merge(old: dict[str, Any] | None, row: _Row, words: _Words, path: Path) -> dict[str, Any]:
    """The agency's entry with the row's cells over it. A scope of another host goes with the address that it had."""
    entry: dict[str, Any] = {"code": row.cells["code"], **(old or {})}
    scope = dict(entry.get("scope") or {})
    for field, cell in row.cells.items():
        if field == "code" or not cell:
            continue
        place = scope if field in _IN_SCOPE else entry
        if cell == _CLEAR:
            place.pop(field, None)
            continue
        place[field] = _value(field, cell, row, words, path)
    if row.cells.get("url"):
        if _host(entry) != _host(old or {}):
            scope = {key: value for key, value in scope.items() if row.cells.get(key)}
        if not row.cells.get("status"):
            entry.pop("status", None)  # follows from the address
    entry["scope"] = scope
    if not scope:
        del entry["scope"]
    return entry


def _host(entry: Mapping[str, Any]) -> str:
    return re.sub(r"^[a-z]+://(?:www\.)?|[/:?#].*", "", str(entry.get("url") or "").lower())


def _value(field: str, cell: str, row: _Row, words: _Words, path: Path) -> Any:
    def refused(expected: str, **details: object) -> ConfigError:
        return ConfigError(str(path), row.line, row.headers[field], expected, cell, **details)

    if field in _LISTS:
        return [part for part in (text.strip() for text in re.split(r"[;|\n]", cell)) if part]
    if field in _DATES:
        return _date(cell) or _raise(refused("cfg_csv_date"))
    if field in _SWITCHES:
        if fold_word(cell) in map(fold_word, words.yes):
            return True
        return False if fold_word(cell) in map(fold_word, words.no) else _raise(refused("boolean"))
    if field in ("kind", "status"):
        table = words.kinds if field == "kind" else words.statuses
        found = next((key for key, names in table.items() if fold_word(cell) in map(fold_word, (key, *names))), None)
        return found or _raise(refused("one_of", values=", ".join(table)))
    return cell


def _raise(error: ConfigError) -> Any:
    raise error


def _date(cell: str) -> date | None:
    """2025-06-30 or 30/6/2025 (also with - or . between)."""
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", cell)
    local = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", cell)
    numbers = iso.groups() if iso else local.groups()[::-1] if local else None
    try:
        return date(*map(int, numbers)) if numbers else None
    except ValueError:
        return None


def _validate(entry: dict[str, Any], defaults: Mapping[str, Any], row: _Row, path: Path) -> None:
    lines: dict[Location, int] = {(): row.line}
    try:
        Document(str(path), {**defaults, **entry}, lines).parse(AgencyEntry)
    except ConfigError as error:
        field = re.sub(r"^scope\.|\[.*", "", error.field)
        heading = row.headers.get(field, field)
        found = error.found or row.cells.get(field) or None
        raise ConfigError(str(path), row.line, heading, error.expected, found, **error.details) from error


def _refuse_new(problems: list[Problem], old: list[Problem], rows: list[_Row], path: Path) -> None:
    """An import may not bring a contradiction into the registry; those that it already had do not stop it."""
    known = {(problem.key, problem.code, problem.field, problem.found) for problem in old}
    by_code = {row.cells["code"]: row for row in rows}
    for problem in problems:
        if not problem.blocking or (problem.key, problem.code, problem.field, problem.found) in known:
            continue
        # Of two agencies that clash, the one that stands in the file is shown, with the other one's code.
        row = by_code.get(problem.code) or by_code.get(problem.other) or rows[0]
        turned = row.cells["code"] == problem.other
        field = "prefix" if problem.field == "scope" else problem.field
        heading = row.headers.get(field, row.headers.get("url", field) if field == "prefix" else field)
        expected = "cfg_scope_shared" if turned else f"cfg_{problem.key}"
        found = row.cells.get("url") if turned else problem.found
        details = {"code": row.cells["code"], "other": problem.code if turned else problem.other}
        raise ConfigError(str(path), row.line, heading, expected, found or problem.found, **details)


def _replace(target: Path, data: Mapping[str, Any]) -> str | None:
    """Write the registry beside its place, force it to the disk and swap it in; the old one becomes *.bak."""
    heading = _leading_comment(target)
    text = heading + yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False, width=120)
    backup = target.with_name(target.name + ".bak")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            existed = target.is_file()
            if existed:
                shutil.copymode(target, name)
                shutil.copy2(target, backup)
            else:
                Path(name).chmod(0o644)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(str(target), expected="cfg_writable_file", found=error.strerror) from error
    return str(backup) if existed else None


def _leading_comment(target: Path) -> str:
    source = target if target.is_file() else registry_path(None)
    lines = source.read_text(encoding="utf-8-sig").splitlines()
    kept: list[str] = []
    for line in lines:
        if not line.startswith("#"):
            break
        kept.append(line)
    return "\n".join(kept) + "\n\n" if kept else ""
