"""One state of a detector out of all its sections, or out of none. Pure."""

from __future__ import annotations

from auditor.model import Dated, DetectorFacts, Place, Reason, Section, SectionState
from auditor.read.candidates import Lead
from auditor.read.context import SiteContext
from auditor.read.unnamed import left_alone

_BETTER = [
    SectionState.PRESENT,
    SectionState.PARTIAL,
    SectionState.UNVERIFIABLE,
    SectionState.EMPTY,
    SectionState.BROKEN,
    SectionState.PARENT_ONLY,
    SectionState.ABSENT,
]


def combine(
    detector: str, sections: list[Section], context: SiteContext, parents: list[Lead], waiting: list[Lead]
) -> DetectorFacts:
    """One state out of all sections: what stands on several pages counts together."""
    pages = [s for s in sections if s.place is not Place.FEED]
    if not any(s.state in (SectionState.PRESENT, SectionState.PARTIAL) for s in pages) and any(
        s.state is SectionState.EMPTY for s in pages
    ):
        sections = pages  # a feed alone does not make an empty section present
    sections = sorted(sections, key=lambda s: (_BETTER.index(s.state), s.place is Place.FEED))
    usable = [s for s in sections if s.state in (SectionState.PRESENT, SectionState.PARTIAL)]
    if usable:
        return _usable(detector, sections, usable, context)
    if not sections:
        return _nothing(detector, context, parents, waiting)
    doubt = next((s for s in sections if s.state is SectionState.UNVERIFIABLE), None)
    if doubt is not None or waiting:
        reason = doubt.reason if doubt is not None else Reason.BUDGET_SPENT
        why = doubt.why if doubt is not None else "not_fetched"
        return DetectorFacts(
            detector, SectionState.UNVERIFIABLE, tuple(sections), reason=reason, why=why, confirmed=False
        )
    if sections[0].state is SectionState.PARENT_ONLY:
        return DetectorFacts(detector, SectionState.PARENT_ONLY, tuple(sections), why="parent_portal")
    best = sections[0]
    return DetectorFacts(
        detector,
        best.state,
        tuple(sections),
        why=best.why,
        reason=best.reason,
        confirmed=all(s.confirmed for s in sections),
        missing=best.missing,
    )


def _usable(detector: str, sections: list[Section], usable: list[Section], context: SiteContext) -> DetectorFacts:
    words = context.matcher.vocabulary.detectors[detector]
    found = tuple(dict.fromkeys(part for s in usable for part in s.found))
    missing = tuple(dict.fromkeys(part for s in usable for part in s.missing if part not in found))
    state = SectionState.PRESENT if any(s.state is SectionState.PRESENT for s in usable) else SectionState.PARTIAL
    if (
        state is SectionState.PARTIAL
        and words.parts
        and set(words.parts) <= set(found)
        and detector in ("organisation", "procedures")
    ):
        state, missing = SectionState.PRESENT, ()
    if state is SectionState.PRESENT:
        missing = tuple(part for part in missing if detector not in ("organisation", "procedures", "contact"))
    unread = next((s for s in sections if s.state is SectionState.UNVERIFIABLE and s.rests_on_network), None)
    if state is SectionState.PARTIAL and unread is not None:  # the rest may stand on the page that could not be read
        return DetectorFacts(
            detector, SectionState.UNVERIFIABLE, tuple(sections), reason=unread.reason, why=unread.why, confirmed=False
        )
    newest = _newest(detector, usable) if words.dated else None
    undated = words.dated and newest is None and any(s.items for s in usable)
    best = usable[0]
    return DetectorFacts(
        detector, state, tuple(sections), newest, undated, why=best.why, confirmed=True, found=found, missing=missing
    )


def _newest(detector: str, usable: list[Section]) -> Dated | None:
    """The newest date of all sections; of documents that show a date of their own the feed's stamp does not count."""
    dated = [s for s in usable if s.newest is not None]
    if detector == "legal_documents":
        dated = [s for s in dated if s.place is not Place.FEED] or dated
    return max((s.newest for s in dated if s.newest is not None), key=lambda d: d.date, default=None)


def _nothing(detector: str, context: SiteContext, parents: list[Lead], waiting: list[Lead]) -> DetectorFacts:
    if waiting:
        return DetectorFacts(
            detector, SectionState.UNVERIFIABLE, reason=Reason.BUDGET_SPENT, why="not_fetched", confirmed=False
        )
    if any(lead.strong for lead in parents):
        lead = parents[0]
        section = Section(
            lead.label, lead.url, lead.place, False, SectionState.PARENT_ONLY, linked_from=lead.linked_from
        )
        return DetectorFacts(detector, SectionState.PARENT_ONLY, (section,), why="parent_portal")
    if context.inner_failures:
        # pages that might have named the section could not be read
        return DetectorFacts(
            detector,
            SectionState.UNVERIFIABLE,
            reason=context.inner_failures[0].reason,
            why="pages_unread",
            confirmed=False,
        )
    if left_alone(context):  # near-identical addresses of which one may have been the section
        return DetectorFacts(
            detector, SectionState.UNVERIFIABLE, reason=Reason.BUDGET_SPENT, why="not_fetched", confirmed=False
        )
    return DetectorFacts(detector, SectionState.ABSENT, why="no_link")
