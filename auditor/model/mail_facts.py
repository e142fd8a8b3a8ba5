"""What read/ made of the evidence on a mail domain, record by record. No opinion on what is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from auditor.model.evidence import MailEvidence
from auditor.model.outcome import Reason
from auditor.model.transport import DnssecFacts, NameServerFacts, RegistrationFacts, TransportFacts


@dataclass(frozen=True, slots=True)
class SpfBranch:
    """What one term of an SPF record costs in the worst case, with all below it."""

    term: str
    lookups: int
    void_lookups: int


@dataclass(frozen=True, slots=True)
class SpfFacts:
    """RFC 7208. `state`: valid, none, multiple, permerror, temperror, unverifiable. `branches` are the terms that cost
    look-ups; `addresses` the IPv4 addresses that pass at most, of 2**32 (hosts of mx terms not counted); `widest` the
    term with the largest range and `widest_prefix` its length; `overlaps` the terms that lie inside another one."""

    state: str
    record: str = ""
    all_qualifier: str = ""  # "-", "~", "?", "+", "" (no all term and no redirect)
    lookups: int = 0
    void_lookups: int = 0
    problems: tuple[str, ...] = ()  # closed keys, texts in messages.yaml
    reason: Reason | None = None
    branches: tuple[SpfBranch, ...] = ()
    addresses: int = 0
    widest: str = ""
    widest_prefix: int = 32
    overlaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DmarcFacts:
    """RFC 9989. `state`: valid, none, multiple, invalid, unverifiable.

    `below_policy` and `absent_policy` are what applies to a sub-domain without an own record, if it exists and if it
    does not, test mode counted; "" if nothing does. `alignment` are adkim and aspf ("r", "s"). `destinations` are
    outside receivers of reports: authorized, refused, unverifiable.
    """

    state: str
    record: str = ""
    location: str = ""
    policy: str = ""
    effective_policy: str = ""
    subdomain_policy: str = ""
    rua: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    reason: Reason | None = None
    below_policy: str = ""
    absent_policy: str = ""
    alignment: tuple[str, str] = ("r", "r")
    destinations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MxFacts:
    """RFC 5321 section 5.1, RFC 7505. `state`: valid, none, null, implicit, invalid, unverifiable."""

    state: str
    targets: tuple[tuple[int, str, tuple[str, ...]], ...] = ()  # preference, host, addresses
    problems: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class DkimFacts:
    """RFC 6376. `state` per selector: valid, revoked, invalid, none, unverifiable. `source` is where the selector was
    learnt: configured, sample (a signed message), known (what well-known systems use)."""

    selector: str
    state: str
    record: str = ""
    problems: tuple[str, ...] = ()
    reason: Reason | None = None
    source: str = "configured"
    kind: str = ""  # rsa, ed25519
    bits: int = 0  # of the key; 0 where none is readable


@dataclass(frozen=True, slots=True)
class HostMailFacts:
    """The web host's name as a sender of mail. `sends_nothing`: SPF lets nobody send; `policy` the effective DMARC
    policy, "" if none applies; `reason` why an answer that decides is missing."""

    host: str
    looked_at: datetime
    sends_nothing: bool = False
    null_mx: bool = False
    policy: str = ""
    location: str = ""
    record: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class MailFacts:
    domain: str
    looked_at: datetime
    mx: MxFacts
    spf: SpfFacts
    dmarc: DmarcFacts
    dkim: tuple[DkimFacts, ...] = ()  # of the well-known selectors only those that have a key
    dkim_asked: int = 0  # selectors asked for
    dkim_reason: Reason | None = None  # why some selector was not answered
    dkim_hint: str = ""  # whether `_domainkey` exists: "there", "absent", "" (not asked, or no answer)
    confirmed: bool = True
    evidence: MailEvidence | None = None
    transport: TransportFacts | None = None  # None: not looked at
    nameservers: NameServerFacts | None = None  # None: not looked at
    dnssec: DnssecFacts | None = None  # None: not looked at
    registration: RegistrationFacts | None = None  # None: no RDAP service is configured
    web_hosts: tuple[HostMailFacts, ...] = ()  # of the agencies, below the domain, as far as they were looked at
