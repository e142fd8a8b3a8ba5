"""One HTTP client per host on httpx. The only module that imports it; nothing of httpx leaves here."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import certifi
import httpcore
import httpx

from auditor.gather.backend import ConnectFailure, ResolvingBackend
from auditor.gather.decompress import ACCEPTED
from auditor.model import Reason

_KEEPALIVE = 15.0  # seconds that an idle connection is kept
_LEGACY_SERVERS = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT, in the ssl module since Python 3.12
_LOCATION = "auditor_location"  # where the Location of an answer is kept
_COOKIES = 50  # more than this of one host is not a session but a leak
_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
    "Accept-Language": "vi,en;q=0.5",
    "Accept-Encoding": ACCEPTED,
}


class RequestFailed(Exception):
    """A request that network trouble ended. `not_run`: for a cause on our side nothing was sent."""

    def __init__(self, reason: Reason, detail: str, *, not_run: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.not_run = not_run


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """What a TLS connection showed: version as OpenSSL names it, and the server's certificate in DER."""

    version: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """Status line and headers of one answer; `chunks` brings the body as it stands on the wire, still packed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: AsyncIterator[bytes]
    peer: str | None
    tls: TlsSeen | None

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


def verifying_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Certificates judged by the same public list on every machine, and by `ca_file` (PEM) beside it.

    Otherwise as patient as browsers are (older ciphers and servers, TLS 1.2 at least): Python's stricter defaults
    would call a site broken that opens everywhere. Raises OSError or ssl.SSLError when `ca_file` cannot be read.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_ciphers("DEFAULT:@SECLEVEL=1")
    context.options |= _LEGACY_SERVERS
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def unverified_context() -> ssl.SSLContext:
    """Takes every certificate and old protocol versions: to read and describe, never to trust."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVERS
    return context


class _Transport(httpx.AsyncHTTPTransport):
    """httpx has no public way to give its pool a network backend: the pool is replaced (a test pins this)."""

    def __init__(self, context: ssl.SSLContext, backend: ResolvingBackend, connections: int) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_KEEPALIVE,
            network_backend=backend,
        )


class HostClient:
    """Connections and cookies of one host. Cookies live in memory only, as long as the client."""

    def __init__(
        self, backend: ResolvingBackend, context: ssl.SSLContext, user_agent: str, *, connections: int = 2
    ) -> None:
        self.holders = 0  # who leased it now
        self._client = httpx.AsyncClient(
            transport=_Transport(context, backend, connections),
            headers={**_HEADERS, "User-Agent": user_agent},
            follow_redirects=False,
            trust_env=False,
            event_hooks={"response": [_hide_location]},
        )

    async def close(self) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def get(
        self, url: str, *, connect_timeout: float, read_timeout: float, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Answer]:
        """GET `url`; the body is read inside the block. `headers` go over those of pages. Raises RequestFailed, in the
        block too, for all network trouble."""
        timeout = httpx.Timeout(read_timeout, connect=connect_timeout, pool=None)
        if len(self._client.cookies.jar) > _COOKIES:
            self._client.cookies.clear()
        with _translated():
            request = self._client.build_request("GET", url, headers=headers, timeout=timeout)
            response = await self._client.send(request, stream=True)
            try:
                yield _answer(response)
            finally:
                await response.aclose()


def normal_url(url: str) -> str | None:
    """`url` in ASCII as it is sent (punycode, percent-encoding); None if it cannot be."""
    try:
        return str(httpx.URL(url).copy_with(fragment=None))
    except (httpx.InvalidURL, ValueError, TypeError):
        return None


async def _hide_location(response: httpx.Response) -> None:
    """Before httpx reads it: it raises for an address that it would not follow, and the answer would be lost."""
    response.extensions[_LOCATION] = response.headers.pop("location", None)


def _answer(response: httpx.Response) -> Answer:
    headers = tuple(response.headers.multi_items())
    if (location := response.extensions.get(_LOCATION)) is not None:
        headers += (("location", location),)
    stream = response.extensions.get("network_stream")
    peer, tls = None, None
    if stream is not None:
        address = stream.get_extra_info("server_addr")
        peer = f"{address[0]} port {address[1]}" if address else None
        tls = tls_seen(stream.get_extra_info("ssl_object"))
    return Answer(response.status_code, headers, response.aiter_raw(), peer, tls)


def tls_seen(connection: ssl.SSLObject | None) -> TlsSeen | None:
    """Version and certificate of an open TLS connection; None for a plain one."""
    if connection is None:
        return None
    return TlsSeen(connection.version() or "", connection.getpeercert(binary_form=True) or b"")


async def handshake(
    backend: ResolvingBackend, context: ssl.SSLContext, host: str, port: int, *, timeout: float
) -> TlsSeen:
    """Open a TLS connection, note what it shows, close it; nothing is requested. Raises RequestFailed."""
    try:
        stream = await backend.connect_tcp(host, port, timeout=timeout)
        try:
            secure = await stream.start_tls(context, host.strip("[]"), timeout)
        except BaseException:
            await stream.aclose()
            raise
    except ConnectFailure as error:
        raise RequestFailed(error.reason, error.detail, not_run=error.not_run) from error
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise _tls_failure(error) from error
    try:
        seen = tls_seen(secure.get_extra_info("ssl_object"))
    finally:
        await secure.aclose()
    return seen or TlsSeen("", b"")


@contextmanager
def _translated() -> Iterator[None]:
    """Every trouble of httpx and of the backend as a RequestFailed with one of our reasons."""
    try:
        yield
    except ConnectFailure as error:
        raise RequestFailed(error.reason, error.detail, not_run=error.not_run) from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _tls_failure(error) from error
    except httpx.TimeoutException as error:
        raise RequestFailed(Reason.READ_TIMEOUT, _text(error) or "no answer in time") from error
    except (httpx.ProtocolError, httpx.DecodingError) as error:
        raise RequestFailed(Reason.PROTOCOL_ERROR, _text(error)) from error
    except (httpx.TransportError, ssl.SSLError, OSError) as error:  # read, write, close
        raise RequestFailed(Reason.READ_FAILED, _text(error) or "connection broken") from error
    except httpx.InvalidURL as error:
        raise RequestFailed(Reason.OUT_OF_SCOPE, _text(error), not_run=True) from error


def _tls_failure(error: Exception) -> RequestFailed:
    """The backend reports its own failures, so what is left of connecting is the TLS handshake."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return RequestFailed(Reason.TLS_INVALID, f"{cause.verify_message} (X509 {cause.verify_code})")
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError):
            return RequestFailed(Reason.TLS_FAILED, str(cause))
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectTimeout | httpcore.ConnectTimeout):
        return RequestFailed(Reason.CONNECT_TIMEOUT, "the TLS handshake was not finished in time")
    return RequestFailed(Reason.TLS_FAILED, _text(error) or "the connection broke in the TLS handshake")


def _text(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
