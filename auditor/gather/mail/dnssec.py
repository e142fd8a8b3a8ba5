"""Looks at the chain of DNSSEC from the root down to a name: for every label its DS and its DNSKEY, with signatures."""

from __future__ import annotations

import asyncio
from typing import Protocol, runtime_checkable

from auditor.model import Completed, DnssecLook, DnssecStep, Outcome, SignedAnswer

MAX_LABELS = 8  # of a name: deeper ones are not walked


@runtime_checkable
class AsksSigned(Protocol):
    """A resolver that can pass on signatures and proofs as they are."""

    async def signed(self, name: str, rdtype: str) -> Outcome[SignedAnswer]: ...


async def look_at_dnssec(domain: str, resolver: AsksSigned, anchors: tuple[str, ...]) -> DnssecLook:
    """Every step from the root to `domain`. `anchors`: DS records of the root as text (RFC 4034 section 5.3)."""
    root = await _step(".", resolver)
    if not isinstance(root.keys, Completed):  # nothing below can be judged without it
        return DnssecLook(anchors, (root,))
    labels = domain.split(".")[-MAX_LABELS:]
    names = (".".join(labels[n:]) for n in range(len(labels) - 1, -1, -1))
    return DnssecLook(anchors, (root, *await asyncio.gather(*(_step(name, resolver) for name in names))))


async def _step(name: str, resolver: AsksSigned) -> DnssecStep:
    if name == ".":
        return DnssecStep(name, None, await resolver.signed(name, "DNSKEY"))
    ds, keys = await asyncio.gather(resolver.signed(name, "DS"), resolver.signed(name, "DNSKEY"))
    return DnssecStep(name, ds, keys)
