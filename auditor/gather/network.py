"""The one polite client: every request of the auditor goes through here and comes back as a Look."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from auditor.gather import hosts, robots
from auditor.gather.backend import ResolvingBackend
from auditor.gather.client import HostClient, RequestFailed, TlsSeen, normal_url
from auditor.gather.connect_to import ConnectTo, parse_connect_to
from auditor.gather.dns import Resolver
from auditor.gather.exchange import Bounds, Exchange, exchange
from auditor.gather.politeness import Politeness
from auditor.gather.pool import ClientPool
from auditor.model import Failed, Look, LookKind, NotRun, Outcome, Reason, fold_host

__all__ = ["ConnectTo", "Network", "NetworkOptions", "parse_connect_to"]

_SIZES = {LookKind.FILE: 64_000, LookKind.FORM: 4096}  # bytes: of a file only the head is of interest
_PORTS = {"http": 80, "https": 443}
_VISITS = 2  # a page may redirect to itself once, to set a cookie


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Bounds and manners. Times in seconds, sizes in bytes after unpacking; `contact` goes into the User-Agent."""

    delay: float = 1.0
    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    total_timeout: float = 60.0
    max_bytes: int = 5_000_000
    max_redirects: int = 10
    allow_private: bool = False
    allow_networks: tuple[str, ...] = ()  # private networks that the configuration allows, "10.20.0.0/16"
    connect_to: tuple[ConnectTo, ...] = ()
    ca_file: str | None = None
    user_agent: str = "auditor/0.1"
    contact: str = ""
    host_connections: int = 2
    address_connections: int = 4
    address_rate: float = 4.0
    retry_after: float = 20.0

    @property
    def full_user_agent(self) -> str:
        return f"{self.user_agent} (+{self.contact})" if self.contact else self.user_agent


@dataclass(slots=True)
class _Walk:
    """One fetch on its way through redirects."""

    kind: LookKind
    attempt: int
    size: int
    insecure: bool
    fresh: bool
    follow: bool
    headers: Mapping[str, str]
    seconds: float  # left of the total time; politeness does not count
    leases: AsyncExitStack
    clients: dict[str, HostClient] = field(default_factory=dict)
    sent: int = 0
    redirects: list[str] = field(default_factory=list)
    visits: dict[str, int] = field(default_factory=dict)


class Network:
    """`async with Network(options, resolver) as network: look = await network.fetch(url)`. One object per run."""

    def __init__(
        self,
        options: NetworkOptions,
        resolver: Resolver,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.options = options
        self.requests = 0
        self._backend = ResolvingBackend(
            resolver,
            options.connect_to,
            allow_private=options.allow_private,
            allow_networks=options.allow_networks,
        )
        self._pool = ClientPool(
            self._backend, options.full_user_agent, options.ca_file, connections=options.host_connections
        )
        self._politeness = Politeness(
            options.delay,
            host_connections=options.host_connections,
            address_connections=options.address_connections,
            address_rate=options.address_rate,
            clock=clock,
            sleep=sleep,
        )
        self._states = hosts.HostStates(options.retry_after, clock)
        self._robots = robots.RobotsFiles(self._fetch_robots)
        self._agent = options.user_agent.partition("/")[0].strip()
        self._tls: dict[tuple[str, int], TlsSeen] = {}

    async def __aenter__(self) -> Network:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._robots.close()
        await self._pool.close()

    async def fetch(
        self,
        url: str,
        kind: LookKind = LookKind.PAGE,
        *,
        attempt: int = 1,
        max_bytes: int | None = None,
        respect_robots: bool = True,
        fresh: bool = False,
        insecure_tls: bool = False,
        follow: bool = True,
        accept: str | None = None,
    ) -> Look:
        """Look at `url`: wait for our turn, request it, follow redirects. Network trouble is a reason, never raised.

        `max_bytes` bounds the body (default: the options', 64 kB for FILE, 4 kB for FORM); a longer one is cut
        (`truncated`) and still ok. Of a FORM no more is asked for, and no redirect to another host is followed.
        `fresh`: on a new connection, without cookies. `insecure_tls`: whatever the certificate. Without `follow` a
        redirect is the answer, with its status and TOO_MANY_REDIRECTS. `accept`: the media types to ask for, where
        they are not those of pages.
        `redirects` of the Look are the addresses redirected to, in order; the last one is its `final_url`.
        """
        size = _SIZES.get(kind, self.options.max_bytes) if max_bytes is None else max_bytes
        started = datetime.now(UTC)
        async with AsyncExitStack() as leases:
            total = self.options.total_timeout
            walk = _Walk(kind, attempt, size, insecure_tls, fresh, follow, _headers(kind, size, accept), total, leases)
            here, result = await self._follow(_tidy(url), walk, respect_robots)
        return Look(
            url=url,
            kind=kind,
            fetched_at=started,
            final_url=here,
            status=result.status,
            reason=result.reason,
            not_run=result.not_run and walk.sent == 0,
            detail=result.detail,
            redirects=tuple(walk.redirects),
            headers=result.headers,
            body=result.body,
            digest=hashlib.sha256(result.body).hexdigest() if result.body else "",
            truncated=result.truncated,
            elapsed_ms=result.elapsed_ms,
            peer=result.peer,
            attempt=attempt,
        )

    async def targets(self, host: str, port: int) -> Outcome[tuple[tuple[str, int], ...]]:
        """(address, port) pairs where `host`:`port` may be connected to; NotRun(BLOCKED_ADDRESS) if there is none."""
        return await self._backend.targets(host, port)

    async def robots_sitemaps(self, host_url: str, *, insecure_tls: bool = False) -> tuple[str, ...]:
        """The Sitemap: addresses that the robots.txt of `host_url`'s scheme and host names; empty if it has none."""
        parts = _split(host_url)
        if parts is None:
            return ()
        rules = await self._robots.rules(host_url, insecure=insecure_tls, attempt=1)
        return tuple(urljoin(host_url, entry) for entry in rules.sitemaps)

    def tls_seen(self, host: str, port: int = 443) -> TlsSeen | None:
        """Version and certificate of the last verified connection to `host`; None if there was none."""
        return self._tls.get((host.lower(), port))

    async def describe_tls(self, host: str, port: int = 443) -> TlsSeen:
        """The same from an unverified handshake made now, politely. Raises RequestFailed."""
        targets = await self._backend.targets(host, port)
        if isinstance(targets, Failed | NotRun):
            raise RequestFailed(targets.reason, targets.detail, not_run=isinstance(targets, NotRun))
        async with self._politeness.turn(fold_host(host), targets.value[0][0]):
            return await self._pool.handshake(host, port, timeout=self.options.connect_timeout)

    def overridden(self, host: str, port: int) -> bool:
        """True if connect_to decides where `host`:`port` is: its name says nothing then."""
        return self._backend.overridden(host, port)

    # -- one fetch --------------------------------------------------------------------------------------------------

    async def _follow(self, url: str, walk: _Walk, respect_robots: bool) -> tuple[str, Exchange]:
        """The exchange at the end of the redirects, and where that was."""
        while True:
            parts = _split(url)
            if parts is None:
                return url, Exchange(0, Reason.OUT_OF_SCOPE, "not an http or https address", not_run=True)
            result = await self._hop(url, parts, walk, respect_robots)
            if not result.redirects or result.reason is not None:
                return url, result
            if not walk.follow:
                return url, _but(result, Reason.TOO_MANY_REDIRECTS, f"HTTP {result.status}, not followed")
            target = _target(url, result.header("location"))
            if target is None:
                where = f"HTTP {result.status} to {result.header('location')[:200]!r}"
                return url, _but(result, Reason.PROTOCOL_ERROR, where)
            if walk.kind is LookKind.FORM and not _same_host(url, target):
                return url, _but(result, Reason.OUT_OF_SCOPE, f"HTTP {result.status} to {target}, another host")
            walk.visits[url] = walk.visits.get(url, 0) + 1
            if walk.visits.get(target, 0) >= _VISITS or len(walk.redirects) >= self.options.max_redirects:
                what = "redirect loop at" if target in walk.visits else "more redirects than allowed, next to"
                return url, _but(result, Reason.TOO_MANY_REDIRECTS, f"{what} {target}")
            walk.redirects.append(target)
            url = target

    async def _hop(self, url: str, parts: SplitResult, walk: _Walk, respect_robots: bool) -> Exchange:
        """One request, if nothing forbids it; repeated once where the server asks for a moment's patience."""
        name, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        host = fold_host(name)
        key = hosts.Door(host, parts.scheme, port, walk.insecure, walk.attempt)
        targets = await self._backend.targets(name, port)
        if isinstance(targets, Failed | NotRun):
            return Exchange(0, targets.reason, targets.detail, not_run=isinstance(targets, NotRun))
        if stop := self._states.closed(key):
            return Exchange(0, stop.reason, stop.detail, not_run=True)
        if respect_robots:
            rules = await self._robots.rules(url, insecure=walk.insecure, attempt=walk.attempt)
            self._politeness.slow_down(host, rules.crawl_delay(self._agent))
            if why := rules.refusal(url, self._agent):
                return Exchange(0, Reason.ROBOTS_DISALLOWED, why, not_run=True)
            if stop := self._states.closed(key):  # fetching robots.txt may have shown it
                return Exchange(0, stop.reason, stop.detail, not_run=True)
        result = await self._send(url, host, targets.value[0][0], walk)
        if result.broken_off:  # most often an idle connection that the server had just closed
            result = await self._send(url, host, targets.value[0][0], walk)
        wait = self._states.patience(key, result)
        if wait is not None:
            self._politeness.pause(host, wait)
            result = await self._send(url, host, targets.value[0][0], walk)
        self._states.note(key, result)
        if result.tls is not None and not walk.insecure:
            self._tls[(name.lower(), port)] = result.tls
        return result

    async def _send(self, url: str, host: str, address: str, walk: _Walk) -> Exchange:
        options = self.options
        if host not in walk.clients:
            lease = self._pool.fresh if walk.fresh else partial(self._pool.lease, host)
            walk.clients[host] = await walk.leases.enter_async_context(lease(insecure=walk.insecure))
        async with self._politeness.turn(host, address):
            self.requests += 1
            bounds = Bounds(options.connect_timeout, options.read_timeout, walk.seconds, walk.size)
            result = await exchange(walk.clients[host], url, bounds, walk.headers)
        walk.seconds -= result.seconds
        walk.sent += 0 if result.not_run else 1
        return result

    async def _fetch_robots(self, url: str, insecure: bool, attempt: int) -> Look:
        return await self.fetch(
            url,
            LookKind.ROBOTS,
            attempt=attempt,
            max_bytes=robots.MAX_BYTES,
            respect_robots=False,
            insecure_tls=insecure,
        )


def _tidy(url: str) -> str:
    """Without fragment, and without a name and password that a link may carry; unchanged if it is no URL."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url.strip()
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def _split(url: str) -> SplitResult | None:
    """The parts of an http or https address with a host and a possible port; the host in ASCII. None for others."""
    try:
        parts = urlsplit(url if url.isascii() else normal_url(url) or "")
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and normal_url(url) is not None else None


def _same_host(url: str, other: str) -> bool:
    return fold_host(urlsplit(url).hostname or "") == fold_host(urlsplit(other).hostname or "")


def _headers(kind: LookKind, size: int, accept: str | None) -> dict[str, str]:
    """What is said beside the usual: of a form only the first bytes are wanted, as they are (RFC 9110 section 14.2)."""
    headers = {"Accept": accept} if accept is not None else {}
    if kind is LookKind.FORM:
        headers |= {"Accept": "*/*", "Accept-Encoding": "identity", "Range": f"bytes=0-{size - 1}"}
    return headers


def _target(url: str, location: str) -> str | None:
    """Where a redirect from `url` leads; None if that is nowhere an http client can go."""
    if not location.strip():
        return None
    try:
        target = normal_url(_tidy(urljoin(url, location.strip())))
    except ValueError:
        return None
    return target if target is not None and _split(target) is not None else None


def _but(result: Exchange, reason: Reason, detail: str) -> Exchange:
    return replace(result, reason=reason, detail=detail)
