"""How alike two texts are, from night to night: by word groups, not by bytes. Pure.

Counters, clocks, tokens and view counts change on every request; they are numbers, and numbers are left out. A sketch
keeps the smallest hashes of the text's groups of three words (bottom-k, A. Broder 1997): their overlap estimates the
share of groups that both texts have.
"""

from __future__ import annotations

from zlib import crc32

from auditor.read.folding import fold

_GROUP, _KEPT = 3, 48  # words; hashes
SAME = 0.85  # the share from which two texts count as the same


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
