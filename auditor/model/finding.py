"""Verdicts and findings: what a check says of one criterion for one agency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from auditor.model.facts import Candidate, LookedAt
from auditor.model.outcome import Reason


class Verdict(StrEnum):
    PASS = "pass"
    PARTIAL = "partial"
    FAIL = "fail"
    UNVERIFIED = "unverified"
    NOT_APPLICABLE = "not_applicable"
    NEEDS_PERSON = "needs_person"


MEASURED = frozenset({Verdict.PASS, Verdict.PARTIAL, Verdict.FAIL})


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """A link and the time at which it was seen, with the words that prove the finding."""

    url: str
    fetched_at: datetime | None = None
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict. `points` and `max` are tenths of a point. Texts are Vietnamese, from config."""

    id: str
    item: str  # "f", "g" or "mail"
    verdict: Verdict
    points: int
    max: int
    seen: str
    seen_key: str  # which message of config/messages.yaml, or of the criterion, said it
    expected: str
    advice: str
    title: str
    basis: tuple[str, ...]  # rendered citations, the Directive first
    basis_notes: tuple[str, ...] = ()  # "cần đối chiếu văn bản gốc", "hết hiệu lực từ …"
    notes: tuple[str, ...] = ()  # what watching from night to night adds
    evidence: tuple[EvidenceRef, ...] = ()
    looked_at: tuple[LookedAt, ...] = ()
    rejected: tuple[Candidate, ...] = ()
    reason: str | None = None  # a Reason, for unverified, and for what nobody configured
    counts: bool = True  # False: information only ("không tính điểm")
    previous: Verdict | None = None  # last known verdict, filled by history
    previous_on: date | None = None
    by_person: str | None = None  # attestation or waiver text printed on the card

    @property
    def is_silent(self) -> bool:
        """True for an extra look that nobody asked for: there is nothing to show to a reader."""
        return self.verdict is Verdict.NOT_APPLICABLE and self.reason == Reason.NOT_CONFIGURED and not self.by_person
