"""DMARC aggregate reports (RFC 9990, before it RFC 7489 appendix C): one report, and what many say of a domain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Messages that came from one address with one result. `dkim` and `spf` say whether that way was aligned and
    passed, as the receiver evaluated it; a result that the report does not state is not a pass."""

    source_ip: str
    count: int
    dkim: bool
    spf: bool
    disposition: str = ""  # none, quarantine, reject; "" where the report does not say
    header_from: str = ""
    dkim_domains: tuple[str, ...] = ()  # whose signatures passed, aligned or not
    spf_domain: str = ""  # whose SPF record passed, aligned or not

    @property
    def passed(self) -> bool:
        """DMARC passes if one of the two ways is aligned and passes (RFC 9989 section 4.3)."""
        return self.dkim or self.spf


@dataclass(frozen=True, slots=True)
class AggregateReport:
    """One receiver's report of one domain and period. `org` and `report_id` together are its key."""

    org: str
    report_id: str
    domain: str
    begin: datetime
    end: datetime
    policy: str
    rows: tuple[ReportRow, ...]


@dataclass(frozen=True, slots=True)
class ReportedSource:
    """One address that sends as the domain: messages, how many passed by alignment, and who vouched for them."""

    ip: str
    messages: int
    passed: int
    dkim: int
    spf: int
    domains: tuple[str, ...] = ()  # whose DKIM signature or SPF record passed there, aligned or not
    reporters: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        return self.messages - self.passed


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the reports of a period say of a domain and its sub-domains. `sources` most messages first, at most some
    hundreds; `source_count` counts all."""

    domain: str
    first: date
    last: date
    reports: int
    reporters: tuple[str, ...]
    messages: int
    passed: int
    dkim: int
    spf: int
    source_count: int
    sources: tuple[ReportedSource, ...] = ()

    @property
    def share(self) -> float:
        """Of the messages, how many passed; 1.0 if there were none."""
        return self.passed / self.messages if self.messages else 1.0
