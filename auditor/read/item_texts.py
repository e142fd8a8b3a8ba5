"""What the entries of a list say: in their row beside the title, and on their own pages that were read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from auditor.model import DetectorFacts, Item, Section
from auditor.read.context import SiteContext
from auditor.read.entries import Reading
from auditor.read.folding import fold
from auditor.read.items import row_texts
from auditor.read.page import Page
from auditor.read.sketch import fingerprints

_HEAD = 40  # characters: the heading of a block of other entries


def with_texts(found: DetectorFacts, context: SiteContext) -> DetectorFacts:
    """The sections, their entries with the fingerprints of what they say."""
    return replace(found, sections=tuple(_with_texts(section, context) for section in found.sections))


def _with_texts(section: Section, context: SiteContext) -> Section:
    if not section.items:
        return section
    page = context.page_at(section.url)
    rows = row_texts(page, context.reading) if page is not None else {}
    return replace(section, items=tuple(_with_text(item, page, rows, context) for item in section.items))


def _with_text(item: Item, listing: Page | None, rows: Mapping[str, str], context: SiteContext) -> Item:
    row, calendar = rows.get(item.url or item.title), context.reading.vocabulary.dates.calendar
    # of a feed's entry the summary was read
    texts = fingerprints("row", row, calendar) if row is not None else item.texts
    page = context.page_at(item.url) if item.url else None
    if page is not None and page is not context.start and page is not listing:
        texts += fingerprints("page", _told(page, context.reading), calendar)
    return replace(item, texts=texts) if texts != item.texts else item


def _told(page: Page, reading: Reading) -> str:
    """The page's own text up to the blocks of other entries below it."""
    others = set(reading.vocabulary.lists["repeating_blocks"])
    told: list[str] = []
    for box in page.main_boxes:
        if told and box.weight <= _HEAD and fold(box.text) in others:
            break
        told.append(" ".join(part for part in box.parts if isinstance(part, str)))
    return " ".join(told)
