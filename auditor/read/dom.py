"""A page's HTML turned into a light tree of boxes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from auditor.read.boxes import BREAK, FORMAT, INLINE, PAIR, Box, Words
from auditor.read.places import set_places

_SKIP = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "object", "link", "meta"})
_TITLE_WORDS = 5  # of a definition list's term: "Ngày ban hành", "Cơ quan ban hành" are fields


def build(html: str) -> tuple[list[Box], LexborHTMLParser]:
    """All boxes of the page's body in document order, the body first, with places set; and the parser."""
    parser = LexborHTMLParser(html)
    body = parser.body
    builder = _Builder()
    root = builder.boxes[0]
    if body is not None:
        root.attrs = dict(body.attributes)
        builder.fill(root, body, 0, _Row())
    builder.end(root)
    root.words.text = "".join(builder.out)
    boxes = list(root.walk()) if builder.paired else builder.boxes
    set_places(boxes, root.weight)
    return boxes, parser


@dataclass(slots=True)
class _Row:
    """The boxes of one parent while it is being filled: the last of them, and how many cells there were."""

    last: Box | None = None
    cells: int = 0


class _Builder:
    """One pass over the parsed page: its boxes in document order, and its text written down once, white space folded.

    Of each box it is noted where its text begins and ends, and how much text stands before and inside it.
    """

    __slots__ = ("boxes", "low", "out", "paired", "spaced", "weight", "words")

    def __init__(self) -> None:
        self.words = Words()
        self.out: list[str] = []
        self.low = 0  # characters written so far
        self.spaced = True  # they end with a space
        self.weight = 0  # length of all text so far, each piece trimmed
        self.paired = False
        self.boxes = [Box("body", {}, None, words=self.words)]

    def fill(self, box: Box, node: LexborNode, depth: int, row: _Row) -> None:
        parts = box.parts
        child = node.child
        while child is not None:
            tag = child.tag
            if tag == "-text":
                piece = child.text_content or ""
                parts.append(piece)
                self._write(piece)
            elif tag in _SKIP or tag is None or tag[0] in "-!_":
                pass
            elif tag == "br":
                parts.append(BREAK)
                self._write(BREAK)
            elif depth > 200:  # bounded: hostile nesting
                piece = child.text(deep=True)
                parts.append(piece)
                self._write(piece)
            else:
                attrs = child.attributes
                if tag in FORMAT and not attrs:
                    self.fill(box, child, depth + 1, row)
                else:
                    inner = self._open(box, tag, attrs, row)
                    self.fill(inner, child, depth + 1, _Row())
                    self.end(inner)
            child = child.next

    def _open(self, parent: Box, tag: str, attrs: dict[str, str | None], row: _Row) -> Box:
        if not self.spaced and tag not in INLINE:
            self._space()
        box = Box(tag, attrs, parent, [], self.words, self.low, self.weight)
        parent.parts.append(box)
        self.boxes.append(box)
        if row.last is not None:
            row.last.after = box
        row.last = box
        if tag == "td" or tag == "th":
            row.cells += 1
            box.column = row.cells
        return box

    def end(self, box: Box) -> None:
        """All of `box` has been read."""
        box.high, box.weight = self.low, self.weight - box.start
        if not self.spaced and box.tag not in INLINE:
            self._space()
        if box.tag == "dl":
            self.paired = _pair(box) or self.paired

    def _write(self, piece: str) -> None:
        if not piece:
            return
        if piece.isspace():
            if not self.spaced:
                self._space()
            return
        if not self.spaced and piece[0].isspace():
            self._space()
        folded = " ".join(piece.split())
        self.out.append(folded)
        self.low += len(folded)
        self.weight += len(piece.strip())
        self.spaced = False
        if piece[-1].isspace():
            self._space()

    def _space(self) -> None:
        self.out.append(" ")
        self.low += 1
        self.spaced = True


def _pair(listing: Box) -> bool:
    """Give every term of a definition list and what follows it a box of their own, where the list is one of items.

    A list whose terms are field names ("Số:", "Ngày ban hành") describes one item and is left alone.
    """
    terms = [box for box in listing.children if box.tag == "dt"]
    linked = sum(any(inner.tag == "a" for inner in box.walk()) for box in listing.children)
    names = ["".join(part for box in term.walk() for part in box.parts if isinstance(part, str)) for term in terms]
    items = sum(
        len(name.split()) >= _TITLE_WORDS or any(c.isdigit() for c in name) or any(b.tag == "a" for b in term.walk())
        for term, name in zip(terms, names, strict=True)
    )
    if len(terms) < 2 or linked < 2 or items * 2 < len(terms):
        return False
    pairs: list[Box | str] = []
    pair: Box | None = None
    for part in listing.parts:
        if isinstance(part, Box) and part.tag == "dt":
            if pair is not None:
                _close(pair, part.start, part.low)
            pair = Box(PAIR, {}, listing, start=part.start, words=listing.words, low=part.low)
            pairs.append(pair)
        if pair is None:
            pairs.append(part)
            continue
        pair.parts.append(part)
        if isinstance(part, Box):
            part.parent = pair
    if pair is not None:
        _close(pair, listing.start + listing.weight, listing.high)
    listing.parts = pairs
    _chain(listing)
    return True


def _close(pair: Box, start: int, low: int) -> None:
    """The pair ends where the next one begins: at `start` in weight, at `low` in the page's text."""
    pair.weight, pair.high = start - pair.start, low
    _chain(pair)


def _chain(parent: Box) -> None:
    last: Box | None = None
    for box in parent.children:
        box.after = None
        if last is not None:
            last.after = box
        last = box
