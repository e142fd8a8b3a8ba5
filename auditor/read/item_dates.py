"""The date of an item of a list: beside its title, in a calendar leaf, by order on the page, in its address. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from urllib.parse import urlsplit

from auditor.model import Dated, DateSource
from auditor.read.boxes import Box
from auditor.read.dates import FoundDate
from auditor.read.entries import NUMBER, ROLES, Entry, Reading
from auditor.read.folding import composed, nfc, plain
from auditor.read.page import Page

_URL_DAY = re.compile(
    r"/((?:19|20)\d\d)/(\d{1,2})/(\d{1,2})(?=/|$|\?)|[-_/]((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?=\D|$)"
)
# An article's number made of its time: the Government portal's software writes category, yymmddHHMMSS and milliseconds.
_URL_STAMP = re.compile(
    r"(?<!\d)\d{0,3}(\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d\d{3}(?=\.[a-z]+$|/?$)",
    re.I,
)
_LONG_ROW, _EDGE = 600, 12  # characters of a row that are searched; how near its ends a date must stand


def date_of(page: Page, entry: Entry, reading: Reading) -> Dated | None:
    """The entry's own date: in a small box of its own first, then glued before or after its title."""
    best: tuple[int, int, FoundDate, str] | None = None
    title = entry.title.strip()
    for n, box in enumerate(entry.box.walk()):
        stamp = box.attrs.get("datetime") or "" if box.tag == "time" else ""
        if not box.weight and not stamp:
            continue
        if not (box.speaks or stamp) or not page.is_main(box):
            continue
        text = box.text
        if len(text) > 120:
            text = " ".join([part for part in box.parts if isinstance(part, str)]).strip()
        if len(text) > 160 or (box.tag == "a" and (title == text or title == nfc(text))):
            continue
        for found in _told_exactly(reading.find(text), stamp, reading) or _stamped(text, stamp, reading):
            if found.role in ROLES:
                key = (ROLES[found.role] + (2 if len(text) > 80 else 0), n)
                if best is None or key < best[:2]:
                    best = (*key, found, text)
    if best is None:
        return _date_by_text(page, entry, reading)
    source = DateSource.TABLE if entry.box.tag == "tr" else DateSource.LIST_ITEM
    return Dated(best[2].date, source, nfc(best[3])[:120], page.url, year_shown=best[2].kind != "yearless")


def _told_exactly(found: list[FoundDate], stamp: str, reading: Reading) -> list[FoundDate]:
    """For "5 ngày trước" the <time> element's own day, if that is what was rounded."""
    machine = reading.find(stamp[:10]) if stamp and found and found[0].kind == "relative" else []
    return machine if machine and abs((machine[0].date - found[0].date).days) <= 1 else found


def _stamped(text: str, stamp: str, reading: Reading) -> list[FoundDate]:
    """A day without its year, or a <time> element's machine date; where the two differ, what is shown counts."""
    shown = reading.find_yearless(text)
    machine = reading.find(stamp[:10]) if stamp else []
    agree = (
        machine and shown and (machine[0].date.day, machine[0].date.month) == (shown[0].date.day, shown[0].date.month)
    )
    return machine if agree or not shown else shown


def issue_date(page: Page, entry: Entry, reading: Reading) -> Dated | None:
    """The date that follows the row's own number: "15/2026/QĐ-UBND ngày 05/11/2026"."""
    text = composed(entry.box.text)
    number = NUMBER.search(text[:80])
    if number is None:
        return None
    near = text[number.start() : number.end() + 40]
    found = next((one for one in reading.find(near) if one.role in ("citation", *ROLES)), None)
    return Dated(found.date, DateSource.LIST_ITEM, near[:120], page.url) if found is not None else None


def _split_day(text: str, reading: Reading) -> date | None:
    """A day whose parts stand in elements of their own, at the start of `text`."""
    split = reading.vocabulary.dates.split_day.match(plain(text))
    if split is None:
        return None
    day, month, year = (int(group) for group in split.groups())
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return made if made <= reading.as_of else None


def spaced(box: Box) -> str:
    """The box's words with a space between all elements: "18", "Tháng 11", "2026" of a calendar leaf."""
    return " ".join(
        part.strip() for inner in box.walk() for part in inner.parts if isinstance(part, str) and part.strip()
    )


def _date_by_text(page: Page, entry: Entry, reading: Reading) -> Dated | None:
    for box in entry.box.walk():
        leaf = _split_day(spaced(box), reading) if 5 <= box.weight <= 24 and page.is_main(box) else None
        if leaf is not None:
            return Dated(leaf, DateSource.LIST_ITEM, spaced(box), page.url)
        leaves = reading.vocabulary.dates.leaf
        day = leaves.fullmatch(plain(spaced(box))) if 4 <= box.weight <= 12 and page.is_main(box) else None
        for found in reading.find_yearless(f"{day[1]}/{day[2]}") if day is not None else []:
            return Dated(found.date, DateSource.LIST_ITEM, spaced(box), page.url, year_shown=False)
    rest = composed(entry.box.text)
    without = rest.replace(entry.title.strip(), " ", 1).strip()
    split = _split_day(without, reading)
    if split is not None:
        return Dated(split, DateSource.LIST_ITEM, without[:60], page.url)
    for found in reading.find(rest[:_LONG_ROW]):
        at_edge = found.start <= _EDGE or len(rest) - found.end <= _EDGE
        if found.role in ROLES and at_edge:
            return Dated(found.date, DateSource.LIST_ITEM, rest[max(0, found.start - 40) : found.end + 40], page.url)
    return None


def match_by_order(page: Page, entries: list[Entry], reading: Reading) -> None:
    """Dates that stand between the entries: each belongs to the entry before it, or after it if a date comes first."""
    inside = {id(box) for entry in entries for box in entry.box.walk()}
    starts = {id(entry.box): entry for entry in entries}
    sequence: list[Entry | Dated] = []
    for box in page.boxes:
        if id(box) in starts:
            sequence.append(starts[id(box)])
        elif id(box) not in inside and page.is_main(box) and 6 <= len(box.text) <= 60:
            for found in reading.find(box.text)[:1] if box.speaks else []:
                if found.role in ROLES:
                    sequence.append(Dated(found.date, DateSource.LIST_ITEM, composed(box.text), page.url))
    dates = [one for one in sequence if isinstance(one, Dated)]
    alone = reading.own_numbers and len(dates) == 1 < len(entries)  # documents have days of their own
    if len(dates) < max(1, len(entries) // 2) or alone:
        return
    if isinstance(sequence[0], Entry) or not isinstance(sequence[-1], Entry):
        pairs: Iterable[tuple[Entry | Dated, Entry | Dated]] = pairwise(sequence)
    else:
        pairs = ((b, a) for a, b in pairwise(sequence))
    for entry, dated in pairs:
        if isinstance(entry, Entry) and isinstance(dated, Dated) and entry.dated is None:
            entry.dated = dated


def url_date(url: str, reading: Reading) -> Dated | None:
    """The day that the address of an item's page carries ("/2026/11/19/…", "…-115241201164520419.htm"): the last
    resort."""
    path = urlsplit(url).path
    match = _URL_DAY.search(path)
    if match is not None:
        year, month, day = (int(group) for group in match.groups() if group)
    else:
        match = _URL_STAMP.search(path)
        if match is None:
            return None
        year, month, day = 2000 + int(match[1]), int(match[2]), int(match[3])
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return Dated(made, DateSource.URL_PATH, url[:160], url) if made <= reading.as_of else None
