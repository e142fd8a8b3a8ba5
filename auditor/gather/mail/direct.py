"""Name servers asked themselves, past the resolver: the zone's SOA and the domain's MX, without recursion; and where
signatures are missing, for those.

Many networks let nobody but their resolver out on port 53, and some answer in the place of whoever was asked. As long
as no name server was reached in this run, one that is silent says nothing, and after a few none is asked any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.flags

from auditor.gather.dns_wire import NoReply, Reply, Unreachable, ask_tcp, ask_udp, make_question
from auditor.gather.safety import is_public
from auditor.model import Completed, DirectLook, DirectReply, Failed, NotRun, Outcome, Reason, SignedAnswer

PORT = 53
MAX_SERVERS = 8  # of one zone that are asked
_SILENT = 6  # questions in a row without any reply in the run, before the port counts as blocked here
_AT_ONCE = 32  # sockets open for it in one run

Servers = Sequence[tuple[str, Outcome[tuple[str, ...]]]]


@dataclass(slots=True)
class NameServerDoor:
    """The way to name servers in this run. `timeout`: seconds for a question; a server takes three times that at most.

    `closed` says why nobody is to be asked at all, for instance OVERRIDDEN: the answers of a resolver that was chosen
    on purpose need not be those of the public DNS. One object belongs to one event loop.
    """

    allow_private: bool = False
    port: int = PORT
    timeout: float = 3.0
    closed: Reason | None = None
    queries: int = 0
    _reached: bool = False
    _silent: int = 0
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def look(self, zone: str, domain: str, servers: Servers) -> Outcome[tuple[DirectLook, ...]]:
        """What each server says, each address asked once. NotRun: `closed`, or PORT_53_BLOCKED."""
        if self.closed is not None:
            return NotRun(self.closed)
        if self._is_blocked:
            return NotRun(Reason.PORT_53_BLOCKED, "no name server was reached in this run")
        chosen = [(host, self._address(found)) for host, found in servers[:MAX_SERVERS]]
        addresses = sorted({where.value for _, where in chosen if isinstance(where, Completed)})
        replies = await asyncio.gather(*(self._server(address, zone, domain) for address in addresses))
        said = dict(zip(addresses, replies, strict=True))
        return Completed(
            tuple(
                DirectLook(host, where.value, *said[where.value])
                if isinstance(where, Completed)
                else DirectLook(host, "", where)
                for host, where in chosen
            )
        )

    async def signed(self, name: str, rdtype: str, servers: Servers) -> tuple[tuple[str, Outcome[SignedAnswer]], ...]:
        """What each server answers to one question with DO set, by host; each address is asked once. Empty where no
        name server can be asked."""
        if self.closed is not None or self._is_blocked:
            return ()
        chosen = [(host, self._address(found)) for host, found in servers[:MAX_SERVERS]]
        once = {where.value: host for host, where in reversed(chosen) if isinstance(where, Completed)}
        replies = await asyncio.gather(*(self._signed(address, name, rdtype) for address in once))
        return tuple(sorted(zip(once.values(), replies, strict=True), key=lambda one: one[0]))

    async def _signed(self, address: str, name: str, rdtype: str) -> Outcome[SignedAnswer]:
        async with self._slots:
            reply = await self._ask(address, name, rdtype, dnssec=True)
        return reply if isinstance(reply, Failed) else Completed(SignedAnswer(name, rdtype, reply.wire))

    @property
    def _is_blocked(self) -> bool:
        return not self._reached and self._silent >= _SILENT

    def _address(self, found: Outcome[tuple[str, ...]]) -> Outcome[str]:
        """The address to ask: IPv4 before IPv6, which not every office has; never one of a private network."""
        if not isinstance(found, Completed):
            return found
        usable = [one for one in found.value if self.allow_private or is_public(one)]
        if not usable:
            return NotRun(Reason.BLOCKED_ADDRESS, ", ".join(found.value))
        return Completed(min(usable, key=lambda one: ":" in one))

    async def _server(self, address: str, zone: str, domain: str) -> tuple[Outcome[DirectReply], Outcome[DirectReply]]:
        """SOA, and the MX of a server that answers for the zone: of another one they would say nothing."""
        late = Failed(Reason.DNS_TIMEOUT, f"{address}: out of time")
        soa: Reply | Failed = late
        async with self._slots:
            try:
                async with asyncio.timeout(3 * self.timeout):
                    soa = await self._ask(address, zone, "SOA")
                    if isinstance(soa, Failed) or not soa.flags & dns.flags.AA:
                        return _kept(soa), NotRun(Reason.OUT_OF_SCOPE, "it does not answer for the zone")
                    return _kept(soa), _kept(await self._ask(address, domain, "MX"))
            except TimeoutError:
                return _kept(soa), late

    async def _ask(self, address: str, name: str, rdtype: str, *, dnssec: bool = False) -> Reply | Failed:
        """One question with RD=0 (RFC 1034 section 4.3.1) and, unless signatures are asked for, without EDNS, which old
        servers do not know; TCP where the answer does not fit."""
        self.queries += 1
        try:
            question = make_question(name, rdtype, flags=0, edns=dnssec, dnssec=dnssec)
            reply = await ask_udp(question, address, self.port, self.timeout)
            self._reached = True
            if reply.flags & dns.flags.TC:
                reply = await ask_tcp(question, address, self.port, self.timeout)
            reply.message()  # what cannot be read was not said
            return reply
        except dns.exception.DNSException as error:
            return Failed(Reason.DNS_ERROR, f"{name}: {error}")
        except NoReply as error:
            self._silent += 1
            return Failed(Reason.DNS_TIMEOUT, f"{address}: {error}")
        except Unreachable as error:
            self._silent += 1
            return Failed(Reason.CONNECT_FAILED, f"{address}: {error}")


def open_door(resolvers: Sequence[tuple[str, int]], allow_private: bool, timeout: float) -> NameServerDoor:
    """The door of a run whose configured resolvers are `resolvers` (address, port); none: the machine's own.

    Resolvers of the public internet tell of the same servers as everybody else's. Any other that was chosen on purpose
    may tell of an inner view, or of a test's zones, whose servers are not those that the public DNS would name.
    """
    public = all(is_public(address) and port == PORT for address, port in resolvers)
    return NameServerDoor(allow_private, timeout=timeout, closed=None if public else Reason.OVERRIDDEN)


def _kept(reply: Reply | Failed) -> Outcome[DirectReply]:
    return reply if isinstance(reply, Failed) else Completed(DirectReply(reply.wire))
