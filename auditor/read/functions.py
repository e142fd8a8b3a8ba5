"""The functions of a site that are not lists of items: search, feeds, site map, contact in the footer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from auditor.model import Item, LookKind, Place, Section, SectionState
from auditor.read.addresses import find_addresses
from auditor.read.candidates import box_is_owned, ownership
from auditor.read.context import SiteContext
from auditor.read.folding import excerpt, fold
from auditor.read.html_forms import Form
from auditor.read.items import PHONE
from auditor.read.page import Page
from auditor.read.sections import feed_date, newest_of
from auditor.read.sitemaps import read_sitemap
from auditor.read.subject import is_official
from auditor.read.urls import same_page_key

_SHORT, _LONG = 60, 900  # characters of a block that may be a footer
_TEXT_KINDS = frozenset({"text", "search"})


def search_sections(context: SiteContext) -> Iterator[Section]:
    """A form with a target in which a reader can type words to search for: an own one before the portal's, the start
    page's first."""
    found = list(_search_forms(context))
    yield from sorted(found, key=lambda section: not section.own)[:1]


def _search_forms(context: SiteContext) -> Iterator[Section]:
    for page in [context.start, *(page for page in context.pages.values() if page is not context.start)]:
        for form in page.forms:
            if not is_search_form(form, page is context.start, context):
                continue
            owner = ownership(form.action, context.agency, context.scope)
            state = SectionState.PRESENT if owner == "own" or owner == "foreign" else SectionState.PARENT_ONLY
            yield Section(
                label="",
                url=form.action,
                place=form.place,
                own=state is SectionState.PRESENT,
                state=state,
                found=("form",),
                fetched_at=page.look.fetched_at,
                linked_from=page.url,
                excerpt=excerpt(form.text, 120),
                why="parent_portal" if state is SectionState.PARENT_ONLY else "",
            )
            if state is SectionState.PRESENT:
                return


def is_search_form(form: Form, on_start: bool, context: SiteContext) -> bool:
    if form.has_password or form.has_textarea:
        return False
    texts = [name for kind, name in form.fields if kind in _TEXT_KINDS]
    if not 1 <= len(texts) <= 2:
        return False
    words = context.matcher.vocabulary.detectors["search"]
    named = any(name.lower().rpartition("$")[2] in words.extra["fields"] for name in texts)
    text = f" {fold(form.text)} "
    labelled = any(f" {label} " in text for label in words.labels)
    slug = any(part in urlsplit(form.action).path.lower() for part in ("search", "seek", "tim-kiem", "timkiem"))
    kind = any(kind == "search" for kind, _ in form.fields)
    return (
        kind
        or slug
        or (named and (labelled or form.method == "get" or form.place is Place.HEADER))
        or (labelled and on_start)
    )


def feed_sections(context: SiteContext) -> Iterator[Section]:
    """Every feed that answered: present with items, empty without."""
    titles = {url: title for page in context.pages.values() for title, url in page.feeds}
    for look in context.evidence.latest().values():
        feed = context.feeds.get(same_page_key(look.url))
        if feed is None or not feed.kind or ownership(look.final_url, context.agency, context.scope) != "own":
            continue
        items = tuple(
            Item(i.title, i.url, feed_date(i.raw_date, i.title, look.url, context.reading)) for i in feed.items
        )
        state = SectionState.PRESENT if items else SectionState.EMPTY
        yield Section(
            label=titles.get(look.url) or feed.title or look.url,
            url=look.url,
            place=Place.HEAD,
            own=True,
            state=state,
            items=items,
            newest=newest_of(items),
            found=("items",) if items else (),
            fetched_at=look.fetched_at,
            why="" if items else "no_items",
        )


def xml_sitemap_sections(context: SiteContext) -> Iterator[Section]:
    """An XML site map serves machines; without a page for readers it is only a part."""
    for look in context.evidence.latest().values():
        if (
            look.kind is LookKind.SITEMAP
            and look.ok
            and ownership(look.final_url, context.agency, context.scope) != "foreign"
        ):
            found = read_sitemap(look.body, look.final_url)
            if not found.urls and not found.children:
                continue
            inside = context.scope.is_whole_host or context.scope.contains(look.final_url)  # else it is the portal's
            state = SectionState.PARTIAL if inside else SectionState.PARENT_ONLY
            yield Section(
                label="sitemap.xml",
                url=look.url,
                place=Place.SITEMAP,
                own=inside,
                state=state,
                found=("xml",),
                missing=("links",),
                fetched_at=look.fetched_at,
                why="xml_only" if inside else "parent_portal",
            )
            return


def footer_contact(context: SiteContext) -> Iterator[Section]:
    """Address, telephone and e-mail in the footer, where no page of its own holds them."""
    page: Page = context.start
    tops = [
        b for b in page.boxes if b.place is Place.FOOTER and (b.parent is None or b.parent.place is not Place.FOOTER)
    ]
    # old layouts have no footer element: what stands on every page and is short enough
    tops += [b for b in page.boxes if b.mark in page.template and _SHORT <= b.weight <= _LONG]
    for box in tops:
        text = box.text
        addresses = [raw.address for raw in find_addresses(text, context.matcher.vocabulary.signs)]
        folded = f" {fold(text)} "
        parts = context.matcher.vocabulary.detectors["contact"].parts
        found = [part for part in ("address",) if any(f" {word} " in folded for word in parts[part])]
        found += ["phone"] if PHONE.search(text) or any(f" {word} " in folded for word in parts["phone"]) else []
        found += (
            ["official_email"]
            if any(is_official(a, context.official_domains) for a in addresses)
            else (["email"] if addresses else [])
        )
        if len(found) < 2 or not (context.scope.is_whole_host or box_is_owned(box, context.scope)):
            continue
        missing = tuple(part for part in ("address", "phone", "official_email") if part not in found)
        yield Section(
            label=page.title[:80],
            url=page.url,
            place=Place.FOOTER,
            own=True,
            state=SectionState.PARTIAL,
            found=tuple(found),
            missing=(*missing, "own_page"),
            fetched_at=page.look.fetched_at,
            excerpt=excerpt(text),
            why="footer_only",
        )
        return
