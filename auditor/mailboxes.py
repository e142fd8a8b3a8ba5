"""mailboxes.csv: the register of official mailboxes, imported from the operator's list, read for judging.

The register is one CSV file in the working folder: `auditor mailboxes import` writes it whole, and the old one stays
as *.bak. Of a list with names of people only what a finding needs is kept: whose agency, which address, office or
person, last use.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from auditor.configuration import ConfigError, load_yaml
from auditor.model import Agency, MailboxRegister, RegisteredMailbox
from auditor.settings import looks_like_mailbox
from auditor.table_file import TableRow, fold_word, read_table
from config import shipped_folder

REGISTER_FILE = "mailboxes.csv"
_FIELDS = ("code", "address", "kind", "last_used", "recorded_on")
_NEVER = "never"
_HEADING_ROWS = 20  # titles that stand above the heading of an operator's list


@dataclass(frozen=True, slots=True)
class RegisterImport:
    """What an import did. `ignored` are headings of columns that were not used."""

    file: str
    backup: str | None
    mailboxes: int
    agencies: int
    offices: int
    ignored: tuple[str, ...]


class _Words(BaseModel):
    """config/mailboxes-csv.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    columns: dict[str, tuple[StrictStr, ...]]
    office_words: tuple[StrictStr, ...] = Field(min_length=1)
    never_words: tuple[StrictStr, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class _Heading:
    """Where the columns stand, and how they are called in the file."""

    row: int  # index of the heading in the table
    columns: Mapping[str, int]
    names: Mapping[str, str]
    ignored: tuple[str, ...]


def import_register(source: Path, folder: Path, agencies: Sequence[Agency], recorded_on: date) -> RegisterImport:
    """Replace the register of the working folder by the operator's list (.csv or .xlsx), all rows or none.

    `recorded_on` is the day that the list was drawn up. Raises ConfigError (file, row, column, expectation) for the
    first thing that is wrong; then nothing has changed.
    """
    words = load_yaml(shipped_folder() / "mailboxes-csv.yaml").parse(_Words)
    names = {fold_word(alias): field for field, aliases in words.columns.items() for alias in (field, *aliases)}
    rows = read_table(source, names)
    heading = _heading(rows, names, words, source)
    known = {agency.code: agency for agency in agencies}
    boxes: dict[str, RegisteredMailbox] = {}
    for row in rows[heading.row + 1 :]:
        box = _read_box(row, heading, known, words, source, recorded_on)
        if box.address in boxes:
            raise ConfigError(str(source), row.line, heading.names["address"], "cfg_register_once", box.address)
        boxes[box.address] = box
    if not boxes:
        raise ConfigError(str(source), expected="cfg_csv_rows")
    target = folder / REGISTER_FILE
    backup = _replace(target, _written(boxes.values(), recorded_on))
    offices = sum(box.office for box in boxes.values())
    codes = {box.code for box in boxes.values()}
    return RegisterImport(str(target), backup, len(boxes), len(codes), offices, heading.ignored)


def load_register(folder: Path | None) -> MailboxRegister | None:
    """The register of a working folder, None if there is none. Raises ConfigError for a file that was damaged."""
    path = folder / REGISTER_FILE if folder is not None else None
    if path is None or not path.is_file():
        return None
    rows = read_table(path, _FIELDS)
    if not rows or rows[0].cells != _FIELDS:
        raise ConfigError(str(path), 1, expected="cfg_register_columns", names=",".join(_FIELDS))
    boxes, days = [], set()
    for row in rows[1:]:
        code, address, kind, last_used, recorded_on = (*row.cells, *[""] * 5)[:5]
        day = _date(recorded_on)
        used = _date(last_used)
        if day is None or kind not in ("office", "person") or (used is None and last_used not in ("", _NEVER)):
            raise ConfigError(str(path), row.line, expected="cfg_register_columns", names=",".join(_FIELDS))
        days.add(day)
        boxes.append(RegisteredMailbox(code, address.lower(), kind == "office", used, last_used == _NEVER))
    return MailboxRegister.of(boxes, max(days)) if boxes else None


# -- the operator's list ----------------------------------------------------------------------------------------------


def _heading(rows: Sequence[TableRow], names: Mapping[str, str], words: _Words, path: Path) -> _Heading:
    """The first row that names both the agency's code and the address. A list often has titles above it."""
    for index, row in enumerate(rows[:_HEADING_ROWS]):
        fields = [names.get(fold_word(cell)) for cell in row.cells]
        if "code" not in fields or "address" not in fields:
            continue
        columns: dict[str, int] = {}
        for place, field in enumerate(fields):
            if field is not None and field in columns:
                raise ConfigError(str(path), row.line, row.cells[place], "key_once", row.cells[place])
            if field is not None:
                columns[field] = place
        ignored = tuple(
            cell for cell, field in zip(row.cells, fields, strict=True) if field is None and cell
        )  # fmt: skip
        return _Heading(index, columns, {field: row.cells[place] for field, place in columns.items()}, ignored)
    wanted = ", ".join(words.columns[field][0] for field in ("code", "address"))
    line = rows[0].line if rows else 1
    raise ConfigError(
        str(path), line, expected="cfg_register_heading", found=", ".join(rows[0].cells) if rows else None, names=wanted
    )


def _read_box(
    row: TableRow, heading: _Heading, known: Mapping[str, Agency], words: _Words, path: Path, recorded_on: date
) -> RegisteredMailbox:
    def cell(field: str) -> str:
        place = heading.columns.get(field, -1)
        return row.cells[place] if 0 <= place < len(row.cells) else ""

    def refused(field: str, expected: str, **details: object) -> ConfigError:
        return ConfigError(str(path), row.line, heading.names[field], expected, cell(field) or None, **details)

    code, address, holder, last_used = cell("code"), cell("address").lower(), cell("holder"), cell("last_used")
    agency = known.get(code.lower())
    if agency is None:
        raise refused("code", "cfg_register_code" if code else "not_empty")
    if not looks_like_mailbox(address):
        raise refused("address", "cfg_mailbox" if address else "not_empty")
    never = bool(last_used) and fold_word(last_used) in {fold_word(word) for word in words.never_words}
    used = None if never or not last_used else _date(last_used)
    if last_used and not never and (used is None or used > recorded_on):
        raise refused("last_used", "cfg_register_last_used", day=recorded_on.isoformat(), never=words.never_words[0])
    office = address in agency.mailboxes or _is_office(holder, words)
    return RegisteredMailbox(agency.code, address, office, used, never)


def _is_office(holder: str, words: _Words) -> bool:
    """Accents decide: "Trường" is a school and "Trương" a family name. In doubt it is a person's."""
    text = unicodedata.normalize("NFC", " ".join(holder.split())).lower()
    return any(re.match(re.escape(word.lower()) + r"\b", text) for word in words.office_words)


def _date(text: str) -> date | None:
    """2025-06-30 or 30/6/2025 (also with - or . between), with or without a time of day after or before it."""
    clock = r"(?:\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    iso = re.fullmatch(rf"{clock}\s*(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?:[T\s]+{clock})?", text)
    local = re.fullmatch(rf"{clock}\s*(\d{{1,2}})[/.-](\d{{1,2}})[/.-](\d{{4}})(?:\s+{clock})?", text)
    numbers = iso.groups() if iso else local.groups()[::-1] if local else None
    try:
        return date(*map(int, numbers)) if numbers else None
    except ValueError:
        return None


# -- the file ---------------------------------------------------------------------------------------------------------


def _written(boxes: Iterable[RegisteredMailbox], recorded_on: date) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_FIELDS)
    for box in sorted(boxes, key=lambda box: (box.code, box.address)):
        used = _NEVER if box.never_used else box.last_used.isoformat() if box.last_used else ""
        writer.writerow((box.code, box.address, "office" if box.office else "person", used, recorded_on.isoformat()))
    return out.getvalue()


def _replace(target: Path, text: str) -> str | None:
    """Write beside its place, force it to the disk and swap it in; the old one becomes *.bak. Only its owner may read
    it: it names people's addresses."""
    backup = target.with_name(target.name + ".bak")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            existed = target.is_file()
            if existed:
                shutil.copy2(target, backup)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(str(target), expected="cfg_writable_file", found=error.strerror) from error
    return str(backup) if existed else None
