"""One page as facts: charset, title, headings, links with their place, forms, feeds, text. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from auditor.model import Look, Place
from auditor.read.box_addresses import covered_in
from auditor.read.boxes import Box
from auditor.read.cloaked import uncloak
from auditor.read.dom import build
from auditor.read.encoding import Decoded, decode
from auditor.read.folding import composed, fold, nfc
from auditor.read.html_forms import Form, forms_of
from auditor.read.sketch import sketch
from auditor.read.urls import absolute, canonical

_FILE = re.compile(r"\.(pdf|docx?|xlsx?|pptx?|odt|ods|rtf|zip|rar|7z|tif|txt|xml)$", re.I)
_DOWNLOAD = re.compile(
    r"[?&/](download|dl|tai-?ve|taive|getfile|file_?id|attachment|downloadfile|fileticket|linkclick|viewfile|getattach\w*)\b",
    re.I,
)
_REFRESH = re.compile(r"""^\s*\d+\s*[;,]\s*(?:url\s*=\s*)?['"]?([^'">\s]+)""", re.I)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MARKS = HEADINGS | {"a", "span"}
_LITTLE = 20  # characters
_PART = 25  # characters: less is a mark, not a part
LABEL_LENGTH = 300  # characters of a label that are folded for comparison
CLOCK_WEIGHT = 80  # characters: a header clock is a short text


@dataclass(slots=True, unsafe_hash=True)  # not frozen: made by the hundred, and nothing changes them
class Link:
    """A link as it stands on the page. `url` is absolute and canonical; "" for `#`, javascript: and the like."""

    url: str
    href: str
    text: str
    title: str
    place: Place
    folded: str
    box: Box | None = None
    rel: str = ""

    @property
    def label(self) -> str:
        """The words of the link: its text, else its title or its picture's alternative text."""
        return self.text or self.title

    @property
    def is_file(self) -> bool:
        """True if the address, or the words that name it, say that a file is behind it."""
        return is_file_address(self.url) or any(
            "." in name and _FILE.search(name) is not None for name in (self.title, self.text)
        )


@dataclass(eq=False)
class Page:
    """A page that answered with HTML. `look` is the evidence; everything else is read from its body."""

    look: Look
    decoded: Decoded
    boxes: list[Box]  # in document order, the body first
    url: str  # canonical final URL
    title: str
    lang: str
    generator: str
    base: str
    metas: tuple[tuple[str, str], ...]
    feeds: tuple[tuple[str, str], ...]  # (title, url) of <link rel=alternate type=…rss/atom…>
    refresh: str  # target of a meta refresh, "" if none
    scripts: int
    json_ld: tuple[Any, ...]
    frames: tuple[str, ...] = ()  # of a frameset, or filling the page
    links: tuple[Link, ...] = ()
    forms: tuple[Form, ...] = ()
    images: tuple[tuple[str, str], ...] = ()
    _menus: dict[int, bool] = field(default_factory=dict)
    lists: dict[bool, tuple[object, Any, Any]] = field(default_factory=dict)  # extract_items() keeps its answers here
    clocks: frozenset[int] = field(default=frozenset())  # signatures of boxes that show today's date on every page
    stamps: frozenset[str] = field(default=frozenset())  # the ways to write that date
    template: frozenset[tuple[int, int]] = field(default=frozenset())  # set by the site reader: what all pages share
    own_twins: frozenset[int] = field(default=frozenset())  # boxes that are this page's own although their twin is not

    def anchor(self, fragment: str) -> Box | None:
        """The part of the page that "#fragment" leads to: the named element, or what stands around a named mark."""
        named = box = self._named(fragment)
        while box is not None and box.parent is not None and (box.tag in _MARKS or box.weight < _PART):
            box = box.parent
        small = box is not None and box.parent is not None and box.weight <= 0.8 * self.root.weight
        return box if small else named

    def is_bare_mark(self, fragment: str) -> bool:
        """True if "#fragment" names a heading or a mark beside the part that it is of, not the part; an empty panel
        among filled ones of its kind is a part."""
        named = self._named(fragment)
        if named is None or named.parent is None or (named.weight and named.tag not in _MARKS):
            return False
        panels = (box for box in named.parent.children if box.attrs.get("id") and box.tag == named.tag)
        return named.tag in _MARKS or not any(box.weight >= _PART for box in panels)

    def _named(self, fragment: str) -> Box | None:
        return next((b for b in self.boxes if fragment and fragment in (b.attrs.get("id"), b.attrs.get("name"))), None)

    def part(self, box: Box) -> Page:
        """The page as if it held nothing but `box`."""
        inside = box.walk()
        ids = {id(one) for one in inside}
        return replace(
            self,
            boxes=inside,
            lists={},
            links=tuple(link for link in self.links if link.box is not None and id(link.box) in ids),
            forms=tuple(form for form in self.forms if form.box is not None and id(form.box) in ids),
        )

    @property
    def root(self) -> Box:
        return self.boxes[0]

    @cached_property
    def text(self) -> str:
        return self.root.text

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def headings(self) -> tuple[tuple[int, str], ...]:
        return tuple((int(box.tag[1]), composed(box.text)) for box in self.boxes if box.tag in HEADINGS and box.text)

    @property
    def own_headings(self) -> tuple[tuple[int, str], ...]:
        """The headings of this page's own content (not the side blocks' and the banner's)."""
        boxes = (box for box in self.boxes if box.tag in HEADINGS and box.text and box.place is Place.BODY)
        return tuple((int(box.tag[1]), composed(box.text)) for box in boxes if self.is_main(box))

    @cached_property
    def main_boxes(self) -> tuple[Box, ...]:
        """The boxes that hold text of their own, in the page's body and not repeated on the site's other pages."""
        return tuple(box for box in self.boxes if box.speaks and self.is_main(box))

    def is_menu(self, link: Link) -> bool:
        """True if the link stands in a menu: by its place, on every page, or in a block of short links alone."""
        box = link.box
        if link.place in (Place.HEADER, Place.SIDE) or (box is not None and self._is_template(box)):
            return True
        if box is not None and not box.weight:  # a picture stands on every page if the words around it do
            block = next((outer for outer in box.ancestors() if outer.weight), None)
            if block is not None and self._is_template(block):
                return True
        for outer in list(box.ancestors())[:6] if box is not None else ():
            known = self._menus.get(id(outer))
            if known is None:
                known = self._menus[id(outer)] = looks_like_menu(outer)
            if known:
                return True
        return False

    def is_main(self, box: Box) -> bool:
        if box.place in (Place.HEADER, Place.FOOTER) or box.breadcrumb or box.hidden:
            return False
        return not (self.template and self._is_template(box)) and not (self.clocks and self._is_clock(box))

    def is_unshared(self, box: Box) -> bool:
        """True for what a reader sees here and on none of the site's other pages that were read, wherever it stands."""
        seen = not box.hidden and not box.breadcrumb
        return seen and bool(self.template) and not self._is_template(box)

    def _is_template(self, box: Box) -> bool:
        return box.mark in self.template and id(box) not in self.own_twins

    def _is_clock(self, box: Box) -> bool:
        return box.signature in self.clocks and box.weight <= CLOCK_WEIGHT and any(s in box.text for s in self.stamps)

    @cached_property
    def covers_addresses(self) -> bool:
        """True if an address may stand in an attribute: a mailto link, or Cloudflare's or Joomla's cover."""
        links = ((box.attrs.get("href") or "").lower() for box in self.boxes if box.tag == "a")
        return bool(self.root.words.covered) or any("mailto:" in href for href in links)

    @cached_property
    def main_text(self) -> str:
        """The text of this page's own: without menus, side blocks that stand on every page, and footer.

        Where the body alone says nothing, what stands in a side column is the content: names of columns mislead.
        """
        text = self._own_text(frozenset({Place.SIDE}))
        return text if len(text) >= _LITTLE else self._own_text(frozenset())

    @cached_property
    def sketch(self) -> tuple[int, ...]:
        """Of the main text, to tell from night to night whether it changed."""
        return sketch(self.main_text)

    def _own_text(self, without: frozenset[Place]) -> str:
        wanted: list[str] = []
        self._collect(self.root, wanted, without)
        return " ".join(" ".join(wanted).split())

    def _collect(self, box: Box, out: list[str], without: frozenset[Place]) -> None:
        if box.parent is not None and not self.is_main(box):
            return
        for part in box.parts:
            if isinstance(part, str):
                if part.strip() and box.place not in without:
                    out.append(part)
            else:
                self._collect(part, out, without)

    def meta(self, *names: str) -> str:
        wanted = {name.lower() for name in names}
        return next((value for name, value in self.metas if name in wanted and value), "")

    def place_text(self, place: Place) -> str:
        """All text in one place of the page, header or footer."""
        tops = [b for b in self.boxes if b.place is place and (b.parent is None or b.parent.place is not place)]
        return " ".join(box.text for box in tops)


def looks_like_menu(box: Box) -> bool:
    if box.weight > 4000:
        return False
    links = (inner for inner in box.walk() if inner.tag in ("a", "area"))
    words_of = (inner.text or inner.attrs.get("title") or inner.attrs.get("alt") or _alt(inner) for inner in links)
    texts = [text for text in words_of if text]
    if len(texts) < 4:
        return False
    words = sum(text.count(" ") + 1 for text in texts) / len(texts)
    return words <= 5 and sum(len(text) for text in texts) >= 0.7 * len(box.text)


def is_html(look: Look) -> bool:
    """True if the answer is a web page, by its type or, where the type is missing or wrong, by its first bytes."""
    kind = look.content_type.lower()
    if "html" in kind:
        return True
    if kind and not kind.startswith(("text/plain", "application/octet-stream")):
        return False
    head = look.body[:1024].lstrip().lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or b"<html" in head


def read_page(look: Look) -> Page:
    """Read one HTML answer. Never raises for bad markup."""
    decoded = decode(look.body, look.content_type)
    boxes, parser = build(uncloak(decoded.text))
    boxes[0].words.covered = tuple(covered_in(boxes))
    final = canonical(look.final_url)
    base = _base(parser, look.final_url)
    page = Page(
        look=look,
        decoded=decoded,
        boxes=boxes,
        url=final,
        base=base,
        title=nfc(_text_of(parser, "title")),
        lang=_lang(parser),
        generator="",
        metas=_metas(parser),
        feeds=_feeds(parser, base),
        refresh=_refresh(parser, base),
        scripts=len(parser.css("script")),
        json_ld=tuple(_json_ld(parser)),
    )
    page.generator = page.meta("generator")
    page.frames = tuple(_frames(parser, base))
    page.links = tuple(_links(boxes, base))
    page.forms = tuple(forms_of(boxes, base))
    page.images = tuple((box.attrs.get("src") or "", box.attrs.get("alt") or "") for box in boxes if box.tag == "img")
    return page


def _text_of(parser: LexborHTMLParser, selector: str) -> str:
    node = parser.css_first(selector)
    return node.text() if node is not None else ""


def _lang(parser: LexborHTMLParser) -> str:
    node = parser.css_first("html")
    return ((node.attributes.get("lang") if node is not None else "") or "").lower()


def _base(parser: LexborHTMLParser, url: str) -> str:
    """The address that relative ones stand on. A <base> that is no web address ("http://[", "javascript:") is void."""
    node = parser.css_first("base[href]")
    base = joined(url, node.attributes.get("href") or "") if node is not None else ""
    return base if base.startswith(("http://", "https://")) else url


def _metas(parser: LexborHTMLParser) -> tuple[tuple[str, str], ...]:
    out = []
    for node in parser.css("meta"):
        attrs = node.attributes
        name = attrs.get("name") or attrs.get("property") or attrs.get("itemprop") or attrs.get("http-equiv")
        if name and attrs.get("content"):
            out.append((name.strip().lower(), (attrs["content"] or "").strip()))
    return tuple(out)


def _feeds(parser: LexborHTMLParser, base: str) -> tuple[tuple[str, str], ...]:
    out = []
    for node in parser.css("link[rel~=alternate]"):
        attrs = node.attributes
        kind = (attrs.get("type") or "").lower()
        if ("rss" in kind or "atom" in kind) and attrs.get("href"):
            out.append((nfc(attrs.get("title") or ""), absolute(base, attrs["href"] or "")))
    return tuple((title, url) for title, url in out if url)


def _refresh(parser: LexborHTMLParser, base: str) -> str:
    for node in parser.css("meta"):
        if (node.attributes.get("http-equiv") or "").lower() == "refresh":
            found = _REFRESH.match(node.attributes.get("content") or "")
            return absolute(base, found.group(1)) if found else ""
    return ""


def _json_ld(parser: LexborHTMLParser) -> Iterator[Any]:
    for node in parser.css('script[type="application/ld+json"]')[:10]:
        try:
            yield json.loads(node.text() or "")
        except (ValueError, RecursionError):  # broken JSON-LD is common and says nothing
            continue


def _frames(parser: LexborHTMLParser, base: str) -> Iterator[str]:
    """What a frameset shows. Frames inside an ordinary page (videos, maps) are not the page."""
    for node in parser.css("frameset frame[src]"):
        url = absolute(base, node.attributes.get("src") or "")
        if url:
            yield url


def joined(base: str, href: str) -> str:
    """`href` as seen from `base`; "" if that is no URL."""
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return ""


@lru_cache(maxsize=16384)
def is_file_address(url: str) -> bool:
    """True for an address that by its own words is a file to download."""
    return bool(_FILE.search(urlsplit(url).path) or _DOWNLOAD.search(url))


def _origin(base: str) -> str:
    """Scheme and host of `base`: all that "/path" needs, and the same for all pages of a site."""
    scheme, _, rest = base.partition("://")
    return f"{scheme}://{re.split(r'[/?#]', rest, maxsplit=1)[0]}/"


def _links(boxes: list[Box], base: str) -> Iterator[Link]:
    root = _origin(base)
    for box in boxes:
        if box.tag in ("a", "area"):
            href = box.attrs.get("href") or ""
        elif box.tag == "option":
            href = box.attrs.get("value") or ""
            if not href.startswith(("http://", "https://", "/")):
                continue
        else:
            continue
        url = absolute(root if href[:1] == "/" and href[:2] != "//" else base, href)
        text = composed(box.text)
        title = box.attrs.get("title") or box.attrs.get("aria-label") or box.attrs.get("alt") or _alt(box)
        title = nfc(title) if title != text else text
        label = text or title
        yield Link(
            url, href.strip(), text, title, box.place, fold(label[:LABEL_LENGTH]), box, box.attrs.get("rel") or ""
        )


def _alt(box: Box) -> str:
    return next(
        (inner.attrs.get("alt") or inner.attrs.get("title") or "" for inner in box.walk() if inner.tag == "img"), ""
    )
