"""Which week a weekly schedule is for: "Lịch công tác tuần 47 (từ ngày 16/11/2026 đến ngày 22/11/2026)"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from auditor.read.date_forms import FIRST_YEAR, LAST_YEAR, hits
from auditor.read.date_words import DateWords
from auditor.read.folding import plain

_LONGEST = timedelta(days=9)
_AHEAD = timedelta(days=14)  # schedules are posted before their week begins


def week_range(text: str, as_of: date, words: DateWords) -> tuple[date, date] | None:
    """Monday and Sunday of the week that `text` names: by its days, else by its (ISO) number. None if it names none.

    A number without a year is taken as the latest such week that begins at most two weeks after as_of.
    """
    return _by_days(text, as_of, words) or _by_number(text, as_of, words)


def week_begun(text: str, as_of: date, words: DateWords) -> tuple[date, date] | None:
    """The latest of the weeks that `text` names which has begun by `as_of`; None if none has, or none is named.

    A page of tabs shows the week to come beside this one and the last.
    """
    weeks = [*_ranges(text, as_of, words), *_whole_ranges(text, as_of, words)]
    if not weeks and (named := week_range(text, as_of, words)) is not None:
        weeks = [named]
    return max((week for week in weeks if week[0] <= as_of), default=None)


def _ranges(text: str, as_of: date, words: DateWords) -> Iterator[tuple[date, date]]:
    flat = plain(text)
    for match in words.short_range.finditer(flat):
        start = _range_start(match, as_of)
        dated = match["y2"] or match["y3"] or _names_week(flat[max(match.start() - 80, 0) : match.start()], words)
        if start and dated:
            yield _week_of(start)


def _whole_ranges(text: str, as_of: date, words: DateWords) -> Iterator[tuple[date, date]]:
    """Weeks whose both days carry the year: "17/11/2025 – 23/11/2025"."""
    for first, last in pairwise(hits(text, as_of, words, None, False)):
        if first.day is None or last.day is None or not words.range_gap.match(plain(text[first.end : last.start])):
            continue
        if timedelta(0) < last.day - first.day <= _LONGEST:
            yield _week_of(first.day)


def _by_days(text: str, as_of: date, words: DateWords) -> tuple[date, date] | None:
    first = next(_ranges(text, as_of, words), None)
    if first is not None:
        return first
    flat = plain(text)
    days = [hit.day for hit in hits(text, as_of, words, None, False) if hit.day is not None]
    if len(days) >= 2 and timedelta(0) < days[1] - days[0] <= _LONGEST:
        return _week_of(days[0])
    if len(days) == 1 and _names_week(flat, words):
        return _week_of(days[0])
    return None


def _names_week(flat: str, words: DateWords) -> bool:
    return any(re.search(rf"\b{word}\b", flat) for word in words.week)


def _range_start(match: re.Match[str], as_of: date) -> date | None:
    """The first day of "13/11 đến 17/11/2017", "16 - 22/11/2026"; a missing year is the latest that fits."""
    month = match["m2"] or match["m3"]
    if month is None:
        return None
    year_text = match["y2"] or match["y3"]
    if year_text and not FIRST_YEAR <= int(year_text) <= LAST_YEAR:
        return None
    years = [int(year_text)] if year_text else [(as_of + _AHEAD).year, (as_of + _AHEAD).year - 1]
    for year in years:
        try:
            end = date(year, int(month), int(match["d2"]))
            start = date(year, int(match["m1"] or month), int(match["d1"]))
            if start > end:
                start = date(year - 1, start.month, start.day)
        except ValueError:
            continue
        if end - start <= _LONGEST and (year_text or start <= as_of + _AHEAD):
            return start
    return None


def _by_number(text: str, as_of: date, words: DateWords) -> tuple[date, date] | None:
    match = words.week_number.search(plain(text))
    if match is None:
        return None
    number = int(match["week"])
    years = [int(match["year"])] if match["year"] else [as_of.year + 1, as_of.year, as_of.year - 1]
    for year in years:
        try:
            monday = date.fromisocalendar(year, number, 1)
        except ValueError:
            continue
        if match["year"] or monday <= as_of + _AHEAD:
            return _week_of(monday)
    return None


def _week_of(day: date) -> tuple[date, date]:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)
