"""An item while it is being put together, and what reading its date needs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from auditor.model import Dated
from auditor.read.boxes import Box
from auditor.read.date_forms import may_hold_day
from auditor.read.dates import DateWords, FoundDate, find_dates, scan_dates
from auditor.read.folding import fold
from auditor.read.page import Link
from auditor.read.words import Vocabulary

NUMBER = re.compile(
    r"\d(?<=\b\d)(?:\d{0,4}\s*/\s*(?:\d{4}\s*/\s*)?[A-ZĐƯ]{1,8}(?:\s?[-–]\s?[A-ZĐƯ0-9&]+)*\b"  # a digit first:
    r"|\d{0,4}\s*-\s*[A-ZĐƯ]{2,6}/[A-ZĐƯ]{2,8}\b|\d{0,4}/[A-ZĐ][A-Za-zĐđ]{1,8}-[A-ZĐ][\w&]*)"  # a search runs to it
)
NUMBER_SIGN = re.compile(r"[/-]\s*[A-ZĐƯ]")  # part of every number, and far rarer than figures
#: A written day, which tells an entry from a name; told from the sign behind its first number: a page has many figures,
#: and few of these signs.
DAY = re.compile(r"[/.-](?<=\d.)\d{1,2}[/.-]\d{4}")
_BARE_SHORT = re.compile(r"[(\[]?\s*(\d{1,2}[/.-]\d{1,2}[/.-]\d{2})\s*[)\]]?")
_SURE_HOURS = 6
_FIGURE, _WORDS_ALONE = re.compile(r"\d"), 40  # characters
_YEARLESS, _HALF_A_YEAR = 24, 183  # characters; days
ROLES = {"posted": 0, "plain": 1, "issued": 2}


@dataclass(frozen=True, slots=True)
class Reading:
    """What date reading needs beside the page: the clock, words, day order, and dates known from feeds and sitemaps."""

    as_of: date
    vocabulary: Vocabulary
    month_first: bool | None = None
    stamps_month_first: bool | None = None  # the same of days with AM or PM, where these prove it on their own
    fetch_day: date | None = None
    official_domains: tuple[str, ...] = ()
    start: str = ""  # same_page_key of the site's start page: no entry of any list
    own_numbers: bool = False  # the rows are documents: the day after a row's own number is its day of issue
    known: dict[str, Dated] = field(default_factory=dict)  # same_page_key of an item -> its date from RSS or sitemap
    _found: dict[str, list[FoundDate]] = field(default_factory=dict, compare=False)  # texts already searched

    def find_yearless(self, text: str) -> list[FoundDate]:
        """The day of a text that is little more than "16/11" or "18 tháng 11": the last such day.

        Only within half a year: a day further back may as well be the coming one, of an event.
        """
        if not 3 <= len(text.strip()) <= _YEARLESS or not may_hold_day(text):
            return []
        found = find_dates(text, as_of=self.as_of, words=self.vocabulary.dates, allow_yearless=True)
        return [one for one in found if one.kind == "yearless" and (self.as_of - one.date).days <= _HALF_A_YEAR]

    def find(self, text: str) -> list[FoundDate]:
        """The days up to as_of that `text` holds. Without a figure only a short text ("hôm qua") can hold one."""
        if len(text) > _WORDS_ALONE and not _FIGURE.search(text):
            return []
        found = self._found.get(text)
        if found is None:
            found = self._found[text] = self._search(text)
        return found

    def _search(self, text: str) -> list[FoundDate]:
        short = _BARE_SHORT.fullmatch(text.strip())
        if short:  # nothing but "17/11/26": in a box of its own it can only be a date
            text = f"{short.group(1).replace('.', '/')} 00:00"
        stamped = self.stamps_month_first is not None and self.vocabulary.dates.stamp.search(text)
        scan = scan_dates(
            text,
            as_of=self.as_of,
            words=self.vocabulary.dates,
            month_first=self.stamps_month_first if stamped else self.month_first,
            allow_relative=True,
        )
        return [one for one in scan.found if one.date <= self.as_of and _is_exact(one, self.vocabulary.dates)]


def _is_exact(found: FoundDate, words: DateWords) -> bool:
    """ "3 ngày trước" is a day; "2 tuần trước" and "21 giờ trước" may be one of several."""
    if found.kind != "relative":
        return True
    rough = words.rough.search(fold(found.excerpt))
    return rough is None or (words.relative_units[rough["unit"]] == "hours" and int(rough[1]) <= _SURE_HOURS)


@dataclass(slots=True, eq=False)
class Entry:
    """An item while it is being put together."""

    box: Box
    link: Link | None
    title: str
    dated: Dated | None = None
    links: list[Link] = field(default_factory=list)
    files: list[Link] = field(default_factory=list)
