"""Looks at the SPF records of a domain and of every domain that they refer to, steered by reading them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from auditor.gather.mail.lookups import Counted
from auditor.model import DnsAnswer, Outcome
from auditor.read.records.outcomes import texts
from auditor.read.records.spf import EXISTS, spf_targets

MAX_DOMAINS = 25  # well over the 10 look-ups after which a receiver gives up (RFC 7208 section 4.6.4)
MAX_HOSTS = 25


@dataclass(frozen=True, slots=True)
class SpfLook:
    """The TXT records of the include and redirect targets, and the answers for a, mx and exists terms."""

    tree: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()
    hosts: tuple[tuple[str, str, Outcome[DnsAnswer]], ...] = ()


async def look_at_spf(domain: str, txt: Outcome[DnsAnswer], resolver: Counted) -> SpfLook:
    """The tree below the SPF record in `txt`, level by level, each domain once (so loops end), at most MAX_DOMAINS
    domains and MAX_HOSTS hosts."""
    tree: dict[str, Outcome[DnsAnswer]] = {}
    hosts: dict[tuple[str, str], None] = {}
    level: dict[str, Outcome[DnsAnswer]] = {domain: txt}
    while level:
        wanted: dict[str, None] = {}
        for name, outcome in level.items():
            targets = spf_targets(name, texts(outcome), domain)
            wanted |= dict.fromkeys(targets.records)
            hosts |= dict.fromkeys(targets.hosts)
        fresh = [name for name in wanted if name != domain and name not in tree][: MAX_DOMAINS - len(tree)]
        answers = await asyncio.gather(*(resolver.lookup(name, "TXT") for name in fresh))
        level = dict(zip(fresh, answers, strict=True))
        tree |= level
    asked = list(hosts)[:MAX_HOSTS]
    found = await asyncio.gather(*(_look_at_host(name, rdtype, resolver) for name, rdtype in asked))
    return SpfLook(tuple(tree.items()), tuple((*key, answer) for key, answer in zip(asked, found, strict=True)))


async def _look_at_host(name: str, rdtype: str, resolver: Counted) -> Outcome[DnsAnswer]:
    if rdtype == "A":
        return await resolver.host(name)
    return await resolver.lookup(name, "A" if rdtype == EXISTS else rdtype)
