"""What to look at next, from what was read so far: the frontier's priorities. Pure; never steered by verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from auditor.model import Place, Section, SectionState
from auditor.read.candidates import Lead
from auditor.read.contacts import read_addresses
from auditor.read.context import SiteContext
from auditor.read.functions import search_sections
from auditor.read.items import extract_items
from auditor.read.page import Page
from auditor.read.sections import detect
from auditor.read.units import UNIT_DETECTORS, unit_pages
from auditor.read.unnamed import unnamed_entries
from auditor.read.urls import is_comment_feed, is_document, is_feed, is_plain, is_trap, same_page_key
from auditor.read.weeks import week_begun
from auditor.read.words import DETECTORS

_STRONG_LEADS = 3
_WEAK_LEADS = 2
_MANY = {
    "organisation": 4,
    "email_directory": 4,
    "legal_documents": 4,
    "news": 4,
    "feedback": 4,
    "strategy_planning": 4,
}
_DETAILS = {
    "procedures": 2,
    "legal_documents": 1,
    "feedback": 1,
    "projects_procurement": 1,
    "organisation": 2,
    "email_directory": 3,
}
_FEW_PARTS = 3  # further pages of a section that is a text: more are a list of something else
_ONE_MAY_DO = frozenset({"organisation", "contact", "procedures", "online_services", "rss", "sitemap", "english"})
_WHOLE = frozenset({"legal_documents", "news", "work_schedule"})  # sections whose parts may be skipped
_ENOUGH_NEWS = 4  # dated items of a list that shows the newest of all its parts
_THESE_DAYS = timedelta(days=14)
_SAMPLE, _UNITS = 2, 8  # pages of units
_NO_PAGE = frozenset({"search"})
_UNNAMED = 16  # menu entries without a known label that are opened, at most
_UNNAMED_FEW = 2  # the same, where every section has at least a weak lead that leads to something
#: Sections whose absence would be held against the agency.
_WORTH_SEARCHING = frozenset(DETECTORS) - {"rss", "english", "sitemap", "search"}


@dataclass(frozen=True, slots=True)
class Want:
    """A URL worth a look, what for, and how urgently (smaller is sooner)."""

    url: str
    feed: bool
    priority: float
    detector: str


def section_wants(context: SiteContext) -> list[Want]:
    """The best unread leads of every detector: first each detector's best, then the second best, and so on."""
    wants: dict[str, Want] = {}
    for detector in DETECTORS:
        if detector in _NO_PAGE and any(True for _ in search_sections(context)):
            continue  # a form was found: no need to open the page of a label
        for rank, lead in enumerate(_worth(detector, context.leads.get(detector, []), context)):
            key = same_page_key(lead.url)
            known = wants.get(key)
            if known is None or rank < known.priority:
                wants[key] = Want(lead.url, lead.kind == "feed", rank + (0.5 if lead.kind == "feed" else 0.0), detector)
    if not any(want.feed for want in wants.values()):
        for url in _any_feeds(context)[:2]:
            wants.setdefault(same_page_key(url), Want(url, True, 1.5, "rss"))
    unread = [want for key, want in wants.items() if key not in context.looks]
    return sorted(unread, key=lambda want: want.priority)


def unnamed_wants(context: SiteContext) -> list[Want]:
    """Menu entries whose words say nothing to us, as long as sections are missing: the pages' own headings may tell."""
    leads = {name: [lead for lead in context.leads.get(name, []) if lead.kind != "parent"] for name in DETECTORS}
    doubtful = [name for name in sorted(_WORTH_SEARCHING) if not any(lead.strong for lead in leads[name])]
    if not doubtful:
        return []
    missing = any(not leads[name] or not detect(name, context).sections for name in doubtful)
    most = _UNNAMED if missing else _UNNAMED_FEW
    wants: dict[str, Want] = {}
    places = tuple(Place) if most == _UNNAMED else (Place.HEADER, Place.SIDE)
    for link in unnamed_entries(context, places):
        if not context.families.closes(link.url):
            wants.setdefault(same_page_key(link.url), Want(link.url, False, float(len(wants)), "unnamed"))
    return list(wants.values())[:most]


def _any_feeds(context: SiteContext) -> list[str]:
    """Feeds that the site names anywhere: in a page's head, or by links."""
    named = [url for _title, url in context.start.feeds]
    for page in context.pages.values():
        named += [link.url for link in page.links if link.url and is_feed(link.url)]
    return [url for url in dict.fromkeys(named) if context.scope.contains(url) and not is_comment_feed(url)]


def _worth(detector: str, leads: list[Lead], context: SiteContext) -> Iterator[Lead]:
    """Strong leads up to a bound; weak ones only while they may still be needed; one feed."""
    pages = [
        lead
        for lead in leads
        if lead.kind == "own" and (is_plain(lead.url) or (lead.strong and not is_trap(lead.url)))
        if context.look_at(lead.url) is not None or not context.families.closes(lead.url)
    ]
    feeds = [lead for lead in leads if lead.kind == "feed"]
    first = [lead for lead in pages if lead.strong][:1]
    dated = context.matcher.vocabulary.detectors[detector].dated
    items = _dated_items(pages, context) if dated else frozenset()
    pages = [
        lead for lead in pages if not _lists_the_same(lead, first, context) and same_page_key(lead.url) not in items
    ]
    if detector in _ONE_MAY_DO and first and len(pages) > 1:
        if context.look_at(first[0].url) is None:
            pages = first
        elif any(section.state is SectionState.PRESENT for section in detect(detector, context).sections):
            return
    strong = [lead for lead in pages if lead.strong][: _MANY.get(detector, _STRONG_LEADS)]
    weak = [lead for lead in pages if not lead.strong]
    yield from strong
    if not strong or detector == "news":
        yield from feeds[:1]  # otherwise a feed is only wanted where the list shows no dates
    if len(strong) < 2 or detector in ("organisation", "email_directory", "legal_documents"):
        yield from weak[: 2 * _WEAK_LEADS if detector == "email_directory" else _WEAK_LEADS]


def _dated_items(pages: list[Lead], context: SiteContext) -> frozenset[str]:
    """Items of the section's lists that were read, with their days: an item's title that sounds like a section."""
    lists = (context.page_at(lead.url) for lead in pages if lead.strong)
    return frozenset(
        same_page_key(item.url)
        for page in lists
        if page is not None
        for item in extract_items(page, context.reading)
        if item.url and item.dated is not None
    )


def _lists_the_same(lead: Lead, wholes: list[Lead], context: SiteContext) -> bool:
    """True for a part of a list that is looked at as a whole: "/laws/Thong-tu/" under "/laws/", "/lich?tuan=36"."""
    if lead.detector not in _WHOLE:
        return False
    for whole in wholes:
        path, page = urlsplit(whole.url).path.rstrip("/"), context.page_at(whole.url)
        other = urlsplit(lead.url)
        other_week = lead.detector == "work_schedule" and other.path == path and bool(other.query)
        if lead is not whole and path and (other.path.startswith(path + "/") or other_week):
            if page is None:  # not looked at yet: what it lists will tell; gone: its parts are all there is
                return context.look_at(whole.url) is None
            return _is_whole(lead.detector, page, context)
    return False


def _is_whole(detector: str, page: Page, context: SiteContext) -> bool:
    """True for a page that by itself says of its section what its parts would say: what it shows is of these days."""
    since = context.reading.as_of - _THESE_DAYS
    if detector == "work_schedule":
        week = week_begun(page.main_text, context.reading.as_of, context.reading.vocabulary.dates)
        return week is not None and week[0] >= since
    items = extract_items(page, context.reading)
    if detector == "legal_documents":
        return any("number" in item.attributes for item in items)
    days = [item.dated.date for item in items if item.dated is not None]
    return len(days) >= _ENOUGH_NEWS and max(days) >= since


def unit_wants(context: SiteContext, room: int) -> list[Want]:
    """Pages of units, the only place of many units' mailboxes: `room` of them at most. A sample in any case where no
    official mailbox was found yet: that there is none would be held against the agency."""
    facts = {name: detect(name, context) for name in ("contact", *UNIT_DETECTORS)}
    sections = [section for name in UNIT_DETECTORS for section in facts[name].sections]
    unread = [url for key, url in unit_pages(sections, context).items() if key not in context.looks]
    if not unread:
        return []
    published = any(fact.agency_contact and fact.class_.is_official for fact in read_addresses(context, facts)[0])
    most = max(room, 0 if published else _SAMPLE)
    wants = [Want(url, False, float(n), "organisation") for n, url in enumerate(unread) if not is_document(url)]
    return wants[: min(most, _UNITS)]


def detail_wants(context: SiteContext) -> list[Want]:
    """Pages of items: where lists show no dates, or the substance stands on the items' own pages."""
    wants: dict[str, Want] = {}
    for detector in DETECTORS:
        words = context.matcher.vocabulary.detectors[detector]
        if not words.is_list and detector not in _DETAILS:
            continue
        facts = detect(detector, context)
        for n, section in enumerate(facts.sections[: 3 if detector == "feedback" else 2]):
            if section.place is Place.FEED or section.state not in (
                SectionState.PRESENT,
                SectionState.PARTIAL,
                SectionState.EMPTY,
            ):
                continue
            if detector == "email_directory" and "email" not in section.missing:
                continue
            if detector == "organisation" and (not section.missing or len(section.items) > _FEW_PARTS):
                continue  # a text that says it all, or a list of people and units
            undated = words.dated and (section.undated or _without_year(section)) and not _is_hub(section, context)
            count = 2 if undated else _DETAILS.get(detector, 0)
            if detector == "legal_documents" and "file" in section.found:
                count = 0
            if detector == "projects_procurement" and n and not undated:
                count = 0
            if undated:
                for url in _feeds_of(section, context.leads.get(detector, []), context.page_at(section.url))[:1]:
                    wants.setdefault(same_page_key(url), Want(url, True, -1.0, detector))
            urls = [
                item.url
                for item in section.items
                if item.url and context.scope.contains(item.url) and is_plain(item.url)
                if context.look_at(item.url) is not None or not context.families.closes(item.url)
            ]
            for rank, url in enumerate(urls[:count]):
                wants.setdefault(same_page_key(url), Want(url, False, n + rank, detector))
    for want in _second_level(context):
        wants.setdefault(same_page_key(want.url), want)
    unread = [want for key, want in wants.items() if key not in context.looks and not is_document(want.url)]
    return sorted(unread, key=lambda want: want.priority)


def _is_hub(section: Section, context: SiteContext) -> bool:
    """True for a page whose items are pages of the menu: sections, not items without a date."""
    inside = [same_page_key(item.url) in context.menu for item in section.items if item.url]
    return 2 * sum(inside) > len(inside)


def _without_year(section: Section) -> bool:
    return section.newest is not None and not section.newest.year_shown


def _second_level(context: SiteContext) -> list[Want]:
    """Procedures listed by field: the first procedure of each field that was opened, if time limits are missing."""
    facts = detect("procedures", context)
    if facts.state is not SectionState.PARTIAL or "time_limit" in facts.found:
        return []
    out = []
    for section in facts.sections[:2]:
        for item in section.items[:2]:
            page = context.page_at(item.url) if item.url else None
            inner = extract_items(page, context.reading) if page is not None else ()
            out += [Want(one.url, False, 5.0, "procedures") for one in inner[:1] if one.url and is_plain(one.url)]
    return [want for want in out if context.scope.contains(want.url)]


def _feeds_of(section: Section, leads: list[Lead], page: Page | None) -> list[str]:
    """The feeds that may list a section's items: its own page's under its own path first, then those by name."""
    base = urlsplit(section.url).path
    own = [url for _title, url in page.feeds if urlsplit(url).path.startswith(base)] if page is not None else []
    root = urlsplit(section.url).path.strip("/").partition("/")[0]
    feeds = [lead for lead in leads if lead.kind == "feed"]
    feeds.sort(key=lambda lead: (root not in urlsplit(lead.url).path.split("/") or not root, lead.url.count("/")))
    return own + [lead.url for lead in feeds]
