"""Dates of a section's items from the items' own pages, where its list shows none or no years. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from auditor.model import Dated, DetectorFacts, Item
from auditor.read.articles import article_date, is_article
from auditor.read.context import SiteContext
from auditor.read.items import extract_items
from auditor.read.sections import newest_of
from auditor.read.urls import same_page_key

_NOT_AN_UPDATE = "work_schedule"


def newest_update(detectors: Mapping[str, DetectorFacts], context: SiteContext) -> tuple[Dated | None, str | None]:
    """The newest date of the site and the section that shows it.

    Where no section shows any, the start page's: of its own items, or of itself if it is an article; no section then.
    """
    dated = [
        (found.newest, name)
        for name, found in detectors.items()
        if found.newest is not None and name != _NOT_AN_UPDATE
    ]
    if dated:
        return max(dated, key=lambda pair: pair[0].date)
    start = context.start
    items = (item for item in extract_items(start, context.reading) if context.scope.contains(item.url or start.url))
    days = [item.dated for item in items if item.dated is not None]
    if is_article(start) and (day := article_date(start, context.reading)) is not None:
        days.append(day)
    return max(days, key=lambda day: day.date, default=None), None


def date_from_articles(found: DetectorFacts, context: SiteContext) -> DetectorFacts:
    """Lists that show no dates, or no years: the dates of those of their items whose own pages were read."""
    if not found.undated and (found.newest is None or found.newest.year_shown):
        return found
    others = _others(found.detector, context)
    sections = []
    for section in found.sections:
        whole = others | {same_page_key(section.url)} if "#" in section.url else others  # a part's days are its own
        items = _with_years(tuple(_dated_by_its_page(item, whole, context) for item in section.items), section.items)
        newest = newest_of(items)
        sections.append(replace(section, items=items, newest=newest, undated=bool(items) and newest is None))
    newest = max((s.newest for s in sections if s.newest is not None), key=lambda d: d.date, default=None)
    return replace(found, sections=tuple(sections), newest=newest, undated=newest is None)


def _others(detector: str, context: SiteContext) -> frozenset[str]:
    """Pages that are other sections by name: a hub's cards ("Công khai": "Ngân sách", "Số liệu") are no items of it."""
    strong = {
        name: {same_page_key(lead.url) for lead in leads if lead.strong and lead.kind == "own"}
        for name, leads in context.leads.items()
    }
    own = strong.pop(detector, set())
    return frozenset(key for keys in strong.values() for key in keys) - own


def _dated_by_its_page(item: Item, others: frozenset[str], context: SiteContext) -> Item:
    if not item.url or (item.dated is not None and item.dated.year_shown) or same_page_key(item.url) in others:
        return item
    page = context.page_at(item.url)
    if page is context.start:  # a logo or "Trang chủ": its days are those of its news
        return item
    dated = article_date(page, context.reading) if page is not None else None
    return replace(item, dated=dated) if dated is not None else item


def _with_years(items: tuple[Item, ...], before: tuple[Item, ...]) -> tuple[Item, ...]:
    """What one item's page says of its year holds for the others of the list that show none."""
    told = {
        was.dated.date.year - now.dated.date.year
        for was, now in zip(before, items, strict=True)
        if was.dated is not None and not was.dated.year_shown and now.dated is not None and now.dated.year_shown
    }
    years = min(told, default=0)
    if years <= 0:
        return items
    return tuple(
        replace(item, dated=replace(item.dated, date=_years_before(item.dated.date, years)))
        if item.dated is not None and not item.dated.year_shown
        else item
        for item in items
    )


def _years_before(day: date, years: int) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap else day.day)
