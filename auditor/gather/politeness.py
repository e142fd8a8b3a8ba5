"""When the next request may start: per host and per server address, because dozens of hosts are one server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Gate:
    """Connections at once, and the moment (monotonic seconds) before which no further request starts."""

    connections: asyncio.Semaphore
    gap: float
    next_start: float = 0.0
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)  # one start at a time keeps the gap exact


class Politeness:
    """At most `host_connections` requests at once and `delay` seconds between request starts per host; at most
    `address_connections` at once and `address_rate` starts per second per server address.

    `delay` 0 lifts the pauses (loopback), also those that a robots.txt wishes for; never a Retry-After.
    """

    def __init__(
        self,
        delay: float = 1.0,
        *,
        host_connections: int = 2,
        address_connections: int = 4,
        address_rate: float = 4.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._delay = delay
        self._host_connections = host_connections
        self._address_connections = address_connections
        self._address_gap = 1 / address_rate if delay > 0 else 0.0
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Gate] = {}
        self._addresses: dict[str, _Gate] = {}

    @asynccontextmanager
    async def turn(self, host: str, address: str) -> AsyncIterator[None]:
        """Wait until a request to `host` at `address` may start; the connections count until the block ends."""
        by_host, by_address = self._host(host), self._address(address)
        async with AsyncExitStack() as held:
            await held.enter_async_context(by_host.connections)
            async with by_host.starting:
                await self._until(by_host)
                await held.enter_async_context(by_address.connections)
                async with by_address.starting:
                    await self._until(by_address)
                    by_address.next_start = self._clock() + by_address.gap
                by_host.next_start = max(by_host.next_start, self._clock() + by_host.gap)
            yield

    def slow_down(self, host: str, seconds: float) -> None:
        """A robots.txt asks for `seconds` between requests to `host`."""
        if self._delay > 0:
            gate = self._host(host)
            gate.gap = max(gate.gap, seconds)

    def pause(self, host: str, seconds: float) -> None:
        """No request to `host` starts within the next `seconds`."""
        gate = self._host(host)
        gate.next_start = max(gate.next_start, self._clock() + seconds)

    async def _until(self, gate: _Gate) -> None:
        """Sleep until `gate` opens; a pause that is asked for meanwhile is waited for too."""
        while (left := gate.next_start - self._clock()) > 0:
            await self._sleep(left)

    def _host(self, host: str) -> _Gate:
        if host not in self._hosts:
            self._hosts[host] = _Gate(asyncio.Semaphore(self._host_connections), self._delay)
        return self._hosts[host]

    def _address(self, address: str) -> _Gate:
        if address not in self._addresses:
            self._addresses[address] = _Gate(asyncio.Semaphore(self._address_connections), self._address_gap)
        return self._addresses[address]
