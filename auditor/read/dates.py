"""Dates in visible text and in machine strings, as Vietnamese public pages write them.

Day first unless the form itself proves otherwise; impossible dates are counted, not bent into possible ones; every date
carries the words that it was read from and the role which the words around it give it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from auditor.read.date_forms import FIRST_YEAR, RawDate, Window, hits, iso_day, to_vietnam
from auditor.read.date_roles import DEADLINE, EVENT, PLAIN, role_of
from auditor.read.date_words import DateWords
from auditor.read.folding import nfc, plain
from auditor.read.weeks import week_range

__all__ = [
    "DateScan", "DateWords", "FoundDate", "find_dates", "is_month_first", "parse_date", "scan_dates", "week_range",
]  # fmt: skip

_EXCERPT_BEFORE = 48
_NUMERIC = re.compile(r"(?<![0-9/])([0-9]{1,2})/([0-9]{1,2})/[0-9]{4}")
_COMPACT = re.compile(r"\s*((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:[Tt][0-9]{4,6}[Zz]?|[0-9]{6})?\s*\Z")
_RFC822 = re.compile(r"\s*(?:[A-Za-z]{3,9},?\s+)?[0-9]{1,2}[\s-][A-Za-z]{3,9}\.?[\s-][0-9]{2,4}\b")
_CLOCK_FOLLOWS = re.compile(r"[\s,]*(?:[^\W\d_]+\s)?\s*[0-9]{1,2}\s?[:h]\s?[0-9]{2}")


class FoundDate(NamedTuple):
    """A date in a text. `start` and `end` span the whole expression with weekday and time, as indices into the text.

    kind: numeric, month_first, iso, words, short_year, yearless, relative. role: plain, citation, deadline, event,
    clock, copyright, effective, posted, issued. `ambiguous`: another reading is possible (American form, inferred
    year, relative).
    """

    date: date
    excerpt: str
    start: int
    end: int
    kind: str
    ambiguous: bool = False
    role: str = PLAIN


class DateScan(NamedTuple):
    """All dates of a text in order, and the excerpts of those that no calendar has ("16/72/2020")."""

    found: tuple[FoundDate, ...]
    impossible: tuple[str, ...]


def find_dates(
    text: str,
    *,
    as_of: date,
    words: DateWords,
    month_first: bool | None = None,
    allow_yearless: bool = False,
    allow_relative: bool = False,
) -> list[FoundDate]:
    """The dates of visible `text`, in order; see scan_dates()."""
    return list(
        scan_dates(
            text,
            as_of=as_of,
            words=words,
            month_first=month_first,
            allow_yearless=allow_yearless,
            allow_relative=allow_relative,
        ).found
    )


def scan_dates(
    text: str,
    *,
    as_of: date,
    words: DateWords,
    month_first: bool | None = None,
    allow_yearless: bool = False,
    allow_relative: bool = False,
) -> DateScan:
    """The dates of visible `text` and its impossible ones.

    `month_first`: True or False where other evidence has decided (is_month_first), None for day first with the
    American form as the exception. `allow_yearless` reads "23/11" as the latest such day that is not after as_of;
    `allow_relative` reads "3 ngày trước" and "hôm qua". Both only where the text is known to be an item's date. Dates
    after as_of are returned like others; dates before 1990 and placeholders (1/1/0001, 1/1/1970) are left out.
    """
    raw = list(hits(text, as_of, words, month_first, allow_yearless))
    if not raw:
        relative = _relative(text, as_of, words, ()) if allow_relative else []
        return DateScan(tuple(sorted(relative, key=lambda one: one.start)), ())
    possible = [hit for hit in raw if hit.day is not None]
    roles = [role_of(text, hit, words) for hit in possible]
    _mark_ranges(text, possible, roles, words)
    found = [
        FoundDate(hit.day, _excerpt(text, hit), hit.start, hit.end, hit.kind, hit.ambiguous, role)
        for hit, role in zip(possible, roles, strict=True)
        if hit.day is not None and hit.day.year >= FIRST_YEAR
    ]
    if allow_relative:
        relative = _relative(text, as_of, words, found)
        found = sorted(found + relative, key=lambda one: one.start) if relative else found
    return DateScan(tuple(found), tuple(_excerpt(text, hit) for hit in raw if hit.day is None))


def _mark_ranges(text: str, dates: Sequence[RawDate], roles: list[str], words: DateWords) -> None:
    """ "từ ngày 16/11/2026 đến ngày 22/11/2026", "(01/01/1997 - 01/01/2017)": both ends belong to an event."""
    for n in range(1, len(dates)):
        first, second = dates[n - 1], dates[n]
        gap_end = second.start if second.start > first.end else second.core
        if gap_end - first.end > 20 or first.day is None or second.day is None or first.day >= second.day:
            continue
        gap = Window(text, first.end, second.core).flat
        if words.range_gap.match(gap):
            if roles[n - 1] == PLAIN:
                roles[n - 1] = EVENT
            if roles[n] in (PLAIN, DEADLINE):
                roles[n] = roles[n - 1] if roles[n - 1] in (EVENT, DEADLINE) else roles[n]


def _excerpt(text: str, hit: RawDate) -> str:
    """The expression with the words before it, cut at a space."""
    low = max(hit.start - _EXCERPT_BEFORE, 0)
    if low:
        space = text.find(" ", low, hit.start)
        low = space if space >= 0 else low
    high = hit.end + (text[hit.end : hit.end + 1] == ")" and "(" in text[low : hit.start])
    return nfc(text[low:high]).strip(" -–|,")


def _relative(text: str, as_of: date, words: DateWords, taken: Sequence[FoundDate]) -> list[FoundDate]:
    small = plain(text)
    if not any(hint in small for hint in words.relative_hints):
        return []
    flat = Window(text, 0, len(text))
    found = []
    for match in words.ago.finditer(flat.flat):
        since = as_of
        if match["whole"]:  # "1 tuần 1 ngày trước"
            since = _ago(int(match["whole"]), words.relative_units[" ".join(match["larger"].split())], as_of)
        day = _ago(int(match["count"]), words.relative_units[" ".join(match["unit"].split())], since)
        found.append((match, day, words.relative_units[match["unit"]] in ("weeks", "months", "years")))
    for match in words.named_day.finditer(flat.flat):
        rest = flat.flat[match.end() :]
        alone = not rest.strip(" .,)|") or _CLOCK_FOLLOWS.match(rest)  # "Hôm nay: 842" counts visitors
        if alone:
            name = " ".join(match["name"].split())
            found.append((match, as_of - timedelta(days=words.named_days[name]), False))
    results = []
    for match, day, vague in found:
        start, end = flat.at(match.start()), flat.at(match.end())
        if day.year >= FIRST_YEAR and not any(-2 <= one.start - end <= 12 for one in taken):
            results.append(FoundDate(day, nfc(text[start:end]), start, end, "relative", vague))
    return results


def _ago(count: int, unit: str, as_of: date) -> date:
    if unit in ("months", "years"):
        months = as_of.year * 12 + as_of.month - 1 - count * (12 if unit == "years" else 1)
        if months < 12:
            return date.min
        first = date(months // 12, months % 12 + 1, 1)
        return min(first + timedelta(days=as_of.day - 1), _month_end(first))
    days = {"minutes": 0, "hours": count // 24, "days": count, "weeks": count * 7}[unit]
    return as_of - timedelta(days=days)


def _month_end(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def parse_date(text: str, *, as_of: date, words: DateWords, month_first: bool | None = None) -> date | None:
    """The civil day in Viet Nam of one machine string: ISO 8601, RFC 822, and what feeds write instead of them.

    An aware time is converted to UTC+7 first. None for no date, an impossible one, a placeholder, or one before 1990.
    """
    text = text.strip()[:120]
    day = iso_day(text) or _compact(text) or _rfc822(text)
    if day is None and not text[:10].startswith(("0000-", "0001-")):
        found = scan_dates(text, as_of=as_of, words=words, month_first=month_first).found
        day = found[0].date if found else None
    return day if day is not None and FIRST_YEAR <= day.year <= 2100 else None


def _compact(text: str) -> date | None:
    match = _COMPACT.match(text)
    return iso_day(f"{match[1]}-{match[2]}-{match[3]}") if match else None


def _rfc822(text: str) -> date | None:
    if not _RFC822.match(text):
        return None
    try:
        return to_vietnam(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None  # not RFC 822 after all: the caller tries the other forms


def is_month_first(strings: Iterable[str], stamps: DateWords | None = None) -> bool | None:
    """What the strings of one source prove about "5/11/2026": True for month first, False for day first.

    A second number over 12 proves month first, a first number over 12 day first. None without proof or with both.
    With `stamps` only days with an English AM or PM count: a program wrote those, whatever people wrote beside them.
    """
    month_first = day_first = False
    for text in strings:
        for match in (stamps.stamp if stamps is not None else _NUMERIC).finditer(text):
            first, second = int(match[1]), int(match[2])
            month_first |= first <= 12 < second <= 31
            day_first |= second <= 12 < first <= 31
    return None if month_first == day_first else month_first
