"""What NSEC and NSEC3 records prove: that a zone does not hold a name, or a type at it (RFC 4035 section 5.4, RFC 5155
section 8). Whoever hands them in has checked their signatures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rrset
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3

_SHA1, _OPT_OUT = 1, 1  # NSEC3's only hash algorithm, and its flag (RFC 5155 sections 11 and 3.1.2.1)
_MANY_ITERATIONS = 150  # RFC 9276 section 3.2; CVE-2023-50868
# A zone makes one record for a name, two while its salt changes; one answer is of one salt (RFC 5155 section 8.2).
# Every salt costs all iterations for each label (RFC 9276 section 3.2, CVE-2023-50868), so that more are no proof.
_MANY_RECORDS, _MANY_SALTS = 2, 2
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

Place = TypeVar("Place", Name, str)  # in the order of the zone: names, or their hashes


class Proofs(Protocol):
    """The records of one kind that came with an answer."""

    def types_at(self, name: Name) -> frozenset[int] | None:
        """The types that stand at `name`; None if no record is about it."""
        ...

    def is_gone(self, name: Name) -> bool:
        """Whether no records stand at `name`: it does not exist, or only names below it do."""
        ...

    def is_empty(self, name: Name) -> bool:
        """Whether `name` exists, though without records, because of names below it."""
        ...

    def encloser(self, name: Name) -> Name | None:
        """The longest existing name above `name`, which is proven not to exist itself; None if that is not proven."""
        ...

    def is_opted_out(self, name: Name) -> bool:
        """Whether an unsigned zone may begin at `name` without a record that says so."""
        ...

    def is_expanded(self, name: Name, labels: int) -> bool:
        """Whether no name closer than the wildcard, whose parent has `labels` labels, could have answered for `name`
        (RFC 4035 section 5.3.4, RFC 5155 section 8.8)."""
        ...


def read_proofs(sets: Iterable[dns.rrset.RRset], apex: Name) -> tuple[Proofs, ...]:
    """The proofs in `sets` of the zone `apex`, by kind; of NSEC3 those of one salt go together (RFC 5155 section 8.2).

    A hash algorithm that is not known is ignored, and with it the record (section 8.1); so are too many iterations, a
    set of too many records, and all NSEC3 of too many salts (or numbers of iterations).
    """
    plain: list[_Span[Name]] = []
    hashed: dict[tuple[bytes, int], list[_Span[str]]] = {}
    for records in sets:
        for record in records if len(records) <= _MANY_RECORDS else ():
            if isinstance(record, NSEC):
                plain.append(_Span(records.name, record.next, _types(record)))
            elif isinstance(record, NSEC3) and record.algorithm == _SHA1 and record.iterations <= _MANY_ITERATIONS:
                owner = records.name.labels[0].decode("latin-1").upper()
                span = _Span(owner, _base32(record.next), _types(record), bool(record.flags & _OPT_OUT))
                hashed.setdefault((record.salt, record.iterations), []).append(span)
    found: list[Proofs] = [_Plain(plain, apex)] if plain else []
    if len(hashed) > _MANY_SALTS:
        return tuple(found)
    return (*found, *(_Hashed(spans, apex, *key) for key, spans in hashed.items()))


def lacks(proofs: Proofs, name: Name, kind: RdataType) -> bool:
    """Whether the zone is proven to hold no records of `kind` for `name`, neither its own nor by a wildcard. An alias
    at the name is no such proof."""
    types = proofs.types_at(name)
    if types is not None:
        return _has_none(types, kind)
    if proofs.is_empty(name):
        return True
    encloser = proofs.encloser(name)
    if encloser is None:
        return False
    wildcard = Name((b"*", *encloser.labels))
    types = proofs.types_at(wildcard)
    return proofs.is_gone(wildcard) if types is None else _has_none(types, kind)


def _has_none(types: frozenset[int], kind: RdataType) -> bool:
    if is_delegation(types) and kind != dns.rdatatype.DS:
        return False  # the zone above speaks of the cut only (RFC 6840 section 4.1)
    return not {kind, dns.rdatatype.CNAME} & types


def is_delegation(types: frozenset[int]) -> bool:
    """A name that is handed over to another zone: NS without SOA."""
    return dns.rdatatype.NS in types and dns.rdatatype.SOA not in types


@dataclass(frozen=True, slots=True)
class _Span(Generic[Place]):
    """One record: what stands at `owner`, and that nothing stands between it and `following`."""

    owner: Place
    following: Place
    types: frozenset[int]
    opt_out: bool = False

    def covers(self, place: Place) -> bool:
        after, before = bool(self.owner < place), bool(place < self.following)
        # the last record of the zone leads back to its beginning
        return (after and before) if self.owner < self.following else (after or before)


@dataclass(frozen=True, slots=True)
class _Plain:
    """NSEC, RFC 4034 section 4."""

    spans: Sequence[_Span[Name]]
    apex: Name

    def types_at(self, name: Name) -> frozenset[int] | None:
        return next((span.types for span in self.spans if span.owner == name), None)

    def is_gone(self, name: Name) -> bool:
        return self._covering(name) is not None

    def is_empty(self, name: Name) -> bool:
        span = self._covering(name)
        return span is not None and span.following.is_subdomain(name)

    def encloser(self, name: Name) -> Name | None:
        span = self._covering(name)
        if span is None or span.following.is_subdomain(name):
            return None
        return max((_common(name, span.owner), _common(name, span.following)), key=len)

    def is_opted_out(self, name: Name) -> bool:
        return False

    def is_expanded(self, name: Name, labels: int) -> bool:
        encloser = self.encloser(name)
        return encloser is not None and len(encloser) - 1 == labels

    def _covering(self, name: Name) -> _Span[Name] | None:
        """The record around `name`; not one of a zone cut, or of a moved tree, above it (RFC 6840 section 4.1)."""
        if name == self.apex or not name.is_subdomain(self.apex):
            return None
        return next((span for span in self.spans if span.covers(name) and not _ends_at(span, name)), None)


def _ends_at(span: _Span[Name], name: Name) -> bool:
    moved = dns.rdatatype.DNAME in span.types or is_delegation(span.types)
    return moved and name.is_subdomain(span.owner)


def _common(one: Name, other: Name) -> Name:
    while not other.is_subdomain(one):
        one = one.parent()
    return one


@dataclass(frozen=True, slots=True)
class _Hashed:
    """NSEC3, RFC 5155 section 3."""

    spans: Sequence[_Span[str]]
    apex: Name
    salt: bytes
    iterations: int

    def types_at(self, name: Name) -> frozenset[int] | None:
        wanted = self._hash(name)
        return next((span.types for span in self.spans if span.owner == wanted), None)

    def is_gone(self, name: Name) -> bool:
        return name != self.apex and self._covering(name) is not None

    def is_empty(self, name: Name) -> bool:
        return False  # such a name has a record of its own, without types (RFC 5155 section 7.1)

    def encloser(self, name: Name) -> Name | None:
        """Section 8.3: the first name above that exists, while the one before it does not."""
        while name != self.apex and name.is_subdomain(self.apex):
            types = self.types_at(above := name.parent())
            if types is not None:
                ends = is_delegation(types) or dns.rdatatype.DNAME in types
                span = self._covering(name)
                return None if ends or span is None or span.opt_out else above
            name = above
        return None

    def is_opted_out(self, name: Name) -> bool:
        span = self._covering(name)
        return span is not None and span.opt_out

    def is_expanded(self, name: Name, labels: int) -> bool:
        span = self._covering(Name(name.labels[-(labels + 2) :]))  # the next closer name, and the root's label
        return span is not None

    def _covering(self, name: Name) -> _Span[str] | None:
        wanted = self._hash(name)
        return next((span for span in self.spans if span.covers(wanted)), None)

    def _hash(self, name: Name) -> str:
        return dns.dnssec.nsec3_hash(name, self.salt, self.iterations, _SHA1)


def _types(record: NSEC | NSEC3) -> frozenset[int]:
    """The type bit maps (RFC 4034 section 4.1.2)."""
    return frozenset(
        window * 256 + byte * 8 + bit
        for window, bitmap in record.windows
        for byte, value in enumerate(bitmap)
        for bit in range(8)
        if value & (0x80 >> bit)
    )


def _base32(digest: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in digest)
    return "".join(_DIGITS[int(bits[n : n + 5], 2)] for n in range(0, len(bits), 5))
