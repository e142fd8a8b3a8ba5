"""The words by which dates are read, as data (config/dates.yaml) turned into folded tuples and compiled patterns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.read.folding import plain

#: An hour with its minutes; capped, because counters are glued to it ("09:523340").
TIME = (
    r"(?:(?:[01]?[0-9]|2[0-4])(?::|\s?h\s?)(?:[0-5][0-9]|[0-9])(?::[0-5][0-9](?:\.[0-9]{1,7}(?=z|\b))?)?"
    r"|(?:[01]?[0-9]|2[0-4])h)"
)


@dataclass(frozen=True, slots=True)
class Label:
    """Words before a date that give it a role. `signs`: spellings, so that "tử" is not taken for "từ"."""

    folded: str
    role: str
    signs: frozenset[str]


def signs_of(text: str) -> str:
    """Letters and marks of `text` in a fixed order: equal for "hoà" and "hòa", different for "từ" and "tử"."""
    return "".join(sorted(unicodedata.normalize("NFD", "".join(text.lower().split()))))


@dataclass(frozen=True, slots=True)
class DateWords:
    """Words and patterns, all without diacritics and in lower case. Build it with from_data()."""

    before: re.Pattern[str]  # time, weekday and "ngày" directly before a date, up to the end
    before_endings: tuple[str, ...]  # with one of them ends all that `before` matches, but for signs and spaces
    after: re.Pattern[str]  # time and half of the day directly after a date
    named_month: re.Pattern[str]  # what follows the day: month in words, year
    month_before: re.Pattern[str]  # a month in words at the end: "November " before "23, 2026"
    month_numbers: Mapping[str, int]
    ambiguous_month: str  # the month whose name is also the word for "year"
    ordinal: re.Pattern[str]
    day: tuple[str, ...]
    fillers: tuple[str, ...]
    strong: tuple[Label, ...]  # longest first
    strong_endings: tuple[str, ...]
    weak: tuple[Label, ...]
    range_gap: re.Pattern[str]
    cited_number: re.Pattern[str]
    cited_kind: re.Pattern[str]
    of: re.Pattern[str]
    ago: re.Pattern[str]
    named_day: re.Pattern[str]
    relative_hints: tuple[str, ...]  # one of them stands in every text that ago or named_day can match
    relative_units: Mapping[str, str]
    named_days: Mapping[str, int]
    week_number: re.Pattern[str]
    week: tuple[str, ...]
    short_range: re.Pattern[str]
    half_days_english: tuple[str, ...]
    rough: re.Pattern[str]  # in folded text: "21 gio truoc", which may be one of several days
    split_day: re.Pattern[str]  # in plain text: a day whose parts stand apart at its start
    leaf: re.Pattern[str]  # in plain text: a calendar leaf without its year
    weekday: re.Pattern[str]  # in plain text: a weekday with its day
    calendar: re.Pattern[str]  # in folded text: what changes with the days and says nothing of a subject
    stamp: re.Pattern[str]  # a day and its time with AM or PM; groups: first and second number

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> DateWords:
        """The words of config/dates.yaml. Raises ValueError that names the field which is missing or wrong."""
        return _build(_Reader(data))


class _Reader:
    """Typed access to the data; every error names the field."""

    def __init__(self, data: Mapping[str, Any], path: str = "") -> None:
        self._data, self._path = data, path

    def words(self, name: str) -> tuple[str, ...]:
        return self._folded(self._data.get(name), self._path + name)

    def lists(self, name: str, length: int) -> list[tuple[str, ...]]:
        rows = self._data.get(name)
        if not isinstance(rows, list) or len(rows) != length:
            raise ValueError(f"{self._path}{name}: expected {length} lists of words")
        return [self._folded(row, f"{self._path}{name}[{n}]") for n, row in enumerate(rows)]

    def part(self, name: str) -> _Reader:
        part = self._data.get(name)
        if not isinstance(part, Mapping):
            raise ValueError(f"{self._path}{name}: expected a mapping")
        return _Reader(part, f"{self._path}{name}.")

    def spelled(self, name: str) -> list[str]:
        return [str(word) for word in self._data.get(name, ())]

    def keys(self) -> list[str]:
        return [str(key) for key in self._data]

    @staticmethod
    def _folded(words: object, where: str) -> tuple[str, ...]:
        if (
            not isinstance(words, list)
            or not words
            or not all(isinstance(word, str) and word.strip() for word in words)
        ):
            raise ValueError(f"{where}: expected a list of words")
        return tuple(sorted({" ".join(plain(word).split()) for word in words}, key=lambda word: (-len(word), word)))


def any_of(words: Iterable[str]) -> str:
    """A regex alternative of `words`, longest first, a space standing for any white space."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in ordered) + ")"


def _labelled(reader: _Reader) -> tuple[Label, ...]:
    spellings: dict[tuple[str, str], set[str]] = {}
    for role in reader.keys():  # noqa: SIM118
        reader.words(role)
        for word in reader.spelled(role):
            spellings.setdefault((" ".join(plain(word).split()), role), set()).add(signs_of(word))
    labels = [Label(folded, role, frozenset(signs)) for (folded, role), signs in spellings.items()]
    return tuple(sorted(labels, key=lambda label: (-len(label.folded), label.folded, label.role)))


def _build(data: _Reader) -> DateWords:
    day, month, year = data.words("day"), data.words("month"), data.words("year")
    native, english = data.lists("month_names", 12), data.lists("month_names_english", 12)
    numbers = {name: n for names in (native, english) for n, row in enumerate(names, 1) for name in row}
    doubtful = next((name for row in native for name in row if name in year), "")
    month_words = (
        rf"(?:{any_of(month)}\.?\s{{0,2}}"
        rf"(?:(?P<number>[0-9]{{1,2}})(?![0-9])|(?P<name>{any_of(w for r in native for w in r)})\b)"
        rf"|{any_of(data.words('month_abbreviation'))}\.?\s?(?P<short>[0-9]{{1,2}})(?![0-9])"
        rf"|(?P<english>{any_of(w for r in english for w in r)})\b\.?)"
    )
    on_leaf = (*month, *data.words("month_abbreviation"))
    weekday = any_of(word for row in data.lists("weekdays", 7) for word in row)
    half = rf"{any_of(data.words('half_days'))}\b"
    hour = any_of(data.words("hour"))
    clock = rf"(?:(?:{TIME}|[0-9]{{1,2}}\s?{hour}(?:\s?[0-9]{{1,2}})?)(?:\s?{half})?)"
    relative = data.part("relative")
    units = {
        word: unit for unit in ("minutes", "hours", "days", "weeks", "months", "years") for word in relative.words(unit)
    }
    named = {
        word: days
        for name, days in (("today", 0), ("yesterday", 1), ("two_days_ago", 2))
        for word in relative.words(name)
    }
    strong = _labelled(data.part("roles"))
    week = data.words("week")
    range_words = any_of(data.words("range"))
    hints = tuple(sorted({word.split()[-1] for word in (*relative.words("before"), *named)}))
    return DateWords(
        before=re.compile(
            rf"(?:(?<![0-9:])(?P<time>{clock})[\s,\-–|]{{0,4}})?(?:\b(?P<weekday>{weekday})[\s,\-–:|]{{0,4}})?"
            rf"(?:\b(?P<day>{any_of(day)})[\s:]{{0,2}})?\Z"
        ),
        before_endings=(
            *day,
            *{word.split()[-1] for row in data.lists("weekdays", 7) for word in row},
            *data.words("half_days"),
            *data.words("hour"),
            *"h0123456789",
        ),
        after=re.compile(rf"[\s,\-–|(t]{{0,4}}(?:{any_of(data.words('at_time'))}\s)?(?P<time>{clock})"),
        named_month=re.compile(
            rf"(?:(?:st|nd|rd|th)\b)?[\s,./\-]{{0,3}}{month_words}"
            rf"(?:[\s,./\-]{{0,3}}(?P<again>{any_of(year)}\b)?[\s:]{{0,2}}(?P<year>(?:19|20)[0-9]{{2}}))?"
        ),
        month_before=re.compile(rf"\b{month_words}[\s,]{{0,2}}\Z"),
        month_numbers=numbers,
        ambiguous_month=doubtful,
        ordinal=re.compile(rf"\b{any_of(data.words('ordinals'))}\s?\Z"),
        day=day,
        fillers=data.words("fillers"),
        strong=strong,
        strong_endings=tuple(label.folded for label in strong),
        weak=_labelled(data.part("weak_roles")),
        range_gap=re.compile(rf"\s*(?:[\-–—]|[\-–—,]?\s*{range_words})\s*(?:{any_of(day)}\s*)?\Z"),
        cited_number=re.compile(
            rf"[0-9]{{1,6}}[a-z]{{0,2}}\s?(?:[/\-]\s?(?:19|20)[0-9]{{2}})?\s?[/\-]\s?(?P<body>[a-z][a-z0-9&]*(?:-[a-z0-9&]+)*)"
            rf"|(?<=\b{data.words('document_number')[0]})\s?:?\s?[0-9]{{1,6}}\b(?!\s?[/\-])"
        ),
        cited_kind=re.compile(rf"\b{any_of(data.words('documents'))}\b"),
        of=re.compile(rf"[\s,)]{{0,3}}{any_of(data.words('of'))}\b"),
        ago=re.compile(
            rf"(?<![0-9.,/])(?:(?P<whole>[0-9]{{1,3}})\s{{1,2}}(?P<larger>{any_of(units)}),?\s{{1,2}})?"
            rf"(?P<count>[0-9]{{1,3}})\s{{1,2}}(?P<unit>{any_of(units)})\s{{1,2}}{any_of(relative.words('before'))}\b"
            rf"(?!\s+{any_of(relative.words('vague'))}\b)"
        ),
        named_day=re.compile(rf"\b(?P<name>{any_of(named)})\b"),
        relative_hints=hints,
        relative_units=units,
        named_days=named,
        week_number=re.compile(
            rf"\b{any_of(week)}\s{{0,2}}(?:{any_of(data.words('document_number'))}\s?)?:?\s?(?P<week>[0-9]{{1,2}})(?![0-9])(?!\s*{any_of(month)}\b)"
            rf"(?:[\s,/\-–(]{{0,3}}(?:{any_of(year)}\s*)?(?P<year>(?:19|20)[0-9]{{2}})(?![0-9/\-]))?"
        ),
        week=week,
        short_range=re.compile(
            rf"(?<![0-9/.\-])(?P<d1>[0-9]{{1,2}})(?:\s?[/.]\s?(?P<m1>[0-9]{{1,2}}))?\s*(?:[\-–—]|{range_words})\s*(?:{any_of(day)}\s*)?"
            rf"(?P<d2>[0-9]{{1,2}})(?:\s?[/.\-]\s?(?P<m2>[0-9]{{1,2}})(?:\s?[/.\-]\s?(?P<y2>[0-9]{{4}}))?"
            rf"|\s*{any_of(month)}\s*(?P<m3>[0-9]{{1,2}})(?:[\s/,\-]*(?:{any_of(year)}\s*)?(?P<y3>[0-9]{{4}}))?)(?![0-9])"
        ),
        half_days_english=data.words("half_days_english"),
        rough=re.compile(
            rf"([0-9]+) (?P<unit>{any_of(word for word, unit in units.items() if unit not in ('minutes', 'days'))})"
            rf" {any_of(relative.words('before'))}\b"
        ),
        split_day=re.compile(
            rf"^\D{{0,12}}?(\d{{1,2}})(?:\s*[,/.-]\s*|\s+|(?=[a-z]))"
            rf"(?:{any_of((*on_leaf, *data.words('month_letter')))})?\.?\s*(\d{{1,2}})"
            rf"\s*[,/. -]\s*(?:{any_of(year)}\s*)?(199\d|20\d\d)\b"
        ),
        leaf=re.compile(rf"(\d{{1,2}})\s*{any_of(on_leaf)}\.?\s*(\d{{1,2}})"),
        weekday=re.compile(rf"{weekday}[\s,(:-]*(?:{any_of(day)}\s*)?\d{{1,2}}\s?[/.-]\s?\d{{1,2}}"),
        calendar=_calendar(data.part("calendar")),
        stamp=re.compile(
            rf"(?<![0-9/])([0-9]{{1,2}})/([0-9]{{1,2}})/[0-9]{{4}},?\s{{1,3}}{TIME}\s?{any_of(data.words('half_days_english'))}\b",
            re.I,
        ),
    )


def _calendar(data: _Reader) -> re.Pattern[str]:
    named = any_of((*data.words("weekdays"), *data.words("months")))
    return re.compile(rf"\b(?:{named}|{any_of(data.words('counted'))} \d+|(?:19|20)\d\d)\b")
