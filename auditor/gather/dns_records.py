"""The records of an ordinary answer as text: all of one type, at the very name that was asked for.

These are nine of ten answers, and reading them here takes a tenth of the general parser's time. Whatever is not of this
form, or needs escapes, is left to that parser, whose text this is.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable, Mapping

import dns.ipv6

from auditor.gather.dns_wire import Question, Reply

_OWNER = b"\xc0\x0c"  # a pointer to the question's name, behind the header
_FIXED = struct.Struct("!HHIH")  # type, class, TTL, size
_PLAIN = re.compile(rb"[A-Za-z0-9_*-]{1,63}")  # a label that is written as it is (RFC 1035 section 5.1)
_LONGEST_TTL = 2**31 - 1  # RFC 2181 section 8
_LONGEST_NAME = 255


def read_records(reply: Reply, question: Question) -> tuple[tuple[str, ...], int] | None:
    """The texts, sorted, each once, as in a zone file (of TXT records the octets of their strings as latin-1), and the
    shortest TTL in seconds; None where the general parser must read them."""
    wire, at, asked = reply.wire, 12 + len(question.asked), question.asked[-4:]
    decode = _DECODERS.get(asked[:2])
    if decode is None:
        return None
    # A set holds no record twice; names are equal in any case (RFC 2181 section 5, RFC 4343), texts by their octets.
    texts, shortest = dict[str | bytes, str](), _LONGEST_TTL
    try:
        for _ in range(reply.records):
            _, _, ttl, size = _FIXED.unpack_from(wire, at + 2)
            end = at + 12 + size
            if wire[at : at + 2] != _OWNER or wire[at + 2 : at + 6] != asked or ttl > _LONGEST_TTL or end > len(wire):
                return None
            text = decode(wire, at + 12, end)
            if text is None:
                return None
            texts.setdefault(wire[at + 12 : end] if decode is _strings else text.lower(), text)
            shortest, at = min(shortest, ttl), end
    except (IndexError, struct.error):
        return None
    return tuple(sorted(texts.values())), shortest


def _ipv4(wire: bytes, at: int, end: int) -> str | None:
    return socket.inet_ntoa(wire[at:end]) if end - at == 4 else None


def _ipv6(wire: bytes, at: int, end: int) -> str | None:
    return dns.ipv6.inet_ntoa(wire[at:end]) if end - at == 16 else None


def _strings(wire: bytes, at: int, end: int) -> str | None:
    """RFC 1035 section 3.3.14: one string at least."""
    parts = []
    while at < end:
        parts.append(wire[at + 1 : at + 1 + wire[at]])
        at += 1 + wire[at]
    return b"".join(parts).decode("latin-1") if at == end and parts else None


def _exchange(wire: bytes, at: int, end: int) -> str | None:
    name = _name(wire, at + 2, end)
    return None if name is None else f"{wire[at] << 8 | wire[at + 1]} {name}"


def _name(wire: bytes, at: int, end: int) -> str | None:
    """The name that fills the octets up to `end`; its rest may stand before it (RFC 1035 section 4.1.4)."""
    labels, octets, before, inside = list[str](), 0, at, True
    while wire[at]:
        size = wire[at]
        if size >= 0xC0:  # a pointer ends what stands here, and leads backwards only
            if inside and at + 2 != end:
                return None
            inside, at = False, (size & 0x3F) << 8 | wire[at + 1]
            if at >= before:
                return None
            before = at
            continue
        label = wire[at + 1 : at + 1 + size]
        octets += size + 1
        if len(label) != size or octets >= _LONGEST_NAME or not _PLAIN.fullmatch(label):
            return None
        labels.append(label.decode("ascii"))
        at += size + 1
    if inside and at + 1 != end:
        return None
    return ".".join(labels) + "."


_DECODERS: Mapping[bytes, Callable[[bytes, int, int], str | None]] = {
    b"\0\x01": _ipv4, b"\0\x02": _name, b"\0\x0c": _name, b"\0\x0f": _exchange, b"\0\x10": _strings, b"\0\x1c": _ipv6
}  # fmt: skip
