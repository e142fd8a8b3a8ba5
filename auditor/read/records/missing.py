"""Signatures that a walk did not see where a signed zone must have them: whether they are missing, or only here.

A resolver, or a box on the way, may drop them, and an office's own resolver may hold the zone in an inner view. So they
are missing only where the zone's own name servers, asked past the resolver, do not have them either.
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.flags
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from auditor.model import DnssecFacts, Outcome, SignedAnswer
from auditor.read.records.signed import End, message_of, set_of

#: Why a walk ends so, and the type that the zone's name servers can tell it of.
_MISSING = {"no_keys": "DNSKEY", "soa_unsigned": "SOA", "mx_unsigned": "MX"}


def question_of_what_is_missing(facts: DnssecFacts, domain: str) -> tuple[str, str] | None:
    """Name and type that the name servers of `facts.zone` are to be asked where the walk to `domain` missed signatures
    of theirs; None if it missed none. A DS without one is the zone above's."""
    if facts.zone == "." or facts.why not in _MISSING:
        return None
    kind = _MISSING[facts.why]
    return domain if kind == "MX" else facts.zone, kind


def lack(servers: Sequence[tuple[str, Outcome[SignedAnswer]]], zone: str, name: str, kind: str) -> bool:
    """Whether the zone's own name servers were asked for signatures and have none: all that answer, and
    at least one."""
    said = [_shows(answer, zone, name, kind) for _, answer in servers]
    return False in said and True not in said


def _shows(answer: Outcome[SignedAnswer], zone: str, name: str, kind: str) -> bool | None:
    """Whether one server has signatures over the records of `kind` at `name`. None where that is not its own word:
    without AA; or without DO, which who knows of signatures repeats (RFC 3225 section 3) and boxes on the way lose."""
    apex, owner = dns.name.from_text(zone), dns.name.from_text(name)
    try:
        message = message_of(answer, apex)
    except End:
        return None
    if not (message.flags & dns.flags.AA and message.ednsflags & dns.flags.DO and message.rcode() == dns.rcode.NOERROR):
        return None
    records, signatures = set_of(message, owner, dns.rdatatype.from_text(kind))
    if signatures is not None:
        return True
    # that there are no keys is said by a server of this zone, not by one above it that refers to others
    of_this_zone = message.get_rrset(message.authority, apex, dns.rdataclass.IN, dns.rdatatype.SOA) is not None
    return False if records is not None or (kind == "DNSKEY" and of_this_zone) else None
