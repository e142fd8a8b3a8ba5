"""How connections are opened: names through our resolver, overrides applied, private addresses refused right here.

Refusing here covers redirects and names that change their address between two looks (DNS rebinding).
"""

from __future__ import annotations

import errno
import ipaddress
import time
from collections.abc import Iterable

import httpcore

from auditor.gather.connect_to import ConnectTo, find_target
from auditor.gather.dns import Resolver
from auditor.gather.safety import is_public
from auditor.model import Completed, Failed, NotRun, Outcome, Reason

_TRIES = 4  # addresses of one host that are tried
_OURS = frozenset(  # the kernel of our own machine said no before anything was sent
    {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES, errno.EPERM}
    | {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
)


class ConnectFailure(Exception):
    """No connection. `not_run`: for a cause on our side, nothing was sent to the host."""

    def __init__(self, reason: Reason, detail: str, *, not_run: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.not_run = not_run


class ResolvingBackend(httpcore.AsyncNetworkBackend):
    """httpcore's network backend with our own way from a name to a connection."""

    def __init__(
        self,
        resolver: Resolver,
        connect_to: Iterable[ConnectTo] = (),
        *,
        allow_private: bool = False,
        allow_networks: Iterable[str] = (),
    ) -> None:
        """`allow_networks` ("10.20.0.0/16") are allowed beside public addresses; ValueError if one is malformed."""
        self._resolver = resolver
        self._connect_to = tuple(connect_to)
        self._allow_private = allow_private
        self._allow_networks = tuple(ipaddress.ip_network(network) for network in allow_networks)
        self._plain = httpcore.AnyIOBackend()

    def overridden(self, host: str, port: int) -> bool:
        """True if a connect_to rule decides where `host`:`port` is, so that the name is not looked up."""
        target = find_target(self._connect_to, host, port)
        return target is not None and target[0] != host.strip("[]").rstrip(".").lower()

    async def targets(self, host: str, port: int) -> Outcome[tuple[tuple[str, int], ...]]:
        """(address, port) pairs to try for `host`:`port`, in order; NotRun(BLOCKED_ADDRESS) if none may be used."""
        name, to_port = find_target(self._connect_to, host, port) or (host, port)
        outcome = await self._resolver.addresses(name)
        if not isinstance(outcome, Completed):
            return outcome
        allowed = [address for address in outcome.value if self._allowed(address)]
        if not allowed:
            return NotRun(Reason.BLOCKED_ADDRESS, f"{host} is at {', '.join(outcome.value)}")
        return Completed(tuple((address, to_port) for address in allowed[:_TRIES]))

    def _allowed(self, address: str) -> bool:
        if self._allow_private or is_public(address):
            return True
        parsed = ipaddress.ip_address(address)
        return any(parsed in network for network in self._allow_networks)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers. `timeout` (seconds) bounds all tries. Raises ConnectFailure."""
        outcome = await self.targets(host, port)
        if isinstance(outcome, Failed | NotRun):
            raise ConnectFailure(outcome.reason, outcome.detail, not_run=isinstance(outcome, NotRun))
        deadline = None if timeout is None else time.monotonic() + timeout
        failures: list[ConnectFailure] = []
        for count, (address, to_port) in enumerate(outcome.value):
            share = None
            if deadline is not None:
                share = (deadline - time.monotonic()) / (len(outcome.value) - count)
            try:
                return await self._plain.connect_tcp(address, to_port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failures.append(_failure(error, address, to_port))
        theirs = [failure for failure in failures if not failure.not_run]
        raise (theirs or failures)[0]

    async def sleep(self, seconds: float) -> None:
        await self._plain.sleep(seconds)


def _failure(error: httpcore.ConnectError | httpcore.ConnectTimeout, address: str, port: int) -> ConnectFailure:
    where = f"{address} port {port}"
    if isinstance(error, httpcore.ConnectTimeout):
        return ConnectFailure(Reason.CONNECT_TIMEOUT, f"{where}: no answer")
    cause: BaseException | None = error
    while cause is not None and not (isinstance(cause, OSError) and cause.errno):
        cause = cause.__cause__ or cause.__context__
    number = cause.errno if isinstance(cause, OSError) else None
    detail = f"{where}: {cause or error}"
    if number == errno.ECONNREFUSED:
        return ConnectFailure(Reason.REFUSED, detail)
    if number in _OURS:
        return ConnectFailure(Reason.NOT_CONFIGURED, f"this machine cannot connect to {detail}", not_run=True)
    if number == errno.ETIMEDOUT:
        return ConnectFailure(Reason.CONNECT_TIMEOUT, detail)
    return ConnectFailure(Reason.CONNECT_FAILED, detail)
