"""Looks at the chain of DNSSEC from the root down to a name: for every label its DS and its DNSKEY, with signatures.
Where that chain holds, the zone's SOA and the name's MX records are asked, too: good keys may have signed long ago."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from auditor.model import Completed, DnssecLook, DnssecStep, Outcome, SignedAnswer
from auditor.read.records.dnssec import read_dnssec

MAX_LABELS = 8  # of a name: deeper ones are not walked


@runtime_checkable
class AsksSigned(Protocol):
    """A resolver that can pass on signatures and proofs as they are."""

    async def signed(self, name: str, rdtype: str) -> Outcome[SignedAnswer]: ...


async def look_at_dnssec(domain: str, resolver: AsksSigned, anchors: tuple[str, ...], now: datetime) -> DnssecLook:
    """Every step from the root to `domain`. `anchors`: DS records of the root as text (RFC 4034 section 5.3); `now`:
    the time of the look, by which it will be read."""
    root = await _step(".", resolver)
    if not isinstance(root.keys, Completed):  # nothing below can be judged without it
        return DnssecLook(anchors, (root,))
    labels = domain.split(".")[-MAX_LABELS:]
    names = (".".join(labels[n:]) for n in range(len(labels) - 1, -1, -1))
    below = await asyncio.gather(*(_step(name, resolver) for name in names))
    return await _with_records(DnssecLook(anchors, (root, *below)), domain, resolver, now)


async def _step(name: str, resolver: AsksSigned) -> DnssecStep:
    if name == ".":
        return DnssecStep(name, None, await resolver.signed(name, "DNSKEY"))
    ds, keys = await asyncio.gather(resolver.signed(name, "DS"), resolver.signed(name, "DNSKEY"))
    return DnssecStep(name, ds, keys)


async def _with_records(look: DnssecLook, domain: str, resolver: AsksSigned, now: datetime) -> DnssecLook:
    """The look with what the last zone's keys signed. Nothing is asked of a chain that ends before: most do."""
    chain = read_dnssec(look, now)
    if chain.state != "secure":
        return look
    soa = resolver.signed(chain.zone, "SOA")
    if look.steps[-1].name != domain:  # cut: a zone that was not walked may lie in between, with other keys
        return replace(look, soa=await soa)
    signed_soa, signed_mx = await asyncio.gather(soa, resolver.signed(domain, "MX"))
    return replace(look, soa=signed_soa, mx=signed_mx)
