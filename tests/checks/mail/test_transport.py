"""The way to the mail servers judged: each rule that passes, that fails, and that could not be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model import (
    BimiFacts,
    CaaFacts,
    DaneFacts,
    DaneHost,
    Finding,
    MtaStsFacts,
    MxFacts,
    Reason,
    ServiceFacts,
    SmtpFacts,
    SmtpServer,
    TlsRptFacts,
    Verdict,
)
from tests.factories import criterion, judge, make_agency, make_facts, make_mail, make_transport

HOST = "mail.tinh.example"
SCORED = ["mail.smtp", "mail.mta_sts", "mail.tls_rpt", "mail.dane"]
SHOWN = ["mail.bimi", "mail.caa", "mail.services"]


def judged(check_id: str, confirmed: bool = True, **parts: Any) -> Finding:
    mail = make_mail(transport=make_transport(**parts), confirmed=confirmed)
    return judge(check_id, make_facts(agency=make_agency(operates_mail=True), mail=mail))


def sts(**changes: Any) -> MtaStsFacts:
    return replace(make_transport().mta_sts, **changes)


def smtp(state: str, *problems: str) -> SmtpFacts:
    server = "plain" if state == "plain" else "tls"
    return SmtpFacts(state, (SmtpServer(HOST, server, problems=problems),), problems)


@pytest.mark.parametrize("check_id", SCORED)
def test_all_in_order(check_id: str) -> None:
    finding = judged(check_id)
    assert (finding.verdict, finding.counts) == (Verdict.PASS, True)
    assert finding.evidence


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (sts(problems=("mta_sts_mode_testing",), mode="testing"), Verdict.PARTIAL),
        (sts(problems=("mta_sts_mode_none",), mode="none"), Verdict.FAIL),
        (sts(problems=("mta_sts_short_age",)), Verdict.PASS),
        (sts(problems=("mta_sts_certificate",)), Verdict.PARTIAL),
        (MtaStsFacts("multiple", problems=("mta_sts_multiple",)), Verdict.FAIL),
        (MtaStsFacts("policy_invalid", problems=("mta_sts_policy_mx",)), Verdict.FAIL),
        (MtaStsFacts("policy_failed", problems=("mta_sts_policy_type",)), Verdict.FAIL),
        (MtaStsFacts("none", problems=("mta_sts_missing",), reason=Reason.DNS_NXDOMAIN), Verdict.FAIL),
        (MtaStsFacts("unverifiable", reason=Reason.DNS_TIMEOUT), Verdict.UNVERIFIED),
    ],
)
def test_mta_sts(facts: MtaStsFacts, verdict: Verdict) -> None:
    assert judged("mail.mta_sts", mta_sts=facts).verdict is verdict


def test_a_policy_that_covers_no_mail_server_is_worse_than_one_that_misses_some() -> None:
    targets = make_mail().mx.targets
    all_missed = sts(unmatched=tuple(host for _, host, _ in targets), problems=("mta_sts_mx_unmatched",))
    assert judged("mail.mta_sts", mta_sts=all_missed).verdict is Verdict.FAIL
    some = sts(unmatched=("mx2.tinh.example",), problems=("mta_sts_mx_unmatched",))
    assert judged("mail.mta_sts", mta_sts=some).verdict is Verdict.PARTIAL


@pytest.mark.parametrize(
    "facts",
    [
        MtaStsFacts("policy_failed", "v", problems=("mta_sts_policy_unreached",), reason=Reason.CONNECT_TIMEOUT),
        MtaStsFacts("policy_failed", "v", problems=("mta_sts_policy_certificate",), reason=Reason.TLS_INVALID),
    ],
)
def test_what_rests_on_the_network_waits_for_a_second_look(facts: MtaStsFacts) -> None:
    assert judged("mail.mta_sts", confirmed=False, mta_sts=facts).verdict is Verdict.UNVERIFIED
    assert judged("mail.mta_sts", mta_sts=facts).verdict is Verdict.FAIL


def test_a_record_that_is_not_there_needs_no_second_look() -> None:
    missing = MtaStsFacts("none", problems=("mta_sts_missing",), reason=Reason.DNS_NXDOMAIN)
    assert judged("mail.mta_sts", confirmed=False, mta_sts=missing).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (TlsRptFacts("valid", "v", ("mailto:a@b.vn",), ("tls_rpt_bad_uri",)), Verdict.PASS),
        (TlsRptFacts("invalid", "v", problems=("tls_rpt_no_rua",)), Verdict.FAIL),
        (TlsRptFacts("none", problems=("tls_rpt_missing",), reason=Reason.DNS_NODATA), Verdict.FAIL),
        (TlsRptFacts("unverifiable", reason=Reason.DNS_SERVFAIL), Verdict.UNVERIFIED),
    ],
)
def test_tls_rpt(facts: TlsRptFacts, verdict: Verdict) -> None:
    assert judged("mail.tls_rpt", tls_rpt=facts).verdict is verdict


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("valid", Verdict.PASS),
        ("partial", Verdict.PARTIAL),
        ("mismatch", Verdict.FAIL),
        ("unusable", Verdict.FAIL),
        ("insecure", Verdict.FAIL),
        ("none", Verdict.FAIL),
        ("unchecked", Verdict.UNVERIFIED),
        ("unverifiable", Verdict.UNVERIFIED),
    ],
)
def test_dane(state: str, verdict: Verdict) -> None:
    assert judged("mail.dane", dane=DaneFacts(state, (DaneHost(HOST, state),))).verdict is verdict


def test_tlsa_without_dnssec_is_said_to_be_without_effect_and_not_wrong() -> None:
    seen = judged(
        "mail.dane", dane=DaneFacts("insecure", (DaneHost(HOST, "insecure", ("3 1 1 00",)),), ("dane_insecure",))
    ).seen
    assert "không có tác dụng" in seen
    assert "không khớp" not in seen


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (smtp("tls", "smtp_certificate_untrusted"), Verdict.PASS),
        (smtp("tls", "smtp_certificate_expired"), Verdict.PARTIAL),
        (smtp("tls", "smtp_old_tls"), Verdict.PARTIAL),
        (smtp("mixed", "smtp_no_starttls"), Verdict.PARTIAL),
        (smtp("plain", "smtp_no_starttls"), Verdict.FAIL),
        (SmtpFacts("unverifiable", reason=Reason.PORT_25_BLOCKED), Verdict.UNVERIFIED),
    ],
)
def test_smtp(facts: SmtpFacts, verdict: Verdict) -> None:
    assert judged("mail.smtp", smtp=facts).verdict is verdict


def test_a_blocked_port_is_said_in_words() -> None:
    finding = judged("mail.smtp", smtp=SmtpFacts("unverifiable", reason=Reason.PORT_25_BLOCKED))
    assert (finding.reason, finding.counts and finding.points) == (Reason.PORT_25_BLOCKED, 0)
    assert "Không kiểm tra được" in finding.seen


@pytest.mark.parametrize("check_id", [*SCORED, *SHOWN])
def test_nothing_looked_at_is_no_verdict(check_id: str) -> None:
    for mail in (None, make_mail(transport=None)):
        assert judge(check_id, make_facts(mail=mail)).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize("check_id", SCORED)
def test_a_domain_that_takes_no_mail_has_nothing_to_protect_rfc_7505(check_id: str) -> None:
    null = make_mail(mx=MxFacts("null", ((0, ".", ()),)))
    assert judge(check_id, make_facts(mail=null)).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("check_id", SCORED)
def test_only_the_operator_is_scored(check_id: str) -> None:
    assert not judge(check_id, make_facts(agency=make_agency(operates_mail=False))).counts
    assert criterion(check_id).citations[0].startswith("Khuyến nghị kỹ thuật")


@pytest.mark.parametrize(
    ("check_id", "parts", "words"),
    [
        ("mail.bimi", {"bimi": BimiFacts("valid", "v=BIMI1", "https://x.vn/l.svg")}, "https://x.vn/l.svg"),
        ("mail.bimi", {"bimi": BimiFacts("invalid", problems=("bimi_not_https",))}, "https"),
        (
            "mail.caa",
            {"caa": CaaFacts("valid", "tinh.example", ("ca.example",), ("https://ca.example/1",))},
            "ca.example/1",
        ),
        ("mail.caa", {"caa": CaaFacts("valid", "tinh.example", closed=True)}, "không cho tổ chức nào"),
        ("mail.services", {"services": (ServiceFacts("_imaps._tcp", "offered", (f"{HOST}:993",)),)}, f"{HOST}:993"),
    ],
)
def test_information_is_shown_and_never_scored(check_id: str, parts: dict[str, Any], words: str) -> None:
    finding = judged(check_id, **parts)
    assert words in finding.seen
    assert (finding.points, finding.max) == (0, 0)


@pytest.mark.parametrize(
    ("check_id", "parts"),
    [
        ("mail.bimi", {"bimi": BimiFacts("unverifiable", reason=Reason.DNS_TIMEOUT)}),
        ("mail.caa", {"caa": CaaFacts("unverifiable", reason=Reason.DNS_TIMEOUT)}),
        ("mail.services", {"services": (ServiceFacts("_imaps._tcp", "unverifiable", reason=Reason.DNS_TIMEOUT),)}),
    ],
)
def test_information_that_could_not_be_had(check_id: str, parts: dict[str, Any]) -> None:
    assert judged(check_id, **parts).verdict is Verdict.UNVERIFIED
