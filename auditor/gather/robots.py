"""robots.txt (RFC 9309): fetched once per scheme and host, honoured for every request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from auditor.gather.shared import abandon, shared
from auditor.model import Look

MAX_BYTES = 512_000  # RFC 9309 section 2.5 wants at least 500 KiB read
_MAX_DELAY = 10.0  # seconds: a longer crawl-delay would never let an audit end


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What one robots.txt says to us. `closed`: why everything is disallowed though no rule was read."""

    parser: Protego | None = None
    closed: str = ""
    status: int | None = None

    def refusal(self, url: str, agent: str) -> str:
        """Why `agent` may not request `url`; empty if it may.

        Where robots.txt itself answers 5xx the start page alone is still looked at, once: it tells a server in trouble
        from one that closes itself to programs.
        """
        if self.closed:
            return "" if urlsplit(url).path in ("", "/") else self.closed
        if self.parser is None or self.parser.can_fetch(url, agent):
            return ""
        return "robots.txt disallows it"

    def crawl_delay(self, agent: str) -> float:
        """Seconds between requests that the host asks for, bounded; 0 without a wish."""
        wish = self.parser.crawl_delay(agent) if self.parser else None
        return min(wish or 0.0, _MAX_DELAY)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        return tuple(self.parser.sitemaps) if self.parser else ()


def read_robots(first: Look, second: Look | None = None) -> RobotsRules:
    """Rules from the look at robots.txt; `second` is the repeated look after a 5xx answer.

    4xx: no rules (RFC 9309 section 2.3.1.3). 5xx twice: everything is disallowed (section 2.3.1.4). No answer at all:
    no rules, as the page itself will then tell what is wrong.
    """
    look = second or first
    if look.status is not None and 200 <= look.status < 300:
        return RobotsRules(Protego.parse(look.body.decode("utf-8-sig", "replace")), status=look.status)
    if look.status is not None and look.status >= 500:
        return RobotsRules(closed=f"robots.txt answers {look.status} (RFC 9309 section 2.3.1.4)", status=look.status)
    return RobotsRules(status=look.status)


#: (URL of robots.txt, unverified connection, attempt) -> Look
Fetcher = Callable[[str, bool, int], Awaitable[Look]]


class RobotsFiles:
    """The robots.txt of every scheme and host of this run; two requests that need the same one share the fetch."""

    def __init__(self, fetch: Fetcher) -> None:
        self._fetch = fetch
        self._known: dict[tuple[str, bool], tuple[int, asyncio.Task[RobotsRules]]] = {}

    async def rules(self, url: str, *, insecure: bool, attempt: int) -> RobotsRules:
        """The rules that hold for `url`. A second look asks again where the first found the file closed by errors."""
        parts = urlsplit(url)
        key = (f"{parts.scheme}://{parts.netloc}".lower(), insecure)
        known = self._known.get(key)
        if known is not None and not self._outdated(known, attempt):
            return await shared(known[1])
        task = asyncio.create_task(self._load(f"{key[0]}/robots.txt", insecure, attempt))
        self._known[key] = (attempt, task)
        return await shared(task)

    async def close(self) -> None:
        """End fetches that nobody waits for any more."""
        await abandon(task for _, task in self._known.values())

    def _outdated(self, known: tuple[int, asyncio.Task[RobotsRules]], attempt: int) -> bool:
        asked, task = known
        return asked < attempt and task.done() and (task.cancelled() or task.result().status is None or _closed(task))

    async def _load(self, url: str, insecure: bool, attempt: int) -> RobotsRules:
        first = await self._fetch(url, insecure, attempt)
        if first.status is not None and first.status >= 500:
            return read_robots(first, await self._fetch(url, insecure, attempt))
        return read_robots(first)


def _closed(task: asyncio.Task[RobotsRules]) -> bool:
    return bool(task.result().closed)
