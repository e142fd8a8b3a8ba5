"""One DNS question over UDP or TCP, on connected sockets: a closed port is known at once, not by time-out."""

from __future__ import annotations

import asyncio

import dns.exception
import dns.message


class NoReply(Exception):
    """Nothing usable came within the time."""


class Unreachable(Exception):
    """The system says that nobody listens there, or that there is no way to it."""


async def ask_udp(question: dns.message.Message, address: str, port: int, timeout: float) -> dns.message.Message:
    """The reply to `question`; sent a second time after a third of `timeout` (seconds), because packets get lost.

    Raises NoReply, Unreachable.
    """
    loop = asyncio.get_running_loop()
    wire = question.to_wire()
    try:
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: _Reply(question, loop.create_future()), remote_addr=(address, port)
        )
    except OSError as error:
        raise Unreachable(str(error)) from error
    try:
        for share in (1 / 3, 2 / 3):
            transport.sendto(wire)
            done, _ = await asyncio.wait({protocol.reply}, timeout=timeout * share)
            if done:
                return protocol.reply.result()
    finally:
        transport.close()
        protocol.reply.cancel()
    raise NoReply(f"no answer in {timeout:g} s")


class _Reply(asyncio.DatagramProtocol):
    """Waits for the one packet that answers `question`; whatever else arrives is ignored."""

    def __init__(self, question: dns.message.Message, reply: asyncio.Future[dns.message.Message]) -> None:
        self.question = question
        self.reply = reply

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        try:
            message = dns.message.from_wire(data, ignore_trailing=True, raise_on_truncation=True)
        except dns.message.Truncated as cut:
            message = cut.kwargs["message"]
        except dns.exception.DNSException:
            return
        if not self.reply.done() and self.question.is_response(message):
            self.reply.set_result(message)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(Unreachable(str(exc)))

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self.error_received(exc)


async def ask_tcp(question: dns.message.Message, address: str, port: int, timeout: float) -> dns.message.Message:
    """The whole reply over TCP (RFC 7766). Raises NoReply, Unreachable."""
    wire = question.to_wire()
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
