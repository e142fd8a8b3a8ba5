"""A page's HTML turned into a light tree of boxes. Pure."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from auditor.read.boxes import BREAK, FORMAT, INLINE, PAIR, Box, Words
from auditor.read.places import set_places

_TEXT, _NO_ELEMENT = "-text", "-other"  # names of nodes that are no elements
_SKIP = frozenset(
    {"script", "style", "noscript", "template", "svg", "head", "iframe", "object", "link", "meta"} | {_NO_ELEMENT}
)
_DEEPEST = 200  # elements around each other: what is deeper is read as text, hostile nesting is bounded
_TITLE_WORDS = 5  # of a definition list's term: "Ngày ban hành", "Cơ quan ban hành" are fields


def build(html: str) -> tuple[list[Box], LexborHTMLParser]:
    """All boxes of the page's body in document order, the body first, with places set; and the parser."""
    parser = LexborHTMLParser(html)
    body = parser.body
    builder = _Builder()
    root = builder.boxes[0]
    if body is not None:
        root.attrs = dict(body.attributes)
        builder.fill(root, body)
    builder.end(root)
    root.words.text = "".join(builder.out)
    boxes = builder.boxes
    if builder.paired:
        boxes = root.walk()
        _number(boxes)
    root.words.boxes = boxes
    set_places(boxes, root.weight)
    return boxes, parser


def _number(boxes: list[Box]) -> None:
    """Tell each of the boxes, which are in document order, which it is and where what it holds ends."""
    for index in range(len(boxes) - 1, -1, -1):
        box = boxes[index]
        box.index, box.until = index, box.last.until if box.last is not None else index + 1


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

    def fill(self, box: Box, node: LexborNode) -> None:
        """Read all that `node` holds into `box`. Without recursion, and tags by number: this is done for every node of
        every page."""
        names: dict[int, str] = {}
        around: list[tuple[Box, LexborNode | None]] = []  # what is being read, and where it goes on
        child = node.child
        while child is not None or around:
            if child is None:
                outer, child = around.pop()
                if outer is not box:
                    self.end(box)
                    box = outer
                continue
            number, after = child.tag_id, child.next
            tag = names.get(number)
            if tag is None:
                tag = names[number] = _name(child)
            if tag == _TEXT:
                self._write(box, child.text_content or "")
            elif tag == "br":
                self._write(box, BREAK)
            elif tag in _SKIP:
                pass
            elif len(around) > _DEEPEST:
                self._write(box, child.text(deep=True))
            else:
                attrs = child.attributes
                around.append((box, after))
                if attrs or tag not in FORMAT:
                    box = self._open(box, tag, attrs)
                after = child.child
            child = after

    def _open(self, parent: Box, tag: str, attrs: dict[str, str | None]) -> Box:
        if not self.spaced and tag not in INLINE:
            self._space()
        boxes = self.boxes
        box = Box(tag, attrs, parent, [], self.words, self.low, self.weight, len(boxes))
        parent.parts.append(box)
        boxes.append(box)
        before = parent.last
        if before is not None:
            before.after = box
        parent.last = box
        if tag == "td" or tag == "th":
            parent.cells += 1
            box.column = parent.cells
        return box

    def end(self, box: Box) -> None:
        """All of `box` has been read."""
        box.high, box.weight, box.until = self.low, self.weight - box.start, len(self.boxes)
        if not self.spaced and box.tag not in INLINE:
            self._space()
        if box.tag == "dl":
            self.paired = _pair(box) or self.paired

    def _write(self, box: Box, piece: str) -> None:
        """`piece` is a text of `box`."""
        box.parts.append(piece)
        words = piece.split()
        if not words:
            if piece and not self.spaced:
                self._space()
            return
        if not self.spaced and piece[0].isspace():
            self._space()
        folded = " ".join(words)
        self.out.append(folded)
        self.low += len(folded)
        self.weight += len(piece.strip())
        self.spaced = False
        box.speaks = True
        if piece[-1].isspace():
            self._space()

    def _space(self) -> None:
        self.out.append(" ")
        self.low += 1
        self.spaced = True


def _name(node: LexborNode) -> str:
    tag = node.tag
    return tag if tag == _TEXT or (tag and tag[0] not in "-!_") else _NO_ELEMENT


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
        elif part.strip():
            pair.speaks = True
    if pair is not None:
        _close(pair, listing.start + listing.weight, listing.high)
    listing.parts = pairs
    listing.speaks = any(isinstance(part, str) and part.strip() for part in pairs)
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
    parent.last = last
