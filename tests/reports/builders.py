"""Audits built by hand: one good agency, and one in which every text that comes from outside is hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import yaml

from auditor.model import (
    AddressClass,
    AddressFact,
    AddressPlace,
    Agency,
    AgencyAudit,
    AgencyKind,
    BimiFacts,
    CaaFacts,
    Candidate,
    Certificate,
    Change,
    Completed,
    DaneFacts,
    DaneHost,
    Dated,
    DateSource,
    DetectorFacts,
    DkimFacts,
    DmarcFacts,
    DnssecFacts,
    EncodingFacts,
    EvidenceRef,
    Failed,
    Finding,
    HostLook,
    HostMailFacts,
    Item,
    Look,
    LookedAt,
    LookKind,
    MailFacts,
    MtaStsFacts,
    MxFacts,
    NameServerFacts,
    NameServerReply,
    NotRun,
    Place,
    Reason,
    RegistrationFacts,
    Ruleset,
    Score,
    Scorecard,
    Section,
    SectionState,
    ServiceFacts,
    SiteEvidence,
    SiteFacts,
    SiteScope,
    SiteState,
    SmtpFacts,
    SmtpServer,
    SpfBranch,
    SpfFacts,
    TlsRptFacts,
    TransportFacts,
    Trap,
    Verdict,
)
from config import shipped_folder

AS_OF = date(2017, 11, 20)
SEEN_AT = datetime(2017, 11, 19, 18, 5, tzinfo=UTC)  # 01:05 on the 20th in Viet Nam
BASE = "https://snv.example.gov.vn"
RULES = Ruleset("3fa9c1d27be804f5aa11", "chi-thi-2014", "Chỉ thị 12/2014/CT-UBND và Luật Công nghệ thông tin", "auto")
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u202egnp.exe\u2066\u200b\x00\x1b[31m{{7*7}}{% raw %} "
    "&lt;b&gt; \ud800 \r\nBcc: someone@example.com"
)

_DIRECTIVE = "Chỉ thị 12/2014/CT-UBND, mục 1 điểm f"
_LAW = "Luật Công nghệ thông tin 67/2006/QH11, Điều 28 khoản 2 điểm c (*)"
_NOTE = "(*) cần đối chiếu văn bản gốc"


def finding(
    id_: str,
    verdict: Verdict,
    title: str,
    *,
    points: int = 0,
    max_: int = 50,
    seen: str = "Có mục này trên trang.",
    reason: str | None = None,
    counts: bool = True,
    evidence: int = 1,
    looked: int = 0,
) -> Finding:
    """One finding with evidence, places looked at and rejected candidates."""
    return Finding(
        id=id_,
        item="mail" if id_.startswith("mail") else id_[0],
        verdict=verdict,
        points=points,
        max=max_,
        seen=seen,
        seen_key="section.present",
        expected="Có chuyên mục riêng, nội dung đầy đủ theo quy định.",
        advice="Bổ sung chuyên mục và đăng đầy đủ nội dung; đặt liên kết ở trình đơn chính.",
        title=title,
        basis=(_DIRECTIVE, _LAW),
        basis_notes=(_NOTE,),
        evidence=tuple(
            EvidenceRef(f"{BASE}/vi/muc-{n}/", SEEN_AT + timedelta(minutes=n), "Thứ hai - 20/11/2017 08:15")
            for n in range(evidence)
        ),
        looked_at=tuple(
            LookedAt(f"Mục {n}", f"{BASE}/vi/muc-{n}/", "read" if n % 3 else "http_404") for n in range(looked)
        ),
        rejected=(Candidate("Liên kết website", f"{BASE}/vi/lien-ket/", "link_block"),) if looked else (),
        reason=reason,
        counts=counts,
    )


def findings() -> tuple[Finding, ...]:
    """Lines of every group and every verdict, with the points that `scores()` adds up."""
    P, H, F = Verdict.PASS, Verdict.PARTIAL, Verdict.FAIL
    return (
        finding("f.content.organisation", P, "Tổ chức bộ máy, chức năng, nhiệm vụ, quyền hạn", points=50, looked=3),
        finding("f.content.legal_documents", P, "Hệ thống văn bản quy phạm pháp luật chuyên ngành và văn bản liên quan", points=50),
        finding("f.content.procedures", H, "Quy trình, thủ tục hành chính", points=25, looked=4,
                seen="Có tên 12 thủ tục; không thấy thời hạn giải quyết và người chịu trách nhiệm từng khâu."),
        finding("f.content.projects_procurement", F, "Dự án, hạng mục đầu tư, đấu thầu, mua sắm công", looked=22, evidence=2,
                seen="Không tìm thấy nhãn, liên kết hoặc nội dung nào thuộc mục này trong phạm vi trang của cơ quan."),
        finding("f.freshness.news", F, "Tin tức - sự kiện được cập nhật", max_=80,
                seen="Tin mới nhất ngày 02/10/2017, cách ngày đánh giá 35 ngày làm việc (ngưỡng do đơn vị vận hành đặt)."),
        finding("f.access.https", Verdict.UNVERIFIED, "Truy cập bằng HTTPS", max_=30, reason="connect_timeout",
                seen="Máy chủ không trả lời trong thời gian cho phép; chờ lần xem thứ hai."),
        finding("f.access.reachable", P, "Truy cập được trang chủ", points=50),
        finding("f.functions.search", P, "Chức năng tìm kiếm", points=20, max_=20),
        finding("f.functions.english", Verdict.NOT_APPLICABLE, "Thông tin bằng tiếng Anh", max_=10,
                seen="Cổng thông tin điện tử tỉnh cung cấp chung."),
        finding("f.standards.charset", P, "Bộ mã ký tự Unicode (UTF-8)", points=30, max_=30),
        finding("f.standards.deadline", F, "Thời hạn đăng văn bản", max_=0, counts=False),
        finding("f.person.accuracy", Verdict.NEEDS_PERSON, "Tính chính xác, thống nhất của nội dung", max_=0, counts=False),
        replace(finding("g.official_address", P, "Công bố địa chỉ thư điện tử công vụ", points=80, max_=80),
                by_person="Xác nhận: Nguyễn Văn A, theo công văn 15/SNV-VP, đến hết 31/12/2017"),
        finding("g.free_mail", F, "Không dùng thư điện tử miễn phí làm địa chỉ liên hệ", max_=60, looked=2,
                seen="Địa chỉ sonoivu.bp@gmail.com được công bố làm địa chỉ liên hệ ở chân trang."),
        finding("mail.mx", P, "Bản ghi MX", points=300, max_=300),
        finding("mail.spf", H, "Bản ghi SPF", points=150, max_=300, seen="Bản ghi kết thúc bằng ?all."),
        finding("mail.dmarc", F, "Bản ghi DMARC", max_=400, seen="Không có bản ghi DMARC."),
    )  # fmt: skip


def scores() -> Scorecard:
    """The totals of `findings()`."""
    return Scorecard(
        f=Score(225, 380, 420), g=Score(80, 140, 140), total=Score(305, 520, 560), mail=Score(450, 1000, 1000),
        grade="D", grade_f="D", grade_g="D", grade_mail="E",
        first_things=("f.freshness.news", "g.free_mail", "f.content.projects_procurement"),
    )  # fmt: skip


def agency(code: str = "snv", name: str = "Sở Nội vụ", **fields: object) -> Agency:
    made = Agency(
        code=code, name=name, kind=AgencyKind.DEPARTMENT, url=f"{BASE}/", scope=SiteScope("snv.example.gov.vn"),
        mail_domain="example.gov.vn",
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def detectors() -> dict[str, DetectorFacts]:
    newest = Dated(date(2017, 10, 2), DateSource.LIST_ITEM, "02/10/2017 08:15", f"{BASE}/vi/news/")
    section = Section(
        "Tin tức - Sự kiện", f"{BASE}/vi/news/", Place.HEADER, True, SectionState.PRESENT,
        items=(Item("Hội nghị giao ban", f"{BASE}/vi/news/hoi-nghi-12.html", newest),), newest=newest,
        excerpt="Hội nghị giao ban", fetched_at=SEEN_AT,
    )  # fmt: skip
    looked = (LookedAt("Tin tức - Sự kiện", f"{BASE}/vi/news/", "read"),)
    return {
        "news": DetectorFacts("news", SectionState.PRESENT, (section,), newest, looked_at=looked),
        "rss": DetectorFacts("rss", SectionState.ABSENT, looked_at=looked),
    }


def site(state: SiteState = SiteState.OK, **fields: object) -> SiteFacts:
    made = SiteFacts(
        agency_code="snv", state=state, start_url=f"{BASE}/", final_url=f"{BASE}/vi/", detectors=detectors(),
        addresses=(
            AddressFact("sonoivu.bp@gmail.com", AddressClass.FREE, True, (AddressPlace("footer", f"{BASE}/vi/"),)),
            AddressFact("snv@example.gov.vn", AddressClass.OFFICIAL, True,
                        (AddressPlace("contact_page", f"{BASE}/vi/lien-he/", "Email: snv@example.gov.vn", "entities"),)),
        ),
        traps=(Trap("clock_date", f"{BASE}/vi/", "Thứ hai, 20/11/2017"),), generator="NukeViet v4.0", title="Sở Nội vụ",
        encoding=EncodingFacts("utf-8", "utf-8", 1.0), pages=41, requests=58, looked_at=SEEN_AT,
        newest_update=detectors()["news"].newest, newest_detector="news",
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def host() -> HostLook:
    look = Look(f"{BASE}/", LookKind.PAGE, SEEN_AT, f"{BASE}/vi/", status=200, elapsed_ms=420, body=b"<html>")
    certificate = Certificate(
        "snv.example.gov.vn", "Example CA", ("snv.example.gov.vn",), SEEN_AT, SEEN_AT + timedelta(days=90), True
    )
    return HostLook(
        "snv.example.gov.vn", SEEN_AT, Completed(("192.0.2.7", "2001:db8::7")), None,
        Failed(Reason.CONNECT_TIMEOUT, "10 s"), Completed(look), Completed(certificate), "TLSv1.2",
    )  # fmt: skip


def transport() -> TransportFacts:
    host = "mx1.example.gov.vn"
    return TransportFacts(
        MtaStsFacts("valid", "v=STSv1; id=1", "https://mta-sts.example.gov.vn/", "testing", 604800, (host,), ("mx2",)),
        TlsRptFacts("none", reason=Reason.DNS_NXDOMAIN),
        DaneFacts("unchecked", (DaneHost(host, "unchecked", ("3 1 1 00",)),), reason=Reason.PORT_25_BLOCKED),
        SmtpFacts("tls", (SmtpServer(host, "tls", not_after=SEEN_AT),)), BimiFacts("none"), CaaFacts("none"),
        (ServiceFacts("_imaps._tcp", "offered", ("mx1.example.gov.vn:993",)),),
    )  # fmt: skip


def mail() -> MailFacts:
    return MailFacts(
        "example.gov.vn", SEEN_AT, MxFacts("valid", ((10, "mx1.example.gov.vn", ("192.0.2.25",)),)),
        SpfFacts("valid", "v=spf1 mx ?all", "?", 1, branches=(SpfBranch("mx", 1, 0),)),
        DmarcFacts("none", destinations=(("rua.example", "refused"),)),
        (DkimFacts("default", "unverifiable", reason=Reason.DNS_TIMEOUT),), transport=transport(),
        nameservers=NameServerFacts(
            "valid", "example.gov.vn", (("ns1.example.gov.vn", ("192.0.2.53",)),), ("ns_single",),
            replies=(NameServerReply("ns1.example.gov.vn", "192.0.2.53", "answered", "NOERROR", True, serial=7, mx=()),),
        ),
        dnssec=DnssecFacts("insecure", "example.gov.vn", "no_ds"),
        web_hosts=(HostMailFacts("snv.example.gov.vn", SEEN_AT),),
        registration=RegistrationFacts(
            "valid", "example.gov.vn", "https://rdap.example/domain/example.gov.vn", SEEN_AT, ("active",)
        ),
    )  # fmt: skip


def audit(code: str = "snv", name: str = "Sở Nội vụ", **fields: object) -> AgencyAudit:
    """An ordinary audit of one agency; `fields` replace those of AgencyAudit."""
    made = AgencyAudit(
        agency=agency(code, name), as_of=AS_OF, started_at=SEEN_AT, finished_at=SEEN_AT + timedelta(minutes=3),
        ruleset=RULES, site=site(), host=host(), mail=mail(), findings=findings(), scores=scores(),
        evidence=SiteEvidence(code, f"{BASE}/", requests=58, budget=60),
        changes=(
            Change("f.freshness.news", "Tin tức - sự kiện được cập nhật", Verdict.PARTIAL, Verdict.FAIL),
            Change("f.content.legal_documents", "Hệ thống văn bản quy phạm pháp luật", Verdict.FAIL, Verdict.PASS),
        ),
        previous_as_of=date(2017, 11, 13), previous_ruleset="0b77d2c4e9a1ff00",
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def not_declared(code: str = "bandantoc", name: str = "Ban Dân tộc") -> AgencyAudit:
    unseen = "Chưa khai báo địa chỉ trang thông tin điện tử của cơ quan trong danh bạ."
    return audit(
        code, name, agency=agency(code, name, url=None, scope=None, valid_to=date(2017, 6, 30)), host=None, changes=(),
        previous_as_of=None, previous_ruleset=None,
        site=SiteFacts(code, SiteState.NOT_DECLARED, None, None, state_reason=Reason.NOT_DECLARED),
        findings=tuple(
            replace(f, verdict=Verdict.UNVERIFIED, points=0, reason="not_declared", seen=unseen, evidence=(), looked_at=(), rejected=())
            if f.item != "mail" else f for f in findings()
        ),
        scores=Scorecard(Score(0, 0, 420), Score(0, 0, 140), Score(0, 0, 560), Score(450, 1000, 1000),
                         None, None, None, "E", ("f", "g")),
    )  # fmt: skip


def hostile(code: str = "snv", scale: int = 1) -> AgencyAudit:
    """Every text that a page, a record or a registry could hold is hostile; `scale` makes the texts and lists longer."""
    bad = HOSTILE * scale
    url = "javascript:alert(document.cookie)"
    long_url = f"{BASE}/" + "a%22%3E'&<>" * 30 * scale
    base = finding("f.content.organisation", Verdict.FAIL, bad, seen=bad)
    worst = replace(
        base, expected=bad, advice=bad, basis=(bad,), basis_notes=(bad,), by_person=bad,
        evidence=tuple(EvidenceRef(u, SEEN_AT, bad) for u in (url, long_url, "data:text/html,<script>", "http://[::bad")),
        looked_at=tuple(LookedAt(bad, long_url, bad) for _ in range(20 * scale)),
        rejected=tuple(Candidate(bad, url, bad) for _ in range(20 * scale)), reason="not-a-reason", previous=Verdict.PASS,
        previous_on=date(2017, 11, 1),
    )  # fmt: skip
    dated = Dated(date(2017, 10, 2), DateSource.RSS, bad, url)
    section = Section(bad, url, Place.BODY, True, SectionState.EMPTY, (Item(bad, url, dated),), dated, excerpt=bad)
    return audit(
        code,
        bad,
        agency=agency(code, bad, url=url, valid_to=date(2016, 1, 1), successors=(bad,)),
        findings=tuple(replace(worst, id=f"f.content.{n}") for n in range(30))
        + tuple(replace(worst, id=f"g.{n}", item="g", verdict=Verdict.UNVERIFIED) for n in range(5))
        + (replace(worst, id="mail.mx", item="mail", verdict=Verdict.NEEDS_PERSON),),
        scores=replace(scores(), first_things=("f.content.0", "f.content.1", "f.content.2")),
        site=site(
            SiteState.MOVED, state_detail=bad, title=bad, generator=bad, start_url=url, final_url=url, start_excerpt=bad,
            addresses=tuple(AddressFact(bad, AddressClass.OTHER, True, (AddressPlace(bad, url, bad),)) for _ in range(50)),
            traps=(Trap(bad, url, bad),), newest_update=dated, newest_detector="news",
            detectors={"news": DetectorFacts("news", SectionState.EMPTY, (section,), dated, looked_at=(LookedAt(bad, url, bad),))},
        ),
        mail=replace(mail(), domain=bad, spf=SpfFacts("valid", bad), dmarc=DmarcFacts("invalid", bad)),
        host=replace(host(), addresses=Failed(Reason.DNS_ERROR, bad), certificate=NotRun(Reason.TLS_INVALID, bad)),
        changes=(Change("f.content.0", bad, Verdict.PASS, Verdict.FAIL),),
    )  # fmt: skip


def province(count: int) -> list[AgencyAudit]:
    """`count` audits of differently named agencies with differing totals; every tenth has no grade."""
    made = []
    for n in range(count):
        earned = (n * 37) % 520
        card = replace(
            scores(), total=Score(earned, 520, 560), grade=None if n % 10 == 9 else "ABCDE"[min(4, (520 - earned) // 104)],
            unranked_because=("f",) if n % 10 == 9 else (),
        )  # fmt: skip
        made.append(audit(f"huyen-{n:03d}", f"Ủy ban nhân dân huyện Số {n} tỉnh Bình Phước", scores=card))
    return made


def messages() -> dict[str, str]:
    """The shipped config/messages.yaml, flat, as the rulebook hands it on."""
    flat: dict[str, str] = {}

    def walk(value: object, path: str) -> None:
        if isinstance(value, dict):
            for key, entry in value.items():
                walk(entry, f"{path}.{key}" if path else str(key))
        else:
            flat[path] = str(value)

    walk(yaml.safe_load((shipped_folder() / "messages.yaml").read_text(encoding="utf-8")), "")
    return flat


GRADE_WORDS = {"A": "Tốt", "B": "Khá", "C": "Đạt", "D": "Yếu", "E": "Kém"}
