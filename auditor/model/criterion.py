"""A criterion: what is demanded, by which law, what it is worth; with verdict helpers for checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from auditor.model.agency import AgencyKind
from auditor.model.facts import AgencyFacts, DetectorFacts, SectionState
from auditor.model.finding import EvidenceRef, Finding, Verdict
from auditor.model.outcome import Reason
from auditor.model.redating import RedatingRules


@dataclass(frozen=True, slots=True)
class Basis:
    """One citation. `rendered` is its Vietnamese text; `lapsed` is set when it is not in force on the audit's date."""

    profile: str
    document: str
    at: str
    from_: date | None
    to: date | None
    confirmed: bool
    rendered: str

    def in_force(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of the rulebook as it applies on one date under one law profile.

    `messages` maps a message key to a Vietnamese template (str.format with keyword fields): the criterion's own
    messages over the shared ones of config/messages.yaml.
    """

    id: str
    item: str
    points: int  # tenths
    title: str
    title_en: str
    basis: tuple[Basis, ...]
    citations: tuple[str, ...]  # ready to print, Directive first
    citation_notes: tuple[str, ...]
    kinds: frozenset[AgencyKind]  # empty: all
    parameters: Mapping[str, Any]
    passes_when: str
    advice: str
    by: str  # "program" | "person"
    redating: RedatingRules  # the same for all criteria
    parent_only: Verdict = Verdict.FAIL
    partial_share: float = 0.5
    responsible: str = "agency"  # "agency" | "operator"
    counts: bool = True  # False: 0 points now (lapsed deadline, information)
    messages: Mapping[str, str] = field(default_factory=dict)

    def say(self, key: str, **fields: object) -> str:
        """The Vietnamese sentence for `key`. Raises KeyError for a key that no data file defines."""
        return " ".join(self.messages[key].format(**fields).split())  # an empty field leaves no gap

    def finding(
        self,
        verdict: Verdict,
        key: str,
        *,
        evidence: Iterable[EvidenceRef] = (),
        section: DetectorFacts | None = None,
        reason: Reason | None = None,
        share: float | None = None,
        notes: Iterable[str] = (),
        **fields: object,
    ) -> Finding:
        """A finding with `verdict`, worded by message `key`; points follow from the verdict (or `share`)."""
        return Finding(
            id=self.id,
            item=self.item,
            verdict=verdict,
            points=self._earned(verdict, share),
            max=self.points if self.counts else 0,
            seen=self.say(key, **fields),
            seen_key=key,
            expected=self.passes_when,
            advice=self.advice,
            title=self.title,
            basis=self.citations,
            basis_notes=self.citation_notes,
            notes=tuple(notes),
            evidence=tuple(evidence) or (section_evidence(section) if section else ()),
            looked_at=section.looked_at if section else (),
            rejected=section.rejected if section else (),
            reason=str(reason) if reason else None,
            counts=self.counts and self.points > 0,
        )

    def _earned(self, verdict: Verdict, share: float | None) -> int:
        if not self.counts or verdict not in (Verdict.PASS, Verdict.PARTIAL):
            return 0
        if verdict is Verdict.PASS:
            return self.points
        return int(self.points * (self.partial_share if share is None else share) + 0.5)  # half up

    def from_section(self, facts: DetectorFacts) -> Finding:
        """The verdict that a section's state alone gives: present pass, partial partial, empty, broken and absent fail.

        A state that rests on the network and that no second look has confirmed yet is unverified.
        """
        state, best = facts.state, facts.best
        fields: dict[str, Any] = {
            "label": (best.label if best else "") or self.messages.get(f"detector.{facts.detector}", facts.detector),
            "url": best.url if best else "",
            "missing": self._parts(facts.missing or ("rest",)),
            "found": self._parts(facts.found),
            "count": len(facts.items),
            "why": self._why(facts),
            "reason_text": self.messages.get(f"reason.{facts.reason}", ""),
        }
        if state is SectionState.UNVERIFIABLE:
            return self.finding(
                Verdict.UNVERIFIED, "section.unverifiable", section=facts, reason=facts.reason, **fields
            )
        if not facts.confirmed and state not in (SectionState.PRESENT, SectionState.PARTIAL):
            doubtful = next((section for section in facts.sections if not section.confirmed), best)
            fields |= {"label": doubtful.label, "url": doubtful.url} if doubtful is not None else {}
            return self.finding(Verdict.UNVERIFIED, "section.unconfirmed", section=facts, reason=facts.reason, **fields)
        if state is SectionState.PARENT_ONLY:
            return self.finding(self.parent_only, "section.parent_only", section=facts, **fields)
        verdict = {SectionState.PRESENT: Verdict.PASS, SectionState.PARTIAL: Verdict.PARTIAL}.get(state, Verdict.FAIL)
        return self.finding(verdict, f"section.{state}", section=facts, **fields)

    def _why(self, facts: DetectorFacts) -> str:
        why = self.messages.get(f"why.{facts.why}", "")
        return f"{why} {self.messages['section.tried'].format(names=', '.join(facts.tried))}" if facts.tried else why

    def _parts(self, parts: Iterable[str]) -> str:
        return ", ".join(self.messages.get(f"part.{part}", part) for part in parts)


def section_evidence(facts: DetectorFacts) -> tuple[EvidenceRef, ...]:
    """Links and times of the sections behind a detector's state, best first, three at most."""
    return tuple(EvidenceRef(s.url, s.fetched_at, s.excerpt) for s in facts.sections[:3])


CheckFunction = Callable[[AgencyFacts, Criterion], Finding]


def check(criterion_id: str) -> Callable[[CheckFunction], CheckFunction]:
    """Mark a function as the check of one criterion. Found by checks.collect(); nothing is registered globally."""

    def mark(function: CheckFunction) -> CheckFunction:
        function.criterion_id = criterion_id  # type: ignore[attr-defined]
        return function

    return mark
