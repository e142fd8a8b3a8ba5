"""Look-ups with three outcomes. A resolver that does not answer is our trouble and never says anything of a domain."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from auditor.gather.dns_records import read_records
from auditor.gather.dns_wire import NoReply, Question, Reply, Unreachable, ask_tcp, ask_udp, make_question
from auditor.gather.shared import abandon, shared
from auditor.model import Completed, DnsAnswer, Failed, NotRun, Outcome, Reason, SignedAnswer

_AT_ONCE = 256  # questions on their way: about as many packets wait at a resolver's socket unless told otherwise
_STRIKES = 2  # time-outs in a row after which a resolver has to prove that it is alive
_RCODES: dict[int, Reason] = {dns.rcode.NXDOMAIN: Reason.DNS_NXDOMAIN, dns.rcode.SERVFAIL: Reason.DNS_SERVFAIL}


@dataclass(slots=True)
class _Nameserver:
    """One resolver address and what this run has learnt of it."""

    address: str
    port: int
    strikes: int = 0
    down: str = ""  # why it is not asked any more
    sane: bool | None = None  # whether it knows the root; None: not asked yet

    def __str__(self) -> str:
        return f"{self.address}#{self.port}"


class Resolver:
    """Asks recursive resolvers, each name and type once per run; equal questions at the same moment share one query.

    `nameservers` are (address, port); empty means the operating system's own configuration. `timeout` is the seconds
    that one resolver may take for one question. A resolver whose port is closed is given up at once. One that lets
    two questions in a row time out is asked for the root: if that is not answered either it is given up, so that a
    domain with dead name servers cannot switch off the whole run. With none left everything is
    NotRun(RESOLVER_DOWN). One object belongs to one event loop.
    """

    def __init__(self, nameservers: Sequence[tuple[str, int]] = (), timeout: float = 3.0) -> None:
        self._timeout = timeout
        self._given = tuple(nameservers)
        self._servers: list[_Nameserver] | None = None
        self._trouble = ""
        self._cache: dict[tuple[str, str], asyncio.Task[Outcome[DnsAnswer]]] = {}
        self._signed: dict[tuple[str, str, str], asyncio.Task[Outcome[SignedAnswer]]] = {}
        self._probing = asyncio.Lock()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._queries = 0
        self._kept: int | None = None

    @property
    def queries(self) -> int:
        """Questions sent to resolvers, repetitions of a lost packet not counted."""
        return self._queries

    def lookup(self, name: str, rdtype: str) -> Awaitable[Outcome[DnsAnswer]]:
        """The records of `rdtype` at `name`, aliases followed; sorted, so that every night reads the same.

        Failed: DNS_NXDOMAIN, DNS_NODATA, DNS_SERVFAIL, DNS_TIMEOUT, DNS_ERROR (a malformed name, another response
        code, a truncated answer without TCP). NotRun: RESOLVER_DOWN.
        """
        key = (name.lower().rstrip("."), rdtype.upper())
        task = self._cache.get(key)
        if task is None:
            task = self._cache[key] = asyncio.create_task(self._look(*key))
            self._let_go()
        return shared(task)

    def apart(self) -> tuple[OneResolver, ...]:
        """The resolvers one by one, for a walk of our own: a chain of which two of them answered parts says nothing, as
        each may hold back, or know, something else. At least one, which may be one that answers nothing."""
        return tuple(OneResolver(self, server) for server in self._alive()) or (OneResolver(self, None),)

    async def close(self) -> None:
        """End questions that nobody waits for any more."""
        await abandon((*self._cache.values(), *self._signed.values()))

    async def _signed_by(self, server: _Nameserver | None, name: str, rdtype: str) -> Outcome[SignedAnswer]:
        key = (str(server), name.lower().rstrip("."), rdtype.upper())
        task = self._signed.get(key)
        if task is None:
            task = self._signed[key] = asyncio.create_task(self._look_signed(server, *key[1:]))
            if self._kept is not None and len(self._signed) > self._kept:  # asked again where it is needed again
                self._signed = {name: one for name, one in self._signed.items() if not one.done()}
        return await shared(task)

    async def _look_signed(self, server: _Nameserver | None, name: str, rdtype: str) -> Outcome[SignedAnswer]:
        try:
            question = make_question(name, rdtype, dns.flags.RD | dns.flags.CD, dnssec=True)
        except (dns.exception.DNSException, UnicodeError) as error:
            return Failed(Reason.DNS_ERROR, f"{name}: {error}")
        if server is None or server.down:
            return NotRun(Reason.RESOLVER_DOWN, self._why_down())
        reply = await self._exchange(server, question, name, rdtype)
        if not isinstance(reply, Reply):
            return reply
        if reply.rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return Failed(_reason(reply.rcode), f"{server}: {name} {rdtype}")
        return Completed(SignedAnswer(name, rdtype, reply.wire))

    async def addresses(self, host: str) -> Outcome[tuple[str, ...]]:
        """IPv4, then IPv6 addresses of `host`. An address literal and localhost (RFC 6761 section 6.3) need no query.

        A name without both types is Failed(DNS_NODATA); if only one type could be asked, its answer counts when it
        has addresses, otherwise the trouble of the other one is the outcome.
        """
        literal = _literal(host)
        if literal:
            return Completed(literal)
        both = await asyncio.gather(self.lookup(host, "A"), self.lookup(host, "AAAA"))
        found = tuple(record for answer in both if isinstance(answer, Completed) for record in answer.value.records)
        if found:
            return Completed(found)
        troubles = [answer for answer in both if not isinstance(answer, Completed)]
        certain = (Reason.DNS_NODATA, Reason.DNS_NXDOMAIN)
        return min(troubles, key=lambda t: certain.index(t.reason) if t.reason in certain else -1)

    def keep_at_most(self, answers: int) -> None:
        """Forget the oldest answers beyond this many: for lists of domains of any length."""
        self._kept = answers

    def _let_go(self) -> None:
        while self._kept is not None and len(self._cache) > self._kept:
            oldest = next(iter(self._cache))
            if not self._cache[oldest].done():
                break  # all that follow are as young
            del self._cache[oldest]

    def forget_failures(self) -> None:
        """Before a second look: ask again what did not succeed, and give every resolver a new chance."""
        for key, task in list(self._cache.items()):
            if task.done() and (task.cancelled() or not isinstance(task.result(), Completed)):
                del self._cache[key]
        self._signed = {}  # a fault in signatures is an answer, too, and to be seen twice
        self._servers = None

    # -- one question -----------------------------------------------------------------------------------------------

    async def _look(self, name: str, rdtype: str) -> Outcome[DnsAnswer]:
        try:
            # AD set: the resolver is to say whether it validated (RFC 6840 section 5.7)
            question = make_question(name, rdtype, dns.flags.RD | dns.flags.AD)
        except (dns.exception.DNSException, UnicodeError) as error:
            return Failed(Reason.DNS_ERROR, f"{name}: {error}")
        last: Failed | NotRun = NotRun(Reason.RESOLVER_DOWN, self._why_down())
        for server in self._alive():
            outcome = await self._ask(server, question, name, rdtype)
            if isinstance(outcome, Completed):
                return outcome
            if outcome.reason in (Reason.DNS_NXDOMAIN, Reason.DNS_NODATA):
                if await self._knows_the_root(server):
                    return outcome
                outcome = NotRun(Reason.RESOLVER_DOWN, server.down)
            last = outcome
        return last

    async def _ask(
        self, server: _Nameserver, question: Question, name: str, rdtype: str
    ) -> Completed[DnsAnswer] | Failed | NotRun:
        reply = await self._exchange(server, question, name, rdtype)
        return _outcome(reply, question, name, rdtype, server) if isinstance(reply, Reply) else reply

    async def _exchange(
        self, server: _Nameserver, question: Question, name: str, rdtype: str
    ) -> Reply | Failed | NotRun:
        """One question to one resolver, by TCP where the answer does not fit."""
        self._queries += 1
        try:
            reply = await ask_udp(question, server.address, server.port, self._timeout, self._gate)
        except Unreachable as error:
            server.down = f"{server}: {error}"
            return NotRun(Reason.RESOLVER_DOWN, server.down)
        except NoReply:
            await self._strike(server)
            return Failed(Reason.DNS_TIMEOUT, f"{server}: no answer to {name} {rdtype} in {self._timeout:g} s")
        server.strikes = 0
        try:
            if reply.rcode == dns.rcode.FORMERR and question.edns:  # a resolver from before EDNS
                question = make_question(name, rdtype, edns=False)
                reply = await ask_udp(question, server.address, server.port, self._timeout)
            if reply.flags & dns.flags.TC:
                reply = await ask_tcp(question, server.address, server.port, self._timeout)
        except Unreachable as error:
            return Failed(Reason.DNS_ERROR, f"{server}: truncated answer to {name} {rdtype}, TCP: {error}")
        except NoReply:
            return Failed(Reason.DNS_TIMEOUT, f"{server}: truncated answer to {name} {rdtype}, TCP timed out")
        return reply

    async def _knows_the_root(self, server: _Nameserver) -> bool:
        """False for a resolver of a closed network that denies every name: what it denies says nothing.

        Asked once, and only of the machine's own resolvers: those that were configured on purpose are believed.
        """
        async with self._probing:
            if self._given or server.sane is not None:
                return server.sane is not False
            self._queries += 1
            try:
                reply = await ask_udp(_root(), server.address, server.port, self._timeout)
            except (NoReply, Unreachable):
                return True  # strikes and closed ports are counted elsewhere
            server.sane = reply.rcode == dns.rcode.NOERROR and bool(reply.records)
            if not server.sane:
                server.down = f"{server}: does not know the root of the DNS ({_code(reply.rcode)})"
            return server.sane

    async def _strike(self, server: _Nameserver) -> None:
        """Count a time-out; after two in a row ask for the root, which a living resolver always answers."""
        server.strikes += 1
        async with self._probing:
            if server.strikes < _STRIKES or server.down:
                return
            try:
                self._queries += 1
                await ask_udp(_root(), server.address, server.port, self._timeout / 2)
            except (NoReply, Unreachable):
                server.down = f"{server}: {server.strikes} questions and the root timed out"
            else:
                server.strikes = 0

    # -- which resolvers --------------------------------------------------------------------------------------------

    def _alive(self) -> list[_Nameserver]:
        if self._servers is None:
            self._servers = [_Nameserver(address, port) for address, port in self._given or self._system()]
        return [server for server in self._servers if not server.down]

    def _system(self) -> list[tuple[str, int]]:
        """The operating system's resolvers: /etc/resolv.conf, or the registry of Windows."""
        try:
            configured = dns.resolver.Resolver(configure=True)
        except (dns.exception.DNSException, OSError) as error:
            self._trouble = f"no resolver configured: {error}"
            return []
        servers = []
        for entry in configured.nameservers:
            if isinstance(entry, str):
                servers.append((entry, configured.port))
            elif isinstance(entry, dns.nameserver.Do53Nameserver):
                servers.append((entry.address, entry.port))
        return servers

    def _why_down(self) -> str:
        return "; ".join(server.down for server in self._servers or () if server.down) or self._trouble


@dataclass(frozen=True, slots=True)
class OneResolver:
    """One resolver by itself; `_server` is None where none is left."""

    _resolver: Resolver
    _server: _Nameserver | None

    async def signed(self, name: str, rdtype: str) -> Outcome[SignedAnswer]:
        """The whole answer with signatures and proofs, not validated by the resolver (CD), for a walk of our own.

        NXDOMAIN and "no data" are answers here: what matters is their proof. Failed and NotRun as in lookup(). Each
        name and type is asked of a resolver once per run.
        """
        return await self._resolver._signed_by(self._server, name, rdtype)


def _root() -> Question:
    return make_question(".", "NS", edns=False)


def _outcome(
    reply: Reply, question: Question, name: str, rdtype: str, server: _Nameserver
) -> Completed[DnsAnswer] | Failed:
    if reply.rcode != dns.rcode.NOERROR:
        return Failed(_reason(reply.rcode), f"{server}: {_code(reply.rcode)} for {name} {rdtype}")
    if not reply.records:
        return Failed(Reason.DNS_NODATA, f"{server}: no {rdtype} at {name}")
    validated = bool(reply.flags & dns.flags.AD)
    if plain := read_records(reply, question):
        return Completed(DnsAnswer(name, rdtype, *plain, authenticated=validated, server=str(server)))
    try:
        message = reply.message(answers_only=True)
        assert isinstance(message, dns.message.QueryMessage)
        chain = message.resolve_chaining()
    except dns.exception.DNSException as error:  # an alias loop, or a malformed chain or record
        return Failed(Reason.DNS_ERROR, f"{server}: {name} {rdtype}: {error}")
    if chain.answer is None:
        return Failed(Reason.DNS_NODATA, f"{server}: no {rdtype} at {name}")
    stands_at = chain.canonical_name.to_text(omit_final_dot=True).lower() if chain.cnames else ""
    found = _texts(chain.answer)
    return Completed(DnsAnswer(name, rdtype, found, chain.minimum_ttl, stands_at, validated, str(server)))


def _reason(rcode: int) -> Reason:
    return _RCODES.get(rcode, Reason.DNS_ERROR)


def _code(rcode: int) -> str:
    return dns.rcode.to_text(dns.rcode.Rcode.make(rcode))


def _texts(records: dns.rrset.RRset) -> tuple[str, ...]:
    return tuple(
        sorted(
            b"".join(record.strings).decode("latin-1") if isinstance(record, TXT) else record.to_text()
            for record in records
        )
    )


def _literal(host: str) -> tuple[str, ...]:
    bare: str = host.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return ("127.0.0.1", "::1")
    try:
        return (str(ipaddress.ip_address(bare)),)
    except ValueError:
        return ()
