"""Keeps one client per host, and only so many that a night of ten thousand hosts does not run out of sockets."""

from __future__ import annotations

import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

from auditor.gather.backend import ResolvingBackend
from auditor.gather.client import HostClient, TlsSeen, handshake, unverified_context, verifying_context


class ClientPool:
    """Leases the client of a host; verified and unverified connections never share one. Contexts are built once."""

    def __init__(
        self, backend: ResolvingBackend, user_agent: str, ca_file: str | None, *, connections: int = 2, most: int = 100
    ) -> None:
        self._backend = backend
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._connections = connections
        self._most = most
        self._clients: OrderedDict[tuple[str, bool], HostClient] = OrderedDict()

    @cached_property
    def _verifying(self) -> ssl.SSLContext:
        return verifying_context(self._ca_file)

    @cached_property
    def _unverified(self) -> ssl.SSLContext:
        return unverified_context()

    @asynccontextmanager
    async def lease(self, host: str, *, insecure: bool) -> AsyncIterator[HostClient]:
        """The client for `host`; it is not closed while somebody holds it."""
        key = (host, insecure)
        client = self._clients.pop(key, None) or self._new(insecure)
        self._clients[key] = client  # at the end: used last
        client.holders += 1
        try:
            await self._close_idle()
            yield client
        finally:
            client.holders -= 1

    @asynccontextmanager
    async def fresh(self, *, insecure: bool) -> AsyncIterator[HostClient]:
        """A client of its own without open connections and cookies, closed afterwards."""
        client = self._new(insecure)
        try:
            yield client
        finally:
            await client.close()

    async def handshake(self, host: str, port: int, *, timeout: float) -> TlsSeen:
        """What an unverified TLS connection to `host`:`port` shows. Raises RequestFailed."""
        return await handshake(self._backend, self._unverified, host, port, timeout=timeout)

    async def close(self) -> None:
        while self._clients:
            await self._clients.popitem()[1].close()

    def _new(self, insecure: bool) -> HostClient:
        context = self._unverified if insecure else self._verifying
        return HostClient(self._backend, context, self._user_agent, connections=self._connections)

    async def _close_idle(self) -> None:
        spare = len(self._clients) - self._most
        idle = [key for key, client in self._clients.items() if not client.holders][: max(spare, 0)]
        closing = [self._clients.pop(key) for key in idle]
        for client in closing:
            await client.close()
