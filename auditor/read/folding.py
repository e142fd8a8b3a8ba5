"""Vietnamese text folded for comparison: NFC, lower case, no diacritics, đ -> d, one space between words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def _table() -> dict[int, str]:
    """Every precomposed letter that Vietnamese uses, mapped to its base letter; combining marks to nothing."""
    table: dict[int, str] = {ord("đ"): "d", ord("Đ"): "d", ord("ð"): "d", ord("Ð"): "d", ord("\u212a"): "k"}
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
#: Signs that the short way below would lose: neither ASCII nor in the table.
_OTHER = re.compile("[^\x00-\x7f" + "".join(map(re.escape, map(chr, sorted(_TABLE)))) + "]")
_LABEL = 100  # characters
_LETTERS = b"0123456789abcdefghijklmnopqrstuvwxyz"
_SPACES = bytes(code if code in _LETTERS else ord(" ") for code in range(256))


def plain(text: str) -> str:
    """`text` lower-case and without diacritics; punctuation and white space are kept, so offsets stay comparable
    for NFC input."""
    if text.isascii():
        return text.lower()
    if _OTHER.search(text):
        return text.translate(_TABLE).lower()
    return _bases(text).decode("ascii")


def fold(text: str) -> str:
    """`text` as words for comparison: plain(), every run of other signs turned into one space, trimmed."""
    return _fold_label(text) if len(text) <= _LABEL else _fold(text)


@lru_cache(maxsize=16384)
def _fold_label(text: str) -> str:
    """The labels of menus and side blocks stand on every page of a site."""
    return _fold(text)


def _fold(text: str) -> str:
    bare = text.lower().encode("ascii") if text.isascii() else _bases(_OTHER.sub(" ", text))
    return b" ".join(bare.translate(_SPACES).split()).decode("ascii")


def _bases(text: str) -> bytes:
    """The small base letters of a text that has only ASCII and signs of the table. Three times as fast as translate()
    on Vietnamese, where that looks up each letter by itself."""
    small = text.lower().replace("đ", "d").replace("ð", "d")
    return unicodedata.normalize("NFD", small).encode("ascii", "ignore")


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


def composed(text: str) -> str:
    """nfc() of a text in which white space is folded already, as that of a Box is."""
    return unicodedata.normalize("NFC", text)


def is_made_of(text: str, phrases: Iterable[str]) -> bool:
    """True if folded `text` is nothing but such (folded) phrases, in any order; an empty text is."""
    longest_first = sorted(set(phrases), key=len, reverse=True)
    text = " ".join(text.split())
    while text:
        found = next((phrase for phrase in longest_first if phrase and f"{text} ".startswith(f"{phrase} ")), None)
        if found is None:
            return False
        text = text[len(found) :].strip()
    return True
