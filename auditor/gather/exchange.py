"""One request and its answer, read within bounds of bytes and time. Trouble becomes a reason, never an exception."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.gather.client import Answer, HostClient, RequestFailed, TlsSeen
from auditor.gather.decompress import BadEncoding, Body, Bomb
from auditor.model import Reason

_ERROR_BYTES = 300_000  # of an error page: bot walls and maintenance pages are recognised by their text
_REDIRECT_BYTES = 16_000  # read only so that the connection can be used again
_KEPT_HEADERS = frozenset(
    {"content-type", "content-length", "content-encoding", "content-language", "content-disposition", "content-range"}
    | {"location"}
    | {"last-modified", "date", "server", "retry-after", "strict-transport-security", "x-powered-by", "x-generator"}
    | {"x-robots-tag", "refresh", "etag", "expires", "via", "cf-mitigated", "cf-ray"}
)
_HEADER_CHARS = 500
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one request. `reason` None: a 2xx answer with a body, or a redirect. `seconds`: its whole time."""

    seconds: float
    reason: Reason | None = None
    detail: str = ""
    not_run: bool = False
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False
    elapsed_ms: int | None = None
    peer: str | None = None
    tls: TlsSeen | None = None

    @property
    def redirects(self) -> bool:
        return self.status in _REDIRECTS

    @property
    def broken_off(self) -> bool:
        """The connection ended, or spoke nonsense, before any status line."""
        return self.status is None and self.reason in (Reason.READ_FAILED, Reason.PROTOCOL_ERROR)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds and bytes that one request may take."""

    connect: float
    read: float
    total: float
    size: int


async def exchange(client: HostClient, url: str, bounds: Bounds, headers: Mapping[str, str] | None = None) -> Exchange:
    """GET `url`, follow nothing. What was read before an error is kept. `headers` as for HostClient.get."""
    return await _Reading(bounds).run(client, url, headers)


class _Reading:
    """The state of one exchange, so that whatever ends it finds what was already read."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.begin = time.perf_counter()
        self.answer: Answer | None = None
        self.elapsed_ms: int | None = None
        self.body: Body | None = None
        self.head = b""  # the first bytes as they came, for an answer that cannot be unpacked

    async def run(self, client: HostClient, url: str, headers: Mapping[str, str] | None) -> Exchange:
        bounds = self.bounds
        try:
            async with (
                asyncio.timeout(max(bounds.total, 0.0)),
                client.get(url, connect_timeout=bounds.connect, read_timeout=bounds.read, headers=headers) as answer,
            ):
                self.answer = answer
                self.elapsed_ms = round((time.perf_counter() - self.begin) * 1000)
                await self._read(answer)
        except TimeoutError:
            return self._end(Reason.READ_TIMEOUT, f"not finished within {bounds.total:.0f} s", cut=True)
        except RequestFailed as error:
            return self._end(error.reason, error.detail, not_run=error.not_run, cut=True)
        except BadEncoding as error:
            return self._end(Reason.PROTOCOL_ERROR, str(error), cut=True)
        except Bomb as error:
            return self._end(Reason.TOO_LARGE, str(error))
        return self._end(*self._judge(answer.status))

    async def _read(self, answer: Answer) -> None:
        size = self.bounds.size
        if answer.status in _REDIRECTS:
            size = min(size, _REDIRECT_BYTES)
        elif answer.status >= 400:
            size = min(size, _ERROR_BYTES)
        self.body = Body(answer.header("content-encoding"), size)
        async for chunk in answer.chunks:
            self.head = self.head or chunk[:2000]
            self.body.feed(chunk)
            if self.body.full:
                return

    def _judge(self, status: int) -> tuple[Reason | None, str]:
        if status in _REDIRECTS:
            return None, ""
        if 200 <= status < 300:
            empty = self.body is None or not self.body.data.strip()
            return (Reason.EMPTY_BODY, f"HTTP {status} without content") if empty else (None, "")
        return status_reason(status), f"HTTP {status}"

    def _end(self, reason: Reason | None, detail: str = "", *, not_run: bool = False, cut: bool = False) -> Exchange:
        seconds = time.perf_counter() - self.begin
        if self.answer is None:
            return Exchange(seconds, reason, detail, not_run)
        data = bytes(self.body.data) if self.body else b""
        return Exchange(
            seconds=seconds,
            reason=reason,
            detail=detail,
            status=self.answer.status,
            headers=_kept(self.answer.headers),
            body=data or (self.head if cut else b""),
            truncated=cut or (self.body is not None and self.body.truncated),
            elapsed_ms=self.elapsed_ms,
            peer=self.answer.peer,
            tls=self.answer.tls,
        )


def status_reason(status: int) -> Reason:
    """The reason that a status outside 2xx stands for; a 3xx that leads nowhere and a 1xx break the protocol."""
    exact = {403: Reason.HTTP_403, 404: Reason.HTTP_404, 410: Reason.HTTP_404, 429: Reason.HTTP_429}
    if status in exact:
        return exact[status]
    if 400 <= status < 500:
        return Reason.HTTP_4XX
    return Reason.HTTP_5XX if status >= 500 else Reason.PROTOCOL_ERROR


def _kept(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value[:_HEADER_CHARS]) for name, value in headers if name.lower() in _KEPT_HEADERS)
