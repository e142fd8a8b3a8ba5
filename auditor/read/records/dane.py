"""DANE for SMTP: TLSA records against the certificates that a mail server presents (RFC 7672, RFC 6698)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auditor.model import (
    Completed,
    DaneFacts,
    DaneHost,
    DnsAnswer,
    DnssecFacts,
    NotRun,
    Outcome,
    Reason,
    SmtpLook,
    TlsLook,
)
from auditor.read.records.certificates import covers_name, load_chain
from auditor.read.records.outcomes import absence, blindness, texts
from auditor.read.records.problems import Problem

_TA, _EE = 2, 3  # DANE-TA and DANE-EE: the only usages for SMTP (RFC 7672 section 3.1)
_LENGTHS = {1: 32, 2: 64}  # octets of SHA-256 and SHA-512 (RFC 6698 section 2.1.3)


@dataclass(frozen=True, slots=True)
class Tlsa:
    """One TLSA record (RFC 6698 section 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def usable(self) -> bool:
        """RFC 7672 section 3.1: usages 0 and 1 are not for SMTP; unknown parameters and wrong lengths are no use."""
        sized = len(self.data) == _LENGTHS[self.matching] if self.matching in _LENGTHS else bool(self.data)
        return self.usage in (_TA, _EE) and self.selector in (0, 1) and self.matching in (0, 1, 2) and sized

    def matches(self, certificate: x509.Certificate) -> bool:
        """Whether the record names this certificate, or its key. What cannot be encoded matches nothing."""
        try:
            if self.selector == 0:
                content = certificate.public_bytes(Encoding.DER)
            else:
                content = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except (ValueError, UnsupportedAlgorithm):
            return False
        if self.matching == 0:
            return content == self.data
        return hashlib.new("sha256" if self.matching == 1 else "sha512", content).digest() == self.data


def parse_tlsa(text: str) -> Tlsa | None:
    """`"3 1 1 0c72…"` (hexadecimal, blanks allowed in it); None if it is no TLSA record."""
    fields = text.split()
    if len(fields) < 4 or not all(field.isascii() and field.isdigit() and len(field) <= 3 for field in fields[:3]):
        return None
    try:
        data = bytes.fromhex("".join(fields[3:]))
    except ValueError:
        return None
    usage, selector, matching = map(int, fields[:3])
    return Tlsa(usage, selector, matching, data) if max(usage, selector, matching) < 256 else None


def read_dane(
    mx: Outcome[DnsAnswer],
    tlsa: tuple[tuple[str, Outcome[DnsAnswer]], ...],
    smtp: Mapping[str, Outcome[SmtpLook]],
    *,
    validating: frozenset[str],
    chain: DnssecFacts | None = None,
    walked: Mapping[str, DnssecFacts] | None = None,
    denied: frozenset[str] = frozenset(),
) -> DaneFacts:
    """The facts over all mail servers, in the order of `tlsa`.

    An answer counts as protected if the resolver authenticated it, and the MX records too (RFC 7672 section 2.2.1).
    `validating`: the resolvers that are known to validate, as they authenticated something: what one of them answers
    without is not signed, while a resolver that does not validate authenticates nothing. `chain`: what our own walk to
    the mail domain saw, `walked` the one to each server's records: what either says outweighs the resolver's word.
    `denied`: the servers whose walk shows that they have none. Without MX records that a sender may believe, nobody's
    TLSA records count.
    """
    if chain is not None and chain.state == "bogus" and chain.zone not in ("", "."):
        broken = tuple(DaneHost(name, "bogus", texts(answer), broken=chain) for name, answer in tlsa)
        return DaneFacts("bogus", broken, broken=chain)
    if not tlsa:
        return DaneFacts("unverifiable", reason=blindness(mx))
    mx_signed = is_secure(mx) or (chain is not None and chain.mx_signed)
    unsigned, hosts = is_unsigned(mx, validating, chain), list[DaneHost]()
    for name, answer in tlsa:
        own = (walked or {}).get(name)
        if own is not None and own.state == "bogus":
            hosts.append(DaneHost(name, "bogus", texts(answer), broken=own))
            continue
        if gone := absence(answer):
            believed = name in denied or ((own is None or _saw_nothing(chain)) and _is_believed(mx, chain))
            hosts.append(_none(name, gone) if believed else _unproven(name))
            continue
        if isinstance(answer, NotRun) and answer.reason is Reason.OUT_OF_SCOPE:
            hosts.append(DaneHost(name, "unsigned" if unsigned else "unverifiable"))  # nothing was asked
            continue
        insecure = unsigned or _is_unauthenticated(answer, validating)
        protection = _protection(name, answer, chain, own, mx_signed=mx_signed, insecure=insecure)
        hosts.append(_host(name, answer, smtp.get(name), protection))
    return _together(tuple(hosts))


def _is_believed(mx: Outcome[DnsAnswer], chain: DnssecFacts | None) -> bool:
    """Whether a resolver's word that there are no TLSA records counts, where they were not walked to: it validates; or
    the domain is not signed, so that they would have no effect; or nothing was seen of any signature. Where a walk got
    below the root, the domain may be signed, and whoever holds back signatures may hold back TLSA records, too."""
    return is_secure(mx) or _saw_nothing(chain) or (chain is not None and chain.state == "insecure")


def _saw_nothing(chain: DnssecFacts | None) -> bool:
    return chain is None or (chain.state == "unverifiable" and chain.zone in ("", "."))


def _none(name: str, reason: Reason) -> DaneHost:
    return DaneHost(name, "none", problems=(Problem.DANE_MISSING,), reason=reason)


def _unproven(name: str) -> DaneHost:
    return DaneHost(name, "unverifiable", reason=Reason.DNS_UNPROVEN)


def _protection(
    name: str,
    answer: Outcome[DnsAnswer],
    chain: DnssecFacts | None,
    own: DnssecFacts | None,
    *,
    mx_signed: bool,
    insecure: bool,
) -> str:
    """Who says that the records are protected: "walk", "resolver"; "insecure" if they are known not to be, else ""."""
    if own is not None and own.state == "insecure":
        return "insecure"
    if chain is not None and chain.state == "insecure" and _is_below(name, chain.zone):
        return "insecure"
    if mx_signed and own is not None and own.state == "secure":
        return "walk"
    if mx_signed and is_secure(answer):
        return "resolver"
    return "insecure" if insecure else ""


def _is_below(name: str, zone: str) -> bool:
    """Whether `zone`, at which a chain ended, is the server's own name or lies above it; the root is everybody's."""
    return zone not in ("", ".") and (name == zone or name.endswith("." + zone))


def validators(chain: DnssecFacts | None, *answers: Outcome[DnsAnswer]) -> frozenset[str]:
    """The resolvers that authenticated one of `answers`; none where our own walk to the mail domain cannot be judged,
    as a resolver that holds the domain in an inner view authenticates the root, too."""
    if chain is not None and chain.state == "unverifiable":
        return frozenset()
    return frozenset(one.value.server for one in answers if isinstance(one, Completed) and is_secure(one)) - {""}


def is_unsigned(mx: Outcome[DnsAnswer], validating: frozenset[str], chain: DnssecFacts | None) -> bool:
    """Whether the MX records are known not to be signed, so that TLSA records have no effect (RFC 7672 section 2.2.1):
    by our own walk, which outweighs all else; or, without one, by a resolver that validates and did not here."""
    return chain.state == "insecure" if chain is not None else _is_unauthenticated(mx, validating)


def _is_unauthenticated(outcome: Outcome[DnsAnswer], validating: frozenset[str]) -> bool:
    return isinstance(outcome, Completed) and not is_secure(outcome) and outcome.value.server in validating


def is_secure(outcome: Outcome[DnsAnswer]) -> bool:
    """True for an answer that the resolver authenticated."""
    return isinstance(outcome, Completed) and outcome.value.authenticated


def _host(name: str, answer: Outcome[DnsAnswer], look: Outcome[SmtpLook] | None, protection: str) -> DaneHost:
    if not isinstance(answer, Completed):
        return DaneHost(name, "unverifiable", reason=blindness(answer))
    parsed = [parse_tlsa(text) for text in answer.value.records]
    usable = [record for record in parsed if record is not None and record.usable]
    notes = [Problem.DANE_BAD_RECORD] if None in parsed else []
    if any(record is not None and not record.usable for record in parsed):
        notes.append(Problem.DANE_UNUSABLE)
    records = answer.value.records
    if protection == "insecure":
        return DaneHost(name, "insecure", records, (Problem.DANE_INSECURE, *notes))
    if not protection:
        return DaneHost(name, "unverifiable", records, tuple(notes))
    if not usable:
        return DaneHost(name, "unusable", records, tuple(notes), vouched_by=protection)
    seen = look.value if isinstance(look, Completed) else None
    if seen is None or not isinstance(seen.tls, Completed) or not seen.tls.value.chain:
        reason = None if look is None else blindness(look)
        return DaneHost(name, "unchecked", records, (Problem.DANE_UNCHECKED, *notes), reason, protection)
    if len(usable) == 1:
        notes.append(Problem.DANE_SINGLE)
    state, why = _against(usable, name, seen.tls.value, seen.looked_at)
    return DaneHost(name, state, records, (*why, *notes), vouched_by=protection)


def _against(records: list[Tlsa], host: str, session: TlsLook, when: datetime) -> tuple[str, tuple[Problem, ...]]:
    """One record that matches is enough: the others belong to the last or the next key (RFC 7671 section 8)."""
    chain = load_chain(session.chain)
    if not chain:
        return "unchecked", (Problem.DANE_UNCHECKED,)
    if any(record.usage == _EE and record.matches(chain[0]) for record in records):
        return "match", ()  # neither name nor dates count (RFC 7672 section 3.1.1)
    anchors = [record for record in records if record.usage == _TA]
    issuers = _issued(chain)
    if not any(record.matches(certificate) for record in anchors for certificate in issuers):
        return "mismatch", (Problem.DANE_MISMATCH,)
    leaf = chain[0]
    in_time = leaf.not_valid_before_utc <= when <= leaf.not_valid_after_utc
    if in_time and covers_name(leaf, host):
        return "match", ()
    return "mismatch", (Problem.DANE_EXPIRED,)


def _issued(chain: tuple[x509.Certificate, ...]) -> list[x509.Certificate]:
    """The certificates from the server's own upwards, as far as each is signed by the next. A server must present
    its trust anchor (RFC 7672 section 3.1.2)."""
    found = [chain[0]]
    for issuer in chain[1:]:
        try:
            found[-1].verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            break
        found.append(issuer)
    return found


def _together(hosts: tuple[DaneHost, ...]) -> DaneFacts:
    states = {host.state for host in hosts}
    problems = tuple(dict.fromkeys(problem for host in hosts for problem in host.problems))
    reason = next((host.reason for host in hosts if host.reason), None)
    if "mismatch" in states:
        return DaneFacts("mismatch", hosts, problems)
    if "bogus" in states:
        return DaneFacts("bogus", hosts, problems, broken=next(host.broken for host in hosts if host.broken))
    if "unverifiable" in states:
        unseen = next(host for host in hosts if host.state == "unverifiable")
        return DaneFacts("unverifiable", hosts, problems, unseen.reason)
    for only in ("none", "unsigned", "insecure", "unusable"):
        if states == {only}:
            return DaneFacts(only, hosts, problems, reason if only == "none" else None)
    if states & {"match", "unchecked"} and states & {"none", "insecure", "unusable"}:
        return DaneFacts("partial", hosts, (*problems, Problem.DANE_NOT_ALL), reason)
    if "unchecked" in states:
        return DaneFacts("unchecked", hosts, problems, reason)
    if states == {"match"}:
        return DaneFacts("valid", hosts, problems)
    return DaneFacts("insecure" if "insecure" in states else "unusable", hosts, problems)
