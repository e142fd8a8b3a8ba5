"""Menu entries whose words say nothing to us: the pages behind them may be any section. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator
from urllib.parse import urlsplit

from auditor.model import Place, SectionState
from auditor.read.addresses import may_hold_address
from auditor.read.candidates import MENU_WORDS, Lead, menu_labels
from auditor.read.context import SiteContext
from auditor.read.folding import fold
from auditor.read.items import extract_items, row_texts
from auditor.read.labels import STRONG
from auditor.read.page import Link, Page
from auditor.read.subject import Subject
from auditor.read.substance import judge_page
from auditor.read.urls import is_document, is_feed, is_plain, same_page_key

_NEWS_ITEMS = 2  # dated items that make an unnamed menu page the news
_TOLD_BY_ITEMS = ("direction", "legal_dissemination")
_MOST = 0.75  # share of a list's items
_CONTACT_TEXT = 900  # characters: a longer page with a mailbox and a telephone is about something else
#: Sections told by what stands on the page, where no label means them: what proves each.
_TOLD_BY = {
    "email_directory": frozenset({"email"}),
    "organisation": frozenset({"functions", "tasks", "units"}),
    "contact": frozenset({"phone", "official_email"}),
    "work_schedule": frozenset({"week"}),
}


def unnamed_entries(context: SiteContext, places: Container[Place]) -> Iterator[Link]:
    """Those of the start page that were not looked at, the widest addresses first."""
    known = {same_page_key(lead.url) for group in context.leads.values() for lead in group if lead.url}
    for link in sorted(context.start.links, key=lambda link: urlsplit(link.url).path.rstrip("/").count("/")):
        key = same_page_key(link.url) if link.url else ""
        if not key or key in known or key in context.looks or not context.scope.contains(link.url):
            continue
        if link.folded in context.matcher.vocabulary.lists["own_pages"] or not any(map(str.isalpha, link.folded)):
            continue
        short = len(link.folded.split()) <= MENU_WORDS and link.place in places and context.start.is_menu(link)
        if short and is_plain(link.url) and not is_feed(link.url) and not is_document(link.url):
            yield link


def left_alone(context: SiteContext) -> bool:
    """True if such an entry was not opened because it looked like one more of a family of near-identical pages."""
    return any(context.families.closes(link.url) for link in unnamed_entries(context, tuple(Place)))


def add_unnamed(context: SiteContext, leads: dict[str, list[Lead]], named: set[str]) -> None:
    """Leads to sections that no label names, told by what stands on the menu's pages that are no other section."""
    pages = []
    for key, label in menu_labels(context.start, context.scope).items():
        page = context.pages.get(key)
        if page is not None and key not in named and page is not context.start:
            pages.append((label, page))
    if not any(lead.kind in ("own", "feed") for lead in leads.get("news", [])):
        leads["news"] = [*_news(pages, context), *leads.get("news", [])]
    for detector in _TOLD_BY_ITEMS:
        if not any(lead.kind in ("own", "feed") and lead.strong for lead in leads.get(detector, [])):
            leads[detector] = [*_listed(detector, pages, leads["news"][:1], context), *leads.get(detector, [])]
    for detector in _TOLD_BY:
        if not any(lead.strong for lead in leads.get(detector, [])):
            leads[detector] = [*_told(detector, pages, context), *leads.get(detector, [])]


def _news(pages: list[tuple[str, Page]], context: SiteContext) -> list[Lead]:
    """The page with the most dated items."""
    best: tuple[int, Lead] | None = None
    for label, page in pages:
        dated = sum(item.dated is not None and item.url is not None for item in extract_items(page, context.reading))
        if dated >= _NEWS_ITEMS and (best is None or dated > best[0]):
            best = dated, Lead("news", label, page.url, STRONG, Place.BODY, "own", context.start.url)
    return [best[1]] if best is not None else []


def _listed(detector: str, pages: list[tuple[str, Page]], news: list[Lead], context: SiteContext) -> list[Lead]:
    """The pages whose dated items nearly all speak of the section's matter."""
    words = context.matcher.vocabulary.lists[f"{detector}_titles"]
    taken = {lead.url for lead in news}
    out = []
    for label, page in pages:
        items = [item for item in extract_items(page, context.reading) if item.dated is not None and item.url]
        if page.url in taken or len(items) < _NEWS_ITEMS:
            continue
        rows = row_texts(page, context.reading)
        texts = [f" {fold(item.title)} {fold(rows.get(item.url or '', ''))} " for item in items]
        if sum(any(f" {word} " in text for word in words) for text in texts) >= _MOST * len(texts):
            out.append(Lead(detector, label, page.url, STRONG, Place.BODY, "own", context.start.url))
    return out


def _told(detector: str, pages: list[tuple[str, Page]], context: SiteContext) -> list[Lead]:
    """The pages that hold all that proves the section."""
    words = context.matcher.vocabulary.detectors[detector]
    out = []
    for label, page in pages:
        if detector in ("email_directory", "contact") and not (
            page.covers_addresses or may_hold_address(page.main_text, context.matcher.vocabulary.signs)
        ):
            continue
        if detector == "contact" and len(page.main_text) > _CONTACT_TEXT:
            continue
        subject = Subject(page, words, context.reading, (), context.official_domains, context.menu, strong=False)
        substance = judge_page(subject)
        if detector == "work_schedule" and not _goes_through_a_week(subject):
            continue
        if substance.state is SectionState.PRESENT and _TOLD_BY[detector] <= set(substance.found):
            out.append(Lead(detector, label, page.url, STRONG, Place.BODY, "own", context.start.url))
    return out


def _goes_through_a_week(subject: Subject) -> bool:
    """True for a page that names three days of the week, as a schedule does and an article seldom."""
    return sum(day in subject.text for day in subject.reading.vocabulary.lists["weekdays"]) >= 3
