"""What the store hands out besides the model's nouns. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from auditor.model import Score, SiteState, Verdict


class RunKind(StrEnum):
    NIGHTLY = "nightly"
    ON_DEMAND = "on_demand"
    REJUDGE = "rejudge"


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `running` in the file while no process holds the run lock means that its process was killed."""

    id: int
    kind: RunKind
    as_of: date
    state: RunState
    ruleset: str
    profile: str
    started_at: datetime
    finished_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class RunAgency:
    """One agency in a run's queue. `state`: pending, done or error."""

    code: str
    state: str
    message: str
    audit_id: int | None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One night of one agency in a line: the latest version of it."""

    audit_id: int
    code: str
    name: str
    kind: str
    as_of: date
    version: int
    run_id: int | None
    ruleset: str
    profile: str
    site_state: SiteState
    grade: str | None
    grade_f: str | None
    grade_g: str | None
    grade_mail: str | None
    f: Score
    g: Score
    total: Score
    mail: Score
    verdicts: dict[Verdict, int]  # how many findings of each


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's verdict on one criterion of one agency."""

    code: str
    criterion: str
    verdict: Verdict
    author: str
    reason: str
    document: str
    given_on: date
    expires_on: date | None = None  # the last day on which it holds


@dataclass(frozen=True, slots=True)
class Waiver:
    """A person's exemption of one agency from one criterion."""

    code: str
    criterion: str
    author: str
    reason: str
    document: str
    given_on: date
    expires_on: date | None = None  # the last day on which it holds


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message of the outbox. `recipients` are those who still have to get it."""

    id: int
    message_id: str
    kind: str
    as_of: date | None
    recipients: tuple[str, ...]
    subject: str
    message: bytes
    state: DeliveryState
    attempts: int
    error: str
    created_at: datetime
    claimed_at: datetime | None
    sent_at: datetime | None
