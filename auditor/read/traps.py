"""Traps met on a site, reported as facts: what looks like an update or a page and is not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from auditor.model import Place, Trap
from auditor.read.context import SiteContext
from auditor.read.dates import scan_dates
from auditor.read.families import same_texts
from auditor.read.folding import excerpt, fold
from auditor.read.urls import repeats_segments

_FAMILIES = 5  # families of near-identical pages that are told of


def find_traps(context: SiteContext) -> Iterator[Trap]:
    """Every trap once, with the first page that shows it."""
    yield from _clock(context)
    yield from _metas(context)
    yield from _soft_404(context)
    yield from _links(context)
    yield from _near_duplicates(context)
    yield from _impossible(context)
    yield from _injected(context)
    yield from _spelling(context)


def _clock(context: SiteContext) -> Iterator[Trap]:
    """A date of today in the header: the page's clock."""
    reading = context.reading
    for page in context.pages.values():
        text = page.place_text(Place.HEADER)[:3000]
        for found in scan_dates(text, as_of=reading.as_of, words=reading.vocabulary.dates).found:
            if found.date in (reading.as_of, reading.fetch_day):
                yield Trap("clock_date", page.url, excerpt(found.excerpt, 120))
                return


def _metas(context: SiteContext) -> Iterator[Trap]:
    malformed = modified = False
    for page in context.pages.values():
        stamp = page.meta("article:published_time")
        if not malformed and stamp and len(stamp) > 11 and stamp[10:11] not in ("T", " ", ""):
            malformed = True
            yield Trap("malformed_meta_date", page.url, stamp[:60])
        published, edited = page.meta("datepublished"), page.meta("datemodified")
        if not modified and published and published == edited:
            modified = True
            yield Trap("microdata_edit_date", page.url, published[:60])
    for page in context.pages.values():
        marked = [box for box in page.boxes if "itemprop" in box.attrs]
        stamps = {box.attrs["itemprop"]: box.attrs.get("content") or box.text for box in marked}
        if not modified and stamps.get("datePublished") and stamps.get("datePublished") == stamps.get("dateModified"):
            modified = True
            yield Trap("microdata_edit_date", page.url, str(stamps["datePublished"])[:60])
    day = timedelta(days=1)
    for look in context.evidence.looks:
        stamp = look.header("last-modified")
        if stamp and look.ok and any((look.fetched_at - d).strftime("%d %b %Y") in stamp for d in (day, 0 * day)):
            yield Trap("last_modified", look.url, stamp[:60])
            return


def _soft_404(context: SiteContext) -> Iterator[Trap]:
    probe = context.probe
    if probe is not None and probe.ok:
        yield Trap("soft_404", probe.url, probe.final_url)


def _links(context: SiteContext) -> Iterator[Trap]:
    for page in context.pages.values():
        for link in page.links:
            if link.url and repeats_segments(link.url) and context.scope.contains(link.url):
                yield Trap("repeated_segments", page.url, link.url)
                return


def _near_duplicates(context: SiteContext) -> Iterator[Trap]:
    """Families of near-identical pages, each with two of its addresses."""
    told: set[str] = set()
    for urls in (*context.families.found, *same_texts(context.pages.values()))[:_FAMILIES]:
        if told.isdisjoint(urls):
            told.update(urls)
            yield Trap("near_duplicates", urls[0], urls[-1])


def _impossible(context: SiteContext) -> Iterator[Trap]:
    for page in context.pages.values():
        scan = scan_dates(page.main_text[:20000], as_of=context.reading.as_of, words=context.reading.vocabulary.dates)
        if scan.impossible:
            yield Trap("impossible_date", page.url, scan.impossible[0][:60])
            return


def _injected(context: SiteContext) -> Iterator[Trap]:
    """Gambling words in links: content that somebody else put there."""
    for page in context.pages.values():
        hits = [link for link in page.links if context.matcher.vocabulary.any_in("gambling", fold(link.label))]
        if hits:
            yield Trap("injected_content", page.url, hits[0].label[:80])
            return


def _spelling(context: SiteContext) -> Iterator[Trap]:
    """Text in an encoding from before Unicode, or with its accents apart."""
    legacy = next((page for page in context.pages.values() if page.decoded.legacy), None)
    if legacy is not None:
        yield Trap("legacy_encoding", legacy.url, str(legacy.decoded.legacy))
    apart = next((page for page in context.pages.values() if page.decoded.nfd), None)
    if apart is not None:
        yield Trap("nfd", apart.url)
