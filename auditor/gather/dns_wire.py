"""One DNS question over UDP or TCP, on connected sockets: a closed port is known at once, not by time-out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype


class NoReply(Exception):
    """Nothing usable came within the time."""


class Unreachable(Exception):
    """The system says that nobody listens there, or that there is no way to it."""


def to_wire(question: dns.message.Message) -> bytes:
    """The same bytes as `question.to_wire()`: one question, perhaps an OPT record without options (RFC 6891 section
    6.1.2), which is all that is ever asked. The renderer of messages of any kind took a tenth of a long list's time.
    """
    if len(question.question) != 1 or len(question.sections[1]) + len(question.sections[2]) or question.options:
        return question.to_wire()
    asked, edns = question.question[0], question.opt is not None
    head = struct.pack("!6H", question.id, question.flags, 1, 0, 0, int(edns))
    name = asked.name.to_wire()
    assert name is not None  # it is None only when a file is given
    body = head + name + struct.pack("!2H", asked.rdtype, asked.rdclass)
    if not edns:
        return body
    return body + b"\0" + struct.pack("!2HIH", dns.rdatatype.OPT, question.payload, question.ednsflags, 0)


async def ask_udp(question: dns.message.Message, address: str, port: int, timeout: float) -> dns.message.Message:
    """The reply to `question`; sent a second time after a third of `timeout` (seconds), because packets get lost.

    A socket of its own, connected, for every question: a port that nobody can guess beside the random id (RFC 5452
    section 4.5), and the system drops what others send. Raises NoReply, Unreachable.
    """
    loop = asyncio.get_running_loop()
    wire = to_wire(question)
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect((address, port))
            for share in (1 / 3, 2 / 3):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(timeout * share):
                        await loop.sock_sendall(sock, wire)
                        return await _answer_to(question, wire[:2], sock, loop)
    except OSError as error:
        raise Unreachable(str(error)) from error
    raise NoReply(f"no answer in {timeout:g} s")


async def _answer_to(
    question: dns.message.Message, number: bytes, sock: socket.socket, loop: asyncio.AbstractEventLoop
) -> dns.message.Message:
    """The first packet that answers `question`, whose id is `number`; whatever else arrives is ignored."""
    while True:
        data = await loop.sock_recv(sock, 65535)
        if data[:2] != number:
            continue
        try:
            # "No such name" is in the header: a third of all answers, and their proofs are wanted with DNSSEC only.
            bare = _denies(data) and not question.ednsflags & dns.flags.DO
            message = dns.message.from_wire(data, ignore_trailing=True, raise_on_truncation=True, question_only=bare)
        except dns.message.Truncated as cut:
            message = cut.kwargs["message"]
        except dns.exception.DNSException:
            continue
        if question.is_response(message):
            return message


def _denies(data: bytes) -> bool:
    """True for a whole NXDOMAIN without a record (an alias that leads nowhere has one). RFC 1035 section 4.1.1."""
    return len(data) > 12 and data[3] & 0xF == dns.rcode.NXDOMAIN and data[6:8] == b"\0\0" and not data[2] & 2


async def ask_tcp(question: dns.message.Message, address: str, port: int, timeout: float) -> dns.message.Message:
    """The whole reply over TCP (RFC 7766). Raises NoReply, Unreachable."""
    wire = to_wire(question)
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()
                size = int.from_bytes(await reader.readexactly(2), "big")
                message = dns.message.from_wire(await reader.readexactly(size), ignore_trailing=True)
            finally:
                writer.close()
    except TimeoutError as error:
        raise NoReply(f"no answer in {timeout:g} s") from error
    except (OSError, asyncio.IncompleteReadError, dns.exception.DNSException) as error:
        raise Unreachable(str(error)) from error
    if not question.is_response(message):
        raise Unreachable("the answer belongs to another question")
    return message
