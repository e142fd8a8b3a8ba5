"""Small audits for the store's tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from auditor.model import (
    AddressClass,
    AddressFact,
    AddressPlace,
    Agency,
    AgencyAudit,
    AgencyKind,
    Certificate,
    Completed,
    Dated,
    DateSource,
    DetectorFacts,
    DnsAnswer,
    Failed,
    Finding,
    HostLook,
    Item,
    Look,
    LookKind,
    MailEvidence,
    MailFacts,
    MxFacts,
    NotRun,
    Place,
    Reason,
    Ruleset,
    Score,
    Scorecard,
    Section,
    SectionState,
    SiteEvidence,
    SiteFacts,
    SiteScope,
    SiteState,
    Verdict,
)
from auditor.model.mail_facts import DmarcFacts, SpfFacts

NIGHT = date(2024, 3, 4)
AT = datetime(2024, 3, 3, 18, 30, tzinfo=UTC)
BASE = "https://snv.example.gov.vn"
RULES = Ruleset("rules-1", "nd42-2022", "Nghị định 42/2022", "auto")


def make_finding(id_: str, verdict: Verdict) -> Finding:
    points = 50 if verdict is Verdict.PASS else 0
    return Finding(id_, "f", verdict, points, 50, "thấy", "section.present", "cần có", "bổ sung", f"Mục {id_}", ("CT",))


def make_look(url: str, body: bytes, *, attempt: int = 1, reason: Reason | None = None) -> Look:
    return Look(
        url, LookKind.PAGE, AT, url, 200 if reason is None else None, reason,
        headers=(("Content-Type", "text/html"), ("Set-Cookie", "a"), ("Set-Cookie", "b")), body=body,
        digest="gathered", redirects=("http://a/",), elapsed_ms=12, peer="192.0.2.1", attempt=attempt,
    )  # fmt: skip


def make_item(name: str, day: date | None = None, url: str | None = "") -> Item:
    address = f"{BASE}/tin/{name}.html" if url == "" else url
    return Item(name, address, Dated(day, DateSource.LIST_ITEM, str(day), BASE) if day else None)


def make_section(
    items: Iterable[Item] = (),
    state: SectionState = SectionState.PRESENT,
    *,
    url: str = f"{BASE}/tin/",
    confirmed: bool = True,
) -> Section:
    return Section("Tin tức", url, Place.HEADER, True, state, tuple(items), confirmed=confirmed)


def make_agency(code: str = "snv") -> Agency:
    return Agency(code, f"Sở {code}", AgencyKind.DEPARTMENT, url=f"{BASE}/", scope=SiteScope("snv.example.gov.vn"))


def make_audit(
    code: str = "snv",
    as_of: date = NIGHT,
    *,
    sections: Iterable[Section] = (),
    state: SiteState = SiteState.OK,
    findings: Iterable[Finding] = (),
    looks: Iterable[Look] | None = None,
    host: HostLook | None = None,
    state_confirmed: bool = True,
    state_reason: Reason | None = None,
) -> AgencyAudit:
    sections = tuple(sections)
    found = DetectorFacts("news", sections[0].state if sections else SectionState.ABSENT, sections)
    place = AddressPlace("footer", BASE, "thư")
    site = SiteFacts(
        code, state, f"{BASE}/", f"{BASE}/", {"news": found},
        (AddressFact("snv@example.gov.vn", AddressClass.OFFICIAL, True, (place,)),),
        state_confirmed=state_confirmed, state_reason=state_reason, response_ms=(12, 13), looked_at=AT,
    )  # fmt: skip
    looks = (make_look(f"{BASE}/", b"<p>xin ch\xc3\xa0o</p>"),) if looks is None else tuple(looks)
    score = Score(100, 200, 300)
    return AgencyAudit(
        agency=make_agency(code),
        as_of=as_of,
        started_at=AT,
        finished_at=AT,
        ruleset=RULES,
        site=site,
        host=host,
        mail=None,
        findings=tuple(findings) or (make_finding("f.a", Verdict.PASS), make_finding("f.b", Verdict.FAIL)),
        scores=Scorecard(score, score, Score(10, 20, 30), Score(0, 0, 0), "C", "C", None, None, ("g",), ("f.b",)),
        evidence=SiteEvidence(code, f"{BASE}/", looks, len(looks), 60, host=host),
    )


def make_host(*, http: bytes = b"<a>", second: Reason | None = None) -> HostLook:
    return HostLook(
        "snv.example.gov.vn",
        AT,
        Failed(second, "x") if second else Completed(("192.0.2.1", "2001:db8::1")),
        Failed(second) if second else None,
        Completed(make_look(f"{BASE}/", http)),
        Failed(Reason.TLS_INVALID, "expired"),
        Completed(Certificate("CN=a", "CN=b", ("a", "b"), AT, AT, False, "expired")),
        "TLSv1.3",
    )


def full_audit() -> AgencyAudit:
    """One of everything that an audit can hold."""
    host = make_host()
    audit = make_audit(
        sections=[make_section([make_item("một", date(2024, 3, 1)), make_item("hai", None, None)])], host=host
    )
    evidence = MailEvidence(
        "example.gov.vn", AT, NotRun(Reason.RESOLVER_DOWN, "chết"), Failed(Reason.DNS_NODATA),
        Completed(DnsAnswer("example.gov.vn", "TXT", ("v=spf1 -all",), 60)),
        spf_tree=(("a", Failed(Reason.DNS_TIMEOUT)),),
        dmarc=(("_dmarc.example.gov.vn", NotRun(Reason.RESOLVER_DOWN)),),
    )  # fmt: skip
    mail = MailFacts(
        "example.gov.vn", AT, MxFacts("valid", ((10, "mx", ("192.0.2.1",)),)), SpfFacts("valid"), DmarcFacts("none"),
        evidence=evidence,
    )  # fmt: skip
    return replace(audit, mail=mail, mail_evidence=evidence, previous_as_of=date(2024, 3, 3), relook=("a",))
