"""Text for people: numbers and dates as Vietnamese administration writes them, and hostile page text made harmless.

Everything that a template prints passes `printable` (the environment's finalize) and is then escaped by Jinja2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
NBSP = "\N{NO-BREAK SPACE}"

_LONGEST_TEXT = 1200
_LONGEST_URL = 2000
_MARKS_IN_A_ROW = 2  # Vietnamese in NFC needs none, other scripts one or two; more is an attack on the line above
#: Format characters (Unicode Cf) reorder or hide text: bidi overrides and isolates, zero-width signs, tags.
_DROPPED = frozenset({"Cf", "Cs", "Co", "Cn"})
_BLANK = frozenset({"Cc", "Zl", "Zp", "Zs"})


def clean(text: object, limit: int = _LONGEST_TEXT) -> str:
    """`text` on one line: NFC, no control, bidi or invisible characters, at most `limit` characters ("…": cut)."""
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", str(text)[: limit * 4]):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in _BLANK:
            kept.append(char if char == NBSP else " ")
        elif category not in _DROPPED and marks <= _MARKS_IN_A_ROW:
            kept.append(char)
    line = " ".join(part for part in "".join(kept).split(" ") if part).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def printable(value: Any) -> Any:
    """Jinja2 finalize: None prints nothing, Markup stays (only our own templates make it), other text is cleaned."""
    if value is None:
        return ""
    return value if isinstance(value, (Markup, int)) else clean(value)


def href(url: object) -> str:
    """`url` if it may stand in a link (absolute http or https, a host, no control character, bounded), else ""."""
    text = str(url or "").strip()
    if not text or len(text) > _LONGEST_URL or any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl") for c in text):
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    return text.replace(" ", "%20") if parts.scheme.lower() in ("http", "https") and host else ""


def points(tenths: int) -> str:
    """625 -> "62,5"."""
    sign = "-" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10},{abs(tenths) % 10}"


def percent(permille: int | None) -> str:
    """880 -> "88,0 %"; None -> "–"."""
    return "–" if permille is None else f"{points(permille)}{NBSP}%"


def share(permille: int) -> str:
    """710 -> "71 %", 596 -> "59,6 %": whole numbers without a decimal."""
    return f"{permille // 10}{NBSP}%" if permille % 10 == 0 else percent(permille)


def lower_first(text: str) -> str:
    """A sentence from the data files continued inside another: "Chưa xác định" -> "chưa xác định"."""
    return text[:1].lower() + text[1:]


def dmy(day: date | None) -> str:
    """date(2017, 11, 20) -> "20/11/2017"."""
    return "" if day is None else f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def local(moment: datetime) -> datetime:
    """The moment in Asia/Ho_Chi_Minh; a moment without zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(LOCAL)


def dmyhm(moment: datetime | None) -> str:
    """A moment as "20/11/2017 14:05" in Asia/Ho_Chi_Minh."""
    if moment is None:
        return ""
    there = local(moment)
    return f"{dmy(there.date())} {there.hour:02d}:{there.minute:02d}"


def ascii_slug(text: str) -> str:
    """`text` as part of a file name: ASCII letters, digits, "-" and "_", at most 60. May be empty."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    ascii_ = bare.encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9_-]+", "-", ascii_).strip("-")[:60]


def load_words() -> Mapping[str, str]:
    """The reports' own labels (reports/templates/words.yaml), flat: "verdict.pass" -> "Đạt". Read-only."""
    return _words()


@cache
def _words() -> Mapping[str, str]:
    text = files("reports").joinpath("templates/words.yaml").read_text(encoding="utf-8")
    groups = yaml.safe_load(text).items()
    flat = {f"{group}.{key}": str(value) for group, entries in groups for key, value in entries.items()}
    return MappingProxyType(flat)


class Wording:
    """Looks words up: the rulebook's messages first, then the reports' own labels.

    `word` of a key that nobody defines is its last part, so a new reason or state never breaks a card.
    """

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages
        self._own = load_words()

    def word(self, key: str, **fields: object) -> str:
        """The text for `key`, its fields filled in if any are given."""
        text = self._messages.get(key) or self._own.get(key)
        if text is None:
            return key.rpartition(".")[2]
        return text.format(**fields) if fields else text

    def has(self, key: str) -> bool:
        return key in self._messages or key in self._own


def environment(*, markup: bool = True) -> Environment:
    """Jinja2 for every report: unknown names are errors, all output is cleaned, and escaped unless `markup` is False
    (plain text of a mail)."""
    made = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=markup,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "points": points, "percent": percent, "share": share, "dmy": dmy, "dmyhm": dmyhm, "href": href, "short": clean,
        "lower_first": lower_first,
    }  # fmt: skip
    return made
