"""A table out of a spreadsheet's file, .csv or .xlsx, within bounds. What stands in it is somebody else's to judge."""

from __future__ import annotations

import csv
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from auditor.configuration import ConfigError
from auditor.read.folding import fold

MAX_FILE_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 60_000_000  # all parts of an .xlsx together, as their headers declare and zipfile enforces
MAX_PARTS = 2_000
MAX_RATIO = 200  # unpacked to packed, for parts that are not small
MAX_ROWS = 200_000  # with text; empty ones below them (a stray format in the last row of a sheet) do not count
MAX_COLUMNS = 100
_SMALL = 1_000_000
_ENCODINGS = ("ascii", "utf-16-le", "utf-16-be")
_DTD = tuple(marker.encode(code) for marker in ("<!DOCTYPE", "<!ENTITY") for code in _ENCODINGS)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row with any text in it: `line` as the spreadsheet counts it (from 1), cells stripped, NFC, dates as ISO."""

    line: int
    cells: tuple[str, ...]


def fold_word(text: str) -> str:
    """A heading or a word of a cell for comparison: no case, no accents, no blanks, no punctuation."""
    return re.sub(r"[\W_]+", "", fold(text))


def read_table(path: Path, headings: Collection[str]) -> list[TableRow]:
    """The rows of a .csv file (UTF-8; comma, semicolon or tab) or of the first sheet of an .xlsx file.

    `headings` are the folded names of known columns: the separator of a CSV file is the one that shows most of them.
    Raises ConfigError (file, line, what was expected) for a file that cannot be read, or that is larger than any
    register: MAX_FILE_BYTES, MAX_ROWS, MAX_COLUMNS, and for .xlsx what it would unpack to.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ConfigError(str(path), expected="cfg_table_size", megabytes=MAX_FILE_BYTES // 1_000_000)
        with path.open("rb") as file:
            packed = file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise ConfigError(str(path), expected="readable_file", found=error.strerror) from error
    rows = _xlsx_rows(path) if packed or path.suffix.lower() == ".xlsx" else _csv_rows(path, headings)
    return list(_bounded(rows, path))


def _bounded(rows: Iterable[tuple[int, list[str]]], path: Path) -> Iterator[TableRow]:
    count = 0
    for line, cells in rows:
        while cells and not cells[-1]:
            cells.pop()
        count += bool(cells)
        if count > MAX_ROWS:
            raise ConfigError(str(path), line, expected="cfg_table_rows", count=MAX_ROWS)
        if len(cells) > MAX_COLUMNS:
            raise ConfigError(str(path), line, expected="cfg_table_columns", count=MAX_COLUMNS)
        if cells:
            yield TableRow(line, tuple(cells))


# -- CSV --------------------------------------------------------------------------------------------------------------


def _csv_rows(path: Path, headings: Collection[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), error.object[: error.start].count(b"\n") + 1, expected="utf8") from error
    first, _, rest = text.partition("\n")
    skipped = 0
    if re.fullmatch(r"sep=.\s*", first):  # a line that spreadsheets write to name the separator
        text, skipped = rest, 1
    reader = csv.reader(text.splitlines(keepends=True), delimiter=_separator(text, headings), strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            yield line, [_clean(cell) for cell in cells]
            line = skipped + reader.line_num + 1
    except csv.Error as error:
        raise ConfigError(str(path), line, expected="cfg_csv", found=str(error)) from error


def _separator(text: str, headings: Collection[str]) -> str:
    """The separator under which one of the first lines with text holds the most known headings."""
    lines = [line for line in text[:20_000].splitlines() if line.strip(",;\t \"'")][:10]

    def known(separator: str) -> int:
        return max((sum(fold_word(cell) in headings for cell in next(csv.reader([line], delimiter=separator), []))
                    for line in lines), default=0)  # fmt: skip

    return max((",", ";", "\t"), key=known)


# -- XLSX -------------------------------------------------------------------------------------------------------------


def _xlsx_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    _refuse_bomb(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that do not matter to a table of texts
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                sheet = book.worksheets[0]
                sheet.reset_dimensions()  # what the file says of its own size may be anything
                for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), start=1):
                    yield number, [_text(cell) for cell in cells]
            finally:
                book.close()
    except (InvalidFileException, zipfile.BadZipFile, ParseError, SyntaxError, KeyError, ValueError, TypeError,
            IndexError, AttributeError, OSError, EOFError) as error:  # fmt: skip
        # openpyxl names no errors of its own for a damaged part
        raise ConfigError(str(path), expected="cfg_xlsx", found=f"{type(error).__name__}: {error}") from error


def _refuse_bomb(path: Path) -> None:
    """Sizes, ratios and the number of parts before anything is unpacked; a DTD in any part is refused (no spreadsheet
    writes one). zipfile never unpacks more of a part than its header declares."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            total = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or total > MAX_UNPACKED_BYTES:
                raise ConfigError(str(path), expected="cfg_xlsx_bomb")
            for part in parts:
                if part.file_size > _SMALL and part.file_size > MAX_RATIO * max(part.compress_size, 1):
                    raise ConfigError(str(path), expected="cfg_xlsx_bomb", found=part.filename)
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    with archive.open(part) as file:
                        if any(marker in file.read(4096) for marker in _DTD):
                            raise ConfigError(str(path), expected="cfg_xlsx", found="DOCTYPE")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ConfigError(str(path), expected="cfg_xlsx", found=str(error)) from error


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return _clean(str(cell))


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()
