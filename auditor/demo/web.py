"""A small HTTP/1.1 server on loopback that answers by name, plain and over TLS (SNI), for the demo province.

It serves what a function gives it; it has no opinion on content. One thread, one event loop, ephemeral ports.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

_MAX_HEAD = 64 * 1024
_MAX_BODY = 1024 * 1024
_IDLE_SECONDS = 30.0
_WORTH_PACKING = 400  # bytes; shorter bodies grow when gzipped
_PACKABLE = ("text/", "application/xml", "application/rss+xml", "application/json", "application/javascript")


@dataclass(frozen=True, slots=True)
class Response:
    """What the server sends: status, headers (without length, date and encoding) and the body before compression."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: TLS or not, method, host name (lower case, no port), target (path and query as sent)."""

    secure: bool
    method: str
    host: str
    target: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a whole host misbehaves, for trials: a fixed status, an extra delay in seconds, or a connection cut off."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    drop: bool = False


Answer = Callable[[Request], Response]
ContextFor = Callable[[str | None], ssl.SSLContext]


class WebServer:
    """HTTP and HTTPS listeners on 127.0.0.1. `start` returns when both listen, `stop` when nothing runs any more."""

    def __init__(self, answer: Answer, context_for: ContextFor) -> None:
        self._answer = answer
        self._context_for = context_for
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-web", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._behaviours: dict[str, Behaviour] = {}
        self.https_port = 0
        self.http_port = 0
        self.requests = 0

    def start(self) -> None:
        """Listen. Raises OSError if no port can be bound."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=10)

    def stop(self) -> None:
        """Close listeners and connections, end the thread. May be called twice."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=10)
        self._loop.close()

    def misbehave(self, host: str, behaviour: Behaviour | None) -> None:
        """From now on `host` misbehaves so; None ends it."""
        if behaviour is None:
            self._behaviours.pop(host, None)
        else:
            self._behaviours[host] = behaviour

    async def _listen(self) -> None:
        default = self._context_for(None)
        default.sni_callback = self._choose_context
        secure = await asyncio.start_server(self._serve_tls, "127.0.0.1", 0, ssl=default, limit=_MAX_HEAD)
        plain = await asyncio.start_server(self._serve_plain, "127.0.0.1", 0, limit=_MAX_HEAD)
        self._servers = [secure, plain]
        self.https_port = secure.sockets[0].getsockname()[1]
        self.http_port = plain.sockets[0].getsockname()[1]

    def _choose_context(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._context_for(name)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()

    async def _serve_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, secure=True)

    async def _serve_plain(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, secure=False)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, secure: bool) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            while await self._exchange(reader, writer, secure):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            pass  # the client went away or sent no HTTP: nothing to answer
        except asyncio.CancelledError:
            pass  # the server is being stopped; the connection ends with it
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secure: bool) -> bool:
        """One request and its answer; False ends the connection."""
        async with asyncio.timeout(_IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        target, _, version = rest.rpartition(" ")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
        length = headers.get("content-length", "0")
        if not target.startswith("/") or not length.isdigit() or int(length) > _MAX_BODY:
            writer.write(_head(Response(400), 0, keep=False))
            return False
        await reader.readexactly(int(length))
        self.requests += 1
        host = headers.get("host", "").lower().rsplit(":", 1)[0]
        keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        behaviour = self._behaviours.get(host, Behaviour())
        if behaviour.delay:
            await asyncio.sleep(behaviour.delay)
        if behaviour.drop:
            writer.transport.abort()
            return False
        response = self._respond(Request(secure, method, host, target), behaviour)
        self._send(writer, response, method, "gzip" in headers.get("accept-encoding", "").lower(), keep)
        await writer.drain()
        return keep

    def _respond(self, request: Request, behaviour: Behaviour) -> Response:
        if behaviour.status is not None:
            return Response(behaviour.status, (("Content-Type", "text/html; charset=utf-8"), *behaviour.headers), b"")
        if request.method not in ("GET", "HEAD", "POST"):
            return Response(405, (("Allow", "GET, HEAD, POST"),))
        return self._answer(request)

    def _send(self, writer: asyncio.StreamWriter, response: Response, method: str, packed: bool, keep: bool) -> None:
        body = response.body
        headers = response.headers
        if packed and len(body) > _WORTH_PACKING and response.header("content-type").startswith(_PACKABLE):
            body = gzip.compress(body, compresslevel=5, mtime=0)
            headers = (*headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
        writer.write(_head(Response(response.status, headers), len(body), keep=keep))
        if method != "HEAD":
            writer.write(body)


def _head(response: Response, length: int, *, keep: bool) -> bytes:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {response.status} {phrase}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines += [f"Content-Length: {length}", f"Connection: {'keep-alive' if keep else 'close'}", "", ""]
    return "\r\n".join(lines).encode("latin-1")
