from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model import DmarcFacts, Finding, HostMailFacts, MailFacts, MxFacts, Reason, SpfBranch, SpfFacts, Verdict
from tests.factories import NOW, judge, make_agency, make_facts, make_mail


def judged(check_id: str, mail: MailFacts | None, operator: bool = True) -> Finding:
    return judge(check_id, make_facts(mail=mail, agency=make_agency(operates_mail=operator)))


NODATA = Reason.DNS_NODATA
TARGETS = ((10, "mail.example.gov.vn", ("203.0.113.9",)),)


@pytest.mark.parametrize(
    ("mx", "verdict", "key"),
    [
        (MxFacts("valid", TARGETS), Verdict.PASS, "mail.mx.valid"),
        (MxFacts("valid", TARGETS, ("mx_target_unchecked",)), Verdict.PASS, "mail.mx.remarks"),
        (MxFacts("valid", TARGETS, ("mx_target_alias",)), Verdict.PARTIAL, "mail.mx.problems"),
        (MxFacts("implicit", reason=NODATA), Verdict.PARTIAL, "mail.mx.implicit"),
        (MxFacts("none", reason=NODATA), Verdict.FAIL, "mail.mx.none"),
        (MxFacts("null"), Verdict.FAIL, "mail.mx.null"),
        (MxFacts("invalid", TARGETS, ("mx_target_unresolved",)), Verdict.FAIL, "mail.mx.invalid"),
        (MxFacts("unverifiable", reason=Reason.DNS_TIMEOUT), Verdict.UNVERIFIED, "mail.unverified"),
    ],
)
def test_mx(mx: MxFacts, verdict: Verdict, key: str) -> None:
    finding = judged("mail.mx", make_mail(mx=mx))
    assert (finding.verdict, finding.seen_key) == (verdict, key)


def spf(all_qualifier: str, *problems: str) -> SpfFacts:
    return SpfFacts("valid", f"v=spf1 mx {all_qualifier}all", all_qualifier, problems=problems)


@pytest.mark.parametrize(
    ("facts", "verdict", "key"),
    [
        (spf("-"), Verdict.PASS, "mail.spf.valid"),
        (spf("~"), Verdict.PASS, "mail.spf.valid"),
        (spf("-", "spf_long_record"), Verdict.PASS, "mail.spf.remarks"),
        (spf("-", "spf_ptr"), Verdict.PARTIAL, "mail.spf.problems"),
        (spf("?", "spf_neutral_all"), Verdict.PARTIAL, "mail.spf.problems"),
        (spf("", "spf_no_all"), Verdict.PARTIAL, "mail.spf.problems"),
        (
            replace(spf("-"), addresses=2**20, widest="ip4:203.0.0.0/12", widest_prefix=12),
            Verdict.PASS,
            "mail.spf.valid",
        ),
        (
            replace(spf("-"), addresses=2**21, widest="ip4:203.0.0.0/11", widest_prefix=11),
            Verdict.PARTIAL,
            "mail.spf.problems",
        ),
        (spf("+", "spf_plus_all"), Verdict.FAIL, "mail.spf.open"),
        (spf("-", "spf_open_range"), Verdict.FAIL, "mail.spf.open"),
        (SpfFacts("none", problems=("spf_missing",), reason=NODATA), Verdict.FAIL, "mail.spf.none"),
        (SpfFacts("multiple", "v=spf1 -all"), Verdict.FAIL, "mail.spf.multiple"),
        (SpfFacts("permerror", "v=spf1 foo", problems=("spf_syntax",)), Verdict.FAIL, "mail.spf.permerror"),
        (SpfFacts("temperror", "v=spf1 -all", reason=Reason.DNS_SERVFAIL), Verdict.UNVERIFIED, "mail.unverified"),
        (SpfFacts("unverifiable", reason=Reason.RESOLVER_DOWN), Verdict.UNVERIFIED, "mail.unverified"),
    ],
)
def test_spf(facts: SpfFacts, verdict: Verdict, key: str) -> None:
    finding = judged("mail.spf", make_mail(spf=facts))
    assert (finding.verdict, finding.seen_key) == (verdict, key)


def dmarc(policy: str, *problems: str, effective: str | None = None) -> DmarcFacts:
    effective = policy if effective is None else effective
    return DmarcFacts("valid", f"v=DMARC1; p={policy}", policy=policy, effective_policy=effective, problems=problems)


@pytest.mark.parametrize(
    ("facts", "verdict", "key"),
    [
        (dmarc("reject"), Verdict.PASS, "mail.dmarc.valid"),
        (dmarc("quarantine", "dmarc_no_rua"), Verdict.PASS, "mail.dmarc.remarks"),
        (dmarc("reject", "dmarc_subdomain_weaker"), Verdict.PARTIAL, "mail.dmarc.problems"),
        (dmarc("none", "dmarc_policy_none"), Verdict.PARTIAL, "mail.dmarc.problems"),
        (dmarc("quarantine", "dmarc_testing", effective="none"), Verdict.PARTIAL, "mail.dmarc.problems"),
        (DmarcFacts("none", problems=("dmarc_missing",), reason=NODATA), Verdict.FAIL, "mail.dmarc.none"),
        (DmarcFacts("multiple"), Verdict.FAIL, "mail.dmarc.multiple"),
        (DmarcFacts("invalid", "v=DMARC1; p=x"), Verdict.FAIL, "mail.dmarc.invalid"),
        (DmarcFacts("invalid", "v=DMARC1; p=x; p=x", problems=("dmarc_duplicate_tag",)), Verdict.PARTIAL, "mail.dmarc.disputed"),
        (DmarcFacts("unverifiable", reason=Reason.DNS_TIMEOUT), Verdict.UNVERIFIED, "mail.unverified"),
    ],
)
def test_dmarc(facts: DmarcFacts, verdict: Verdict, key: str) -> None:
    finding = judged("mail.dmarc", make_mail(dmarc=facts))
    assert (finding.verdict, finding.seen_key) == (verdict, key)


ABSENT = make_mail(
    mx=MxFacts("none", reason=NODATA),
    spf=SpfFacts("none", reason=NODATA),
    dmarc=DmarcFacts("none", reason=Reason.DNS_NXDOMAIN),
)
def test_of_a_record_that_is_read_in_two_ways_no_policy_is_claimed() -> None:
    """p=reject stands in it twice: neither is it "none", nor does anybody know what a receiver applies."""
    record = "v=DMARC1; p=reject; p=reject"
    facts = DmarcFacts("invalid", record, policy="none", problems=("dmarc_duplicate_tag",))
    finding = judged("mail.dmarc", make_mail(dmarc=facts))
    assert finding.verdict is Verdict.PARTIAL and record in finding.seen
    assert "none" not in finding.seen and "RFC 6376" in finding.seen


ALL = ["mail.mx", "mail.spf", "mail.dmarc"]


@pytest.mark.parametrize("check_id", ALL)
def test_an_absence_counts_after_a_second_look(check_id: str) -> None:
    assert judged(check_id, ABSENT).verdict is Verdict.FAIL
    once = judged(check_id, replace(ABSENT, confirmed=False))
    assert (once.verdict, once.seen_key) == (Verdict.UNVERIFIED, "mail.unconfirmed")


@pytest.mark.parametrize("check_id", ALL)
def test_a_record_that_was_read_needs_no_second_look(check_id: str) -> None:
    mail = make_mail(mx=MxFacts("null"), spf=SpfFacts("multiple"), dmarc=DmarcFacts("multiple"), confirmed=False)
    assert judged(check_id, mail).verdict is Verdict.FAIL


@pytest.mark.parametrize("check_id", ALL)
def test_only_the_operator_is_scored(check_id: str) -> None:
    for mail in (make_mail(), ABSENT):
        operator, other = judged(check_id, mail), judged(check_id, mail, operator=False)
        assert operator.counts and operator.max > 0
        assert (other.counts, other.points, other.max) == (False, 0, 0)
        assert (other.verdict, other.seen) == (operator.verdict, operator.seen)


@pytest.mark.parametrize("check_id", ALL)
def test_no_mail_domain(check_id: str) -> None:
    finding = judged(check_id, None)
    assert (finding.verdict, finding.reason) == (Verdict.UNVERIFIED, Reason.NOT_CONFIGURED)


@pytest.mark.parametrize("check_id", ["mail.spf", "mail.dmarc"])
def test_spf_and_dmarc_are_recommendations_never_a_breach_of_the_directive(check_id: str) -> None:
    finding = judged(check_id, ABSENT)
    text = " ".join((finding.title, finding.expected, finding.seen, *finding.basis)).lower()
    assert "khuyến nghị kỹ thuật" in text
    assert "chỉ thị" not in text
    assert "vi phạm" not in text


def test_what_spf_costs_and_covers_is_said() -> None:
    facts = SpfFacts(
        "valid", "v=spf1 include:a.example mx -all", "-", 9, 1,
        branches=(SpfBranch("include:a.example", 8, 0), SpfBranch("mx", 1, 1)),
        addresses=65536, widest="ip4:203.0.0.0/16", widest_prefix=16,
    )  # fmt: skip
    seen = judged("mail.spf", make_mail(spf=facts)).seen
    for words in ("9/10", "1/2", "include:a.example (8), mx (1)", "65.536", "0,0015 %"):
        assert words in seen


def test_what_a_policy_means_is_said() -> None:
    facts = replace(
        dmarc("none", "dmarc_policy_none", "dmarc_report_refused"),
        below_policy="none", absent_policy="reject", alignment=("s", "r"), destinations=(("rua.example", "refused"),),
    )  # fmt: skip
    seen = judged("mail.dmarc", make_mail(dmarc=facts)).seen
    for words in ("Bước tiếp theo", "p=quarantine", "không tồn tại: reject", "rua.example", "DKIM s, SPF r"):
        assert words in seen


@pytest.mark.parametrize(
    ("facts", "verdict", "key"),
    [
        (replace(dmarc("reject"), below_policy="reject", absent_policy="reject"), Verdict.PASS, "closed"),
        (replace(dmarc("none"), below_policy="none", absent_policy="reject"), Verdict.PARTIAL, "existing"),
        (replace(dmarc("reject"), below_policy="reject", absent_policy="none"), Verdict.FAIL, "open"),
        (DmarcFacts("none", reason=NODATA), Verdict.FAIL, "nothing"),
        (DmarcFacts("invalid", "v=DMARC1; p=x"), Verdict.FAIL, "nothing"),
    ],
)
def test_subdomains(facts: DmarcFacts, verdict: Verdict, key: str) -> None:
    finding = judged("mail.subdomains", make_mail(dmarc=facts))
    assert (finding.verdict, finding.seen_key, finding.max) == (verdict, f"mail.subdomains.{key}", 20)
    assert judged("mail.subdomains", make_mail(dmarc=facts), operator=False).max == 0


CLOSED = replace(dmarc("reject"), below_policy="reject", absent_policy="reject")


def host(name: str, policy: str = "reject", **changes: Any) -> HostMailFacts:
    own = {"location": f"_dmarc.{name}.example.gov.vn", "record": f"v=DMARC1; p={policy}"} if policy else {}
    return HostMailFacts(f"{name}.example.gov.vn", NOW, policy=policy, **{**own, **changes})


@pytest.mark.parametrize(
    ("hosts", "verdict", "words"),
    [
        ([host("a"), host("b", "quarantine")], Verdict.PASS, ["Trong 2 tên", "2 tên áp dụng"]),
        ([host("a"), host("b", "none")], Verdict.PARTIAL, ["1 tên áp dụng", "bị giả mạo để gửi thư: b.example.gov.vn (none)"]),
        ([host("b", "none", sends_nothing=True)], Verdict.PARTIAL, ["SPF -all hoặc MX rỗng", "0 tên áp dụng"]),
        ([host("a"), host("b", "", reason=Reason.DNS_TIMEOUT)], Verdict.PASS, ["Chưa tra cứu được: b.example.gov.vn"]),
        ([host("a", reason=Reason.DNS_TIMEOUT)], Verdict.PASS, ["1 tên áp dụng"]),
        ([host(f"h{n}", "none") for n in range(9)], Verdict.PARTIAL, ["h4.example.gov.vn (none), …"]),
    ],
    ids=["all closed", "one open", "sends nothing", "one not seen", "enough was seen", "many"],
)  # fmt: skip
def test_the_web_hosts_of_all_agencies_are_named_on_the_operators_card(
    hosts: list[HostMailFacts], verdict: Verdict, words: list[str]
) -> None:
    finding = judged("mail.subdomains", make_mail(dmarc=CLOSED, web_hosts=tuple(hosts)))
    assert finding.verdict is verdict
    assert all(one in finding.seen for one in words), finding.seen
    weak = sum(one.policy == "none" for one in hosts)
    assert len(finding.evidence) == 1 + min(weak, 5)


def test_a_weak_policy_for_all_names_says_which_hosts_it_leaves_open() -> None:
    weak = replace(dmarc("none"), below_policy="none", absent_policy="reject")
    seen = judged("mail.subdomains", make_mail(dmarc=weak, web_hosts=(host("a"), host("b", "none")))).seen
    assert "b.example.gov.vn (none)" in seen and "1 tên áp dụng" in seen


def test_subdomains_not_looked_at_or_not_confirmed() -> None:
    blind = judged("mail.subdomains", make_mail(dmarc=DmarcFacts("unverifiable", reason=Reason.DNS_TIMEOUT)))
    once = judged("mail.subdomains", make_mail(dmarc=DmarcFacts("none", reason=NODATA), confirmed=False))
    assert (blind.verdict, once.verdict) == (Verdict.UNVERIFIED, Verdict.UNVERIFIED)
    assert judged("mail.subdomains", None).verdict is Verdict.UNVERIFIED
