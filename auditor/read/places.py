"""Where the boxes of a page stand: header, side, content or footer; which are hidden, and breadcrumbs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from auditor.model import Place
from auditor.read.boxes import Box

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
    {"border", "margin", "padding", "shadow", "text", "float", "align", "pull", "clear", "rounded", "font", "no", "fix"}
    | {"more"}
)
#: "card-header", "entry-footer": parts of one block among the content, not of the page.
_COMPONENT = frozenset(
    {"card", "panel", "modal", "box", "item", "post", "entry", "article", "accordion", "collapse", "block", "portlet"}
    | {"section", "list", "table", "tab", "comment", "widget", "news", "view", "views", "well", "media"}
)
_LED = frozenset({"nav", "navigation"})  # of _HEADER: a place of links
_ENDS = frozenset({"header", "hd", "banner", "footer", "foot", "bottom", "ft"})
_SMALL_HEADER = 300  # characters: "page-header" around no more is the heading of the content
_SAYING = frozenset({"header", "footer", "aside", "nav"})  # elements that are a place by themselves
_NAMED = frozenset({"div", "section", "table", "td", "tr", "ul", "form"})  # those whose names may say a place
_PLACED = _SAYING | _NAMED | {"main", "article"}
_BREADCRUMB = frozenset({"breadcrumb", "breadcrumbs", "pathway", "duongdan"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|left\s*:\s*-\d{3,}|text-indent\s*:\s*-\d{3,}", re.I)

_HIDDEN_CLASS = re.compile(r"(?:^|\s)(?:hidden|d-none|hide|visually-hidden|sr-only)(?:\s|$)")
#: "hidden lg:flex", "hidden group-hover:block", "d-none d-md-block": seen on wider screens, or under the pointer.
_SHOWN_AGAIN = re.compile(
    r"(?:^|\s)(?:(?!print:)[a-z0-9/-]+:|d-(?:sm|md|lg|xl|xxl)-)(?:inline-|table-)?(?:block|flex|grid|table|inline|contents|cell|row)(?:\s|$)"
)
_HEADER_DEPTH = 2  # boxes around the button of an accordion's header
_OPENERS = ("aria-controls", "data-target", "data-bs-target")  # attributes of what opens another element, by its id


@lru_cache(maxsize=8192)
def tokens(name: str) -> frozenset[str]:
    """The words of a class or id: "mainMenu-left col_2" -> main, menu, left, col."""
    words = {word.lower() for word in _TOKEN.findall(name)}
    words |= {word.lower() for word in re.split(r"[\s_-]+", name) if word}
    return frozenset(words)


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


def set_places(boxes: list[Box], total: int) -> None:
    """Set place, breadcrumb, hidden, in_main and signature of `boxes`, which are in document order. `total`: length of
    the page's text."""
    wrapper = 0.6 * total
    opened: tuple[frozenset[str], frozenset[int]] | None = None
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
                    opened = _opened(boxes), _behind_openers(boxes)
                box.hidden = not (_opens(attrs, opened[0]) or id(box) in opened[1]) or box.hidden
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


def _behind_openers(boxes: list[Box]) -> frozenset[int]:
    """The id() of the boxes right behind what says that it opens something (WAI-ARIA "aria-expanded") and does not name
    it: the panels of an accordion behind their headers."""
    behind = set()
    for box in boxes:
        if "aria-expanded" not in box.attrs or any(box.attrs.get(one) for one in _OPENERS):
            continue
        header: Box | None = box
        for _ in range(_HEADER_DEPTH):
            if header is not None and header.after is None:
                header = header.parent  # it ends with its button
        if header is not None and header.after is not None:
            behind.add(id(header.after))
    return frozenset(behind)


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
    if words & _HEADER and start < 0.6 and not (words & _HEADER <= _LED and not _leads_on(box)):
        return None if box.in_main and not words & _HEADER - _ENDS else Place.HEADER
    if words & _SIDE and inherited is Place.BODY and tag != "ul":
        return Place.SIDE
    return None


def _holds_heading(box: Box) -> bool:
    return any(inner.tag in ("h1", "h2", "h3") for inner in box.walk())


def _leads_on(box: Box) -> bool:
    """True if there is something to choose inside: "week-nav" around the week and two buttons is no navigation."""
    return any(inner.tag in ("a", "area", "option") for inner in box.walk())


def _in_article(box: Box) -> bool:
    return any(outer.tag in ("article", "main", "li", "section") for outer in box.ancestors())
