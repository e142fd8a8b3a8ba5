"""The boxes of a page: one for every element, with its texts, its place, and where its words stand. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.model import Place

#: Elements that only format text: their text belongs to the box around them.
FORMAT = frozenset({"b", "i", "em", "strong", "u", "font", "small", "sup", "sub", "mark", "big", "tt", "ins", "wbr"})
INLINE = FORMAT | {"a", "span", "time", "label", "abbr", "img", "input", "button", "q", "cite", "code"}
BREAK = "\n"  # what a <br> leaves among the parts of a box
PAIR = "dl-pair"  # a term of a definition list with what follows it: no element of the page
_KEPT = 4000  # characters: the text of a larger box is cut out anew each time


@dataclass(slots=True)
class Words:
    """The text of one page, white space folded, of which every box is a part: hostile nesting costs no copies. And all
    its boxes in document order, so that those inside one are a run of these; none while the page is built."""

    text: str = ""
    boxes: list[Box] = field(default_factory=list)
    covered: tuple[tuple[int, str], ...] = ()  # addresses under covers: where the note in its place begins, and which


_UNWRITTEN = Words()  # of a box outside any page; never changed


@dataclass(slots=True, eq=False)
class Box:
    """One element. `parts` are its texts and child boxes in order; formatting is dissolved into its parent."""

    tag: str
    attrs: dict[str, str | None]
    parent: Box | None
    parts: list[Box | str] = field(default_factory=list)
    words: Words = field(default_factory=lambda: _UNWRITTEN)
    low: int = 0  # where in words.text its own text begins
    start: int = 0  # length of all text before it
    index: int = 0  # which of words.boxes it is
    high: int = 0  # where in words.text its own text ends
    weight: int = 0  # length of all text inside
    speaks: bool = False  # has text of its own, not only of boxes inside
    until: int = 0  # which of words.boxes is the first behind it
    place: Place = Place.BODY
    breadcrumb: bool = False
    hidden: bool = False
    in_main: bool = False  # within an element that is named as the page's content
    signature: int = 0  # hash of the path of tags and classes from the root: the same on pages made by one template
    after: Box | None = None  # the next box in the same parent
    last: Box | None = None  # the last box inside
    cells: int = 0  # of a row: how many cells it has
    column: int = 0  # of a table's cell: which of its row; pages laid out by tables name their columns by nothing else
    _text: str | None = None
    _mark: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """All text inside, white space folded; block elements separated by a space."""
        if self._text is not None:
            return self._text
        text = self.words.text[self.low : self.high].strip()
        if len(text) <= _KEPT:
            self._text = text
        return text

    @property
    def mark(self) -> tuple[int, int]:
        """Where the box stands and what it says (a link without words: where it leads): equal on two pages if both
        share the block. The note in the place of a covered address says the address."""
        if self._mark is None:
            says: object = self.text or self.attrs.get("href")
            covered = [address for at, address in self.words.covered if self.low <= at < self.high]
            self._mark = self.signature, hash((says, *covered) if covered else says)
        return self._mark

    @property
    def children(self) -> Iterator[Box]:
        return (part for part in self.parts if not isinstance(part, str))

    def walk(self) -> list[Box]:
        """This box and all below it, in document order."""
        if self.words.boxes:
            return self.words.boxes[self.index : self.until]
        found, stack = [], [self]
        while stack:
            box = stack.pop()
            found.append(box)
            stack += [part for part in reversed(box.parts) if not isinstance(part, str)]
        return found

    def ancestors(self) -> Iterator[Box]:
        box = self.parent
        while box is not None:
            yield box
            box = box.parent

    @property
    def classes(self) -> str:
        return f"{self.attrs.get('class') or ''} {self.attrs.get('id') or ''}"
