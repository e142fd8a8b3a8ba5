"""Tables of documents read in depth: which column is which, so that each row's date is the one that counts. Pure.

A list of documents may show the day of issue, the day from which a document holds, the day on which it lapses and the
day of posting side by side. The header says which is which; without one the first date stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bs4 import BeautifulSoup, Tag

from auditor.model import Dated, DateSource, Item
from auditor.read.entries import Reading
from auditor.read.folding import fold, nfc
from auditor.read.page import Page
from auditor.read.urls import same_page_key

_MOST_ROWS = 300
_TELLING = frozenset({"effective", "posted", "asked"})  # columns beside which the wanted one must be told apart
_WANTED = ("posted", "date")  # in order of trust: the posting date, else the date of issue


def column_dates(page: Page, items: Sequence[Item], reading: Reading) -> tuple[Item, ...]:
    """`items` of the page, each dated by the column that counts where a table's header names the columns."""
    by_link: dict[str, Dated | None] = {}
    by_text: dict[str, Dated | None] = {}
    for cells, columns in _rows(page, reading.vocabulary.columns):
        if not _TELLING & set(columns.values()):
            continue  # one date column only: the row's date is that column's
        dated = _row_date(cells, columns, page, reading)
        for cell in cells:
            for link in cell.find_all("a", href=True):
                by_link[str(link["href"])] = _newer(by_link.get(str(link["href"])), dated)
            by_text[fold(cell.get_text(" "))[:80]] = dated
    if not by_text:
        return tuple(items)
    targets = {same_page_key(link.url): by_link[link.href] for link in page.links if link.href in by_link and link.url}
    return tuple(_redate(item, targets, by_text) for item in items)


def _newer(known: Dated | None, dated: Dated | None) -> Dated | None:
    """Of two rows that open the same file the newer one's day."""
    return max((one for one in (known, dated) if one is not None), key=lambda one: one.date, default=None)


def _redate(item: Item, targets: Mapping[str, Dated | None], texts: Mapping[str, Dated | None]) -> Item:
    key, text = same_page_key(item.url) if item.url else "", fold(item.title)[:80]
    if key in targets:
        return replace(item, dated=targets[key])
    return replace(item, dated=texts[text]) if text in texts else item


def _rows(page: Page, names: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[list[Tag], dict[int, str]]]:
    """The cells of every data row with what its table's header calls its columns."""
    telling = {word for name in _TELLING for word in names.get(name, ())}
    heads = (box for box in page.boxes if box.tag in ("td", "th") and box.weight <= 80)
    if not any(fold(box.text) in telling for box in heads):
        return  # no header names such a column: nothing to tell apart, so the page is not parsed again
    soup = BeautifulSoup(page.decoded.text, "lxml")
    for table in soup.find_all("table"):
        if table.find("table") is not None:
            continue  # a layout table
        columns: dict[int, str] = {}
        for row in table.find_all("tr")[:_MOST_ROWS]:
            cells = [cell for cell in row.find_all(["td", "th"]) if isinstance(cell, Tag)]
            if not columns:
                columns = _columns(cells, names)
            elif cells:
                yield cells, columns


def _columns(cells: Sequence[Tag], names: Mapping[str, tuple[str, ...]]) -> dict[int, str]:
    """Column number -> its meaning, of a row that is a header: at least two of its cells are known names."""
    found: dict[int, str] = {}
    place = 0
    for cell in cells:
        text = fold(cell.get_text(" "))
        meaning = next((name for name, words in names.items() if text in words), None)
        if meaning is not None:
            found[place] = meaning
        place += _span(cell)
    return found if len(found) >= 2 else {}


def _span(cell: Tag) -> int:
    text = str(cell.get("colspan") or "1")
    return min(max(int(text), 1), 20) if text.isdecimal() and len(text) < 6 else 1


def _row_date(cells: Sequence[Tag], columns: Mapping[int, str], page: Page, reading: Reading) -> Dated | None:
    places: dict[str, str] = {}
    place = 0
    for cell in cells:
        meaning = columns.get(place)
        if meaning in _WANTED:
            places[meaning] = nfc(cell.get_text(" "))
        place += _span(cell)
    for meaning in _WANTED:
        for found in reading.find(places.get(meaning, "")):
            return Dated(found.date, DateSource.TABLE, places[meaning][:120], page.url)
    return None
