"""Vietnamese text folded for comparison: NFC, lower case, no diacritics, đ -> d, one space between words."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^0-9a-z]+")


def _table() -> dict[int, str]:
    """Every precomposed letter that Vietnamese uses, mapped to its base letter (faster than NFD on each call)."""
    table: dict[int, str] = {ord("đ"): "d", ord("Đ"): "d", ord("ð"): "d", ord("Ð"): "d"}
    for code in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]:
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table.setdefault(code, base.lower())
    for code in range(0x300, 0x370):
        table[code] = ""
    for upper in range(ord("A"), ord("Z") + 1):
        table[upper] = chr(upper).lower()
    return table


_TABLE = _table()


def plain(text: str) -> str:
    """`text` lower-case and without diacritics; punctuation and white space are kept, so offsets stay comparable
    for NFC input."""
    return text.translate(_TABLE).lower()


def fold(text: str) -> str:
    """`text` as words for comparison: plain(), every run of other signs turned into one space, trimmed."""
    return _NOT_WORD.sub(" ", plain(text)).strip()


def excerpt(text: str, length: int = 160) -> str:
    """The beginning of `text` in at most `length` characters, ended at a word; "…" says that there is more."""
    text = text.strip()
    if len(text) <= length:
        return text
    kept = text[: length - 1]
    return (kept.rpartition(" ")[0] or kept).rstrip() + "…"


def nfc(text: str) -> str:
    """`text` in NFC, with white space of any kind folded to single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())
