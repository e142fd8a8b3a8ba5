"""What RFC 3986 takes for a URI, as far as records need it: the characters, the escapes, and a host in brackets."""

from __future__ import annotations

import ipaddress
import re

_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})"  # pchar of section 3.3, "/" and "?"
_LITERAL = r"(?://(?:[^/?#@\[\]]*@)?\[([0-9A-Fa-f:.]+)\](?=[:/?#]|\Z))"  # an IPv6 address as host, section 3.2.2
_URI = re.compile(rf"([A-Za-z][A-Za-z0-9+.-]*):({_LITERAL}?{_CHAR}*(?:#{_CHAR}*)?)\Z")


def split_uri(text: str) -> tuple[str, str] | None:
    """`text` as scheme (in lower case) and the rest; None if it is no URI. The kind of URI is not looked into."""
    match = _URI.match(text)
    if match is None or (match[3] is not None and not _is_ipv6(match[3])):
        return None
    return match[1].lower(), match[2]


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
