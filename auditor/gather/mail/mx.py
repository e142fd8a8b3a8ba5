"""Looks at the MX records of a domain, their hosts' addresses, and the domain's own address (the implicit MX)."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress

from auditor.gather.mail.lookups import Lookups
from auditor.model import Completed, DnsAnswer, Failed, MxTarget, NotRun, Outcome, Reason, ReverseLook
from auditor.read.records.mx import is_address, is_private, parse_mx
from auditor.read.records.outcomes import fold_name

MAX_TARGETS = 20  # the hosts of more records are not looked up
MAX_REVERSE = 4  # addresses of one host whose names are looked up


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
    known = addresses.value[:MAX_REVERSE] if isinstance(addresses, Completed) else ()
    reverse = await asyncio.gather(*(_look_back(address, resolver) for address in known if not is_private(address)))
    return MxTarget(host, preference, addresses, alias, tuple(reverse))


async def _look_back(address: str, resolver: Lookups) -> ReverseLook:
    """The name of an address, and whether it leads back (forward-confirmed reverse DNS)."""
    name = await resolver.lookup(ipaddress.ip_address(address).reverse_pointer, "PTR")
    if not isinstance(name, Completed) or not name.value.records:
        return ReverseLook(address, name)
    return ReverseLook(address, name, await resolver.addresses(fold_name(name.value.records[0])))


async def look_at_wildcard(domain: str, resolver: Lookups) -> Outcome[DnsAnswer]:
    """MX of a name below `domain` that nobody has set up; the same one every time for one domain."""
    mark = hashlib.sha256(domain.encode()).hexdigest()[:12]
    return await resolver.lookup(f"khong-ton-tai-{mark}.{domain}", "MX")
