"""Really signed zones (ECDSA P-256), sound or broken as told, and a server on loopback that answers from them.

The server stands for a resolver: it answers for the root and all below, with signatures and proofs where the question
has DO (RFC 4035 section 3.1), and follows no alias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import dns.dnssec
import dns.dnssectypes
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from auditor.demo.dns import DnsServer, Faults

_TTL = 300
_ALGORITHM = dns.dnssectypes.Algorithm.ECDSAP256SHA256
_OLD = timedelta(days=60)  # how long before their end, or before now, signatures begin


@dataclass(frozen=True, slots=True)
class Plan:
    """How one zone is made. `records`: lines of a zone file beside SOA and NS. `days`: how long signatures hold from
    now on. `expired` and `spoiled`: types at the apex whose signature is of last month, or over other data."""

    records: str = ""
    signed: bool = True
    days: int = 30
    ds_in_parent: bool = True
    wrong_ds: bool = False
    expired: tuple[str, ...] = ()
    spoiled: tuple[str, ...] = ()


@dataclass
class SignedTree:
    """Zones by apex ("." is the root, names without final dot), and the root's DS as a trust anchor."""

    now: datetime
    zones: dict[str, dns.zone.Zone] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()

    def sign(self, apex: str, records: dns.rrset.RRset, *, days: float = 30) -> dns.rrset.RRset:
        """The signature of `apex` over `records`, to hold `days` from now on."""
        until = self.now + timedelta(days=days)
        signature = dns.dnssec.sign(
            records, _key(apex), dns.name.from_text(apex), public_key(apex),
            inception=min(self.now, until) - _OLD, expiration=until, deterministic=False,
        )  # fmt: skip
        return dns.rrset.from_rdata(records.name, _TTL, signature)

    def resign(self, apex: str, kind: str, *, at: str = "", days: float = 30, spoiled: bool = False) -> None:
        """Another signature over the records of `kind` at the apex, or `at` a name below it; `spoiled`: as they were
        with another TTL."""
        zone, name, rdtype = self.zones[apex], dns.name.from_text(at or apex), dns.rdatatype.from_text(kind)
        found = zone.get_rrset(name, rdtype)
        assert found is not None
        # the TTL is signed, too (RFC 4034 section 3.1.4)
        records = dns.rrset.from_rdata_list(name, found.ttl + int(spoiled), list(found))
        signature = self.sign(apex, records, days=days)
        if spoiled:
            signature = dns.rrset.from_rdata(name, _TTL, signature[0].replace(original_ttl=found.ttl))
        with zone.writer() as writer:
            writer.delete(name, dns.rdatatype.RRSIG, rdtype)
            writer.add(signature)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The records asked for, those of a wildcard among them (RFC 4592); or none of that type, or no such name. With
        the proofs of RFC 4035 section 3.1.3."""
        asked, reply = query.question[0], dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        zone = self._zone(asked.name, above=asked.rdtype == dns.rdatatype.DS)
        signed = bool(query.ednsflags & dns.flags.DO)
        if signed:
            reply.want_dnssec()  # RFC 3225 section 3: the bit is repeated
        exists = zone.get_node(asked.name) is not None or any(name.is_subdomain(asked.name) for name in zone)
        wildcard = asked.name if exists else _wildcard(zone, asked.name)
        if _add(reply.answer, zone, wildcard, asked.rdtype, signed=signed, owner=asked.name):
            if signed and not exists:
                _add_proof(reply, zone, asked.name)
            return reply
        assert zone.origin is not None
        _add(reply.authority, zone, zone.origin, dns.rdatatype.SOA, signed=signed)
        if signed:
            for name in dict.fromkeys((asked.name, wildcard)):
                _add_proof(reply, zone, name)
        if not exists and zone.get_node(wildcard) is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def _zone(self, name: dns.name.Name, *, above: bool) -> dns.zone.Zone:
        """The closest zone; for DS records the one above the cut (RFC 4035 section 3.1.4.1)."""
        name = name.parent() if above and name != dns.name.root else name
        while _text(name) not in self.zones:
            name = name.parent()
        return self.zones[_text(name)]


class SignedDnsServer(DnsServer):
    """Answers from `tree`. `forged_ad`: with AD on everything, as a resolver does that lies or has been lied to."""

    def __init__(self, tree: SignedTree, *, faults: Faults | None = None, forged_ad: bool = False) -> None:
        super().__init__({}, faults=faults)
        self.tree, self.forged_ad = tree, forged_ad

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        reply = self.tree.answer(query)
        reply.flags |= dns.flags.AD if self.forged_ad else 0
        return reply


def sign_tree(plans: Mapping[str, Plan], now: datetime) -> SignedTree:
    """The zones as planned, each handed over by the closest one above it. The root must be among them."""
    tree, delegations = SignedTree(now), dict.fromkeys(plans, "")
    for apex in sorted(plans, key=lambda one: len(dns.name.from_text(one)), reverse=True):
        plan, origin = plans[apex], dns.name.from_text(apex)
        text = f"@ {_TTL} SOA ns. host. 1 3600 600 86400 {_TTL}\n@ {_TTL} NS ns.example.\n"
        zone = dns.zone.from_text(
            text + plan.records + delegations[apex], origin=apex, relativize=False, check_origin=False
        )
        tree.zones[apex] = zone
        if plan.signed:
            _sign(zone, apex, now + timedelta(days=plan.days), now)
        for kind in (*plan.expired, *plan.spoiled):
            tree.resign(apex, kind, days=-30 if kind in plan.expired else 30, spoiled=kind in plan.spoiled)
        ds = _ds(apex, wrong=plan.wrong_ds) if plan.signed else ""
        if origin == dns.name.root:
            tree.anchors = (ds,)
            break
        above = origin.parent()
        while _text(above) not in plans:
            above = above.parent()
        delegations[_text(above)] += f"{apex}. {_TTL} NS ns.example.\n"
        if ds and plan.ds_in_parent:
            delegations[_text(above)] += f"{apex}. {_TTL} DS {ds}\n"
    return tree


def public_key(apex: str) -> DNSKEY:
    """The one key of the zone."""
    return dns.dnssec.make_dnskey(_key(apex).public_key(), _ALGORITHM, flags=257)


@cache
def _key(apex: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _sign(zone: dns.zone.Zone, apex: str, until: datetime, now: datetime) -> None:
    with zone.writer() as writer:
        dns.dnssec.sign_zone(
            zone, writer, keys=[(_key(apex), public_key(apex))], inception=min(now, until) - _OLD,
            expiration=until, add_dnskey=True, dnskey_ttl=_TTL, deterministic=False,
        )  # fmt: skip


def _ds(apex: str, *, wrong: bool) -> str:
    ds = dns.dnssec.make_ds(dns.name.from_text(apex), public_key(apex), "SHA256").to_text()
    return ds[:-4] + ("0000" if not ds.endswith("0000") else "1111") if wrong else ds


def _add(
    section: list[dns.rrset.RRset],
    zone: dns.zone.Zone,
    name: dns.name.Name,
    kind: dns.rdatatype.RdataType,
    *,
    signed: bool,
    owner: dns.name.Name | None = None,
) -> bool:
    """The records of `name`, and their signatures, as those of `owner`."""
    records = zone.get_rrset(name, kind)
    if records is None:
        return False
    signatures = zone.get_rrset(name, dns.rdatatype.RRSIG, kind) if signed else None
    for one in (records, signatures):
        if one is not None:
            one.name = owner or name
            section.append(one)
    return True


def _add_proof(reply: dns.message.Message, zone: dns.zone.Zone, name: dns.name.Name) -> None:
    """The NSEC of `name`, or that of the name before it, which says that `name` has no records."""
    owners = [one for one, _ in zone.iterate_rdatasets(dns.rdatatype.NSEC) if one <= name]
    if owners and not any(one.rdtype == dns.rdatatype.NSEC and one.name == max(owners) for one in reply.authority):
        _add(reply.authority, zone, max(owners), dns.rdatatype.NSEC, signed=True)


def _wildcard(zone: dns.zone.Zone, name: dns.name.Name) -> dns.name.Name:
    """The wildcard at the closest name above that exists (RFC 4592 section 3.3.1)."""
    while not any(one.is_subdomain(name) for one in zone):
        name = name.parent()
    return dns.name.Name((b"*", *name.labels))


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else "."
