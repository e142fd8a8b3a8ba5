"""Detectors: from leads and the pages behind them to a section's state, its items, and where was looked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import unquote

from auditor.model import (
    Candidate,
    Dated,
    DateSource,
    DetectorFacts,
    Item,
    Look,
    LookedAt,
    Place,
    Reason,
    Section,
    SectionState,
)
from auditor.read.boxes import Box
from auditor.read.candidates import Lead, ownership
from auditor.read.combine import combine
from auditor.read.context import SiteContext
from auditor.read.dates import parse_date
from auditor.read.entries import Reading
from auditor.read.folding import excerpt, fold, nfc
from auditor.read.labels import STRONG
from auditor.read.page import HEADINGS, Page
from auditor.read.sketch import fingerprints
from auditor.read.subject import Subject, Substance
from auditor.read.substance import judge_page
from auditor.read.urls import same_page_key
from auditor.read.walls import wall_of
from auditor.read.words import Vocabulary

_KEPT = 6  # sections per detector that are read
_REJECTED = 5
_TRIED = 12  # names of a section that a card tells
_DETAILS = 8  # pages of items that count for a section


def detect(
    detector: str, context: SiteContext, special: Callable[[SiteContext], Iterable[Section]] | None = None
) -> DetectorFacts:
    """All sections of one detector and the state that they give it together."""
    sections: list[Section] = list(special(context)) if special is not None else []
    looked: list[LookedAt] = []
    rejected: list[Candidate] = []
    parents: list[Lead] = []
    waiting: list[Lead] = []

    def read(lead: Lead) -> None:
        section, outcome = _read_lead(detector, lead, context)
        looked.append(LookedAt(lead.label, lead.url or lead.linked_from, outcome))
        if section is not None:
            sections.extend([section] if len(sections) < _KEPT else [])
        elif outcome != "not_fetched":
            rejected.append(Candidate(lead.label, lead.url, outcome))
        elif lead.strong and lead.kind != "feed":
            waiting.append(lead)

    others, by_the_way = _others(detector, context), []
    for lead in context.leads.get(detector, []):
        if lead.kind == "parent":
            parents.append(lead)
        elif not lead.strong and same_page_key(lead.url) in others:
            by_the_way.append(lead)
        elif len(looked) < _KEPT * 2:
            read(lead)
    if not any(section.state is SectionState.PRESENT or section.why == "placeholder" for section in sections):
        for lead in by_the_way[: _KEPT * 2 - len(looked)]:
            read(lead)
    rejected += [Candidate(lead.label, lead.url, "parent_portal") for lead in parents]
    if not (sections or waiting or parents):
        sections = _blocks(detector, context)
    facts = combine(detector, sections, context, parents, waiting)
    facts = replace(facts, looked_at=(*_start_looked(context), *looked), rejected=tuple(rejected[:_REJECTED]))
    return _searched(facts, context) if facts.state is SectionState.ABSENT else facts


def _others(detector: str, context: SiteContext) -> frozenset[str]:
    """Pages that are another section by name, where this one has a page by name: a general word in the name of the
    other ("Văn bản tài chính") does not make it this one's."""
    if not any(lead.strong and lead.kind == "own" for lead in context.leads.get(detector, [])):
        return frozenset()
    return frozenset(
        same_page_key(lead.url)
        for name, group in context.leads.items()
        for lead in group
        if name != detector and lead.strong and lead.kind == "own"
    )


def _start_looked(context: SiteContext) -> tuple[LookedAt, ...]:
    return (LookedAt(excerpt(context.start.title, 80), context.start.url, "read"),)


def _searched(facts: DetectorFacts, context: SiteContext) -> DetectorFacts:
    """What was not found was looked for on every page that was read, under all its names."""
    known = {same_page_key(place.url) for place in facts.looked_at}
    others = (page for key, page in context.pages.items() if key not in known)
    places = tuple(LookedAt(excerpt(page.title, 80), page.url, "read") for page in others)
    names = context.matcher.vocabulary.detectors[facts.detector].names
    return replace(facts, looked_at=facts.looked_at + places, tried=names[:_TRIED])


def _blocks(detector: str, context: SiteContext) -> list[Section]:
    """Parts of the start page under the section's name, where that name leads to no page.

    A block that shows its content is the section. Absent means neither label nor content; here is a label, so a
    person must look at a block whose content could not be told.
    """
    start, sections = context.start, []
    for heading in (box for box in start.boxes if box.tag in HEADINGS and box.place is Place.BODY and box.text):
        label = nfc(heading.text)
        if not start.is_main(heading) or context.matcher.scores(label, "").get(detector, 0.0) < STRONG:
            continue
        make = _maker(Lead(detector, label, start.url, STRONG, Place.BODY, "own", start.url), context)
        part = start.part(_block_of(heading))
        words = context.matcher.vocabulary.detectors[detector]
        substance = judge_page(Subject(part, words, context.reading, (), context.official_domains, context.menu))
        if substance.state is SectionState.PRESENT:
            sections.append(_from_substance(substance, part, context, make))
        else:
            sections.append(make(SectionState.UNVERIFIABLE, why="block_only", excerpt=excerpt(part.main_text)))
    return sections[:_KEPT]


def _block_of(heading: Box) -> Box:
    """What the heading is the head of: the largest box in which no other heading is of its rank."""
    block = heading
    for outer in heading.ancestors():
        if outer.parent is None or sum(box.tag in HEADINGS and box.tag <= heading.tag for box in outer.walk()) > 1:
            break
        block = outer
    return block


def _read_lead(detector: str, lead: Lead, context: SiteContext) -> tuple[Section | None, str]:
    """The section behind a lead, or None and the reason why there is none."""
    make = _maker(lead, context)
    if lead.kind == "dead":
        return make(SectionState.BROKEN, why="hash_link"), "hash_link"
    if lead.kind == "foreign":
        return make(SectionState.BROKEN, why="foreign_host"), "foreign_host"
    if lead.kind == "portal":
        state = SectionState.PRESENT if detector == "online_services" else SectionState.PARTIAL
        missing = {"procedures": ("time_limit", "file_list"), "feedback": ("own_page",)}.get(detector, ())
        return make(state, found=("portal_link",), missing=missing, why="portal_link"), "read"
    if lead.kind == "anchor":
        return _anchor_section(detector, lead, context, make)
    look = context.look_at(lead.url)
    if look is None or look.reason in (Reason.BUDGET_SPENT, Reason.CANCELLED):
        return None, "not_fetched"
    if lead.kind == "feed" and look.ok and (detector != "rss" or same_page_key(lead.url) in context.feeds):
        return _feed_section(lead, context, make)
    if not look.ok:
        return _failed(lead, look, context, make), str(look.reason)
    owner = ownership(look.final_url, context.agency, context.scope)
    if owner != "own" and context.is_sent_away(look):  # to the portal's home, like an address that does not exist
        return (make(SectionState.BROKEN, why="soft_404") if lead.strong else None), "soft_404"
    if owner != "own":
        state = SectionState.PARENT_ONLY if owner == "parent" else SectionState.BROKEN
        why = "parent_portal" if owner == "parent" else "foreign_host"
        return (make(state, why=why) if lead.strong else None), why
    page = context.page_at(lead.url)
    if page is None:
        return _file_section(lead, look, make)
    return _page_section(detector, lead, look, page, context, make)


def _anchor_section(detector: str, lead: Lead, context: SiteContext, make: Maker) -> tuple[Section | None, str]:
    """A section that is a part of a page on which others stand too."""
    base, _, fragment = lead.url.partition("#")
    page = context.page_at(base)
    box = page.anchor(unquote(fragment)) if page is not None else None
    if page is None or box is None:
        return None, "not_fetched"
    part = page.part(box)
    words = context.matcher.vocabulary.detectors[detector]
    subject = Subject(part, words, context.reading, (), context.official_domains, context.menu, lead.strong)
    substance = judge_page(subject)
    if substance.state is SectionState.EMPTY and page.is_bare_mark(unquote(fragment)):
        part, substance = page, judge_page(replace(subject, page=page))  # where the part ends cannot be told
    if substance.state is SectionState.EMPTY and not lead.strong:
        return None, substance.why or "no_substance"
    return _from_substance(substance, part, context, make), "read"


Maker = Callable[..., Section]


def _maker(lead: Lead, context: SiteContext) -> Maker:
    look = context.look_at(lead.url) if lead.url else context.start.look

    def make(state: SectionState, **facts: object) -> Section:
        base = Section(
            label=lead.label,
            url=lead.url or lead.linked_from,
            place=lead.place,
            own=lead.kind in ("own", "feed", "anchor"),
            state=state,
            fetched_at=look.fetched_at if look is not None else context.start.look.fetched_at,
            linked_from=lead.linked_from,
        )
        return replace(base, **facts)  # type: ignore[arg-type]

    return make


def _failed(lead: Lead, look: Look, context: SiteContext, make: Maker) -> Section | None:
    """404 and 410 say that the page is gone; everything else says only that it could not be read."""
    if not lead.strong:
        return None
    if look.reason is Reason.HTTP_404:
        return make(
            SectionState.BROKEN,
            why="http_404",
            reason=look.reason,
            rests_on_network=True,
            confirmed=context.evidence.agreeing(look.url),
        )
    if look.reason is Reason.EMPTY_BODY:
        return make(
            SectionState.EMPTY,
            why="empty_body",
            reason=look.reason,
            rests_on_network=True,
            confirmed=context.evidence.agreeing(look.url),
        )
    return make(SectionState.UNVERIFIABLE, reason=look.reason, rests_on_network=True, confirmed=False)


def _file_section(lead: Lead, look: Look, make: Maker) -> tuple[Section | None, str]:
    """A label that opens a document: it is there, but its parts cannot be read from a file."""
    if not lead.strong or "xml" in look.content_type:
        return None, "not_html"
    return make(SectionState.PARTIAL, found=("file",), why="file_only"), "read"


def _page_section(
    detector: str, lead: Lead, look: Look, page: Page, context: SiteContext, make: Maker
) -> tuple[Section | None, str]:
    vocabulary = context.matcher.vocabulary
    home = _leads_home(page, look, context)
    if home and detector not in ("news", "search", "online_services"):
        return (make(SectionState.BROKEN, why="goes_home") if lead.strong else None), "goes_home"
    if _is_soft_404(page, look, context):
        return (
            make(SectionState.BROKEN, why="soft_404", excerpt=excerpt(page.main_text)) if lead.strong else None
        ), "soft_404"
    if wall := wall_of(page, context.reading):
        walled = make(SectionState.UNVERIFIABLE, why=wall, excerpt=excerpt(page.main_text))
        return walled if lead.strong else None, wall
    if _is_shell(page, vocabulary) or (not home and page.scripts and page.text == context.start.text):
        return (
            make(SectionState.UNVERIFIABLE, reason=Reason.NEEDS_JAVASCRIPT, why="js_only") if lead.strong else None
        ), "js_only"
    subject = Subject(
        page,
        vocabulary.detectors[detector],
        context.reading,
        _details(page, context, deep=detector == "procedures"),
        context.official_domains,
        context.menu,
        lead.strong,
    )
    substance = judge_page(subject)
    if home and detector == "online_services" and "portal_link" not in substance.found:
        return (make(SectionState.BROKEN, why="goes_home") if lead.strong else None), "goes_home"
    if substance.state is SectionState.EMPTY and not lead.strong:
        return None, substance.why or "no_substance"
    return _from_substance(substance, page, context, make), "read"


def _leads_home(page: Page, look: Look, context: SiteContext) -> bool:
    """True for a label that opens the start page, also one sent to another address of it ("/index.php").

    The same text without a redirect is the start page only where no script could fill it.
    """
    start = context.start
    if same_page_key(page.url) == same_page_key(start.url):
        return True
    moved = same_page_key(look.url) != same_page_key(look.final_url)
    return page.text == start.text and (moved or not page.scripts)


def _from_substance(substance: Substance, page: Page, context: SiteContext, make: Maker) -> Section:
    newest = newest_of(substance.items)
    return make(
        substance.state,
        items=substance.items,
        newest=newest,
        found=substance.found,
        missing=substance.missing,
        undated=bool(substance.items) and newest is None,
        why=substance.why,
        excerpt=excerpt(page.main_text),
        sketch=page.sketch,
    )


def newest_of(items: Iterable[Item]) -> Dated | None:
    return max((item.dated for item in items if item.dated is not None), key=lambda dated: dated.date, default=None)


def _details(page: Page, context: SiteContext, *, deep: bool = False) -> tuple[Page, ...]:
    """Pages that this one links to from its own content and that were read; `deep`: and what those link to."""
    first = _linked(page, context)
    second = [inner for one in first for inner in _linked(one, context) if inner is not page] if deep else []
    return tuple(dict.fromkeys((*first, *second)))[:_DETAILS]


def _linked(page: Page, context: SiteContext) -> tuple[Page, ...]:
    own, seen = same_page_key(page.url), {}
    for link in page.links:
        if link.url and link.box is not None and link.place in (Place.BODY, Place.SIDE) and page.is_main(link.box):
            inner = context.page_at(link.url)
            key = same_page_key(inner.url) if inner is not None else own
            if inner is not None and key != own and key not in context.menu and key != same_page_key(context.start.url):
                seen[key] = inner
    return tuple(seen.values())


def _is_soft_404(page: Page, look: Look, context: SiteContext) -> bool:
    """A page that answers 200 and says that it does not exist, or looks like the answer to a random address."""
    vocabulary = context.matcher.vocabulary
    text = page.main_text
    if len(text) < 700 and vocabulary.any_in("not_found", fold(f"{page.title} {text}")):
        return True
    probe = context.probe
    if probe is None or not probe.ok or look.url == probe.url:
        return False
    return bool(probe.digest and probe.digest == look.digest) or context.is_sent_away(look)


def _is_shell(page: Page, vocabulary: Vocabulary) -> bool:
    """A page that a script fills: next to nothing in it, or only a word to wait."""
    if page.scripts and len(page.text) < 80 and len(page.links) <= 2:
        return True
    return len(page.main_text) < 150 and vocabulary.any_in("loading", fold(page.main_text)) is not None


def _feed_section(lead: Lead, context: SiteContext, make: Maker) -> tuple[Section | None, str]:
    feed = context.feeds.get(same_page_key(lead.url))
    if feed is None or not feed.items:
        return None, "no_items"
    items = tuple(
        Item(
            one.title,
            one.url,
            feed_date(one.raw_date, one.title, lead.url, context.reading),
            ("detail",),
            texts=fingerprints("row", one.summary, context.reading.vocabulary.dates.calendar),
        )
        for one in feed.items
    )
    newest = newest_of(items)
    return make(SectionState.PRESENT, items=items, newest=newest, found=("items",), undated=newest is None), "read"


def feed_date(raw: str, title: str, url: str, reading: Reading) -> Dated | None:
    if not raw:
        return None
    day = parse_date(raw, as_of=reading.as_of, words=reading.vocabulary.dates, month_first=reading.month_first)
    return Dated(day, DateSource.RSS, f"{raw} {title}"[:120], url) if day is not None and day <= reading.as_of else None
