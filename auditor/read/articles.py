"""The publication date of one article page: the visible date line first, machine dates where none is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.model import Dated, DateSource, Place
from auditor.read.boxes import Box
from auditor.read.dates import parse_date
from auditor.read.entries import ROLES, Reading
from auditor.read.folding import fold, nfc
from auditor.read.page import HEADINGS, Page

_ROW = 400  # characters: a larger row or list entry is layout
_BESIDE = 12  # characters of a link beside the date in it
_META = (
    "article:published_time",
    "datepublished",
    "dc.date",
    "dcterms.created",
    "dc.date.issued",
    "pubdate",
    "publishdate",
)

_ARTICLES = ("Article", "BlogPosting")  # schema.org's Article, NewsArticle, ReportageNewsArticle and so on


def article_date(page: Page, reading: Reading) -> Dated | None:
    """The day on which the page's article was published, or None.

    A visible date line near the title wins. JSON-LD and article:published_time follow; microdata is not read at all,
    since the province's software writes the last edit into it.
    """
    return _visible(page, reading) or _machine(page, reading)


def _visible(page: Page, reading: Reading) -> Dated | None:
    seen_title = False
    fallback: Dated | None = None
    repeating = set(reading.vocabulary.lists["repeating_blocks"])
    for box in page.boxes:
        if box.weight == 0 or box.place is not Place.BODY or not page.is_main(box):
            continue
        if seen_title and box.weight <= 40 and fold(box.text) in repeating:
            break  # what follows are other items
        if box.tag in ("h1", "h2", "h3"):
            seen_title = True
        own = nfc(" ".join(part for part in box.parts if isinstance(part, str)))
        text = own if len(own) > 6 else (nfc(box.text) if box.weight <= 60 else own)
        if not 6 <= len(text) <= 90 or (_names_another(box) and not _is_line(text, reading)):
            continue
        if any(outer.tag == "a" and outer.weight > len(text) + _BESIDE for outer in box.ancestors()):
            continue  # within the link that tells another item's title
        for found in reading.find(text):
            in_title = box.tag in HEADINGS and found.role == "plain" and _says_more(text, reading)
            if found.role in ("plain", "posted") and not in_title:
                dated = Dated(found.date, DateSource.ARTICLE, text[:120], page.url)
                if seen_title or found.role == "posted":
                    return dated
                if found.date not in (reading.as_of, reading.fetch_day):  # before the title, today is a clock
                    fallback = fallback or dated
    return fallback


def _says_more(title: str, reading: Reading) -> bool:
    """True for a heading that tells of something, so that its day is that thing's; False for a line of time alone."""
    return any(map(str.isalpha, reading.vocabulary.dates.calendar.sub(" ", fold(title))))


def _names_another(box: Box) -> bool:
    """True if the text stands in or beside a link, or in a row: it is another item's."""
    around = (box, *box.ancestors())
    if any(outer.tag == "a" or (outer.tag in ("li", "tr") and outer.weight < _ROW) for outer in around):
        return True
    return any(inner.tag == "a" and inner.weight > 12 for inner in box.walk())


def _is_line(text: str, reading: Reading) -> bool:
    """True if the text is little more than a date: "Thứ ba - 23/12/2014 16:36"."""
    return any(
        found.role in ROLES and (found.role == "posted" or found.end - found.start >= 0.5 * len(text))
        for found in reading.find(text)
    )


def _machine(page: Page, reading: Reading) -> Dated | None:
    for value in _json_ld_dates(page.json_ld):
        day = parse_date(value, as_of=reading.as_of, words=reading.vocabulary.dates)
        if day is not None and day <= reading.as_of:
            return Dated(day, DateSource.JSON_LD, value[:60], page.url)
    value = page.meta(*_META)
    day = (
        parse_date(value, as_of=reading.as_of, words=reading.vocabulary.dates, month_first=reading.month_first)
        if value
        else None
    )
    return Dated(day, DateSource.META, value[:60], page.url) if day is not None and day <= reading.as_of else None


def is_article(page: Page) -> bool:
    """True if the page says of itself that it is one article (Open Graph's type, or a schema.org type of JSON-LD)."""
    return page.meta("og:type").lower() == "article" or any(
        str(node.get("@type", "")).endswith(_ARTICLES) for node in _nodes(page.json_ld)
    )


def _json_ld_dates(blocks: object) -> Iterator[str]:
    return (node["datePublished"] for node in _nodes(blocks) if isinstance(node.get("datePublished"), str))


def _nodes(blocks: object) -> Iterator[Mapping[Any, Any]]:
    stack: list[Any] = [blocks]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            yield node
            stack.extend(node.values())
        elif isinstance(node, (list, tuple)):
            stack.extend(node)
