"""Looks at the chain of DNSSEC from the root down to a name, as far as it goes: the DS of every label and the DNSKEY
where a signed zone begins. Where the chain holds, the zone's SOA and the name's MX records are asked with their
signatures, too: good keys may have signed long ago."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol, runtime_checkable

from auditor.model import DnssecFacts, DnssecLook, DnssecStep, NotRun, Outcome, Reason, SignedAnswer
from auditor.read.records.dnssec import Walk

MAX_LABELS = 8  # of a name: deeper ones are not walked


@runtime_checkable
class AsksSigned(Protocol):
    """A resolver that can pass on signatures and proofs as they are."""

    async def signed(self, name: str, rdtype: str) -> Outcome[SignedAnswer]: ...


async def look_at_dnssec(
    domain: str, resolver: AsksSigned, anchors: tuple[str, ...], now: datetime
) -> tuple[DnssecLook, DnssecFacts]:
    """The steps from the root to `domain` up to the one at which the chain ends, and what they come to. `anchors`: DS
    records of the root as text (RFC 4034 section 5.3); `now`: the time of the look, by which it will be read.

    One step after the other: below a zone that is not signed (RFC 4035 section 5.2), or a root that cannot be judged,
    there is nothing to learn, and that is the case of most domains.
    """
    walk, steps = Walk(anchors, now), list[DnssecStep]()
    labels = domain.split(".")[-MAX_LABELS:]
    for name in (".", *(".".join(labels[n:]) for n in range(len(labels) - 1, -1, -1))):
        steps.append(await _step(name, resolver, walk))
        if walk.ended:
            return DnssecLook(anchors, tuple(steps)), walk.facts
    soa, mx = await _records(walk.facts.zone, domain if name == domain else "", resolver)
    walk.check(domain, soa, mx)
    return DnssecLook(anchors, tuple(steps), soa, mx), walk.facts


async def _step(name: str, resolver: AsksSigned, walk: Walk) -> DnssecStep:
    ds = None if name == "." else await resolver.signed(name, "DS")
    if not walk.begins_at(name, ds):
        return DnssecStep(name, ds, NotRun(Reason.OUT_OF_SCOPE, "no signed zone begins here"))
    keys = await resolver.signed(name, "DNSKEY")
    walk.enter(name, keys)
    return DnssecStep(name, ds, keys)


async def _records(
    zone: str, domain: str, resolver: AsksSigned
) -> tuple[Outcome[SignedAnswer], Outcome[SignedAnswer] | None]:
    """What the last zone's keys signed. Without `domain` (the walk was cut, and a zone with other keys may lie in
    between) its MX records are not asked for."""
    if not domain:
        return await resolver.signed(zone, "SOA"), None
    both: tuple[Outcome[SignedAnswer], Outcome[SignedAnswer]] = await asyncio.gather(
        resolver.signed(zone, "SOA"), resolver.signed(domain, "MX")
    )
    return both
