"""Looks for the DMARC record that applies to a domain: the DNS tree walk of RFC 9989 section 4.10."""

from __future__ import annotations

import asyncio

from auditor.gather.mail.lookups import Asks
from auditor.model import DnsAnswer, NotRun, Outcome
from auditor.read.records.dmarc import PREFIX, discover, stops_walk, walk_names
from auditor.read.records.dmarc_reports import report_questions
from auditor.read.records.outcomes import texts


async def look_at_dmarc(domain: str, resolver: Asks) -> tuple[tuple[str, Outcome[DnsAnswer]], ...]:
    """The answers of the walk in query order, at most 8: up to the domain's own record, or to one with psd=y or
    psd=n, or to the last label. A resolver that is down ends the walk."""
    walk: list[tuple[str, Outcome[DnsAnswer]]] = []
    for name in walk_names(domain):
        outcome = await resolver.lookup(PREFIX + name, "TXT")
        walk.append((PREFIX + name, outcome))
        if isinstance(outcome, NotRun) or stops_walk(texts(outcome), first=len(walk) == 1):
            break
    return tuple(walk)


async def look_at_reports(
    domain: str, walk: tuple[tuple[str, Outcome[DnsAnswer]], ...], resolver: Asks
) -> tuple[tuple[str, Outcome[DnsAnswer]], ...]:
    """The answers of outside receivers of the reports that the record found by `walk` asks for (RFC 9990 section 4)."""
    names = report_questions(discover(domain, walk))
    answers = await asyncio.gather(*(resolver.lookup(name, "TXT") for name in names))
    return tuple(zip(names, answers, strict=True))
