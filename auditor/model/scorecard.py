"""Totals and the finished audit of one agency: plain values that reports and the store read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from auditor.model.agency import Agency
from auditor.model.evidence import HostLook, MailEvidence, SiteEvidence
from auditor.model.facts import SiteFacts
from auditor.model.finding import Finding, Verdict
from auditor.model.mail_facts import MailFacts


@dataclass(frozen=True, slots=True)
class Score:
    """Tenths of points. earned/measurable is the share that counts; `max` is what could be measured at most."""

    earned: int
    measurable: int
    max: int

    @property
    def permille(self) -> int | None:
        """earned/measurable in tenths of a percent, rounded half up; None if nothing was measurable."""
        if self.measurable == 0:
            return None
        return (self.earned * 2000 + self.measurable) // (2 * self.measurable)

    @property
    def measured_permille(self) -> int:
        return 0 if self.max == 0 else (self.measurable * 2000 + self.max) // (2 * self.max)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`grade` is A to E, or None for "Chưa xếp loại" (measurable under the share that the rulebook sets in f or g)."""

    f: Score
    g: Score
    total: Score
    mail: Score
    grade: str | None
    grade_f: str | None
    grade_g: str | None
    grade_mail: str | None
    unranked_because: tuple[str, ...] = ()  # "f", "g"
    first_things: tuple[str, ...] = ()  # ids of the (up to) three findings to mend first


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that differs from the previous audit's."""

    id: str
    title: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Which rules judged: digest of the rulebook, the law profile in force, and where it came from."""

    version: str  # sha256 of the rulebook's canonical data, first 12 hex digits shown
    profile: str  # chi-thi-2014 | nd42-2022 | cds-2026
    profile_title: str
    requested: str  # auto or the forced profile


@dataclass(frozen=True, slots=True)
class AgencyAudit:
    """Everything about one agency on one night. Plain and picklable; holds no database and no connection."""

    agency: Agency
    as_of: date
    started_at: datetime
    finished_at: datetime
    ruleset: Ruleset
    site: SiteFacts
    host: HostLook | None
    mail: MailFacts | None
    findings: tuple[Finding, ...]
    scores: Scorecard
    evidence: SiteEvidence
    mail_evidence: MailEvidence | None = None
    changes: tuple[Change, ...] = ()
    previous_as_of: date | None = None
    previous_ruleset: str | None = None
    relook: tuple[str, ...] = field(default=())  # URLs whose second look could change a verdict
