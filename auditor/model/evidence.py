"""What gather saw, without opinion: looks at pages, hosts and mail domains. All of it can be stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from auditor.model.outcome import NotRun, Outcome, Reason


class LookKind(StrEnum):
    PAGE = "page"
    ROBOTS = "robots"
    SITEMAP = "sitemap"
    FEED = "feed"
    FILE = "file"  # an attachment: only its head is kept
    FORM = "form"  # a form to download: only its first bytes are asked for
    PROBE = "probe"  # a random path, to learn how the host answers for pages that do not exist


@dataclass(frozen=True, slots=True)
class Look:
    """One request for one URL and what came back (after redirects). `reason` None means a 2xx answer with a body.

    `not_run` True means that no request was sent. `attempt` 1 is the first look of the run, 2 the second look.
    `body` is decompressed and bounded; `elapsed_ms` is the time to the first byte of the final answer.
    """

    url: str
    kind: LookKind
    fetched_at: datetime
    final_url: str
    status: int | None = None
    reason: Reason | None = None
    not_run: bool = False
    detail: str = ""
    redirects: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    digest: str = ""
    truncated: bool = False
    elapsed_ms: int | None = None
    peer: str | None = None
    attempt: int = 1
    rendered: bool = False  # the body is what a browser made of the page, not what the server sent

    @property
    def ok(self) -> bool:
        return self.reason is None and not self.not_run

    @property
    def content_type(self) -> str:
        return self.header("content-type")

    def header(self, name: str) -> str:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class Certificate:
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    trusted: bool
    problem: str = ""  # "", "expired", "name_mismatch", "untrusted", "not_yet_valid", "other"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HostMail:
    """What the DNS says of a web host's name as a sender of mail; `dmarc` as in MailEvidence."""

    name: str
    txt: Outcome[DnsAnswer]
    mx: Outcome[DnsAnswer]
    dmarc: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()


@dataclass(frozen=True, slots=True)
class HostLook:
    """Facts of one host, looked at once per run and shared by all agencies on it."""

    host: str
    looked_at: datetime
    addresses: Outcome[tuple[str, ...]]  # A and AAAA
    second_opinion: Outcome[tuple[str, ...]] | None = None  # the second resolver, asked only after NXDOMAIN
    http: Outcome[Look] = field(default_factory=lambda: NotRun(Reason.NOT_DECLARED))  # http:// root, redirects followed
    https: Outcome[Look] = field(default_factory=lambda: NotRun(Reason.NOT_DECLARED))  # https:// root, verified
    certificate: Outcome[Certificate] = field(default_factory=lambda: NotRun(Reason.NOT_DECLARED))
    tls_version: str | None = None
    server_date: str = ""  # the Date header of an unverified answer, where the certificate was refused
    attempt: int = 1
    mail: HostMail | None = None  # not asked for a name without an address


@dataclass(frozen=True, slots=True)
class SiteEvidence:
    """All looks of one agency's audit, in the order in which they were made; second looks are appended."""

    agency_code: str
    start_url: str | None
    looks: tuple[Look, ...] = ()
    requests: int = 0
    budget: int = 0
    budget_spent: bool = False
    traps: tuple[tuple[str, str], ...] = ()  # (kind, url) met while crawling: repeated_segments, rendered
    host: HostLook | None = None

    def latest(self) -> dict[str, Look]:
        """The last look at each URL."""
        return {look.url: look for look in self.looks}

    def agreeing(self, url: str) -> bool:
        """True if a first and a second look at `url` both did not succeed, and for the same reason."""
        reasons = {look.attempt: look.reason for look in self.looks if look.url == url}
        return reasons.get(1) is not None and reasons.get(1) == reasons.get(2)


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """Records as text (TXT: each record's strings already joined, one str per record, latin-1 decoded)."""

    name: str
    rdtype: str
    records: tuple[str, ...]
    ttl: int = 0
    canonical: str = ""  # where the records stand, if `name` is an alias (CNAME) that was followed; else ""
    authenticated: bool = False  # the resolver says that it validated the answer (AD bit, RFC 6840 section 5.8)
    server: str = field(default="", compare=False)  # the resolver that answered; "" in audits that did not keep it


@dataclass(frozen=True, slots=True)
class ReverseLook:
    """The name of an address, and the addresses of that name: whether the two confirm each other."""

    address: str
    name: Outcome[DnsAnswer]
    addresses: Outcome[tuple[str, ...]] | None = None  # of the first name; None: there is none


@dataclass(frozen=True, slots=True)
class MxTarget:
    host: str
    preference: int
    addresses: Outcome[tuple[str, ...]]
    is_alias: bool = False  # the target is a CNAME (RFC 2181 section 10.3)
    reverse: tuple[ReverseLook, ...] = ()  # of its addresses, as far as they were looked at


@dataclass(frozen=True, slots=True)
class TlsLook:
    """A TLS session with a mail server. `chain`: the certificates in DER as presented, the server's own first.
    `distrust`: why no public authority vouches for it, "" if one does."""

    version: str
    chain: tuple[bytes, ...] = ()
    distrust: str = ""


@dataclass(frozen=True, slots=True)
class SmtpLook:
    """One connection to a mail server, from its greeting to QUIT. `ehlo` are the lines of its last answer to EHLO."""

    host: str
    address: str
    looked_at: datetime
    banner: str = ""
    ehlo: tuple[str, ...] = ()
    starttls: bool = False
    tls: Outcome[TlsLook] = field(default_factory=lambda: NotRun(Reason.OUT_OF_SCOPE))


@dataclass(frozen=True, slots=True)
class TlsaLook:
    """The TLSA records of a mail server with their signatures, and the chain down to the zone that signed them. Without
    records: the chain to the zone that proves it, empty where the proof is another zone's, or to the host."""

    host: str
    answer: Outcome[SignedAnswer]
    chain: DnssecLook


@dataclass(frozen=True, slots=True)
class TransportEvidence:
    """What the DNS, the policy host and the mail servers say of how mail reaches a domain."""

    mta_sts: Outcome[DnsAnswer]
    policy: Outcome[Look]  # of MTA-STS; asked for only where the DNS announces one
    tls_rpt: Outcome[DnsAnswer]
    mx: Outcome[DnsAnswer]  # raw, to know whether the answer was authenticated
    tlsa: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()  # by mail server, in the order of the MX records
    tlsa_signed: tuple[TlsaLook, ...] = ()  # of the servers whose records our own walk can judge
    root: Outcome[DnsAnswer] = field(default_factory=lambda: NotRun(Reason.OUT_OF_SCOPE))  # does the resolver validate?
    smtp: tuple[tuple[str, Outcome[SmtpLook]], ...] = ()
    bimi: Outcome[DnsAnswer] = field(default_factory=lambda: NotRun(Reason.NOT_CONFIGURED))
    caa: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()  # names climbed (RFC 8659 section 3), in query order
    services: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """A whole DNS message as it came, with signatures and proofs (DO and CD set): `wire` is RFC 1035 form."""

    name: str
    rdtype: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class DnssecStep:
    """One name on the way down: its DS in the zone above (None for the root) and its DNSKEY."""

    name: str
    ds: Outcome[SignedAnswer] | None
    keys: Outcome[SignedAnswer]


@dataclass(frozen=True, slots=True)
class DnssecLook:
    """The chain from the root to a domain, and the trust anchors that it is to begin with (DS records as text).

    `soa` of the zone that the chain leads to and `mx` of the domain are asked where the chain holds; None: not asked
    (as in audits from before they were). `servers`: where signatures are missing, what the zone's own name servers
    answer to the same question (by host), each asked without recursion.
    """

    anchors: tuple[str, ...]
    steps: tuple[DnssecStep, ...]
    soa: Outcome[SignedAnswer] | None = None
    mx: Outcome[SignedAnswer] | None = None
    servers: tuple[tuple[str, Outcome[SignedAnswer]], ...] = ()


@dataclass(frozen=True, slots=True)
class DirectReply:
    """What one name server said when it was asked itself: `wire` is the message in RFC 1035 form."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class DirectLook:
    """One name server asked without recursion: the zone's SOA, then the domain's MX if it answered for the zone.
    `address` is "" where there was none that may be asked."""

    host: str
    address: str
    soa: Outcome[DirectReply]
    mx: Outcome[DirectReply] = field(default_factory=lambda: NotRun(Reason.OUT_OF_SCOPE))


@dataclass(frozen=True, slots=True)
class NameServersLook:
    """The NS records of the zone that holds a domain, the addresses of each server, and what each says itself."""

    zone: str
    answer: Outcome[DnsAnswer]
    servers: tuple[tuple[str, Outcome[tuple[str, ...]]], ...] = ()
    direct: Outcome[tuple[DirectLook, ...]] = field(default_factory=lambda: NotRun(Reason.NOT_CONFIGURED))


@dataclass(frozen=True, slots=True)
class RegistrationLook:
    """What an RDAP service answered about the registration above a mail domain. `domain` is the registered name, "" if
    the mail domain has none (it is a suffix under which others register); `url` is what was asked."""

    domain: str
    url: str
    answer: Outcome[Look]


@dataclass(frozen=True, slots=True)
class MailEvidence:
    """DNS facts of one mail domain, looked up once per run. TXT answers are raw; read/records parses them.

    `spf_tree` holds the raw TXT answers of every domain that the SPF record names by include or redirect.
    `spf_hosts` holds (name, "A", "MX" or "EXISTS", answer) for the a, mx and exists terms of that tree; "A" stands for
    A + AAAA, "EXISTS" for A alone.
    `dkim_sources` says where each selector came from: configured, sample, known; `domainkey` is the answer for the
    name above all selectors, if it was asked for.
    `dmarc` maps each queried name (tree walk, RFC 9989 section 4.10) to its answer, in query order.
    """

    domain: str
    looked_at: datetime
    mx: Outcome[tuple[MxTarget, ...]]
    address: Outcome[tuple[str, ...]]  # the domain's own A/AAAA: the implicit MX of RFC 5321 section 5.1
    txt: Outcome[DnsAnswer]
    spf_tree: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()
    spf_hosts: tuple[tuple[str, str, Outcome[DnsAnswer]], ...] = ()
    dmarc: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()
    dmarc_reports: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()  # of outside receivers
    dkim: tuple[tuple[str, Outcome[DnsAnswer]], ...] = ()  # selector -> answer
    dkim_sources: tuple[tuple[str, str], ...] = ()
    domainkey: Outcome[DnsAnswer] | None = None
    queries: int = 0
    attempt: int = 1
    transport: TransportEvidence | None = None
    nameservers: NameServersLook | None = None
    dnssec: DnssecLook | None = None
    wildcard: Outcome[DnsAnswer] | None = None  # MX of a name that nobody has set up
    web_hosts: tuple[HostMail, ...] = ()  # names of the agencies' websites below the domain
    registration: RegistrationLook | None = None  # None: no RDAP service is configured
