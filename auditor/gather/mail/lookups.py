"""What the mail looks need of a resolver, and a count of what they ask."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import dns.exception
import dns.resolver

from auditor.model import Completed, DnsAnswer, Failed, Look, LookKind, NotRun, Outcome, Reason

#: What a caller may hand in as a resolver: an object with lookup(name, rdtype), or such a function; see adapt().
AnyResolver = Any


class Asks(Protocol):
    """Something that answers questions. Raises nothing for what the network does."""

    def lookup(self, name: str, rdtype: str) -> Awaitable[Outcome[DnsAnswer]]:
        """The records of `name`, as text; NXDOMAIN, no data, SERVFAIL and time-outs are told apart by reason."""
        ...


class Lookups(Asks, Protocol):
    """What the look at a whole mail domain needs of a resolver."""

    async def addresses(self, host: str) -> Outcome[tuple[str, ...]]:
        """A and AAAA of `host` together; a negative reason only if both are known to be empty."""
        ...


class WebHosts(Protocol):
    """What files that belong to a mail domain are fetched with: policies, answers of registries."""

    async def fetch(
        self,
        url: str,
        kind: LookKind = ...,
        *,
        attempt: int = ...,
        max_bytes: int | None = ...,
        respect_robots: bool = ...,
        fresh: bool = ...,
        follow: bool = ...,
        accept: str | None = ...,
    ) -> Look: ...


@dataclass(slots=True)
class Counted:
    """A resolver that passes on every call and knows how many different questions one look has asked."""

    resolver: Lookups
    asked: set[tuple[str, str]] = field(default_factory=set)

    @property
    def queries(self) -> int:
        return len(self.asked)

    def lookup(self, name: str, rdtype: str) -> Awaitable[Outcome[DnsAnswer]]:
        self.asked.add((name, rdtype))
        return self.resolver.lookup(name, rdtype)

    async def addresses(self, host: str) -> Outcome[tuple[str, ...]]:
        self.asked.update(((host, "A"), (host, "AAAA")))
        return await self.resolver.addresses(host)

    async def host(self, name: str) -> Outcome[DnsAnswer]:
        """addresses() as an answer of type "A"."""
        outcome = await self.addresses(name)
        if isinstance(outcome, Completed):
            return Completed(DnsAnswer(name, "A", outcome.value))
        return outcome


def adapt(resolver: AnyResolver) -> Asks:
    """`resolver` as the engine asks it.

    In: an object with `lookup(name, rdtype)`, or that function itself; synchronous or not. `name` is in lower case
    without the trailing dot, `rdtype` one of A, AAAA, MX, PTR, TXT. The answer may be an Outcome, or plainly:
    - a sequence of records: text as in a zone file; a TXT record is one text, or the sequence of its strings;
    - an empty sequence: the name exists and has no such record; None: it does not exist (NXDOMAIN);
    - TimeoutError or another OSError raised: no answer could be got.
    The exceptions of dnspython are understood too: NXDOMAIN, NoAnswer, and any other for "no answer could be got".
    It is not asked for what can be no name of the DNS, such as a label of 64 octets: that does not exist.
    """
    ask: Callable[[str, str], Any] = resolver.lookup if hasattr(resolver, "lookup") else resolver
    return _Adapted(ask)


@dataclass(frozen=True, slots=True)
class _Adapted:
    ask: Callable[[str, str], Any]

    async def lookup(self, name: str, rdtype: str) -> Outcome[DnsAnswer]:
        if not _can_exist(name):
            return Failed(Reason.DNS_NXDOMAIN, "no name of the DNS")
        try:
            answer = self.ask(name, rdtype)
            if inspect.isawaitable(answer):
                answer = await answer
        except TimeoutError as error:
            return Failed(Reason.DNS_TIMEOUT, str(error))
        except dns.resolver.NXDOMAIN as error:
            return Failed(Reason.DNS_NXDOMAIN, str(error))
        except dns.resolver.NoAnswer as error:
            return Failed(Reason.DNS_NODATA, str(error))
        except (OSError, dns.exception.DNSException) as error:
            return Failed(Reason.DNS_ERROR, str(error))
        if isinstance(answer, Completed | Failed | NotRun):
            return answer
        if answer is None:
            return Failed(Reason.DNS_NXDOMAIN)
        records = tuple(_text(record) for record in answer)
        return Completed(DnsAnswer(name, rdtype, records)) if records else Failed(Reason.DNS_NODATA)


def _can_exist(name: str) -> bool:
    """ASCII labels of 1 to 63 octets, 253 in all with the dots (RFC 1035 section 2.3.4). Resolvers raise for others."""
    return name.isascii() and len(name) <= 253 and all(0 < len(label) <= 63 for label in name.split("."))


def _text(record: str | bytes | tuple[str | bytes, ...] | list[str | bytes]) -> str:
    """One record as text; octets as latin-1, the strings of a TXT record joined (RFC 7208 section 3.3)."""
    if isinstance(record, bytes):
        return record.decode("latin-1")
    return record if isinstance(record, str) else "".join(map(_text, record))
