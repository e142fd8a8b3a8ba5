"""Which IPv4 addresses an SPF record lets send, its includes and redirects followed (RFC 7208 sections 5.2 to 5.6)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.model import DnsAnswer, Outcome
from auditor.read.records.outcomes import texts
from auditor.read.records.spf_syntax import Mechanism, SpfError, SpfRecord, expand_domain, parse_spf, spf_records

_MAX_DEPTH = 12  # so deep, the limit of look-ups is broken already
_MAX_RANGES = 5_000

Answers = Mapping[str, Outcome[DnsAnswer]]
HostAnswers = Mapping[tuple[str, str], Outcome[DnsAnswer]]


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses that one term lets pass; `own` if it stands in the domain's own record."""

    network: ipaddress.IPv4Network
    term: str
    own: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """`addresses` that pass at most, of 2**32; `widest` is the term of the largest range; `overlaps` the domain's own
    terms that lie wholly inside another range. Hosts of mx terms and macros are not known here and not counted."""

    addresses: int = 0
    widest: str = ""
    widest_prefix: int = 32
    overlaps: tuple[str, ...] = ()


def cover(domain: str, records: Answers, hosts: HostAnswers) -> Cover:
    """What the SPF record of `domain` covers. `records` are TXT answers by name, `hosts` those for a terms."""
    ranges = list(_ranges(domain, domain, records, hosts, ()))[:_MAX_RANGES]
    if not ranges:
        return Cover()
    widest = min(ranges, key=lambda one: one.network.prefixlen)
    total = sum(network.num_addresses for network in ipaddress.collapse_addresses(one.network for one in ranges))
    return Cover(total, widest.term, widest.network.prefixlen, tuple(dict.fromkeys(_overlapping(ranges))))


def _overlapping(ranges: list[Range]) -> Iterator[str]:
    """The own terms that another range contains; of two equal ones the later. Sorted, so that one pass is enough."""
    order = sorted(enumerate(ranges), key=lambda pair: (pair[1].network, pair[0]))
    outer: list[Range] = []
    for _, one in order:
        while outer and not one.network.subnet_of(outer[-1].network):
            outer.pop()
        if outer and outer[-1].term != one.term and one.own:
            yield one.term
        outer.append(one)


def _ranges(domain: str, sender: str, records: Answers, hosts: HostAnswers, above: tuple[str, ...]) -> Iterator[Range]:
    record = _record(domain, records)
    if record is None or domain in above or len(above) > _MAX_DEPTH:
        return
    path = (*above, domain)
    for term in record.mechanisms:
        if term.qualifier != "+":
            if term.name == "all":
                return
            continue
        if term.name == "all":
            yield Range(ipaddress.IPv4Network("0.0.0.0/0"), term.text, not above)
            return
        target = _target(term, domain, sender)
        if term.name == "include" and target:
            yield from (_outer(one) for one in _ranges(target, sender, records, hosts, path))
        else:
            yield from (Range(network, term.text, not above) for network in _networks(term, target, hosts))
    if record.redirect is not None:
        name = expand_domain(record.redirect, {"d": domain, "o": sender})
        if name:
            yield from (_outer(one) for one in _ranges(name, sender, records, hosts, path))


def _outer(one: Range) -> Range:
    return Range(one.network, one.term, False)


def _record(domain: str, records: Answers) -> SpfRecord | None:
    found = spf_records(texts(records[domain])) if domain in records else ()
    if len(found) != 1:
        return None
    try:
        return parse_spf(found[0])
    except SpfError:
        return None


def _target(term: Mechanism, domain: str, sender: str) -> str | None:
    return expand_domain(term.domain, {"d": domain, "o": sender}) if term.domain else domain


def _networks(term: Mechanism, target: str | None, hosts: HostAnswers) -> Iterator[ipaddress.IPv4Network]:
    prefix = 32 if term.prefix4 is None else term.prefix4
    if term.name == "ip4":
        yield ipaddress.IPv4Network((term.network, prefix), strict=False)
    elif term.name == "a" and target and (target, "A") in hosts:
        for text in texts(hosts[target, "A"]):
            try:
                yield ipaddress.IPv4Network((text, prefix), strict=False)
            except ValueError:
                continue  # an IPv6 address, or none
