"""TLSA records of one mail server, or that it has none, by our own look at the signatures (RFC 7672 section 2.1)."""

from __future__ import annotations

from datetime import datetime

import dns.exception
import dns.name
import dns.rdataclass
import dns.rdatatype

from auditor.model import Completed, DnssecFacts, Outcome, SignedAnswer, TlsaLook
from auditor.read.records.denial import lacks, read_proofs
from auditor.read.records.dnssec import MANY_PROOFS, Walk
from auditor.read.records.signed import End, message_of, text_of, tlsa_name, unsigned_form

_PROOFS = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


def read_tlsa_chain(look: TlsaLook, now: datetime) -> DnssecFacts:
    """What the chain says of the records, or of the proof that there are none: secure, or insecure where it ends above
    them; bogus; unverifiable."""
    walk = Walk(look.chain.anchors, now)
    for step in look.chain.steps:
        if walk.begins_at(step.name, step.ds):
            walk.enter(step.name, step.keys)
        if walk.ended:
            break
    return walk.settle(tlsa_name(look.host), "TLSA", look.answer)


def is_absent(look: TlsaLook, facts: DnssecFacts) -> bool:
    """Whether it may be believed that the server has no TLSA records. `facts` is what read_tlsa_chain() says.

    A resolver, or a box on the way, that knows no such records answers with none. So the zone has to be unsigned (then
    they would have no effect), or to prove it. The signatures of the proof are checked where the chain to the zone was
    walked; in another zone than the mail domain's that it came along is enough, as such boxes make up none.
    """
    answer = unsigned_form(look.answer)
    if answer is None or isinstance(answer, Completed):
        return False
    return facts.state in ("secure", "insecure") or (not look.chain.steps and denies(look.host, look.answer))


def denier_of(answer: Outcome[SignedAnswer], name: str) -> str:
    """The zone that signed the proof of what `name` does not have, as it says itself; "" if none did, or one that lies
    elsewhere."""
    try:
        owner, message = dns.name.from_text(name), message_of(answer, dns.name.root)
    except (End, dns.exception.DNSException):
        return ""
    signers = [
        signature.signer
        for records in message.authority
        if records.rdtype == dns.rdatatype.RRSIG and records.covers in _PROOFS
        for signature in records
    ]
    return text_of(signers[0]) if signers and owner.is_subdomain(signers[0]) else ""


def denies(host: str, answer: Outcome[SignedAnswer]) -> bool:
    """Whether the answer carries what proves, if its signatures hold, that `host` has no TLSA records."""
    zone = denier_of(answer, tlsa_name(host))
    if not zone:
        return False
    apex, message = dns.name.from_text(zone), message_of(answer, dns.name.root)
    sets = [one for one in message.authority if one.rdtype in _PROOFS and one.name.is_subdomain(apex)]
    owner = dns.name.from_text(tlsa_name(host))
    return any(lacks(proofs, owner, dns.rdatatype.TLSA) for proofs in read_proofs(sets[:MANY_PROOFS], apex))
