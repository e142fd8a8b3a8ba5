"""Looks at the chain of DNSSEC from the root down to a name, as far as it goes: the DS of every label and the DNSKEY
where a signed zone begins. Where the chain holds, the zone's SOA and the name's MX records are asked with their
signatures, too: good keys may have signed long ago."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar, runtime_checkable

from auditor.model import (
    Completed,
    DnssecFacts,
    DnssecLook,
    DnssecStep,
    NotRun,
    Outcome,
    Reason,
    SignedAnswer,
    TlsaLook,
)
from auditor.read.records.dnssec import Walk
from auditor.read.records.outcomes import NEGATIVE
from auditor.read.records.signed import signer_of, tlsa_name, unsigned_form
from auditor.read.records.tlsa_chain import denier_of, denies

Looked = TypeVar("Looked")
MAX_LABELS = 8  # of a name: deeper ones are not walked


@runtime_checkable
class AsksSigned(Protocol):
    """A resolver that can pass on signatures and proofs as they are."""

    async def signed(self, name: str, rdtype: str) -> Outcome[SignedAnswer]: ...


@runtime_checkable
class AsksApart(Protocol):
    """A resolver that may stand for several, each of which can be asked by itself."""

    def apart(self) -> Sequence[AsksSigned]: ...


async def first_that_tells(
    resolver: AsksApart,
    look: Callable[[AsksSigned], Awaitable[tuple[Looked, DnssecFacts]]],
    is_enough: Callable[[Looked, DnssecFacts], bool] = lambda look, facts: False,
) -> tuple[Looked, DnssecFacts]:
    """`look` made with one resolver after the other, whole each time, until one shows what can be judged, or
    `is_enough`; the one that got furthest down where none does. That a name does not exist is what every resolver would
    say."""
    furthest: tuple[Looked, DnssecFacts] | None = None
    for one in resolver.apart():
        seen = await look(one)
        if seen[1].state != "unverifiable" or seen[1].reason in NEGATIVE or is_enough(*seen):
            return seen
        if furthest is None or _depth(seen[1]) > _depth(furthest[1]):
            furthest = seen
    assert furthest is not None, "apart() gives one at least"
    return furthest


def _depth(facts: DnssecFacts) -> int:
    """Labels of the zone at which a walk ended."""
    return len(facts.zone.strip(".").split(".")) if facts.zone.strip(".") else 0


async def look_at_dnssec(
    domain: str, resolver: AsksSigned, anchors: tuple[str, ...], now: datetime
) -> tuple[DnssecLook, DnssecFacts]:
    """The steps from the root to `domain` up to the one at which the chain ends, and what they come to. `anchors`: DS
    records of the root as text (RFC 4034 section 5.3); `now`: the time of the look, by which it will be read.

    One step after the other: below a zone that is not signed (RFC 4035 section 5.2), or a root that cannot be judged,
    there is nothing to learn, and that is the case of most domains.
    """
    walk = Walk(anchors, now)
    steps = await _down_to(domain, resolver, walk)
    if walk.ended:
        return DnssecLook(anchors, steps), walk.facts
    soa, mx = await _records(walk.facts.zone, domain if steps[-1].name == domain else "", resolver)
    walk.check(domain, soa, mx)
    return DnssecLook(anchors, steps, soa, mx), walk.facts


async def look_at_tlsa(
    host: str, resolver: AsksSigned, anchors: tuple[str, ...], now: datetime, domain: str = ""
) -> tuple[TlsaLook, DnssecFacts]:
    """The TLSA records of a mail server of `domain` with their signatures, and whether these hold.

    One question, and those for the chain to the zone that signed the records: none if it is one that was walked before.
    Records without a signature have the chain to the host walked, to see whether they need none. So has an answer
    without records and without proof; a proof, where the chain to its zone is `domain`'s own.
    """
    name = tlsa_name(host)
    answer = await resolver.signed(name, "TLSA")
    walk, steps = Walk(anchors, now), tuple[DnssecStep, ...]()
    zone = _zone_to_walk_to(host, answer, domain)
    if zone and len(zone.split(".")) <= MAX_LABELS:
        steps = await _down_to(zone, resolver, walk)
    return TlsaLook(host, answer, DnssecLook(anchors, steps)), walk.settle(name, "TLSA", answer)


def _zone_to_walk_to(host: str, answer: Outcome[SignedAnswer], domain: str) -> str:
    """Where the chain is to lead that shows what `answer` is worth; "" if nowhere."""
    name, plain = tlsa_name(host), unsigned_form(answer)
    if isinstance(plain, Completed):
        return signer_of(answer, name, "TLSA") or host
    if plain is None or plain.reason not in NEGATIVE:
        return ""
    denier = denier_of(answer, name)
    if denier and (domain == denier or domain.endswith("." + denier)):
        return denier
    return "" if denies(host, answer) else host


async def _down_to(name: str, resolver: AsksSigned, walk: Walk) -> tuple[DnssecStep, ...]:
    """The steps from the root to `name`, of whose labels the last ones are walked, or to where the chain ends."""
    steps = list[DnssecStep]()
    labels = [] if name == "." else name.split(".")[-MAX_LABELS:]
    for one in (".", *(".".join(labels[n:]) for n in range(len(labels) - 1, -1, -1))):
        steps.append(await _step(one, resolver, walk))
        if walk.ended:
            break
    return tuple(steps)


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
