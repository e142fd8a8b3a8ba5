"""The chain of DNSSEC, walked from the root's trust anchors down to a name (RFC 4035 section 5). The clock is given.

secure: every step is signed and valid, and so are the zone's SOA and the domain's MX records. insecure: a signed zone
proves that the next one is not signed. bogus: signatures are there and do not hold; or they are missing where a signed
zone must have them, and the zone's own name servers do not have them either (a resolver on the way may drop them, or
hold the zone in an inner view). What could not be seen or not be proven is unverifiable, never bogus. The TLSA records
of a mail server are judged alike, by the chain to the zone that signed them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DS import DS

from auditor.model import (
    DnssecFacts,
    DnssecLook,
    Outcome,
    Reason,
    SignedAnswer,
)
from auditor.read.records.denial import Proofs, is_delegation, lacks, read_proofs
from auditor.read.records.missing import lack, question_of_what_is_missing
from auditor.read.records.signed import End, message_of, set_of, text_of

_MANY_KEYS, _MANY_SIGNATURES = 16, 8  # more in one set are not tried: the cost of hostile sets (CVE-2023-50387)
MANY_PROOFS = 8  # sets of proofs in one answer that are tried: it takes three at most
_ALGORITHMS = frozenset({8, 10, 13, 14, 15, 16})  # that we can judge: RFC 8624 section 3.1, without SHA-1
_HASHES = {1: "SHA1", 2: "SHA256", 4: "SHA384"}

Keys = dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset]


@dataclass(frozen=True, slots=True, eq=False)
class _Zone:
    """The last zone whose keys are proven. Compared by identity, as what is known of it is kept under it."""

    name: dns.name.Name
    keys: Keys


class Walk:
    """The chain, taken step by step from the root, so that who asks can stop where it ends. `now` is the real time of
    the look: signatures are valid for a time. It counts to the minute, so that what many domains share (the root, the
    zones above them) is judged once and not for each of them."""

    def __init__(self, anchors: tuple[str, ...], now: datetime) -> None:
        self._trusted = tuple(map(_ds, anchors))
        self._now = now.replace(second=0, microsecond=0)
        self._zone: _Zone | None = None
        self._end: DnssecFacts | None = None
        self._mx_signed = False

    @property
    def ended(self) -> bool:
        """True if nothing below can change the facts."""
        return self._end is not None

    @property
    def facts(self) -> DnssecFacts:
        """What has been seen so far comes to."""
        if self._end is not None:
            return self._end
        if self._zone is None:
            return DnssecFacts("unverifiable", "", "no_steps")
        return DnssecFacts("secure", text_of(self._zone.name), mx_signed=self._mx_signed)

    def begins_at(self, name: str, ds: Outcome[SignedAnswer] | None) -> bool:
        """Whether a signed zone begins at `name`, the next one on the way down: its keys are what comes next. `ds` is
        None for the root, where the trust anchors stand for it."""
        if self._zone is None or self.ended:
            return not self.ended
        assert ds is not None
        found = _step_down(ds, name, self._zone, self._now)
        if isinstance(found, DnssecFacts):
            self._end = found
        else:
            self._trusted = found
        return bool(not self.ended and self._trusted)

    def enter(self, name: str, keys: Outcome[SignedAnswer]) -> None:
        """The keys of the zone that begins at `name`."""
        found = _enter(keys, name, self._trusted, self._now)
        if isinstance(found, DnssecFacts):
            self._end = found
        else:
            self._zone = found

    def check(self, name: str, soa: Outcome[SignedAnswer] | None, mx: Outcome[SignedAnswer] | None) -> None:
        """What the last zone's keys signed: its SOA and the MX records of `name`, as far as they were asked for."""
        if self._zone is None or self.ended:
            return
        found = _check(soa, mx, name, self._zone, self._now)
        if isinstance(found, DnssecFacts):
            self._end = found
        else:
            self._mx_signed = found

    def settle(self, name: str, kind: str, answer: Outcome[SignedAnswer]) -> DnssecFacts:
        """What the chain says of the records of `kind` at `name`, which the last zone of the walk must have signed; or
        of the proof that there are none (RFC 4035 section 5.4)."""
        if self._zone is None or self.ended:
            return self.facts
        try:
            owner, rdtype = dns.name.from_text(name), dns.rdatatype.from_text(kind)
            if _holding(answer, owner, rdtype, self._zone, self._now):
                return self.facts
            message = message_of(answer, self._zone.name)
            if not message.answer:
                proofs = _proofs(message, self._zone, self._now, owner)
                proven = any(lacks(one, owner, rdtype) for one in proofs)
                return self.facts if proven else DnssecFacts("unverifiable", text_of(self._zone.name), "no_proof")
        except End as end:
            return end.facts
        return DnssecFacts("unverifiable", text_of(self._zone.name), "not_seen")


@lru_cache(maxsize=1024)
def _step_down(ds: Outcome[SignedAnswer], name: str, zone: _Zone, now: datetime) -> tuple[DS, ...] | DnssecFacts:
    """The DS records of the zone that begins at `name`; empty if none begins there; the facts if the walk ends here."""
    try:
        return _delegated(ds, dns.name.from_text(name), zone, now)
    except End as end:
        return end.facts


@lru_cache(maxsize=256)
def _enter(keys: Outcome[SignedAnswer], name: str, trusted: tuple[DS, ...], now: datetime) -> _Zone | DnssecFacts:
    apex = dns.name.from_text(name)
    try:
        return _Zone(apex, _proven_keys(keys, apex, trusted, now))
    except End as end:
        return end.facts


@lru_cache(maxsize=256)
def _check(
    soa: Outcome[SignedAnswer] | None, mx: Outcome[SignedAnswer] | None, name: str, zone: _Zone, now: datetime
) -> bool | DnssecFacts:
    try:
        return _check_records(soa, mx, name, zone, now)
    except End as end:
        return end.facts


def read_dnssec(look: DnssecLook, now: datetime) -> DnssecFacts:
    """The facts of one look; `now` is the real time at which it was made."""
    walk = Walk(look.anchors, now)
    for step in look.steps:
        if walk.begins_at(step.name, step.ds):
            walk.enter(step.name, step.keys)
        if walk.ended:
            break
    else:
        if look.steps:
            walk.check(look.steps[-1].name, look.soa, look.mx)
    facts = walk.facts
    asked = question_of_what_is_missing(facts, look.steps[-1].name) if look.steps else None
    if asked is not None and lack(look.servers, facts.zone, *asked):
        return replace(facts, state="bogus", reason=None)
    return facts


@lru_cache(maxsize=64)
def _ds(text: str) -> DS:
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DS, text)
    assert isinstance(rdata, DS)
    return rdata


# -- keys -----------------------------------------------------------------------------------------------------------


def _proven_keys(answer: Outcome[SignedAnswer], zone: dns.name.Name, trusted: Sequence[DS], now: datetime) -> Keys:
    """The zone's keys, signed by one that a trusted DS names (RFC 4035 section 5.2)."""
    message = message_of(answer, zone)
    keys, signatures = set_of(message, zone, dns.rdatatype.DNSKEY)
    if keys is None or signatures is None:
        raise End("unverifiable", zone, "no_keys")
    if len(keys) > _MANY_KEYS or len(signatures) > _MANY_SIGNATURES:
        raise End("unverifiable", zone, "too_many_keys")
    known = [ds for ds in trusted if ds.digest_type in _HASHES]
    if not known:
        raise End("insecure", zone, "unknown_digest")  # RFC 4035 section 5.2: as if there were none
    if not any(ds.algorithm in _ALGORITHMS for ds in known):
        raise End("unverifiable", zone, "algorithm", Reason.DNS_ERROR)
    named = [key for key in keys if any(_names(ds, zone, key) for ds in known)]
    if not named:
        raise End("bogus", zone, "ds_mismatch")
    _validate(keys, signatures, {zone: dns.rrset.from_rdata_list(zone, keys.ttl, named)}, now, zone)
    return {zone: keys}


def _names(ds: DS, zone: dns.name.Name, key: dns.rdata.Rdata) -> bool:
    try:
        made = dns.dnssec.make_ds(zone, key, _HASHES[ds.digest_type], validating=True)
    except (dns.exception.DNSException, ValueError):
        return False
    return (made.key_tag, made.algorithm, made.digest) == (ds.key_tag, ds.algorithm, ds.digest)


def _validate(
    records: dns.rrset.RRset, signatures: dns.rrset.RRset, keys: Keys, now: datetime, zone: dns.name.Name
) -> None:
    if len(signatures) > _MANY_SIGNATURES:
        raise End("unverifiable", zone, "too_many_keys")
    if not any(signature.algorithm in _ALGORITHMS for signature in signatures):
        raise End("unverifiable", zone, "algorithm", Reason.DNS_ERROR)
    try:
        dns.dnssec.validate(records, signatures, keys, now=now.timestamp())
    except dns.exception.ValidationFailure as error:
        raise End("bogus", zone, _fault(signatures, now)) from error


def _fault(signatures: dns.rrset.RRset, now: datetime) -> str:
    at = now.timestamp()
    if all(signature.expiration < at for signature in signatures):
        return "expired"
    if all(signature.inception > at for signature in signatures):
        return "not_yet_valid"
    return "bad_signature"


# -- what the keys signed -------------------------------------------------------------------------------------------


def _check_records(
    soa: Outcome[SignedAnswer] | None, mx: Outcome[SignedAnswer] | None, name: str, zone: _Zone, now: datetime
) -> bool:
    """Keys that hold may have signed the zone's data wrongly, or too long ago: raises End where they have. True if
    there are MX records, and rightly signed."""
    if soa is not None and not _holding(soa, zone.name, dns.rdatatype.SOA, zone, now):
        raise End("unverifiable", zone.name, "not_seen", Reason.DNS_ERROR)  # every zone has one (RFC 1035 section 5.2)
    return mx is not None and _has_mx(mx, dns.name.from_text(name), zone, now)


def _has_mx(mx: Outcome[SignedAnswer], name: dns.name.Name, zone: _Zone, now: datetime) -> bool:
    """The same of the MX records. That there are none must be proven (RFC 4035 section 5.4); what an alias leads to is
    another name's, with another chain."""
    if _holding(mx, name, dns.rdatatype.MX, zone, now):
        return True
    message = message_of(mx, zone.name)
    if message.answer or any(lacks(proofs, name, dns.rdatatype.MX) for proofs in _proofs(message, zone, now, name)):
        return False
    raise End("unverifiable", zone.name, "no_proof")


def _holding(
    answer: Outcome[SignedAnswer], name: dns.name.Name, kind: dns.rdatatype.RdataType, zone: _Zone, now: datetime
) -> bool:
    """Whether the answer has the records asked for; if so they are signed and valid (RFC 4035 section 5.3), and those
    of a wildcard come with the proof that it is its turn (section 5.3.4)."""
    message = message_of(answer, zone.name)
    records, signatures = set_of(message, name, kind)
    label = dns.rdatatype.to_text(kind).lower()
    if records is None:
        return False
    if signatures is None:  # RFC 4035 section 2.2: a signed zone signs every set of its own
        # a sender may not use such TLSA records, whoever lost the signatures, and nobody is accused of it
        state = "bogus" if kind == dns.rdatatype.TLSA else "unverifiable"
        raise End(state, zone.name, f"{label}_unsigned")
    closest = min(signature.labels for signature in signatures)
    expanded = closest < len(name) - 1
    try:
        _validate(records, signatures, zone.keys, now, zone.name)
    except End as end:
        if end.facts.state != "bogus":
            raise
        if not expanded:
            raise End("bogus", zone.name, f"{label}_{end.facts.why}") from end
        raise End("unverifiable", zone.name, "wildcard", Reason.DNS_ERROR) from end
    if expanded and not any(one.is_expanded(name, closest) for one in _proofs(message, zone, now, name)):
        raise End("unverifiable", zone.name, "wildcard", Reason.DNS_ERROR)
    return True


# -- delegations ----------------------------------------------------------------------------------------------------


def _delegated(ds: Outcome[SignedAnswer], name: dns.name.Name, zone: _Zone, now: datetime) -> tuple[DS, ...]:
    """The DS records of the zone that begins at `name`; empty if none does. Raises End where the chain ends."""
    message = message_of(ds, name)
    records, signatures = set_of(message, name, dns.rdatatype.DS)
    if records is not None:
        if signatures is None:
            raise End("unverifiable", name, "unsigned_ds")
        _validate(records, signatures, zone.keys, now, name)
        return tuple(one for one in records if isinstance(one, DS))
    if message.rcode() == dns.rcode.NXDOMAIN:
        raise End("unverifiable", name, "no_such_name", Reason.DNS_NXDOMAIN)
    _denied(message, name, zone, now)
    return ()


def _denied(message: dns.message.Message, name: dns.name.Name, zone: _Zone, now: datetime) -> None:
    """What the proof that there is no DS says: no zone begins here (None), or an unsigned one (insecure). A name with
    NS and without DS and SOA hands over to such a zone (RFC 4035 section 5.2)."""
    for proofs in _proofs(message, zone, now, name):
        types = proofs.types_at(name)
        if proofs.is_opted_out(name) or (types and is_delegation(types) and dns.rdatatype.DS not in types):
            raise End("insecure", name, "no_ds")
        if lacks(proofs, name, dns.rdatatype.DS) or (types is not None and dns.rdatatype.DS not in types):
            return
    raise End("unverifiable", name, "no_proof")


def _proofs(message: dns.message.Message, zone: _Zone, now: datetime, name: dns.name.Name) -> tuple[Proofs, ...]:
    """The NSEC and NSEC3 records of the answer that the zone has signed; one whose signature fails proves nothing."""
    kinds = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
    sets = [one for one in message.authority if one.rdtype in kinds and one.name.is_subdomain(zone.name)]
    return read_proofs((one for one in sets[:MANY_PROOFS] if _proves(message, one, zone, now, name)), zone.name)


def _proves(
    message: dns.message.Message, records: dns.rrset.RRset, zone: _Zone, now: datetime, name: dns.name.Name
) -> bool:
    signatures = message.get_rrset(
        message.authority, records.name, dns.rdataclass.IN, dns.rdatatype.RRSIG, records.rdtype
    )
    if signatures is None or not _holds(records, signatures, zone, now, name):
        return False
    labels = len(records.name) - 1 - int(records.name.is_wild())
    return all(
        signature.labels == labels for signature in signatures
    )  # a wildcard's own record stands for no other name


def _holds(
    records: dns.rrset.RRset, signatures: dns.rrset.RRset, zone: _Zone, now: datetime, name: dns.name.Name
) -> bool:
    try:
        _validate(records, signatures, zone.keys, now, name)
    except End:
        return False
    return True
