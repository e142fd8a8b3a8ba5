"""One DNS question over UDP or TCP, on connected sockets: a closed port is known at once, not by time-out.

Questions are written, and the outside of answers is read, byte by byte: with the general parser of messages both took
half of a long list's time. Records are read by that parser, and only where there are any.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import socket
import struct
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

_PAYLOAD = 1232  # bytes of UDP asked for: fits the smallest IPv6 path (DNS flag day 2020)
_HEADER = struct.Struct("!6H")
_PLAIN = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\Z")  # needs no escapes, no IDNA
_LONGEST = 255  # octets of a name (RFC 1035 section 2.3.4)
#: Answers in which a server may leave out the question, as it could not read it or will not answer.
_BARE = frozenset({dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED})


class NoReply(Exception):
    """Nothing usable came within the time."""


class Unreachable(Exception):
    """The system says that nobody listens there, or that there is no way to it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it is sent; `asked` is the part of it that an answer repeats: name, type and class."""

    wire: bytes
    asked: bytes
    edns: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a question, its outside read: `flags` of the header, the whole response code (RFC 6891 section
    6.1.3), the number of records in the answer section."""

    wire: bytes
    flags: int
    rcode: int
    records: int

    def message(self, *, answers_only: bool = False) -> dns.message.Message:
        """The message; `answers_only`: without the sections behind the answers. Raises DNSException if it is none."""
        wire = self.wire[:8] + b"\0\0\0\0" + self.wire[12:] if answers_only else self.wire
        return dns.message.from_wire(wire, ignore_trailing=True)


def make_question(
    name: str, rdtype: str, flags: int = dns.flags.RD, *, edns: bool = True, dnssec: bool = False
) -> Question:
    """The question for `rdtype` at `name` ("" and "." are the root) with a random id (RFC 5452 section 4.5). `edns`:
    with an OPT record (RFC 6891 section 6.1.2), `dnssec`: and the DO bit in it.

    Raises DNSException or UnicodeError for what is no name.
    """
    asked = _encoded(name) + struct.pack("!2H", dns.rdatatype.from_text(rdtype), dns.rdataclass.IN)
    head = _HEADER.pack(secrets.randbits(16), flags, 1, 0, 0, int(edns))
    option = struct.pack("!BHHIH", 0, dns.rdatatype.OPT, _PAYLOAD, dns.flags.DO if dnssec else 0, 0) if edns else b""
    return Question(head + asked + option, asked, edns)


def _encoded(name: str) -> bytes:
    if _PLAIN.match(name):
        labels = name.encode("ascii").split(b".")
        wire = b"".join([bytes((len(label),)) + label for label in labels]) + b"\0"
        if len(wire) <= _LONGEST:
            return wire
    return dns.name.from_text(name or ".").to_wire() or b""


def read_reply(wire: bytes, question: Question) -> Reply | None:
    """The outside of `wire`; None if it does not answer `question`, or is no message. RFC 1035 section 4.1."""
    if len(wire) < _HEADER.size:
        return None
    _, flags, questions, answers, authorities, more = _HEADER.unpack_from(wire)
    code = flags & 0xF
    if wire[:2] != question.wire[:2] or not flags & dns.flags.QR or dns.opcode.from_flags(flags) != dns.opcode.QUERY:
        return None
    if questions == 0 and code in _BARE:
        return Reply(wire, flags, code, 0)
    end = _HEADER.size + len(question.asked)
    if questions != 1 or not _same(wire[_HEADER.size : end], question.asked):
        return None
    if flags & dns.flags.TC:  # cut somewhere: nothing behind the question is worth reading
        return Reply(wire, flags, code, 0)
    try:
        return Reply(wire, flags, code | _extended(wire, end, answers + authorities, more), answers)
    except (IndexError, struct.error):
        return None


def _same(answered: bytes, asked: bytes) -> bool:
    """Names are compared without case (RFC 4343), type and class as they are."""
    return answered[-4:] == asked[-4:] and answered[:-4].lower() == asked[:-4].lower()


def _extended(wire: bytes, at: int, before: int, more: int) -> int:
    """The upper bits of the response code from the OPT record, if there is one, in the last section of `more` records,
    behind `before` others. Raises IndexError or struct.error for what is no record."""
    for place in range(before + more):
        while wire[at] and wire[at] < 0xC0:
            at += wire[at] + 1
        at += 2 if wire[at] else 1  # a pointer, or the root
        kind, _, ttl, size = struct.unpack_from("!HHIH", wire, at)
        at += 10 + size
        if at > len(wire):
            raise IndexError
        if place >= before and kind == dns.rdatatype.OPT:
            return int(ttl >> 24 << 4)
    return 0


async def ask_udp(
    question: Question,
    address: str,
    port: int,
    timeout: float,
    gate: contextlib.AbstractAsyncContextManager[object] | None = None,
) -> Reply:
    """The reply to `question`; sent a second time after a third of `timeout` (seconds), because packets get lost.

    A socket of its own, connected, for every question: a port that nobody can guess beside the random id (RFC 5452
    section 4.5), and the system drops what others send. `gate` bounds how many wait for the answer to their first
    packet; the time before it does not count. Raises NoReply, Unreachable.
    """
    loop, first = asyncio.get_running_loop(), gate or contextlib.nullcontext()
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect((address, port))
            for share, entered in ((1 / 3, first), (2 / 3, contextlib.nullcontext())):
                with contextlib.suppress(TimeoutError):
                    async with entered, asyncio.timeout(timeout * share):
                        await loop.sock_sendall(sock, question.wire)
                        return await _answer_to(question, sock, loop)
    except OSError as error:
        raise Unreachable(str(error)) from error
    raise NoReply(f"no answer in {timeout:g} s")


async def _answer_to(question: Question, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> Reply:
    """The first packet that answers `question`; whatever else arrives is ignored."""
    while True:
        reply = read_reply(await loop.sock_recv(sock, 65535), question)
        if reply is not None:
            return reply


async def ask_tcp(question: Question, address: str, port: int, timeout: float) -> Reply:
    """The whole reply over TCP (RFC 7766). Raises NoReply, Unreachable."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                writer.write(len(question.wire).to_bytes(2, "big") + question.wire)
                await writer.drain()
                size = int.from_bytes(await reader.readexactly(2), "big")
                reply = read_reply(await reader.readexactly(size), question)
            finally:
                writer.close()
    except TimeoutError as error:
        raise NoReply(f"no answer in {timeout:g} s") from error
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Unreachable(str(error)) from error
    if reply is None:
        raise Unreachable("the answer belongs to another question, or is no message")
    return reply
