"""Looks at DKIM keys. Selectors cannot be listed from the DNS: they come from the operator, from sample messages, and
from what well-known systems use unless told otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.gather.mail.lookups import Asks
from auditor.model import DnsAnswer, Outcome, Reason
from auditor.read.records.outcomes import absence

MAX_SELECTORS = 50  # of the operator and the samples together
MAX_KNOWN = 24  # of the well-known ones


@dataclass(frozen=True, slots=True)
class Selectors:
    """Which selectors to ask for: `configured` by the operator, `sampled` from messages, `known` of providers."""

    configured: Sequence[str] = ()
    sampled: Sequence[str] = ()
    known: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DkimLook:
    """Selector and answer, each once; where the selectors came from; the answer for `_domainkey` itself, asked only
    if well-known selectors are to be tried."""

    answers: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    parent: Outcome[DnsAnswer] | None = None


async def look_at_dkim(domain: str, selectors: Selectors, resolver: Asks) -> DkimLook:
    """At most MAX_SELECTORS of the operator's and the samples' and MAX_KNOWN well-known selectors.

    The well-known ones are left out if `_domainkey` does not exist: then nothing below it does (RFC 8020). Servers
    that deny names which only have names below them hide keys so; a missing key is therefore never proof of anything.
    """
    wanted: dict[str, str] = {}
    for source, names in (("configured", selectors.configured), ("sample", selectors.sampled)):
        for name in _folded(names):
            if len(wanted) < MAX_SELECTORS:
                wanted.setdefault(name, source)
    known = [name for name in _folded(selectors.known) if name not in wanted][:MAX_KNOWN]
    parent: Outcome[DnsAnswer] | None = None
    if known:
        parent = await resolver.lookup(f"_domainkey.{domain}", "TXT")
        if absence(parent) is not Reason.DNS_NXDOMAIN:
            wanted |= dict.fromkeys(known, "known")
    answers = await asyncio.gather(*(resolver.lookup(f"{name}._domainkey.{domain}", "TXT") for name in wanted))
    return DkimLook(tuple(zip(wanted, answers, strict=True)), tuple(wanted.items()), parent)


def _folded(selectors: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for selector in selectors if (name := selector.strip().lower())))
