"""Looks at the name servers of the zone that holds a mail domain: through the resolver, and each of them directly."""

from __future__ import annotations

import asyncio

from auditor.gather.mail.direct import NameServerDoor
from auditor.gather.mail.lookups import Lookups
from auditor.model import Completed, NameServersLook, NotRun, Reason
from auditor.read.records.outcomes import absence, fold_name

MAX_SERVERS = 13  # the hosts of more records are not looked up


async def look_at_nameservers(domain: str, resolver: Lookups, door: NameServerDoor | None = None) -> NameServersLook:
    """The NS records at the top of the zone of `domain`, the addresses of each server and, through `door`, what each
    says of the zone itself.

    A name inside a zone has none of its own: the next name above it is asked, down to two labels.
    """
    zone, answer = domain, await resolver.lookup(domain, "NS")
    while absence(answer) is Reason.DNS_NODATA and zone.count(".") > 1:
        zone = zone.partition(".")[2]
        answer = await resolver.lookup(zone, "NS")
    if not isinstance(answer, Completed):
        return NameServersLook(zone, answer, direct=NotRun(answer.reason, "no name servers to ask"))
    hosts = sorted({fold_name(text) for text in answer.value.records})[:MAX_SERVERS]
    found = await asyncio.gather(*(resolver.addresses(host) for host in hosts))
    servers = tuple(zip(hosts, found, strict=True))
    if door is None:
        return NameServersLook(zone, answer, servers)
    return NameServersLook(zone, answer, servers, await door.look(zone, domain, servers))
