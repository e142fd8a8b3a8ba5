"""How alike two texts are, from night to night: by words and their groups, not by bytes. Pure.

Counters, clocks, tokens and view counts change on every request; they are numbers, and numbers are left out. A sketch
keeps the smallest hashes of the text's groups of three words (bottom-k, A. Broder 1997): their overlap estimates the
share of groups that both texts have.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

from auditor.model.item_text import ItemText
from auditor.read.folding import fold, plain

_GROUP, _KEPT = 3, 48  # words; hashes
SAME = 0.85  # the share from which two texts count as the same
_OCTETS = 8  # of a fingerprint
_LANE = 32  # bits of one counter
_FULL = (1 << _LANE) - 1
#: Of each octet its eight bits, each in a counter of its own: octets are added up, not bit after bit.
_LANES = tuple(sum((octet >> bit & 1) << _LANE * bit for bit in range(8)) for octet in range(256))
_ENOUGH = 12  # words: fewer tell nothing of an entry
_DAY = re.compile(
    r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b|\b\d{4}[/-]\d{1,2}(?:[/-]\d{1,2})?\b|\b\d{1,2}[/-]\d{4}\b|\b\d{1,2}[:h]\d{2}(?::\d{2})?\b"
)


def undated(text: str, calendar: re.Pattern[str]) -> str:
    """The text folded, without dates, days of the week and clocks (`calendar`: DateWords.calendar)."""
    return " ".join(calendar.sub(" ", fold(_DAY.sub(" ", plain(text)))).split())


def fingerprints(of: str, text: str, calendar: re.Pattern[str]) -> tuple[ItemText, ...]:
    """The fingerprint of an entry's text without dates and figures; none where it says too little.

    SimHash (M. Charikar, "Similarity estimation techniques from rounding algorithms", 2002) over pairs of words: each
    bit is what most of the pairs' hashes have there, so that like texts differ in few bits.
    """
    words = [word for word in undated(text, calendar).split() if word.isalpha()]
    if len(words) < _ENOUGH:
        return ()
    hashes = b"".join(
        blake2b(f"{one} {other}".encode(), digest_size=_OCTETS).digest() for one, other in pairwise(words)
    )
    bits = 0
    for n in range(_OCTETS):
        ones = sum(map(_LANES.__getitem__, hashes[n::_OCTETS]))
        for bit in range(8):
            bits |= (2 * (ones >> _LANE * bit & _FULL) > len(words) - 1) << 8 * (_OCTETS - 1 - n) + bit
    return (ItemText(of, len(words), bits),)


def sketch(text: str) -> tuple[int, ...]:
    """The smallest hashes of the text's word groups, ascending; few for a short text, none for an empty one."""
    words = [word for word in fold(text).split() if word.isalpha()]
    groups = {" ".join(words[n : n + _GROUP]) for n in range(max(1, len(words) - _GROUP + 1))} if words else set()
    return tuple(sorted({crc32(group.encode()) for group in groups})[:_KEPT])


def similarity(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """0 to 1: the estimated share of word groups that both texts have; 1 for two empty ones."""
    union = sorted({*one, *other})[:_KEPT]
    if not union:
        return 1.0
    both = {*one} & {*other}
    return sum(value in both for value in union) / len(union)
