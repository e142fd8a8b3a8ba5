"""Overrides of where a host is connected to, written as curl's --connect-to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

_SHAPE = re.compile(
    r"""(?P<host>\[[^\[\]]*\]|[^:\[\]]*) : (?P<port>\d*) : (?P<address>\[[^\[\]]*\]|[^:\[\]]*) : (?P<to>\d*)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class ConnectTo:
    """Connections to `host`:`port` go to `address`:`to_port`. Empty host or None port: any; on the right: unchanged."""

    host: str
    port: int | None
    address: str
    to_port: int | None

    def matches(self, host: str, port: int) -> bool:
        return self.host in ("", _bare(host)) and self.port in (None, port)

    def target(self, host: str, port: int) -> tuple[str, int]:
        return self.address or _bare(host), self.to_port or port


def parse_connect_to(text: str) -> ConnectTo:
    """Read HOST:PORT:ADDRESS:PORT; any part may be empty, IPv6 addresses stand in brackets.

    Raises ValueError for another shape, a port outside 1 to 65535 or a bracketed text that is no IPv6 address.
    """
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not HOST:PORT:ADDRESS:PORT: {text}")
    for part in (match["host"], match["address"]):
        if part.startswith("["):
            ipaddress.IPv6Address(part.strip("[]"))
    return ConnectTo(_bare(match["host"]), _port(match["port"]), _bare(match["address"]), _port(match["to"]))


def find_target(overrides: Iterable[ConnectTo], host: str, port: int) -> tuple[str, int] | None:
    """Where the first matching override sends `host`:`port`; None if none matches."""
    return next((rule.target(host, port) for rule in overrides if rule.matches(host, port)), None)


def _bare(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _port(text: str) -> int | None:
    if not text:
        return None
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError(f"port out of range: {text}")
    return port
