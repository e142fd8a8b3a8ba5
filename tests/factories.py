"""Small facts for tests: a sound agency whose every check passes, to be changed one thing at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from auditor.model import (
    AddressClass,
    AddressFact,
    AddressPlace,
    Agency,
    AgencyFacts,
    AgencyKind,
    BimiFacts,
    CaaFacts,
    Calendar,
    Certificate,
    Completed,
    Criterion,
    DaneFacts,
    DaneHost,
    Dated,
    DateSource,
    DetectorFacts,
    DkimFacts,
    DmarcFacts,
    DnssecFacts,
    EncodingFacts,
    Finding,
    HostLook,
    HostMailFacts,
    Item,
    Look,
    LookKind,
    MailboxRegister,
    MailFacts,
    MtaStsFacts,
    MxFacts,
    NameServerFacts,
    Place,
    Reason,
    RegisteredMailbox,
    RegistrationFacts,
    ReportedSource,
    ReportFacts,
    Section,
    SectionState,
    SiteFacts,
    SiteScope,
    SiteState,
    SmtpFacts,
    SmtpServer,
    SpfBranch,
    SpfFacts,
    TlsRptFacts,
    TransportFacts,
)
from auditor.model.quality import FormFile, FormState, PublishedContact, QualityFacts
from auditor.rulebook import Rulebook, load_calendar, load_rulebook
from checks import collect

AS_OF = date(2025, 3, 12)  # a Wednesday; nd42-2022 is in force
NOW = datetime(2025, 3, 12, 20, 0, tzinfo=UTC)
HOST = "snv.example.gov.vn"
SITE = f"https://{HOST}/"
DOMAIN = "example.gov.vn"

DETECTORS = (
    "organisation", "legal_documents", "procedures", "legal_dissemination", "strategy_planning", "email_directory",
    "projects_procurement", "online_services", "feedback", "news", "direction", "work_schedule", "budget_disclosure",
    "statistics", "access_to_information", "contact", "search", "sitemap", "rss", "english",
)  # fmt: skip


@cache
def rulebook() -> Rulebook:
    """The shipped rulebook."""
    return load_rulebook()


@cache
def calendar() -> Calendar:
    """The shipped calendar."""
    return load_calendar()


def criterion(criterion_id: str, as_of: date = AS_OF, profile: str = "auto") -> Criterion:
    """One shipped criterion as it applies on `as_of`."""
    _, criteria = rulebook().for_audit(as_of, profile)
    return next(row for row in criteria if row.id == criterion_id)


def judge(criterion_id: str, facts: AgencyFacts) -> Finding:
    """The finding of the real check under the real rule."""
    return collect()[criterion_id](facts, criterion(criterion_id, facts.as_of))


def judge_all(facts: AgencyFacts) -> tuple[Finding, ...]:
    """The findings of all criteria in the rulebook's order."""
    found = collect()
    return tuple(found[row.id](facts, row) for row in rulebook().for_audit(facts.as_of)[1])


def make_agency(**changes: Any) -> Agency:
    agency = Agency(
        code="snv",
        name="Sở Nội vụ",
        kind=AgencyKind.DEPARTMENT,
        url=SITE,
        scope=SiteScope(HOST),
        mail_domain=DOMAIN,
    )
    return replace(agency, **changes)


def make_dated(day: date = AS_OF, url: str = SITE + "tin-1.html", excerpt: str = "12/03/2025 08:00") -> Dated:
    return Dated(day, DateSource.LIST_ITEM, excerpt, url)


def make_items(count: int, *attributes: str) -> tuple[Item, ...]:
    return tuple(Item(f"Mục {n}", f"{SITE}muc-{n}.html", attributes=attributes) for n in range(count))


def make_section(
    detector: str = "news",
    state: SectionState = SectionState.PRESENT,
    *,
    label: str = "Tin tức",
    url: str = SITE + "muc/",
    items: Iterable[Item] = (),
    newest: Dated | date | None = None,
    found: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    confirmed: bool = True,
    reason: Reason | None = None,
    why: str = "",
    **changes: Any,
) -> DetectorFacts:
    """What one detector found: one section in `state`, or none where nothing was found."""
    dated = make_dated(newest) if isinstance(newest, date) else newest
    section = Section(
        label, url, Place.HEADER, state is not SectionState.PARENT_ONLY, state, tuple(items), dated,
        found=found, missing=missing, reason=reason, why=why, fetched_at=NOW, confirmed=confirmed,
    )  # fmt: skip
    none = state in (SectionState.ABSENT, SectionState.UNVERIFIABLE)
    facts = DetectorFacts(
        detector, state, () if none else (section,), dated, found=found, missing=missing, reason=reason, why=why,
        confirmed=confirmed,
    )  # fmt: skip
    return replace(facts, **changes)


def make_address(
    address: str = f"snv@{DOMAIN}",
    class_: AddressClass = AddressClass.OFFICIAL,
    *,
    contact: bool = True,
    where: str = "contact_page",
    url: str = SITE + "lien-he/",
) -> AddressFact:
    return AddressFact(address, class_, contact, (AddressPlace(where, url, f"Email: {address}"),))


def make_site(state: SiteState = SiteState.OK, **changes: Any) -> SiteFacts:
    """A site on which everything is in order. Name a detector to replace what it found; other names are fields."""
    detectors = {name: make_section(name, label=name) for name in DETECTORS}
    detectors |= {
        name: make_section(name, label=name, newest=AS_OF, items=make_items(3, "date"))
        for name in ("news", "direction", "legal_dissemination", "projects_procurement")
    }
    rows = make_items(5, "number", "date", "abstract", "file")
    detectors["legal_documents"] = make_section("legal_documents", label="Văn bản", items=rows, newest=AS_OF)
    people = make_items(4, "name", "email", "official_email")
    detectors["email_directory"] = make_section("email_directory", label="Danh bạ", items=people)
    detectors["feedback"] = make_section("feedback", label="Góp ý", found=("form", "items"))
    detectors |= {name: changes.pop(name) for name in DETECTORS if name in changes}
    site = SiteFacts(
        agency_code="snv",
        state=state,
        start_url=SITE,
        final_url=SITE,
        detectors=detectors,
        addresses=(make_address(),),
        encoding=EncodingFacts("utf-8", "utf-8", 1.0, url=SITE),
        pages=30,
        requests=40,
        response_ms=(200, 300, 400),
        looked_at=NOW,
        title="Sở Nội vụ",
        quality=QualityFacts(
            footer=PublishedContact(SITE, ("02713888111",), ("snv@tinhmau.example",)),
            forms=(FormFile(SITE + "mau.docx", "Mẫu đơn", SITE + "thu-tuc", FormState.RIGHT, "docx", "zip"),),
            contact_page=PublishedContact(SITE + "lien-he", ("02713888111",), ("snv@tinhmau.example",)),
        ),
    )
    return replace(site, **changes)


def make_look(url: str = SITE, reason: Reason | None = None, **changes: Any) -> Look:
    look = Look(url, LookKind.PAGE, NOW, url, None if reason else 200, reason)
    return replace(look, **changes)


def make_certificate(problem: str = "", **changes: Any) -> Certificate:
    certificate = Certificate(
        HOST, "CA", (HOST,), NOW - timedelta(days=30), NOW + timedelta(days=60), problem == "", problem
    )
    return replace(certificate, **changes)


def make_host(**changes: Any) -> HostLook:
    host = HostLook(
        HOST,
        NOW,
        Completed(("203.0.113.5",)),
        http=Completed(make_look(f"http://{HOST}/")),
        https=Completed(make_look()),
        certificate=Completed(make_certificate()),
        tls_version="TLSv1.3",
    )
    return replace(host, **changes)


def make_mail(**changes: Any) -> MailFacts:
    mail = MailFacts(
        DOMAIN,
        NOW,
        MxFacts("valid", ((10, f"mail.{DOMAIN}", ("203.0.113.9",)),)),
        SpfFacts("valid", "v=spf1 mx -all", "-", 1, branches=(SpfBranch("mx", 1, 0),)),
        DmarcFacts(
            "valid",
            "v=DMARC1; p=reject",
            f"_dmarc.{DOMAIN}",
            "reject",
            "reject",
            "reject",
            below_policy="reject",
            absent_policy="reject",
        ),
        (DkimFacts("s2024", "valid", "v=DKIM1; p=x", kind="rsa", bits=2048),),
        transport=make_transport(),
        dnssec=DnssecFacts("secure", DOMAIN),
        web_hosts=(HostMailFacts(HOST, NOW, policy="reject", location=f"_dmarc.{DOMAIN}"),),
        registration=RegistrationFacts(
            "valid", DOMAIN, f"https://rdap.example/domain/{DOMAIN}", NOW + timedelta(days=300)
        ),
        nameservers=NameServerFacts(
            "valid", DOMAIN, ((f"ns1.{DOMAIN}", ("203.0.113.1",)), (f"ns2.{DOMAIN}", ("198.51.100.1",)))
        ),
    )
    return replace(mail, **changes)


def make_transport(**changes: Any) -> TransportFacts:
    """MTA-STS, TLS-RPT, DANE and SMTP in order; nothing to say of BIMI, CAA and services."""
    host = f"mail.{DOMAIN}"
    transport = TransportFacts(
        MtaStsFacts("valid", "v=STSv1; id=1", f"https://mta-sts.{DOMAIN}/", "enforce", 2_419_200, (host,)),
        TlsRptFacts("valid", f"v=TLSRPTv1; rua=mailto:a@{DOMAIN}", (f"mailto:a@{DOMAIN}",)),
        DaneFacts("valid", (DaneHost(host, "match", ("3 1 1 00", "3 1 1 01")),)),
        SmtpFacts("tls", (SmtpServer(host, "tls", f"{host} ESMTP", host, "TLSv1.3", not_after=NOW),)),
        BimiFacts("none"),
        CaaFacts("none"),
    )
    return replace(transport, **changes)


def make_register(*boxes: RegisteredMailbox, recorded_on: date = AS_OF) -> MailboxRegister:
    """The operator's register; without `boxes`, one that agrees with make_site()."""
    agreed = (RegisteredMailbox(make_agency().code, fact.address, True, AS_OF) for fact in make_site().addresses)
    return MailboxRegister.of(boxes or agreed, recorded_on)


def make_reports(*sources: ReportedSource, **changes: Any) -> ReportFacts:
    """What receivers report; without `sources`, one server all of whose mail passes."""
    sources = sources or (ReportedSource("203.0.113.9", 100, 100, 100, 80, (DOMAIN,), ("google.com",)),)
    sums = {name: sum(getattr(one, name) for one in sources) for name in ("messages", "passed", "dkim", "spf")}
    seen = ReportFacts(
        DOMAIN, AS_OF - timedelta(days=7), AS_OF, 4, ("google.com",), **sums, source_count=len(sources), sources=sources
    )
    return replace(seen, **changes)


def make_facts(site: SiteFacts | None = None, *, as_of: date = AS_OF, **changes: Any) -> AgencyFacts:
    """Everything that a check may look at; all in order unless changed."""
    facts = AgencyFacts(
        agency=make_agency(),
        as_of=as_of,
        site=make_site() if site is None else site,
        host=make_host(),
        mail=make_mail(),
        calendar=calendar(),
        register=make_register(),
        reports=make_reports(),
        host_mail=HostMailFacts(HOST, NOW, policy="reject", location=f"_dmarc.{DOMAIN}"),
    )
    return replace(facts, **changes)
