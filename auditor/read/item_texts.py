"""What the entries of a list say on their own pages, where those were read. Pure."""

from __future__ import annotations

from dataclasses import replace

from auditor.model import DetectorFacts, Item, Section
from auditor.read.context import SiteContext
from auditor.read.entries import Reading
from auditor.read.folding import fold
from auditor.read.page import Page
from auditor.read.sketch import fingerprints

_HEAD = 40  # characters: the heading of a block of other entries


def with_page_texts(found: DetectorFacts, context: SiteContext) -> DetectorFacts:
    """The sections, their entries with the texts of those pages of theirs that were read."""
    return replace(found, sections=tuple(_with_page_texts(section, context) for section in found.sections))


def _with_page_texts(section: Section, context: SiteContext) -> Section:
    items = tuple(_with_page_text(item, section, context) for item in section.items)
    return section if items == section.items else replace(section, items=items)


def _with_page_text(item: Item, section: Section, context: SiteContext) -> Item:
    page = context.page_at(item.url) if item.url else None
    if page is None or page is context.start or page is context.page_at(section.url):
        return item
    return replace(item, texts=(*item.texts, *fingerprints("page", _told(page, context.reading))))


def _told(page: Page, reading: Reading) -> str:
    """The page's own text up to the blocks of other entries below it."""
    others = set(reading.vocabulary.lists["repeating_blocks"])
    told: list[str] = []
    for box in page.main_boxes:
        if told and box.weight <= _HEAD and fold(box.text) in others:
            break
        told.append(" ".join(part for part in box.parts if isinstance(part, str)))
    return " ".join(told)
