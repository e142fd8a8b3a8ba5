"""A whole DNS answer with its signatures, as the reader of chains takes it apart. Nothing here is judged."""

from __future__ import annotations

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from auditor.model import Completed, DnsAnswer, DnssecFacts, Failed, Outcome, Reason, SignedAnswer


class End(Exception):
    """The walk ends here."""

    def __init__(self, state: str, zone: dns.name.Name, why: str, reason: Reason | None = None) -> None:
        super().__init__(why)
        if zone == dns.name.root and state != "unverifiable":
            # The root is signed. Where it does not look so, our resolver, our anchors or our clock are at fault.
            state, reason = "unverifiable", Reason.DNS_ERROR
        self.facts = DnssecFacts(state, text_of(zone), why, reason)


def message_of(answer: Outcome[SignedAnswer], name: dns.name.Name) -> dns.message.Message:
    if not isinstance(answer, Completed):
        raise End("unverifiable", name, "not_seen", answer.reason)
    try:
        message = dns.message.from_wire(answer.value.wire, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError) as error:
        raise End("unverifiable", name, "not_seen", Reason.DNS_ERROR) from error
    if not isinstance(message, dns.message.QueryMessage):  # an update (RFC 2136) has sets without records
        raise End("unverifiable", name, "not_seen", Reason.DNS_ERROR)
    return message


def set_of(
    message: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> tuple[dns.rrset.RRset | None, dns.rrset.RRset | None]:
    """The records of `kind` at `name` and their signatures."""
    records = message.get_rrset(message.answer, name, dns.rdataclass.IN, kind)
    signatures = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.RRSIG, kind)
    return records, signatures


def text_of(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True) if name != dns.name.root else "."


def tlsa_name(host: str) -> str:
    """Where the TLSA records of a mail server stand (RFC 7672 section 2.2.3)."""
    return f"_25._tcp.{host}"


def signer_of(answer: Outcome[SignedAnswer], name: str, kind: str) -> str:
    """The zone that signed the records of `kind` at `name`, as it says itself (RFC 4034 section 3.1.7); "" if none did,
    or one that lies elsewhere."""
    try:
        owner, message = dns.name.from_text(name), message_of(answer, dns.name.root)
    except (End, dns.exception.DNSException):
        return ""
    _, signatures = set_of(message, owner, dns.rdatatype.from_text(kind))
    signers = [signature.signer for signature in signatures or ()]
    return text_of(signers[0]) if signers and owner.is_subdomain(signers[0]) else ""


def unsigned_form(answer: Outcome[SignedAnswer]) -> Outcome[DnsAnswer] | None:
    """The records that were asked for, as a plain question would give them; None where that takes more than to read
    them (an alias to follow, a message that cannot be read)."""
    if not isinstance(answer, Completed):
        return answer
    asked = answer.value
    try:
        name, message = dns.name.from_text(asked.name), message_of(answer, dns.name.root)
    except (End, dns.exception.DNSException):
        return None
    records, _ = set_of(message, name, dns.rdatatype.from_text(asked.rdtype))
    if records is not None:
        texts = tuple(sorted(record.to_text() for record in records))
        return Completed(DnsAnswer(asked.name, asked.rdtype, texts, records.ttl))
    if message.answer:
        return None
    return Failed(Reason.DNS_NXDOMAIN if message.rcode() == dns.rcode.NXDOMAIN else Reason.DNS_NODATA)
