"""An authoritative DNS server on loopback for the demo province and the tests. Never bound anywhere else."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

#: {owner name: {record type: [rdata as zone-file text, ...]}}; a TXT value without quotes is taken as it stands.
Records = Mapping[str, Mapping[str, Sequence[str]]]
#: {(name, record type): fault}; "*" stands for any name or any type. Faults are "drop", "servfail", "refused",
#: "truncate" (TC over UDP, whole over TCP), "delay:<seconds>", "lame" (answered without AA) and "recursive" (without
#: AA, with RA, as a resolver does that has put itself in the place of the server).
Faults = Mapping[tuple[str, str], str]

ANY = "*"
_TTL = 60
_CHAIN = 10  # aliases followed inside the server before it stops, as a loop would never end
_BIND_ATTEMPTS = 20  # an ephemeral UDP port may be taken for TCP


@dataclass(frozen=True, slots=True)
class Zones:
    """The names that the server holds, ready to answer from. Immutable: an update makes a new one."""

    apexes: frozenset[dns.name.Name]
    sets: Mapping[dns.name.Name, Mapping[dns.rdatatype.RdataType, tuple[dns.rdata.Rdata, ...]]]
    existing: frozenset[dns.name.Name]  # owners and the empty non-terminals above them

    @classmethod
    def read(cls, records: Records, apexes: Sequence[str]) -> Zones:
        """Parse `records`. Raises ValueError naming the owner and type of an entry that is no valid record."""
        tops = frozenset(map(_name, apexes)) or frozenset({dns.name.root})
        sets: dict[dns.name.Name, dict[dns.rdatatype.RdataType, tuple[dns.rdata.Rdata, ...]]] = {}
        for owner, by_type in records.items():
            sets[_name(owner)] = {
                dns.rdatatype.from_text(kind): tuple(_rdata(owner, kind, text) for text in texts)
                for kind, texts in by_type.items()
                if texts
            }
        existing = set(tops)
        for owner_name in sets:
            top = _closest(owner_name, tops) or dns.name.root
            while owner_name != top:
                existing.add(owner_name)
                owner_name = owner_name.parent()
        return cls(tops, sets, frozenset(existing))

    def apex(self, name: dns.name.Name) -> dns.name.Name | None:
        """The closest zone that `name` lies in, or None when the server is not authoritative for it."""
        return _closest(name, self.apexes)

    def at(self, name: dns.name.Name) -> Mapping[dns.rdatatype.RdataType, tuple[dns.rdata.Rdata, ...]] | None:
        """The records at `name`, wildcards applied (RFC 4592). Empty: an empty non-terminal; None: no such name."""
        if name in self.existing:
            return self.sets.get(name, {})
        encloser = name
        while encloser not in self.existing and encloser != dns.name.root:
            encloser = encloser.parent()
        return self.sets.get(dns.name.Name((b"*", *encloser.labels)))


def answer(zones: Zones, query: dns.message.Message, serial: int = 1, ttl: int = _TTL) -> dns.message.Message:
    """The authoritative answer to `query`: aliases followed inside the zones, NXDOMAIN and NODATA with their SOA."""
    question = query.question[0]
    reply = dns.message.make_response(query)
    name, apex = question.name, zones.apex(question.name)
    if apex is None:
        reply.set_rcode(dns.rcode.REFUSED)
        return reply
    reply.flags |= dns.flags.AA
    for _ in range(_CHAIN):
        found = zones.at(name)
        if found is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            reply.authority.append(_soa(apex, serial, ttl))
            return reply
        if records := found.get(question.rdtype):
            reply.answer.append(dns.rrset.from_rdata_list(name, ttl, records))
            return reply
        alias = found.get(dns.rdatatype.CNAME)
        if not alias:
            if question.rdtype == dns.rdatatype.SOA and name == apex:
                reply.answer.append(_soa(apex, serial, ttl))
            else:
                reply.authority.append(_soa(apex, serial, ttl))
            return reply
        reply.answer.append(dns.rrset.from_rdata_list(name, ttl, alias))
        name = alias[0].target  # type: ignore[attr-defined]
        next_apex = zones.apex(name)
        if next_apex is None:  # the rest is another server's business
            return reply
        apex = next_apex
    return reply


class DnsServer:
    """`with DnsServer(records, zones=["binhphuoc.gov.vn"]) as server:` answers on `server.address` (UDP and TCP).

    Without `zones` it is authoritative for every name: what `records` does not hold does not exist. `queries` lists
    (name without final dot in lower case, record type) in the order of arrival. Several instances, on addresses of
    127.0.0.0/8 and one port, stand for the name servers of a zone; each has its own records, faults, `serial` and `ttl`
    (seconds). Raises ValueError for a `host` that
    is not loopback or for records that cannot be read, OSError if no port can be bound.
    """

    def __init__(
        self,
        records: Records,
        zones: Sequence[str] = (),
        *,
        faults: Faults | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        serial: int = 1,
        ttl: int = _TTL,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the demo DNS server serves loopback only, not {host}")
        self.faults: Faults = dict(faults or {})
        self.queries: list[tuple[str, str]] = []
        self.address: tuple[str, int] = (host, port)
        self._serial, self._ttl = serial, ttl
        self._apexes = tuple(zones)
        self._zones = Zones.read(records, zones)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: OSError | None = None

    def update(self, records: Records, zones: Sequence[str] | None = None) -> None:
        """Serve other records from the next query on; `zones` stay as they were unless given."""
        self._apexes = self._apexes if zones is None else tuple(zones)
        self._zones = Zones.read(records, self._apexes)

    def start(self) -> DnsServer:
        """Bind and serve in an own thread; returns when the server answers."""
        self._thread = threading.Thread(target=self._run, name="demo-dns", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def stop(self) -> None:
        """Close both sockets and end the thread. Stopping twice does nothing."""
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._loop = self._stop = self._thread = None

    def __enter__(self) -> DnsServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- inside the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        try:
            transport, tcp = await self._bind()
        except OSError as error:
            self._failure = error
            return
        finally:
            if self._failure is not None:
                self._ready.set()
        self._ready.set()
        try:
            await self._stop.wait()
        finally:
            transport.close()
            tcp.close()

    async def _bind(self) -> tuple[asyncio.DatagramTransport, asyncio.Server]:
        """Both protocols on one port; with port 0 the system's choice for UDP is tried for TCP too."""
        host, wanted = self.address
        loop = asyncio.get_running_loop()
        for attempt in range(_BIND_ATTEMPTS):
            transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=(host, wanted))
            port = transport.get_extra_info("sockname")[1]
            try:
                tcp = await asyncio.start_server(self._tcp, host, port)
            except OSError:
                transport.close()
                if wanted or attempt == _BIND_ATTEMPTS - 1:
                    raise
                continue
            self.address = (host, port)
            return transport, tcp
        raise AssertionError("unreachable: the loop returns or raises")

    async def reply(self, wire: bytes, *, udp: bool) -> bytes | None:
        """The reply to one query in wire form, faults applied; None when nothing is to be sent."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if len(query.question) != 1:
            return None
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, kind))
        fault = self._fault(name, kind)
        if fault == "drop":
            return None
        if fault.startswith("delay:"):
            await asyncio.sleep(float(fault.removeprefix("delay:")))
        if fault in ("servfail", "refused"):
            failed = dns.message.make_response(query)
            failed.set_rcode(dns.rcode.from_text(fault))
            return failed.to_wire()
        reply = self._answer(query)
        if fault in ("lame", "recursive"):
            reply.flags &= ~dns.flags.AA
            reply.flags |= dns.flags.RA if fault == "recursive" else 0
        if not udp:
            return reply.to_wire(max_size=65535)
        room = max(query.payload, 512) if query.edns >= 0 else 512
        try:
            if fault == "truncate":
                raise dns.exception.TooBig
            return reply.to_wire(max_size=room)
        except dns.exception.TooBig:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC | dns.flags.AA
            return short.to_wire()

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        return answer(self._zones, query, self._serial, self._ttl)

    def _fault(self, name: str, kind: str) -> str:
        for key in ((name, kind), (name, ANY), (ANY, kind), (ANY, ANY)):
            if key in self.faults:
                return self.faults[key]
        return ""

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Queries of one TCP connection, each with its two bytes of length (RFC 1035 section 4.2.2)."""
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                reply = await self.reply(await reader.readexactly(size), udp=False)
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has what it wanted
        finally:
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self.server = server
        self.tasks: set[asyncio.Task[None]] = set()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own class does not derive from it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._reply(data, addr))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _reply(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = await self.server.reply(data, udp=True)
        if reply is not None and self.transport is not None and not self.transport.is_closing():
            self.transport.sendto(reply, addr)


def _closest(name: dns.name.Name, among: frozenset[dns.name.Name]) -> dns.name.Name | None:
    """`name` or the closest name above it that is one of `among`."""
    while name not in among:
        if name == dns.name.root:
            return None
        name = name.parent()
    return name


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text, dns.name.root)


def _rdata(owner: str, kind: str, text: str) -> dns.rdata.Rdata:
    if kind.upper() == "TXT" and not text.startswith('"'):
        raw = text.encode()
        return TXT(
            dns.rdataclass.IN, dns.rdatatype.TXT, [raw[at : at + 255] for at in range(0, len(raw), 255)] or [b""]
        )
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, kind, text, dns.name.root, relativize=False)
    except dns.exception.DNSException as error:
        raise ValueError(f"{owner} {kind} {text!r}: {error}") from error


def _soa(apex: dns.name.Name, serial: int, ttl: int) -> dns.rrset.RRset:
    host = "." if apex == dns.name.root else f"ns.{apex.to_text()}"
    return dns.rrset.from_text(apex, ttl, "IN", "SOA", f"{host} {host} {serial} 3600 600 86400 {ttl}")
