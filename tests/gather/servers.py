"""Small HTTP and HTTPS servers on loopback for the tests of looking. They live in the test's own event loop."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import trustme


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    server_name: str | None  # SNI, None over plain HTTP
    at: float  # monotonic seconds of arrival

    @property
    def host(self) -> str:
        return self.headers.get("host", "")


Raw = bytes | AsyncIterator[bytes]
Handler = Callable[[Request], Raw | Awaitable[Raw]]


def reply(body: bytes | str = b"<p>ok</p>", status: int = 200, **headers: str) -> bytes:
    """A whole answer; header names with _ for -."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def redirect(location: str, status: int = 302) -> bytes:
    return reply(b"", status, Location=location)


class HttpServer:
    """`async with HttpServer(handler) as server:` answers GETs on 127.0.0.1:`server.port` and notes them.

    A handler that returns bytes keeps the connection; an async iterator of bytes is sent piece by piece, then closed.
    """

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.open_now = 0
        self.most_open = 0
        self.port = 0
        self._handler = handler
        self._context = context
        self._host = host
        self._names: dict[ssl.SSLObject | ssl.SSLSocket, str | None] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    async def __aenter__(self) -> HttpServer:
        if self._context is not None:
            self._context.sni_callback = lambda connection, name, context: self._names.update({connection: name})
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open_now -= 1
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        name = self._names.get(writer.get_extra_info("ssl_object"))
        request = Request(head[0].split(" ")[1], headers, name, time.monotonic())
        self.requests.append(request)
        answer = self._handler(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return bool(answer)
        async for chunk in answer:
            writer.write(chunk)
            await writer.drain()
        return False


class Authority:
    """A certificate authority of our own; `ca_file` is its PEM for the client."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        file = folder / "authority.pem"
        file.write_bytes(self._ca.cert_pem.bytes())
        self.ca_file = str(file)

    def context(self, *names: str, until: datetime | None = None, since: datetime | None = None) -> ssl.SSLContext:
        """A server's context with a certificate for `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if since is None and until is not None:
            since = datetime(2020, 1, 1, tzinfo=UTC)
        self._ca.issue_cert(*names, common_name=names[0], not_before=since, not_after=until).configure_cert(context)
        return context

    def certified(self, *names: str) -> tuple[ssl.SSLContext, bytes]:
        """A server's context, and its certificate in DER."""
        context, issued = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._ca.issue_cert(*names)
        issued.configure_cert(context)
        return context, ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode("ascii"))
