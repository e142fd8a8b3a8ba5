"""How a DNS outcome is understood: records, a proven "there is none", or "could not look"."""

from __future__ import annotations

from typing import TypeVar

from auditor.model import Completed, DnsAnswer, NotRun, Outcome, Reason

T = TypeVar("T")

#: The DNS answered, and the answer was no.
NEGATIVE = frozenset({Reason.DNS_NXDOMAIN, Reason.DNS_NODATA})


def texts(outcome: Outcome[DnsAnswer]) -> tuple[str, ...]:
    """The records of a completed look; empty otherwise."""
    return outcome.value.records if isinstance(outcome, Completed) else ()


def absence(outcome: Outcome[T]) -> Reason | None:
    """DNS_NXDOMAIN or DNS_NODATA if the DNS itself said that there is nothing; None otherwise."""
    if isinstance(outcome, Completed | NotRun):
        return None
    return outcome.reason if outcome.reason in NEGATIVE else None


def blindness(outcome: Outcome[T]) -> Reason | None:
    """Why we could not see (time-out, SERVFAIL, resolver down, …); None if the DNS answered, yes or no."""
    if isinstance(outcome, Completed) or absence(outcome):
        return None
    return outcome.reason


def fold_name(name: str) -> str:
    """A domain name for comparison: lower case, no trailing dot. The root stays "."."""
    return name.strip().lower().rstrip(".") or "."


def ascii_name(name: str) -> str:
    """fold_name() with internationalized labels as A-labels (RFC 5890 section 2.3.2.1); "" if there is no such form."""
    folded = fold_name(name)
    if folded.isascii():
        return folded
    try:
        return folded.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
