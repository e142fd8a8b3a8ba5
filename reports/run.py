"""What reports need to know of a run: when, how it ended, and for which agencies it could not be completed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class RunFailure:
    """One agency whose audit could not be completed. `text` is a Vietnamese sentence."""

    code: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run over many agencies. `state`: "done", "incomplete" (some agencies failed), "failed" (the run stopped)."""

    id: str
    as_of: date
    started_at: datetime
    finished_at: datetime | None = None
    state: str = "done"
    agencies: int = 0
    failures: tuple[RunFailure, ...] = ()
    message: str = ""  # why a failed run stopped, a Vietnamese sentence

    @property
    def went_wrong(self) -> bool:
        return self.state != "done" or bool(self.failures)
