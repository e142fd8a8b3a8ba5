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
_INLINE = _FORMAT | {"a", "span", "time", "label", "abbr", "img", "input", "button", "q", "cite", "code"}
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
_BREADCRUMB = frozenset({"breadcrumb", "breadcrumbs", "pathway", "duongdan"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|left\s*:\s*-\d{3,}|text-indent\s*:\s*-\d{3,}", re.I)

_TITLE_WORDS = 5  # of a definition list's term: "Ngày ban hành", "Cơ quan ban hành" are fields
_KEPT = 4000  # characters: the text of a larger box is cut out anew each time
_HIDDEN_CLASS = re.compile(r"(?:^|\s)(?:hidden|d-none|hide|visually-hidden|sr-only)(?:\s|$)")


@dataclass(slots=True)
class Words:
    """The text of one page, white space folded, of which every box is a part: hostile nesting costs no copies."""

    text: str = ""


_UNWRITTEN = Words()  # until the page's text is written down; never changed


@dataclass(slots=True, eq=False)
class Box:
    """One element. `parts` are its texts and child boxes in order; formatting is dissolved into its parent."""

    tag: str
    attrs: dict[str, str | None]
    parent: Box | None
    parts: list[Box | str] = field(default_factory=list)
    place: Place = Place.BODY
    weight: int = 0  # length of all text inside
    start: int = 0  # length of all text before it
    breadcrumb: bool = False
    hidden: bool = False
    link: int = -1  # index of the page's link, for <a>
    signature: int = 0  # hash of the path of tags and classes from the root: the same on pages made by one template
    after: Box | None = None  # the next box in the same parent
    column: int = 0  # of a table's cell: which of its row; pages laid out by tables name their columns by nothing else
    words: Words = field(default_factory=lambda: _UNWRITTEN)
    low: int = 0  # where in words.text its own text begins and ends
    high: int = 0
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
        """Where the box stands and what it says: equal on two pages if both share the block."""
        if self._mark is None:
            self._mark = self.signature, hash(self.text)
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
    root = Box("body", {}, None)
    if body is not None:
        root.attrs = dict(body.attributes)
        _fill(root, body, 0)
    boxes = list(root.walk())
    _weigh(boxes)
    _write(root)
    _place(boxes, root.weight)
    return boxes, parser


def _fill(box: Box, node: LexborNode, depth: int) -> None:
    child = node.child
    while child is not None:
        tag = child.tag
        if tag == "-text":
            box.parts.append(child.text_content or "")
        elif tag in _SKIP or tag is None or tag[0] in "-!_":
            pass
        elif tag == "br":
            box.parts.append(BREAK)
        elif depth > 200:  # bounded: hostile nesting
            box.parts.append(child.text(deep=True))
        elif tag in _FORMAT and not child.attributes:
            _fill(box, child, depth + 1)
        else:
            inner = Box(tag, child.attributes, box)
            box.parts.append(inner)
            _fill(inner, child, depth + 1)
            if tag == "dl":
                _pair(inner)
        child = child.next


def _write(root: Box) -> None:
    """Write down the page's text once, white space folded, and note where each box begins and ends in it."""
    words = root.words = Words()
    out, place, spaced = [], 0, True  # spaced: the text so far ends with a space
    stack: list[tuple[Box, Iterator[Box | str]]] = [(root, iter(root.parts))]
    while stack:
        box, parts = stack[-1]
        part = next(parts, None)
        if isinstance(part, Box):
            if part.tag not in _INLINE and not spaced:
                out.append(" ")
                place, spaced = place + 1, True
            part.words, part.low = words, place
            stack.append((part, iter(part.parts)))
            continue
        if part is None:
            stack.pop()
            box.high = place
            piece = "" if box.tag in _INLINE else " "
        else:
            piece = part
        if not piece:
            continue
        folded = " ".join(piece.split())
        if not spaced and (piece[0].isspace() or not folded):
            out.append(" ")
            place, spaced = place + 1, True
        if folded:
            out.append(folded)
            place, spaced = place + len(folded), False
            if piece[-1].isspace():
                out.append(" ")
                place, spaced = place + 1, True
    words.text = "".join(out)


def _pair(listing: Box) -> None:
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
        return
    pairs: list[Box | str] = []
    for part in listing.parts:
        if isinstance(part, Box) and part.tag == "dt":
            pairs.append(Box(PAIR, {}, listing))
        last = pairs[-1] if pairs else None
        if isinstance(last, Box) and last.tag == PAIR:
            last.parts.append(part)
            if isinstance(part, Box):
                part.parent = last
        else:
            pairs.append(part)
    listing.parts = pairs


def _weigh(boxes: list[Box]) -> None:
    for box in reversed(boxes):
        box.weight = sum(len(part.strip()) if isinstance(part, str) else part.weight for part in box.parts)
    for box in boxes:
        before, last, column = box.start, None, 0
        for part in box.parts:
            if isinstance(part, str):
                before += len(part.strip())
            else:
                if last is not None:
                    last.after = part
                part.start, last = before, part
                if part.tag in ("td", "th"):
                    column += 1
                    part.column = column
                before += part.weight


def _place(boxes: list[Box], total: int) -> None:
    for box in boxes:
        parent = box.parent
        if parent is None:
            continue
        box.place, box.breadcrumb, box.hidden = parent.place, parent.breadcrumb, parent.hidden
        name = box.classes
        box.signature = hash((parent.signature, box.tag, box.column, _lasting(name) if name != " " else ""))
        if (
            (box.attrs.get("style") and _HIDDEN.search(box.attrs["style"] or ""))
            or "hidden" in box.attrs
            or (name != " " and _hides(name))
        ):
            box.hidden = True
        if box.weight > 0.6 * total and box.tag not in ("header", "footer", "aside", "nav"):
            continue  # a wrapper of the page, whatever its name says
        hint = _hint(box, parent.place, box.start / total if total else 0.0)
        if hint is not None:
            box.place = hint
        if name != " " and tokens(name) & _BREADCRUMB:
            box.breadcrumb = True


@lru_cache(maxsize=8192)
def _lasting(classes: str) -> str:
    """Classes and id without those that change from page to page ("active")."""
    return _CHANGING.sub("", classes).strip()


@lru_cache(maxsize=8192)
def _hides(classes: str) -> bool:
    return _HIDDEN_CLASS.search(classes) is not None


@lru_cache(maxsize=8192)
def _place_words(classes: str) -> frozenset[str]:
    """The words of those classes and ids that may name a place, not a style ("border-bottom", "text-left") and not a
    part of one block ("card-header")."""
    named = [name for name in classes.split() if not tokens(name) & _STYLE]
    named = [name for name in named if not (tokens(name) & _COMPONENT and tokens(name) & _ENDS)]
    return tokens(" ".join(named))


def _hint(box: Box, inherited: Place, start: float) -> Place | None:
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
    if tag not in ("div", "section", "table", "td", "tr", "ul", "form") or box.classes == " ":
        return None
    words = _place_words(box.classes)
    if inherited in (Place.FOOTER, Place.SIDE):
        return Place.FOOTER if words & _FOOTER else None
    if words & _FOOTER and start > 0.4:
        return Place.FOOTER
    if words & _MAIN and not words & _HEADER:
        return Place.BODY
    if "page-header" in box.classes.split() and box.weight <= _SMALL_HEADER and _holds_heading(box):
        return None
    if words & _HEADER and start < 0.6:
        return Place.HEADER
    if words & _SIDE and inherited is Place.BODY and tag != "ul":
        return Place.SIDE
    return None


def _holds_heading(box: Box) -> bool:
    return any(inner.tag in ("h1", "h2", "h3") for inner in box.walk())


def _in_article(box: Box) -> bool:
    return any(outer.tag in ("article", "main", "li", "section") for outer in box.ancestors())
