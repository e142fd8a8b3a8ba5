"""RSS 0.9x/1.0/2.0 and Atom, read with patience: what sites call a feed is often not well-formed XML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from urllib.parse import urljoin

from lxml import etree

from auditor.read.encoding import decode
from auditor.read.folding import nfc

MAX_ITEMS = 500
MAX_BYTES = 5_000_000
_SUMMARY = 400
_HEAD = 30_000  # a DOCTYPE stands before the root element

_KINDS = {"rss": "rss", "rdf": "rss", "feed": "atom"}
_CDATA_OPEN, _CDATA_CLOSE = "<![CDATA[", "]]>"
_DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[]{0,2000}(?:\[.{0,20000}?\]\s{0,20})?>", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\b[^<>]{0,300}>")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]{1,31}));|&")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_DATES = ("pubdate", "published", "date", "issued", "created", "updated", "modified")


@dataclass(frozen=True, slots=True)
class FeedItem:
    """`url` is absolute ("" if the item has none); `raw_date` is the date as written, for parse_date()."""

    title: str
    url: str
    raw_date: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """`kind`: rss, atom, or "" if the document is not a feed. `problem`: "", not_xml, not_feed, malformed, no_items."""

    title: str
    kind: str
    items: tuple[FeedItem, ...]
    problem: str = ""


def read_feed(body: bytes, content_type: str, url: str) -> Feed:
    """The feed in `body`, fetched from `url`; at most 500 items. Never raises, fetches nothing, expands nothing."""
    root, sound = parse_xml(decode(body[:MAX_BYTES], content_type).text)
    if root is None:
        return Feed("", "", (), "not_xml")
    kind = _KINDS.get(local_name(root), "")
    if not kind:
        return Feed("", "", (), "not_feed")
    items = tuple(_item(node, url) for _, node in zip(range(MAX_ITEMS), _nodes(root, "item", "entry"), strict=False))
    channel = next((node for node in root if local_name(node) == "channel"), root)
    problem = "no_items" if not items else "" if sound else "malformed"
    return Feed(_text(_child(channel, "title")), kind, items, problem)


def parse_xml(text: str) -> tuple[etree._Element | None, bool]:
    """(root element or None, well-formed). Junk before the first tag, a DOCTYPE, HTML entities, bare "&" and control
    signs are mended first, so nothing outside the text can be read and nothing can grow."""
    start = text.find("<")
    if start < 0:
        return None, False
    text = _DECLARATION.sub("", _NOT_XML.sub("", text[start:]))
    text = _DOCTYPE.sub("", text[:_HEAD], count=1) + text[_HEAD:]
    mended = "".join(part if raw else _ENTITY.sub(_mend_entity, part) for part, raw in _by_cdata(text))
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(mended.strip().encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None, False
    return root, root is not None and not len(parser.error_log) and not text[:start].strip()


def _by_cdata(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of `text`, and whether each is a CDATA section (in which nothing is to be mended)."""
    place = 0
    while (start := text.find(_CDATA_OPEN, place)) >= 0:
        end = text.find(_CDATA_CLOSE, start)
        if end < 0:
            break
        yield text[place:start], False
        place = end + len(_CDATA_CLOSE)
        yield text[start:place], True
    yield text[place:], False


def _mend_entity(match: re.Match[str]) -> str:
    name = match[1]
    if match[0] == "&":
        return "&amp;"
    if name is None or name in _XML_ENTITIES:
        return match[0]
    sign = html5.get(name + ";")
    return html.escape(sign) if sign else "&amp;" + match[0][1:]


def local_name(node: etree._Element) -> str:
    """The element's name without namespace, in lower case; "" for comments and instructions."""
    return node.tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(node.tag, str) else ""


def _nodes(root: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (node for node in root.iter() if local_name(node) in names)


def _child(node: etree._Element, *names: str) -> etree._Element | None:
    for name in names:
        for child in node:
            if local_name(child) == name and (child.prefix or "") not in ("media", "itunes", "georss"):
                return child
    return None


def _text(node: etree._Element | None) -> str:
    """The words of an element, HTML in it removed."""
    if node is None:
        return ""
    raw = "".join(str(part) for part in node.itertext())
    for _ in range(2):  # titles are often escaped twice
        raw = _TAG.sub(" ", html.unescape(raw))
    return nfc(raw)


def _item(node: etree._Element, base: str) -> FeedItem:
    raw_date = next((text for text in (_text(_child(node, name)) for name in _DATES) if text), "")
    summary = _text(_child(node, "description", "summary", "encoded", "content"))[:_SUMMARY]
    return FeedItem(_text(_child(node, "title")), _link(node, base), raw_date, summary)


def _link(node: etree._Element, base: str) -> str:
    target = ""
    for child in node:
        if local_name(child) != "link":
            continue
        written = child.get("href") or _text(child)
        if written and (child.get("rel") or "alternate") == "alternate":
            target = written
            break
    if not target:
        guid = _child(node, "guid", "id")
        written = _text(guid)
        is_link = written.startswith(("http://", "https://", "/")) and (
            guid is None or guid.get("isPermaLink") != "false"
        )
        about = next((value for key, value in node.attrib.items() if str(key).endswith("about")), "")
        target = written if is_link else str(about)
    try:
        return urljoin(base, html.unescape(target).strip()) if target else ""
    except ValueError:  # an address that no URL can be
        return ""
