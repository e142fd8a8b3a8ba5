"""A page's HTML as a light tree of boxes: what stands in what, where on the page, with text and links. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from auditor.model import Place

#: Elements that only format text: their text belongs to the box around them.
_FORMAT = frozenset({"b", "i", "em", "strong", "u", "font", "small", "sup", "sub", "mark", "big", "tt", "ins", "wbr"})
_SKIP = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "object", "link", "meta"})
INLINE = _FORMAT | {"a", "span", "time", "label", "abbr", "img", "input", "button", "q", "cite", "code"}
BREAK = "\n"  # what a <br> leaves among the parts of a box
PAIR = "dl-pair"  # a term of a definition list with what follows it: no element of the page
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CHANGING = re.compile(r"\b(active|current|selected|open|hover|first|last|odd|even|in|show|collapsed)\b")

_FOOTER = frozenset({"footer", "foot", "bottom", "copyright", "chantrang", "ft"})
_HEADER = frozenset(
    {"header", "banner", "topbar", "menu", "mainmenu", "nav", "navbar", "navigation", "topnav", "megamenu", "menutop"}
    | {"menubar", "slimmenu", "hd"}
)
_SIDE = frozenset({"sidebar", "aside", "widget", "sidebar1", "sidebar2", "sidenav", "sidemenu", "cotphu"})
_MAIN = frozenset({"main", "content", "article", "detail", "noidung", "maincontent", "contents", "post", "entry"})
_STYLE = frozenset(
    {
        "border",
        "margin",
        "padding",
        "shadow",
        "text",
        "float",
        "align",
        "pull",
        "clear",
        "rounded",
        "font",
        "no",
        "fix",
        "more",
    }
)
#: "card-header", "entry-footer": parts of one block among the content, not of the page.
_COMPONENT = frozenset(
    {"card", "panel", "modal", "box", "item", "post", "entry", "article", "accordion", "collapse", "block", "portlet"}
    | {"section", "list", "table", "tab", "comment", "widget", "news", "view", "views", "well", "media"}
)
_ENDS = frozenset({"header", "hd", "banner", "footer", "foot", "bottom", "ft"})
_SMALL_HEADER = 300  # characters: "page-header" around no more is the heading of the content
_SAYING = frozenset({"header", "footer", "aside", "nav"})  # elements that are a place by themselves
_NAMED = frozenset({"div", "section", "table", "td", "tr", "ul", "form"})  # those whose names may say a place
_PLACED = _SAYING | _NAMED | {"main", "article"}
_BREADCRUMB = frozenset({"breadcrumb", "breadcrumbs", "pathway", "duongdan"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|left\s*:\s*-\d{3,}|text-indent\s*:\s*-\d{3,}", re.I)

_TITLE_WORDS = 5  # of a definition list's term: "Ngày ban hành", "Cơ quan ban hành" are fields
_KEPT = 4000  # characters: the text of a larger box is cut out anew each time
_HIDDEN_CLASS = re.compile(r"(?:^|\s)(?:hidden|d-none|hide|visually-hidden|sr-only)(?:\s|$)")
#: "hidden lg:flex", "hidden group-hover:block", "d-none d-md-block": seen on wider screens, or under the pointer.
_SHOWN_AGAIN = re.compile(
    r"(?:^|\s)(?:(?!print:)[a-z0-9/-]+:|d-(?:sm|md|lg|xl|xxl)-)(?:inline-|table-)?(?:block|flex|grid|table|inline|contents|cell|row)(?:\s|$)"
)
_OPENERS = ("aria-controls", "data-target", "data-bs-target")  # attributes of what opens another element, by its id


@dataclass(slots=True)
class Words:
    """The text of one page, white space folded, of which every box is a part: hostile nesting costs no copies."""

    text: str = ""


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
    high: int = 0  # where in words.text its own text ends
    weight: int = 0  # length of all text inside
    place: Place = Place.BODY
    breadcrumb: bool = False
    hidden: bool = False
    in_main: bool = False  # within an element that is named as the page's content
    link: int = -1  # index of the page's link, for <a>
    signature: int = 0  # hash of the path of tags and classes from the root: the same on pages made by one template
    after: Box | None = None  # the next box in the same parent
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
        share the block."""
        if self._mark is None:
            self._mark = self.signature, hash(self.text or self.attrs.get("href"))
        return self._mark

    @property
    def children(self) -> Iterator[Box]:
        return (part for part in self.parts if not isinstance(part, str))

    def walk(self) -> Iterator[Box]:
        """This box and all below it, in document order."""
        stack = [self]
        while stack:
            box = stack.pop()
            yield box
            stack += [part for part in reversed(box.parts) if not isinstance(part, str)]

    def ancestors(self) -> Iterator[Box]:
        box = self.parent
        while box is not None:
            yield box
            box = box.parent

    @property
    def classes(self) -> str:
        return f"{self.attrs.get('class') or ''} {self.attrs.get('id') or ''}"


@lru_cache(maxsize=8192)
def tokens(name: str) -> frozenset[str]:
    """The words of a class or id: "mainMenu-left col_2" -> main, menu, left, col."""
    words = {word.lower() for word in _TOKEN.findall(name)}
    words |= {word.lower() for word in re.split(r"[\s_-]+", name) if word}
    return frozenset(words)


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
    _place(boxes, root.weight)
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
                if tag in _FORMAT and not attrs:
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


@dataclass(frozen=True, slots=True)
class _Names:
    """What the classes and the id of an element say."""

    lasting: str = ""  # without those that change from page to page ("active")
    hides: bool = False
    breadcrumb: bool = False
    page_header: bool = False
    words: frozenset[str] = frozenset()  # of those that may name a place


_UNNAMED = _Names()  # never changed


@lru_cache(maxsize=8192)
def _names(classes: str, name: str) -> _Names:
    both = f"{classes} {name}"
    return _Names(
        lasting=_CHANGING.sub("", both).strip(),
        hides=_HIDDEN_CLASS.search(both) is not None and _SHOWN_AGAIN.search(both) is None,
        breadcrumb=bool(tokens(both) & _BREADCRUMB),
        page_header="page-header" in both.split(),
        words=_place_words(both),
    )


def _place(boxes: list[Box], total: int) -> None:
    wrapper = 0.6 * total
    opened: frozenset[str] | None = None
    for box in boxes:
        parent, attrs = box.parent, box.attrs
        if parent is None:
            continue
        tag, named = box.tag, _UNNAMED
        box.place, box.breadcrumb, box.hidden = parent.place, parent.breadcrumb, parent.hidden
        box.in_main = parent.in_main
        if attrs:
            classes, name = attrs.get("class"), attrs.get("id")
            if classes or name:
                named = _names(classes or "", name or "")
            style = attrs.get("style")
            if named.hides or "hidden" in attrs or (style and _HIDDEN.search(style)):
                if opened is None:
                    opened = _opened(boxes)
                box.hidden = not _opens(attrs, opened) or box.hidden
        box.signature = hash((parent.signature, tag, box.column, named.lasting))
        if box.weight > wrapper and tag not in _SAYING:
            continue  # a wrapper of the page, whatever its name says
        if tag in _PLACED or "role" in attrs:
            hint = _hint(box, named, parent.place, box.start / total if total else 0.0)
            if hint is not None:
                box.place = hint
                box.in_main = box.in_main or hint is Place.BODY
        if named.breadcrumb:
            box.breadcrumb = True


def _opened(boxes: list[Box]) -> frozenset[str]:
    """The ids of what the page's own buttons and links open."""
    names = (box.attrs.get(one) or "" for box in boxes if box.attrs for one in _OPENERS if one in box.attrs)
    return frozenset(name.removeprefix("#") for named in names for name in named.split())


def _opens(attrs: dict[str, str | None], opened: frozenset[str]) -> bool:
    """True for a closed panel that a reader opens on the page: of tabs (WAI-ARIA "tabpanel"), or of an accordion."""
    return (attrs.get("role") or "").lower() == "tabpanel" or attrs.get("id") in opened


def _place_words(classes: str) -> frozenset[str]:
    """The words of those classes and ids that may name a place, not a style ("border-bottom", "text-left") and not a
    part of one block ("card-header")."""
    named = [name for name in classes.split() if not tokens(name) & _STYLE]
    named = [name for name in named if not (tokens(name) & _COMPONENT and tokens(name) & _ENDS)]
    return tokens(" ".join(named))


def _hint(box: Box, named: _Names, inherited: Place, start: float) -> Place | None:
    """Where the element says that it stands, or None if it does not say. `start`: share of the text before it."""
    tag, role = box.tag, (box.attrs.get("role") or "").lower()
    if tag == "footer" or role == "contentinfo":
        return None if _in_article(box) else Place.FOOTER
    if tag == "header" or role == "banner":
        return None if _in_article(box) or inherited is Place.FOOTER else Place.HEADER
    if tag == "aside" or role == "complementary":
        return Place.SIDE if inherited is not Place.FOOTER else None
    if tag == "nav" or role == "navigation":
        return None if inherited in (Place.SIDE, Place.FOOTER) else Place.HEADER
    if tag in ("main", "article") or role == "main":
        return Place.BODY
    if tag not in _NAMED or named is _UNNAMED:
        return None
    words = named.words
    if inherited in (Place.FOOTER, Place.SIDE):
        return Place.FOOTER if words & _FOOTER else None
    if words & _FOOTER and start > 0.4:
        return Place.FOOTER
    if words & _MAIN and not words & _HEADER:
        return Place.BODY
    if named.page_header and box.weight <= _SMALL_HEADER and _holds_heading(box):
        return None
    if words & _HEADER and start < 0.6:
        return None if box.in_main and not words & _HEADER - _ENDS else Place.HEADER
    if words & _SIDE and inherited is Place.BODY and tag != "ul":
        return Place.SIDE
    return None


def _holds_heading(box: Box) -> bool:
    return any(inner.tag in ("h1", "h2", "h3") for inner in box.walk())


def _in_article(box: Box) -> bool:
    return any(outer.tag in ("article", "main", "li", "section") for outer in box.ancestors())
