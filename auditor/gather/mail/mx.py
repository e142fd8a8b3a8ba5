"""Looks at the MX records of a domain, their hosts' addresses, and the domain's own address (the implicit MX)."""

from __future__ import annotations

import asyncio

from auditor.gather.mail.lookups import Lookups
from auditor.model import Completed, Failed, MxTarget, NotRun, Outcome, Reason
from auditor.read.records.mx import is_address, parse_mx

MAX_TARGETS = 20  # the hosts of more records are not looked up


async def look_at_mx(domain: str, resolver: Lookups) -> Outcome[tuple[MxTarget, ...]]:
    """The MX records of `domain` with the addresses of each host; an empty tuple if no record could be read."""
    outcome = await resolver.lookup(domain, "MX")
    if not isinstance(outcome, Completed):
        return outcome
    records = sorted(parsed for text in outcome.value.records if (parsed := parse_mx(text)))
    looked_at = await asyncio.gather(*(_look_at_target(*record, resolver) for record in records[:MAX_TARGETS]))
    rest = tuple(MxTarget(host, preference, NotRun(Reason.BUDGET_SPENT)) for preference, host in records[MAX_TARGETS:])
    return Completed((*looked_at, *rest))


async def _look_at_target(preference: int, host: str, resolver: Lookups) -> MxTarget:
    if host == ".":
        return MxTarget(host, preference, NotRun(Reason.OUT_OF_SCOPE, "null MX, RFC 7505"))
    if is_address(host):
        return MxTarget(host, preference, Failed(Reason.DNS_NXDOMAIN, "an address where a host name must stand"))
    addresses = await resolver.addresses(host)
    if isinstance(addresses, NotRun):
        return MxTarget(host, preference, addresses)
    # Asked already: an alias shows in the answer for its addresses, so that no question for a CNAME is needed.
    answers = [await resolver.lookup(host, rdtype) for rdtype in ("A", "AAAA")]
    alias = any(isinstance(answer, Completed) and answer.value.canonical for answer in answers)
    return MxTarget(host, preference, addresses, alias)
