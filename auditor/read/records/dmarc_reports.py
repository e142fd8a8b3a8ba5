"""Whether outside receivers of DMARC reports have agreed to get them (RFC 9990 section 4)."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.model import DnsAnswer, Outcome
from auditor.read.records.dmarc import PREFIX, Discovery, dmarc_records
from auditor.read.records.outcomes import absence, blindness, fold_name, texts

MAX_DESTINATIONS = 5
_BETWEEN = "._report._dmarc."


def report_questions(found: Discovery) -> tuple[str, ...]:
    """The names at which outside destinations of the record's rua and ruf say that they accept its reports.

    A destination that is the policy's domain, or above or below it, belongs to the same organization and needs none.
    """
    if found.record is None:
        return ()
    policy = found.location.removeprefix(PREFIX)
    hosts: dict[str, None] = {}
    for uri in (*found.record.rua, *found.record.ruf):
        scheme, _, rest = uri.partition(":")
        host = fold_name(rest.partition("?")[0].rpartition("@")[2])
        if scheme.lower() == "mailto" and "." in host and not _related(host, policy):
            hosts.setdefault(host)
    return tuple(policy + _BETWEEN + host for host in list(hosts)[:MAX_DESTINATIONS])


def read_reports(answers: Sequence[tuple[str, Outcome[DnsAnswer]]]) -> tuple[tuple[str, str], ...]:
    """Each destination and its state: authorized, refused, unverifiable.

    Without an answer that says yes, a destination that shares two labels with the policy's domain may still belong to
    the same organization: it is unverifiable.
    """
    return tuple((name.partition(_BETWEEN)[2], _state(name, answer)) for name, answer in answers)


def _state(name: str, answer: Outcome[DnsAnswer]) -> str:
    if blindness(answer):
        return "unverifiable"
    if not absence(answer) and dmarc_records(texts(answer)):
        return "authorized"
    policy, _, host = name.partition(_BETWEEN)
    return "unverifiable" if policy.split(".")[-2:] == host.split(".")[-2:] else "refused"


def _related(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)
