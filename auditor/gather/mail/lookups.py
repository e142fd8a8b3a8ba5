"""What the mail looks need of a resolver, and a count of what they ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from auditor.model import Completed, DnsAnswer, Outcome


class Lookups(Protocol):
    """The small interface that a resolver must have. Neither call raises for anything that the network does."""

    async def lookup(self, name: str, rdtype: str) -> Outcome[DnsAnswer]:
        """The records of `name`, as text; NXDOMAIN, no data, SERVFAIL and time-outs are told apart by reason."""
        ...

    async def addresses(self, host: str) -> Outcome[tuple[str, ...]]:
        """A and AAAA of `host` together; a negative reason only if both are known to be empty."""
        ...


@dataclass(slots=True)
class Counted:
    """A resolver that passes on every call and knows how many different questions one look has asked."""

    resolver: Lookups
    asked: set[tuple[str, str]] = field(default_factory=set)

    @property
    def queries(self) -> int:
        return len(self.asked)

    async def lookup(self, name: str, rdtype: str) -> Outcome[DnsAnswer]:
        self.asked.add((name, rdtype))
        return await self.resolver.lookup(name, rdtype)

    async def addresses(self, host: str) -> Outcome[tuple[str, ...]]:
        self.asked.update(((host, "A"), (host, "AAAA")))
        return await self.resolver.addresses(host)

    async def host(self, name: str) -> Outcome[DnsAnswer]:
        """addresses() as an answer of type "A"."""
        outcome = await self.addresses(name)
        if isinstance(outcome, Completed):
            return Completed(DnsAnswer(name, "A", outcome.value))
        return outcome
