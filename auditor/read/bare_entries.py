"""Entries that lead nowhere: rows of data tables, and cards that show a title and its day. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from auditor.read.boxes import Box
from auditor.read.entries import DAY, Reading
from auditor.read.folding import nfc, plain
from auditor.read.page import Page

CARDS = frozenset({"div", "article", "section", "li"})
_KINDS = CARDS | {"tr"}
_LEAST, _MOST_OF_A_CARD = 40, 1500  # characters of an entry that leads nowhere
_DAY_NAME = 30  # characters of a cell in which a weekday with its day stands

Kind = tuple[int, str, str]


def bare_entries(page: Page, taken: set[Box], reading: Reading) -> list[Box]:
    """Rows and cards of the page's own content outside the boxes `taken`, which are entries already."""
    dated = _among_their_kind(page)
    rows = _rows_without_links(page, taken, dated, reading)
    return [*rows, *_cards_without_links(page, {*taken, *rows}, dated, reading)]


def _rows_without_links(page: Page, taken: set[Box], dated: frozenset[int], reading: Reading) -> list[Box]:
    """Rows of a data table that hold no link (staff directories, schedules, documents without files)."""
    rows = []
    for box in page.boxes:
        if box.tag != "tr" or box in taken or box.weight < 8 or not page.is_main(box):
            continue
        if any(
            inner.tag in ("table", "th", "h2", "h3") or inner in taken or _leads_on(inner)
            for inner in box.walk()
            if inner is not box
        ):
            continue
        cells = [cell for cell in box.children if cell.tag == "td" and cell.text]
        if cells and _is_day_of_week(cells[0].text, reading):
            continue  # of a schedule: what is done on that day
        if (len(cells) >= 2 or (id(box) in dated and cells and _is_whole_item(box, reading))) and not _is_head(box):
            rows.append(box)
    return rows


def _is_day_of_week(text: str, reading: Reading) -> bool:
    """ "Thứ sáu, 11/09", "Thứ Hai 18/10/2021": a weekday with its day, and nothing else."""
    return reading.vocabulary.dates.weekday.match(plain(nfc(text[:_DAY_NAME]))) is not None


def _is_whole_item(row: Box, reading: Reading) -> bool:
    """A row or card with a day that is an entry: no question with its answer (its days are told apart elsewhere) and no
    reader's comment."""
    replies = reading.vocabulary.detectors["feedback"].parts["reply"]
    low = plain(row.text)
    if any(low.startswith(f"{word}:") for word in reading.vocabulary.lists["question_words"]):
        return False
    if low.startswith(reading.vocabulary.lists["comment_words"]):
        return False
    if any(f"{word}:" in low for word in reading.vocabulary.lists["sender_words"]):
        return False
    return not any(word in low if " " in word else f"{word}:" in low for word in replies)


def _among_their_kind(page: Page) -> frozenset[int]:
    """The ids of boxes that show a day, as does another box of their tag and class within the same parent."""
    days = [match.start() for match in DAY.finditer(page.root.words.text)]
    if len(days) < 2:
        return frozenset()
    dated = [
        box
        for box in page.boxes
        if box.tag in _KINDS and _LEAST <= box.weight <= _MOST_OF_A_CARD and _shows(box, days)
    ]
    kinds = Counter(_kind(box) for box in dated)
    return frozenset(id(box) for box in dated if kinds[_kind(box)] >= 2)


def _shows(box: Box, days: list[int]) -> bool:
    first = bisect_left(days, box.low)
    return first < len(days) and days[first] < box.high


def _kind(box: Box) -> Kind:
    return id(box.parent), box.tag, box.classes


def _cards_without_links(page: Page, taken: set[Box], dated: frozenset[int], reading: Reading) -> list[Box]:
    """Cards of a kind that hold a title and its day, and lead nowhere: the innermost such boxes."""
    if not any(id(box) in dated and box.tag in CARDS and box not in taken for box in page.boxes):
        return []
    cards: list[Box] = []
    closed: set[int] = set()  # boxes around entries, cards and links
    for box in reversed(page.boxes):  # what is inside comes first
        open_card = id(box) in dated and box.tag in CARDS and id(box) not in closed and page.is_main(box)
        whole = open_card and _is_whole_item(box, reading) and bool(first_line(box))
        card = whole and not _is_day_of_week(box.text, reading)
        if card:
            cards.append(box)
        if card or box in taken or _leads_on(box) or box.tag in ("table", "form"):
            _close(box, closed)
    return cards


def _close(box: Box, closed: set[int]) -> None:
    closed.add(id(box))
    for outer in box.ancestors():
        if id(outer) in closed:
            return  # and so are all around it
        closed.add(id(outer))


def _leads_on(box: Box) -> bool:
    """True for a link that is not an e-mail address or a telephone number."""
    href = (box.attrs.get("href") or "") if box.tag == "a" else ""
    return bool(href) and not href.lower().startswith(("mailto:", "tel:"))


def _is_head(row: Box) -> bool:
    return row.parent is not None and (row.parent.tag == "thead" or "head" in row.classes.lower())


def first_line(box: Box) -> str:
    """The words up to the first break, if they are enough for a title."""
    first = nfc(next(_pieces(box), ""))
    return first[:300] if first.count(" ") >= 2 else ""


def _pieces(box: Box) -> Iterator[str]:
    """The texts of the box that are not empty, in document order."""
    for part in box.parts:
        if not isinstance(part, str):
            yield from _pieces(part)
        elif part.strip():
            yield part
