"""All evidence of one site -> SiteFacts. The one entry of read/ for sites. Pure: no network, no clock but as_of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta, timezone

from auditor.model import (
    OUR_SIDE,
    Agency,
    Dated,
    DateSource,
    DetectorFacts,
    EncodingFacts,
    Look,
    LookKind,
    Place,
    SectionState,
    SiteEvidence,
    SiteFacts,
    SiteScope,
    SiteState,
    Trap,
)
from auditor.model.facts import READABLE_STATES
from auditor.read.candidates import leads, menu_labels
from auditor.read.contacts import read_addresses
from auditor.read.context import SiteContext
from auditor.read.dates import is_month_first, parse_date
from auditor.read.entries import Reading
from auditor.read.families import find_families
from auditor.read.feeds import Feed, read_feed
from auditor.read.functions import feed_sections, footer_contact, search_sections, xml_sitemap_sections
from auditor.read.item_texts import with_texts
from auditor.read.labels import LabelMatcher
from auditor.read.page import Page, is_html, read_page
from auditor.read.quality import read_quality
from auditor.read.section_dates import date_from_articles, newest_update
from auditor.read.sections import detect, feed_date
from auditor.read.site_state import decide, is_entry
from auditor.read.sitemaps import lastmod_is_generated, read_sitemap
from auditor.read.template import mark_template
from auditor.read.traps import find_traps
from auditor.read.unnamed import add_unnamed
from auditor.read.urls import is_comment_feed, same_page_key
from auditor.read.words import DETECTORS, Vocabulary

VIETNAM = timezone(timedelta(hours=7))
_SPECIAL: Mapping[str, Callable[[SiteContext], Iterable[object]]] = {
    "search": search_sections,
    "rss": feed_sections,
    "sitemap": xml_sitemap_sections,
    "contact": footer_contact,
}

PageCache = dict[tuple[str, str], Page]  # (digest, final URL) -> page: reading is the same for the same bytes


def read_site(
    agency: Agency,
    evidence: SiteEvidence,
    vocabulary: Vocabulary,
    as_of: date,
    *,
    cache: PageCache | None = None,
    matcher: LabelMatcher | None = None,
) -> SiteFacts:
    """What the looks say of the agency's site on the civil date `as_of`."""
    cache = cache if cache is not None else {}
    pages = read_pages(evidence.latest().values(), cache)
    start_look = find_start(evidence)
    start = pages.get(same_page_key(start_look.final_url)) if start_look is not None else None
    if start is None and start_look is not None and start_look.body and is_html(start_look):
        start = read_page(start_look)
    scope = agency.scope
    inner = sum(1 for page in pages.values() if page is not start and scope is not None and scope.contains(page.url))
    state = decide(
        agency,
        scope,
        start_look,
        start,
        vocabulary,
        inner_pages=inner,
        agreed=start_look is not None and _start_agrees(evidence),
    )
    facts = SiteFacts(
        agency_code=agency.code,
        state=state.state,
        start_url=evidence.start_url,
        final_url=start_look.final_url if start_look is not None and start_look.status is not None else None,
        state_reason=state.reason,
        state_detail=state.detail,
        state_confirmed=state.confirmed,
        pages=len(pages),
        requests=evidence.requests,
        budget_spent=evidence.budget_spent,
        response_ms=tuple(
            look.elapsed_ms
            for look in evidence.looks
            if look.ok and look.kind is LookKind.PAGE and look.elapsed_ms is not None
        ),
        looked_at=start_look.fetched_at if start_look is not None else None,
        title=start.title if start is not None else None,
        generator=(start.generator or None) if start is not None else None,
        start_excerpt=start.text[:300] if start is not None else "",
    )
    if state.state not in READABLE_STATES or start is None or start_look is None or scope is None:
        unread = {
            name: DetectorFacts(name, SectionState.UNVERIFIABLE, reason=state.reason, why=f"site_{state.state}")
            for name in DETECTORS
        }
        return replace(facts, detectors=unread)
    return _read_readable(facts, agency, scope, evidence, matcher or LabelMatcher(vocabulary), as_of, pages, start)


def inner_start(start: Page, pages: Mapping[str, Page], vocabulary: Vocabulary) -> Page:
    """Behind a splash page the fuller page that it opens is the one whose menus count."""
    if not is_entry(start, vocabulary):
        return start
    targets = dict.fromkeys([start.refresh, *start.frames, *(link.url for link in start.links)])
    inner = [page for t in targets if t and (page := pages.get(same_page_key(t))) is not None and page is not start]
    best = max(inner, key=lambda page: len(page.links), default=start)
    return best if len(best.links) > len(start.links) + 1 else start


def read_pages(looks: Iterable[Look], cache: PageCache) -> dict[str, Page]:
    """The web pages among the looks, by key of their final URL."""
    pages: dict[str, Page] = {}
    for look in looks:
        if look.kind in (LookKind.PAGE, LookKind.FEED) and look.ok and is_html(look):
            key = (look.digest, look.final_url)
            page = cache.get(key) or read_page(look)
            cache[key] = page
            pages.setdefault(same_page_key(look.final_url), page)
    return pages


def find_start(evidence: SiteEvidence) -> Look | None:
    """The look at the start page: the last one that succeeded, else the last one."""
    if evidence.start_url is None:
        return None
    wanted = same_page_key(evidence.start_url)
    looks = [look for look in evidence.looks if look.kind is LookKind.PAGE and same_page_key(look.url) == wanted]
    good = [look for look in looks if look.ok]
    return (good or looks or [None])[-1]  # type: ignore[list-item]


def _start_agrees(evidence: SiteEvidence) -> bool:
    wanted = same_page_key(evidence.start_url or "")
    looks = [look for look in evidence.looks if look.kind is LookKind.PAGE and same_page_key(look.url) == wanted]
    looks = [look for look in looks if look.reason not in OUR_SIDE]  # such a look says nothing of the site
    by_attempt = {attempt: [look.ok for look in looks if look.attempt == attempt] for attempt in (1, 2)}
    return bool(by_attempt[1]) and bool(by_attempt[2]) and not any(by_attempt[1]) and not any(by_attempt[2])


def _read_readable(
    facts: SiteFacts,
    agency: Agency,
    scope: SiteScope,
    evidence: SiteEvidence,
    matcher: LabelMatcher,
    as_of: date,
    pages: dict[str, Page],
    start: Page,
) -> SiteFacts:
    own = {key: page for key, page in pages.items() if scope.contains(page.url)}
    start = inner_start(start, own, matcher.vocabulary)
    context = make_context(agency, scope, evidence, matcher, as_of, own, start)
    detectors = {name: detect(name, context, _SPECIAL.get(name)) for name in DETECTORS}  # type: ignore[arg-type]
    detectors = {name: date_from_articles(found, context) for name, found in detectors.items()}
    detectors = {name: with_texts(found, context) for name, found in detectors.items()}
    addresses, images = read_addresses(context, detectors)
    newest, newest_detector = newest_update(detectors, context)
    met = (Trap(kind, url) for kind, url in evidence.traps if kind != "near_duplicates")  # now told from the pages
    traps = (*find_traps(context), *met)
    return replace(
        facts,
        detectors=detectors,
        addresses=addresses,
        image_addresses=images,
        traps=traps,
        quality=read_quality(context, detectors),
        encoding=_encoding(own, start),
        newest_update=newest,
        newest_detector=newest_detector,
        generator=start.generator or next((page.generator for page in own.values() if page.generator), None),
    )


def make_context(
    agency: Agency,
    scope: SiteScope,
    evidence: SiteEvidence,
    matcher: LabelMatcher,
    as_of: date,
    pages: dict[str, Page],
    start: Page,
) -> SiteContext:
    """Everything that detectors share, built once per site."""
    mark_template(pages.values(), (as_of, start.look.fetched_at.astimezone(VIETNAM).date()))
    vocabulary = matcher.vocabulary
    looks: dict[str, Look] = {}
    for look in evidence.looks:
        if look.kind is LookKind.FORM:
            continue  # a few bytes: no section's page or file
        known = looks.get(same_page_key(look.url))
        if known is None or not known.ok or look.ok:
            looks[same_page_key(look.url)] = look
    feeds = _feeds(evidence)
    fetch_day = start.look.fetched_at.astimezone(VIETNAM).date()
    written = _date_strings(pages.values(), feeds.values())
    domains = tuple(filter(None, [agency.mail_domain])) + tuple(
        u.domain for u in agency.accepted_mail_domains if u.valid_on(as_of)
    )
    reading = Reading(
        as_of,
        vocabulary,
        month_first=is_month_first(written),
        stamps_month_first=is_month_first(written, vocabulary.dates),
        fetch_day=fetch_day,
        official_domains=domains,
        start=same_page_key(start.url),
    )
    reading.known.update(_known_dates(evidence, feeds, reading))
    menu = frozenset(
        same_page_key(link.url)
        for link in start.links
        if link.url and link.place is Place.HEADER and scope.contains(link.url)
    ) or frozenset(menu_labels(start, scope))  # pages laid out by tables have no element that says header
    probe = next((look for look in evidence.looks if look.kind is LookKind.PROBE), None)
    found_leads = leads(pages.values(), start, agency, scope, matcher)
    named = {same_page_key(lead.url) for group in found_leads.values() for lead in group if lead.strong and lead.url}
    failures = tuple(
        look
        for key, look in looks.items()
        if look.kind is LookKind.PAGE
        and not look.ok
        and look.reason is not None
        and look.status != 404
        and key not in named
    )
    context = SiteContext(
        agency,
        scope,
        evidence,
        matcher,
        reading,
        start,
        looks,
        pages,
        feeds,
        found_leads,
        menu - {same_page_key(start.url)},
        domains,
        probe,
        failures,
        find_families(evidence.latest().values(), pages, start, probe, vocabulary),
    )
    add_unnamed(context, found_leads, named)
    return context


def _feeds(evidence: SiteEvidence) -> dict[str, Feed]:
    out = {}
    for look in evidence.latest().values():
        if look.ok and look.kind in (LookKind.FEED, LookKind.PAGE) and not is_html(look):
            feed = read_feed(look.body, look.content_type, look.final_url)
            if feed.kind and not is_comment_feed(look.final_url) and not _is_of_comments(feed):
                out[same_page_key(look.url)] = feed
    return out


def _is_of_comments(feed: Feed) -> bool:
    """True for a feed all of whose entries are parts of pages named as comments ("…/tin-1/#comment-2")."""
    return bool(feed.items) and all("#comment" in item.url for item in feed.items)


def _date_strings(pages: Iterable[Page], feeds: Iterable[Feed]) -> list[str]:
    strings = [item.raw_date for feed in feeds for item in feed.items if item.raw_date]
    for page in pages:
        strings += [
            box.text for box in page.main_boxes if 6 <= len(box.text) <= 60 and any(c.isdigit() for c in box.text)
        ]
    return strings[:4000]


def _known_dates(evidence: SiteEvidence, feeds: Mapping[str, Feed], reading: Reading) -> dict[str, Dated]:
    """Dates of items by URL, from site maps (unless made at the time of the request) and feeds."""
    known: dict[str, Dated] = {}
    for look in evidence.latest().values():
        if look.kind is LookKind.SITEMAP and look.ok:
            urls = read_sitemap(look.body, look.final_url).urls
            if lastmod_is_generated(urls, look.fetched_at.astimezone(VIETNAM).date()):
                continue
            for entry in urls:
                day = (
                    parse_date(entry.raw_lastmod, as_of=reading.as_of, words=reading.vocabulary.dates)
                    if entry.raw_lastmod
                    else None
                )
                if day is not None and day <= reading.as_of:
                    known[same_page_key(entry.loc)] = Dated(
                        day, DateSource.SITEMAP, f"{entry.raw_lastmod} {entry.loc}"[:160], look.url
                    )
    addresses = {same_page_key(look.url): look.url for look in evidence.looks}
    for key, feed in feeds.items():
        for item in feed.items:
            dated = feed_date(item.raw_date, item.title, addresses.get(key, key), reading) if item.url else None
            if dated is not None and item.url:
                known[same_page_key(item.url)] = dated
    return known


def _encoding(pages: Mapping[str, Page], start: Page) -> EncodingFacts:
    decoded = [page.decoded for page in pages.values()]
    utf8 = sum(one.charset.lower().replace("-", "") in ("utf8", "ascii", "utf8sig") for one in decoded)
    odd = next((page for page in pages.values() if page.decoded.legacy), None)
    return EncodingFacts(
        charset=start.decoded.charset,
        declared=start.decoded.declared,
        utf8_share=utf8 / len(decoded) if decoded else 0.0,
        legacy=odd.decoded.legacy if odd is not None else None,
        nfd_pages=sum(one.nfd for one in decoded),
        excerpt=(odd or start).title[:120],
        url=(odd or start).url,
    )


def state_is_readable(state: SiteState) -> bool:
    return state in READABLE_STATES
