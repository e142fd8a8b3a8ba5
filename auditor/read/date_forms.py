"""The written forms of dates: where in a text they stand and which day they name. Roles are decided elsewhere.

One pattern, anchored on digits, runs over the text as it is; words around a hit are folded in small windows only, so a
page costs well under a millisecond and offsets stay those of the given text, in NFC and NFD alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from auditor.read.date_words import DateWords
from auditor.read.folding import plain

#: Viet Nam has had one zone without summer time since 1975; a civil day here is a day at UTC+7.
VIETNAM = timezone(timedelta(hours=7))
FIRST_YEAR, LAST_YEAR = 1990, 2100
_WINDOW = 48

_CANDIDATE = re.compile(
    r"[0-9](?:(?<![0-9].)|(?<=:[0-5][0-9].))"  # a number's first digit, or the first after glued minutes
    r"(?:"
    r"[0-9]{3}(?P<isep>[-/.])(?P<imonth>[0-9]{1,2})(?P=isep)(?P<iday>[0-9]{1,2})"
    r"(?P<rest>[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2}))?"
    r"|[0-9]?\s{0,2}(?P<sep>[/.\-–])\s{0,2}(?P<second>[0-9]{1,2})"
    r"(?:\s{0,2}(?P=sep)\s{0,2}(?P<year>[0-9]{4}|[0-9]{2}(?![0-9])(?!\s?[/.\-–]?[0-9]{3}))|(?![0-9]))"
    r"|[0-9]?(?:st|nd|rd)?[\s,./-]{0,3}(?=[Tt][Hh]|[JFMASONDjfmasond][A-Za-z]{2})(?P<word>)"
    r"|[0-9]?(?:st|nd|rd|th)?,?\s{1,2}(?P<after>(?:19|20)[0-9]{2})(?![0-9])"
    r")"
)
_FILE_NAME = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|rar|zip|jpe?g|png|gif|odt|mp[34]|html?|aspx?)\b", re.IGNORECASE)
_DAY, _PADDED = re.compile(r"[0-9]{1,2}"), re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}")
_PADDED_DAY = re.compile(r"[0-9]{2}[/\-][0-9]{2}")
_MORE = re.compile(r"\s?[/.\-–]\s?[0-9]{1,4}(?![0-9]?:)")
_SIGNS_BETWEEN = (",", "-", "–", "|", ":")  # a date and what belongs to it
_AFTER_SLASH = re.compile(r"/\s?[^\W_]")


class RawDate(NamedTuple):
    """One date expression. `day` is None for an impossible one; start and end include weekday and time."""

    day: date | None
    start: int
    end: int
    core: int  # where the date itself begins
    kind: str  # numeric, month_first, iso, words, short_year, yearless, relative
    ambiguous: bool = False
    dated_by_word: bool = False  # "ngày" stands directly before it
    day_word_upper: bool = False  # … and begins with a capital
    has_time: bool = False
    has_time_before: bool = False
    has_weekday: bool = False


class Window:
    """A folded slice of a text that knows where each of its characters came from."""

    __slots__ = ("_positions", "flat", "low")

    def __init__(self, text: str, low: int, high: int) -> None:
        self.low = low if low > 0 else 0
        piece = text[self.low : high]
        self.flat = plain(piece)
        self._positions: list[int] | None = None
        if len(self.flat) != len(piece):  # combining marks were dropped
            self._positions = [n for n, sign in enumerate(piece) if plain(sign)] + [len(piece)]

    def at(self, index: int) -> int:
        """The index in the whole text of `flat[index]`."""
        return self.low + (index if self._positions is None else self._positions[index])


def hits(text: str, as_of: date, words: DateWords, month_first: bool | None, yearless: bool) -> Iterator[RawDate]:
    """Every absolute date expression of `text`, in order; impossible ones have day None. Years before FIRST_YEAR are
    kept, because a later rule needs them: "(03/02/1930 - 03/02/2023)" is an anniversary."""
    position = 0
    while match := _CANDIDATE.search(text, position):
        position = match.start() + 1  # "13:39 - 01/08/2022": what follows a refused number may still be a date
        found = _read(text, match, as_of, words, month_first, yearless)
        if found is not None:
            position = max(match.end(), found.end)
            yield found


def may_hold_day(text: str) -> bool:
    """False for a text in which hits() finds nothing."""
    return _CANDIDATE.search(text) is not None


def _read(
    text: str, match: re.Match[str], as_of: date, words: DateWords, month_first: bool | None, yearless: bool
) -> RawDate | None:
    if match["imonth"]:
        return _iso(text, match, words)
    if match["second"]:
        return _numeric(text, match, as_of, words, month_first, yearless)
    if match["after"]:
        return _month_before(text, match, words)
    return _named(text, match, as_of, words, yearless)


def _iso(text: str, match: re.Match[str], words: DateWords) -> RawDate | None:
    year, month, day = int(text[match.start() : match.start() + 4]), int(match["imonth"]), int(match["iday"])
    before = text[match.start() - 1 : match.start()]
    if not FIRST_YEAR <= year <= LAST_YEAR or before in ("/", "_", ".") or _AFTER_SLASH.match(text, match.end()):
        return None
    if text[match.end() : match.end() + 1].isdigit() and not match["rest"]:
        return None
    civil = _civil(year, month, day)
    if civil is None:
        return RawDate(None, match.start(), match.end(), match.start(), "iso") if match["isep"] == "-" else None
    if match["rest"]:
        civil = iso_day(match[0]) or civil
    return _surrounded(text, match.start(), match.end(), civil, "iso", words)


def _numeric(
    text: str, match: re.Match[str], as_of: date, words: DateWords, month_first: bool | None, yearless: bool
) -> RawDate | None:
    first, second, sep = _leading_number(match), int(match["second"]), match["sep"]
    if _inside_a_longer_number(text, match) or first == 0 or second == 0:
        return None
    found = _surrounded(text, match.start(), match.end(), None, "numeric", words)
    if match["year"] is None:
        return _yearless(text, match, found, first, second, as_of) if yearless else None
    if len(match["year"]) == 2:
        clear = sep in "/-" and (found.dated_by_word or found.has_weekday or found.has_time)
        year = int(match["year"]) + (2000 if int(match["year"]) <= (as_of.year + 1) % 100 else 1900)
        civil = _civil(year, second, first)
        return found._replace(day=civil, kind="short_year") if clear and civil and civil.year >= FIRST_YEAR else None
    year = int(match["year"])
    if year > LAST_YEAR or year < 1900:
        return None  # 1/1/0001, 31/12/9999: a program's word for "no date"
    american = month_first is not False and _is_american(match, text[match.end() : found.end], words)
    day, month, kind = first, second, "numeric"
    if (first <= 12 < second and sep != ".") or (first <= 12 and second <= 12 and (month_first or american)):
        day, month, kind = second, first, "month_first"
    doubtful = month_first is None and american and first <= 12 and second <= 12 and first != second
    civil = _civil(year, month, day)
    if doubtful and civil and civil > as_of:  # the other reading is the one that can have happened
        civil, kind = _civil(year, day, month) or civil, "numeric"
    if civil is None:
        fault = sep == "/" or found.dated_by_word or found.has_weekday
        return found if fault and FIRST_YEAR <= year <= as_of.year + 5 else None
    return found._replace(day=civil, kind=kind, ambiguous=doubtful)


def _leading_number(match: re.Match[str]) -> int:
    number = _DAY.match(match[0])
    return int(number[0]) if number else 0


def _inside_a_longer_number(text: str, match: re.Match[str]) -> bool:
    """Parts of versions, IP addresses, telephone numbers, document numbers, paths and file names."""
    start, end, sep = match.start(), match.end(), match["sep"]
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if before[-1:] in ("/", "_", "$", "#") or (before[-1:] == sep and before[:1].isalnum()):
        return True
    if before[-1:] in (".", ":") and before[:1].isdigit():
        return True
    if after[:1] == sep and after[1:].isdigit():
        return True
    if sep == "." and after[:1] in ("%", "₫", "đ"):
        return True
    return bool(_AFTER_SLASH.match(text, end) or _FILE_NAME.match(text, end))


def _is_american(match: re.Match[str], rest: str, words: DateWords) -> bool:
    """An unpadded date with AM or PM, as .NET writes it for the United States ("5/11/2009 11:08:30 AM")."""
    padded = _PADDED.fullmatch(match[0].replace(" ", ""))
    return match["sep"] == "/" and not padded and rest.strip(" .)|").lower().endswith(words.half_days_english)


def _yearless(text: str, match: re.Match[str], found: RawDate, first: int, second: int, as_of: date) -> RawDate | None:
    """A day and month in a list whose dates carry no year: the latest year that is not after as_of."""
    padded = _PADDED_DAY.fullmatch(match[0]) is not None
    alone = len(text.strip(" ()[]|-,.\n\t")) == match.end() - match.start()
    clear = found.dated_by_word or found.has_weekday or found.has_time or padded or alone
    if (
        _MORE.match(text, match.end())
        or match["sep"] == "."
        or not clear
        or ((first, second) == (24, 7) and not found.dated_by_word)
    ):
        return None
    latest = latest_day(first, second, as_of)
    return found._replace(day=latest, kind="yearless", ambiguous=True) if latest else None


def latest_day(day: int, month: int, as_of: date) -> date | None:
    """The latest such day that is not after `as_of`; None for a day that no year has."""
    for year in range(as_of.year, as_of.year - 9, -1):
        civil = _civil(year, month, day)
        if civil and civil <= as_of:
            return civil
    return None


def _named(text: str, match: re.Match[str], as_of: date, words: DateWords, yearless: bool) -> RawDate | None:
    """ "09 tháng 05 năm 2014", "09 Tháng Năm 2014", "23 Th11, 2026", "23 November 2026"."""
    digits = _DAY.match(match[0])
    if digits is None:
        return None
    number_end = match.start() + digits.end()
    window = Window(text, number_end, number_end + _WINDOW)
    named = words.named_month.match(window.flat)
    if named is None or (named["year"] is None and not yearless):
        return None
    day, end = int(digits[0]), window.at(named.end())
    found = _surrounded(text, match.start(), end, None, "words", words)
    before = Window(text, found.core - 16, found.core).flat
    if not found.dated_by_word and not named["english"] and words.ordinal.search(before):
        return None
    if named["name"] == words.ambiguous_month and not named["again"]:
        # "báo cáo 6 tháng năm 2017" is half a year, "09 Tháng Năm 2014" a day in May
        month_text = text[window.at(named.start()) : end]
        if not (
            found.dated_by_word or found.has_weekday or (month_text.strip()[:1].isupper() and not month_text.isupper())
        ):
            return None
    month = _month_of(named, words)
    if named["year"] is None:
        latest = latest_day(day, month, as_of)
        return found._replace(day=latest, kind="yearless", ambiguous=True) if latest else None
    civil = _civil(int(named["year"]), month, day)
    if civil is None and not found.dated_by_word:
        return None
    return found._replace(day=civil) if day and month else None


def _month_before(text: str, match: re.Match[str], words: DateWords) -> RawDate | None:
    """ "November 23, 2026", "Th11 23, 2026", "Tháng Mười Một 23, 2026"."""
    window = Window(text, match.start() - _WINDOW, match.start())
    named = words.month_before.search(window.flat)
    if named is None:
        return None
    digits = _DAY.match(match[0])
    civil = _civil(int(match["after"]), _month_of(named, words), int(digits[0]) if digits else 0)
    if civil is None:
        return None
    return _surrounded(text, window.at(named.start()), match.end(), civil, "words", words)


def _month_of(named: re.Match[str], words: DateWords) -> int:
    number = named["number"] or named["short"]
    if number:
        return int(number)
    return words.month_numbers[" ".join((named["name"] or named["english"]).split())]


def _surrounded(text: str, start: int, end: int, day: date | None, kind: str, words: DateWords) -> RawDate:
    """The expression with the weekday, "ngày" and time that belong to it."""
    low = Window(text, start - _WINDOW, start)
    before = words.before.search(low.flat) if _may_belong(low.flat, words) else None
    begin = low.at(before.start()) if before and before[0].strip() else start
    high = Window(text, end, end + _WINDOW)
    after = words.after.match(high.flat)
    by_word = before is not None and before["day"] is not None
    return RawDate(
        day,
        begin,
        high.at(after.end()) if after else end,
        start,
        kind,
        dated_by_word=by_word,
        day_word_upper=by_word and _day_word_is_upper(text, start, words),
        has_time=after is not None or (before is not None and before["time"] is not None),
        has_time_before=before is not None and before["time"] is not None,
        has_weekday=before is not None and before["weekday"] is not None,
    )


def _may_belong(flat: str, words: DateWords) -> bool:
    """True if the words before a date may end with its weekday, "ngày" or time: the pattern of these is dear."""
    tail = flat.rstrip()
    while tail.endswith(_SIGNS_BETWEEN):
        tail = tail[:-1].rstrip()
    return tail.endswith(words.before_endings)


def _day_word_is_upper(text: str, end: int, words: DateWords) -> bool:
    window = Window(text, end - 12, end)
    at = max(window.flat.rfind(word) for word in words.day)
    return at >= 0 and text[window.at(at)].isupper()


def _civil(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_ISO = re.compile(
    r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?\s?(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)


def iso_day(raw: str) -> date | None:
    """The civil day in Viet Nam of an ISO 8601 / W3C date or time; None if `raw` does not begin with one.

    A malformed rest ("2014-12-23+0716:36:00") leaves the leading ten characters.
    """
    match = _ISO.match(raw)
    if match is None:
        return None
    civil = _civil(int(match[1]), int(match[2]), int(match[3]))
    if civil is None or match[4] is None or not (match[7] or match[8]):
        return civil
    hours, minutes = int(match[9] or 0), int(match[10] or 0)
    if hours > 14 or minutes > 59 or int(match[4]) > 23 or int(match[5]) > 59:
        return civil
    shift = timedelta(hours=hours, minutes=minutes) * (-1 if match[8] == "-" else 1)
    moment = datetime(civil.year, civil.month, civil.day, int(match[4]), int(match[5]), tzinfo=timezone(shift))
    return to_vietnam(moment)


def to_vietnam(moment: datetime) -> date:
    """The civil day in Viet Nam of an aware time; a naive one is taken as local."""
    if moment.tzinfo is None:
        return moment.date()
    try:
        return moment.astimezone(VIETNAM).date()
    except OverflowError:
        return moment.date()
