"""What a run remembers of each host: Retry-After promises, and doors on which nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from auditor.gather.exchange import Exchange
from auditor.model import Reason

_HARD = frozenset(  # each costs a time-out, or annoys a host that wants to be left alone
    {
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT_FAILED,
        Reason.REFUSED,
        Reason.READ_TIMEOUT,
        Reason.READ_FAILED,
        Reason.TLS_FAILED,
        Reason.TLS_INVALID,
        Reason.HTTP_429,
    }
)
_MOST_FAILURES = 4  # in a row
_MOST_PATIENCE = 60.0  # seconds waited for one host in a run because of Retry-After
_LONGEST = 86_400.0  # a longer promise is believed for a day


@dataclass(frozen=True, slots=True)
class Door:
    """One way into a host, in one attempt: a closed port 80 says nothing of 443, nor the first look of the second."""

    host: str
    scheme: str
    port: int
    insecure: bool
    attempt: int


@dataclass(frozen=True, slots=True)
class Stop:
    reason: Reason
    detail: str


class HostStates:
    """`retry_after`: seconds of one Retry-After that are waited for. `clock`: monotonic seconds."""

    def __init__(self, retry_after: float, clock: Callable[[], float]) -> None:
        self._retry_after = retry_after
        self._clock = clock
        self._later: dict[str, float] = {}
        self._waited: dict[str, float] = {}
        self._failures: dict[Door, int] = {}
        self._stops: dict[Door, Stop] = {}

    def closed(self, door: Door) -> Stop | None:
        """Why no request may be sent through `door` now; None if one may."""
        left = self._later.get(door.host, 0.0) - self._clock()
        if left > 0:
            return Stop(Reason.RETRY_LATER, f"the host asked to come back in {left:.0f} s")
        return self._stops.get(door)

    def patience(self, door: Door, result: Exchange) -> float | None:
        """Seconds after which the request is worth one repetition, because the server named a short time."""
        wish = retry_after(result)
        if wish is None or wish > self._retry_after:
            return None
        spent = self._waited.get(door.host, 0.0) + wish
        if spent > _MOST_PATIENCE:
            return None
        self._waited[door.host] = spent
        return wish

    def note(self, door: Door, result: Exchange) -> None:
        """Learn from the final result of a request."""
        wish = retry_after(result)
        if wish:
            self._later[door.host] = self._clock() + wish
        if result.reason not in _HARD:
            self._failures.pop(door, None)
            return
        count = self._failures[door] = self._failures.get(door, 0) + 1
        if count >= _MOST_FAILURES:
            self._stops[door] = Stop(result.reason, f"not asked again after {count} failures in a row: {result.detail}")


def retry_after(result: Exchange) -> float | None:
    """Seconds of the Retry-After of a 429 or 503 (RFC 9110 section 10.2.3), at most a day; None without a valid one."""
    if result.status not in (429, 503):
        return None
    text = result.header("retry-after").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST)
