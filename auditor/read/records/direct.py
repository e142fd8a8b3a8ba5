"""What name servers say when they are asked themselves (RFC 1034 section 4.2, RFC 1912 section 2.8, RFC 2182).

A server is called lame only beside one that answers for the same zone: where none does, something on the way, or the
whole zone, is the cause. Silence accuses nobody, since the network between may be ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from auditor.model import Completed, DirectLook, DirectReply, NameServerReply, NotRun, Outcome, Reason
from auditor.read.records.outcomes import NEGATIVE, fold_name
from auditor.read.records.problems import Problem

_SHORT, _LONG = 300, 7 * 86_400  # seconds of TTL: below and above, a remark


def read_direct(
    zone: str, domain: str, direct: Outcome[tuple[DirectLook, ...]]
) -> tuple[tuple[NameServerReply, ...], tuple[Problem, ...], Reason | None]:
    """Every server's word, what is to be said of it, and why nothing is known where that is so."""
    if not isinstance(direct, Completed):
        return (), (), direct.reason
    replies = tuple(_read(zone, domain, look) for look in direct.value)
    proven = [one for one in replies if one.state == "answered"]
    if proven:
        return replies, tuple(_problems(replies, proven)), None
    spoke = [one for one in replies if one.state in ("refused", "lame")]
    if spoke and all(one.recursion for one in spoke):  # a resolver in their place; perhaps in our own network
        return replies, (Problem.NS_INTERCEPTED,), Reason.DNS_ERROR
    return replies, (), next((one.reason for one in replies if one.reason), Reason.DNS_ERROR)


def lame_hosts(replies: Sequence[NameServerReply]) -> tuple[str, ...]:
    """Servers that do not answer for a zone for which another one does."""
    if not any(one.state == "answered" for one in replies):
        return ()
    return tuple(one.host for one in replies if one.state in ("refused", "lame"))


def _problems(replies: Sequence[NameServerReply], proven: Sequence[NameServerReply]) -> list[Problem]:
    found = [Problem.NS_LAME] if lame_hosts(replies) else []
    if len({one.mx for one in proven if one.mx is not None}) > 1:
        found.append(Problem.NS_MX_DIFFERS)
    if len({one.serial for one in proven if one.serial is not None}) > 1:
        found.append(Problem.NS_SERIAL_DIFFERS)
    if any(one.state in ("timeout", "unreachable") for one in replies):
        found.append(Problem.NS_NO_ANSWER)
    if any(one.ttl and one.ttl[0] < _SHORT for one in proven):
        found.append(Problem.NS_SHORT_TTL)
    if any(one.ttl and one.ttl[1] > _LONG for one in proven):
        found.append(Problem.NS_LONG_TTL)
    return found


def _read(zone: str, domain: str, look: DirectLook) -> NameServerReply:
    if not isinstance(look.soa, Completed):
        return NameServerReply(look.host, look.address, _silence(look), reason=look.soa.reason)
    reply = _message(look.soa.value)
    if reply is None:
        return NameServerReply(look.host, look.address, "lame", reason=Reason.DNS_ERROR)
    code, mx = reply.rcode(), _answer(look.mx)
    authoritative = bool(reply.flags & dns.flags.AA) and code in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    refused = code == dns.rcode.REFUSED
    return NameServerReply(
        look.host,
        look.address,
        "answered" if authoritative else "refused" if refused else "lame",
        dns.rcode.to_text(code),
        bool(reply.flags & dns.flags.AA),
        bool(reply.flags & dns.flags.RA),
        _serial(zone, reply) if authoritative else None,
        _mx(domain, mx) if mx is not None else None,
        _ttl(zone, domain, [reply, mx]) if authoritative else None,
        None if authoritative else Reason.DNS_ERROR,
    )


def _silence(look: DirectLook) -> str:
    assert not isinstance(look.soa, Completed)
    if isinstance(look.soa, NotRun) or look.soa.reason in NEGATIVE or not look.address:
        return "not_asked"
    return "timeout" if look.soa.reason is Reason.DNS_TIMEOUT else "unreachable"


def _message(reply: DirectReply) -> dns.message.Message | None:
    try:
        return dns.message.from_wire(reply.wire, ignore_trailing=True)
    except dns.exception.DNSException:
        return None


def _answer(outcome: Outcome[DirectReply]) -> dns.message.Message | None:
    """The answer on MX, if the server gave it as its own word; an error or a referral is none."""
    reply = _message(outcome.value) if isinstance(outcome, Completed) else None
    if reply is None or not reply.flags & dns.flags.AA:
        return None
    return reply if reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) else None


def _serial(zone: str, reply: dns.message.Message) -> int | None:
    for records in reply.answer:
        if records.rdtype == dns.rdatatype.SOA and records.name == dns.name.from_text(zone):
            return int(records[0].serial)
    return None


def _mx(domain: str, reply: dns.message.Message) -> tuple[str, ...]:
    """The records at the domain itself, an alias among them: what lies behind one may be another zone's business."""
    wanted = (dns.rdatatype.MX, dns.rdatatype.CNAME)
    return tuple(
        sorted(
            fold_name(record.to_text())
            for records in reply.answer
            if records.name == dns.name.from_text(domain) and records.rdtype in wanted
            for record in records
        )
    )


def _ttl(zone: str, domain: str, replies: Sequence[dns.message.Message | None]) -> tuple[int, int] | None:
    """Shortest and longest TTL of the zone's NS and the domain's MX, as far as the replies carry them."""
    about = {(dns.name.from_text(zone), dns.rdatatype.NS), (dns.name.from_text(domain), dns.rdatatype.MX)}
    found = [
        records.ttl
        for reply in replies
        if reply is not None
        for records in (*reply.answer, *reply.authority)
        if (records.name, records.rdtype) in about
    ]
    return (min(found), max(found)) if found else None
