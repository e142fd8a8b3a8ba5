"""The own text of a list's entry as a small fingerprint, to tell whether it stayed or really changed."""

from __future__ import annotations

from dataclasses import dataclass

#: Bits of 64 in which the fingerprints differ. Measured on Vietnamese texts of 12 to 400 words: one word or a tenth of
#: them changed gives 12 or fewer, half of them 14 to 28, another text 22 to 39. Between the two it is not said.
_SAME, _OTHER = 12, 18
_LITTLE, _MUCH = 0.05, 0.15  # of the words: a paragraph that was added shows in their number rather than in the bits
_FEW, _SOME = 2, 5  # words, the least of each


@dataclass(frozen=True, slots=True)
class ItemText:
    """A fingerprint of words. `of`: "row", what its list shows beside the title, or "page", the entry's own page."""

    of: str
    words: int
    bits: int

    def is_like(self, other: ItemText) -> bool | None:
        """True: the same but for little; False: another text; None: not to be told, or not to be compared."""
        if self.of != other.of:
            return None
        distance, longer = (self.bits ^ other.bits).bit_count(), max(self.words, other.words)
        apart = abs(self.words - other.words)
        if distance >= _OTHER or apart > max(_SOME, _MUCH * longer):
            return False
        return True if distance <= _SAME and apart <= max(_FEW, _LITTLE * longer) else None
