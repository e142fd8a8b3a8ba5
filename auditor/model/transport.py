"""What was read of the way mail takes to a domain: MTA-STS, TLS-RPT, DANE, SMTP; and BIMI, CAA, service records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from auditor.model.outcome import Reason


@dataclass(frozen=True, slots=True)
class MtaStsFacts:
    """RFC 8461. `state`: valid, none, multiple, invalid (the record), policy_failed (not served as section 3.3 asks),
    policy_invalid, unverifiable. `max_age` in seconds; `unmatched` are MX hosts that no pattern of the policy covers.
    """

    state: str
    record: str = ""
    policy_url: str = ""
    mode: str = ""
    max_age: int = 0
    patterns: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class TlsRptFacts:
    """RFC 8460. `state`: valid, none, multiple, invalid, unverifiable."""

    state: str
    record: str = ""
    rua: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class DnssecFacts:
    """RFC 4033 section 5. `state`: secure, insecure, bogus, unverifiable. `zone` is where the chain ends, or breaks.
    `mx_signed`: the domain has MX records, and their signatures hold."""

    state: str
    zone: str = ""
    why: str = ""  # key of a message
    reason: Reason | None = None
    mx_signed: bool = False


@dataclass(frozen=True, slots=True)
class RegistrationFacts:
    """RFC 9083 sections 4.5, 4.6. `state`: valid, expired, held, undated (no expiry is told), not_found (the service
    does not know the name), no_name (the mail domain lies under no registration), no_service (none is known for its
    suffix), unverifiable. `statuses` are as
    written; `stopping` those of them that end the name's use: client_hold, server_hold, pending_delete,
    redemption_period."""

    state: str
    domain: str = ""
    url: str = ""
    expires_at: datetime | None = None
    statuses: tuple[str, ...] = ()
    stopping: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class NameServerReply:
    """One name server asked directly. `state`: answered (for the zone, AA), refused, lame (another error, or no AA),
    timeout, unreachable, not_asked (it has no address that may be asked). `serial` and `mx` are None where it did not
    say; an empty `mx` is its word that there is none. `ttl`: shortest and longest of its NS and MX records, seconds."""

    host: str
    address: str
    state: str
    rcode: str = ""
    authoritative: bool = False  # AA, RFC 1035 section 4.1.1
    recursion: bool = False  # RA: a resolver, not only a name server
    serial: int | None = None
    mx: tuple[str, ...] | None = None
    ttl: tuple[int, int] | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class NameServerFacts:
    """RFC 1034 section 4.1, RFC 2182. `state`: valid, unverifiable. `zone` is the name that holds the NS records.
    `replies` are what the servers say themselves; `direct_reason` is why nothing is known of that."""

    state: str
    zone: str = ""
    servers: tuple[tuple[str, tuple[str, ...]], ...] = ()  # host, addresses
    problems: tuple[str, ...] = ()
    reason: Reason | None = None
    replies: tuple[NameServerReply, ...] = ()
    direct_reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class DaneHost:
    """The TLSA records of one mail server. `state`: match, mismatch, unchecked (no certificate was seen), unusable,
    insecure (no DNSSEC, so without effect), unsigned (the MX records are not, so they were not asked for), bogus (the
    signatures do not hold), none, unverifiable. `vouched_by`: walk (our own look at the signatures), resolver (its AD
    bit), "" where nobody says that the records are protected. `broken`: where and why signatures do not hold."""

    host: str
    state: str
    records: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    reason: Reason | None = None
    vouched_by: str = ""
    broken: DnssecFacts | None = None


@dataclass(frozen=True, slots=True)
class DaneFacts:
    """RFC 7672, over all mail servers. `state`: valid, partial (not all servers), mismatch, unusable, insecure,
    unsigned, unchecked, bogus, none, unverifiable. `broken` goes with bogus."""

    state: str
    hosts: tuple[DaneHost, ...] = ()
    problems: tuple[str, ...] = ()
    reason: Reason | None = None
    broken: DnssecFacts | None = None


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """One mail server as one connection showed it. `state`: tls, plain (no STARTTLS), tls_failed, unverifiable."""

    host: str
    state: str
    banner: str = ""
    name: str = ""  # as it calls itself in its answer to EHLO
    tls_version: str = ""
    extensions: tuple[str, ...] = ()  # of SIZE, 8BITMIME, SMTPUTF8 those offered
    certificate_names: tuple[str, ...] = ()
    not_after: datetime | None = None
    problems: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SmtpFacts:
    """RFC 3207, RFC 8996, over all mail servers that were seen. `state`: tls, mixed, plain, unverifiable."""

    state: str
    servers: tuple[SmtpServer, ...] = ()
    problems: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class BimiFacts:
    """The BIMI record of the selector "default". `state`: valid, declined, none, multiple, invalid, unverifiable."""

    state: str
    record: str = ""
    logo: str = ""
    evidence_document: str = ""
    problems: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class CaaFacts:
    """RFC 8659: the CAA records that apply. `state`: valid, none, unverifiable; `name` is where they were found."""

    state: str
    name: str = ""
    issuers: tuple[str, ...] = ()  # who may issue; empty with `closed` means nobody
    accounts: tuple[str, ...] = ()  # accounturi parameters, RFC 8657
    closed: bool = False
    problems: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One SRV name by which mail programs find servers (RFC 6186, RFC 8314). `state`: offered, not_offered (its
    target is "."), none, invalid, unverifiable."""

    name: str
    state: str
    targets: tuple[str, ...] = ()  # "host:port"
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class TransportFacts:
    mta_sts: MtaStsFacts
    tls_rpt: TlsRptFacts
    dane: DaneFacts
    smtp: SmtpFacts
    bimi: BimiFacts
    caa: CaaFacts
    services: tuple[ServiceFacts, ...] = ()
