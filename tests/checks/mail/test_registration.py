"""mail.registration: right, nearly wrong, wrong after two looks, and what could not be looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.model import Finding, Reason, RegistrationFacts, Verdict
from tests.factories import DOMAIN, NOW, judge, make_agency, make_facts, make_mail

URL = f"https://rdap.example/domain/{DOMAIN}"


def judged(facts: RegistrationFacts | None, *, operator: bool = True, **changes: Any) -> Finding:
    mail = make_mail(registration=facts, **changes)
    return judge("mail.registration", make_facts(mail=mail, agency=make_agency(operates_mail=operator)))


def seen(state: str = "valid", days: float | None = None, **changes: Any) -> RegistrationFacts:
    expires = None if days is None else NOW + timedelta(days=days)
    return RegistrationFacts(state, DOMAIN, URL, expires, **changes)


@pytest.mark.parametrize(
    ("facts", "verdict", "key", "words"),
    [
        (seen(days=300), Verdict.PASS, "valid", "06/01/2026 (còn 300 ngày)"),
        (seen(days=31), Verdict.PASS, "valid", "còn 31 ngày"),
        (seen(days=30.9), Verdict.PARTIAL, "near", "còn 30 ngày"),
        (seen(days=-0.5), Verdict.PARTIAL, "near", "còn 0 ngày"),
        (seen("expired", -3), Verdict.FAIL, "expired", "09/03/2025"),
        (
            seen("held", 300, stopping=("server_hold",)),
            Verdict.FAIL,
            "held",
            "đang bị ngừng hoạt động, theo dịch vụ RDAP: cơ quan quản lý tên miền tạm ngừng",
        ),
        (
            seen("held", None, stopping=("pending_delete", "client_hold")),
            Verdict.FAIL,
            "held",
            "chờ xóa (pending delete), nhà đăng ký tạm ngừng tên miền (client hold)",
        ),
        (seen("undated", statuses=("active",)), Verdict.UNVERIFIED, "undated", "active"),
        (seen("not_found", reason=Reason.HTTP_404), Verdict.UNVERIFIED, "not_found", ".vn"),
        (seen("no_service"), Verdict.UNVERIFIED, "no_service", "chưa có dịch vụ RDAP"),
        (seen("unverifiable", reason=Reason.HTTP_5XX), Verdict.UNVERIFIED, "unverified", "HTTP 5xx"),
        (RegistrationFacts("no_name"), Verdict.NOT_APPLICABLE, "no_name", DOMAIN),
    ],
)
def test_registration(facts: RegistrationFacts, verdict: Verdict, key: str, words: str) -> None:
    finding = judged(facts)
    assert (finding.verdict, finding.seen_key) == (verdict, f"mail.registration.{key}")
    assert words in finding.seen
    assert (finding.reason is None) == (facts.reason is None)


@pytest.mark.parametrize("facts", [seen("expired", -3), seen("held", 3, stopping=("client_hold",))])
def test_a_first_look_fails_nobody(facts: RegistrationFacts) -> None:
    finding = judged(facts, confirmed=False)
    assert (finding.verdict, finding.seen_key) == (Verdict.UNVERIFIED, "mail.registration.unconfirmed")


def test_what_else_waits_does_not_matter_to_a_registration_in_force() -> None:
    assert judged(seen(days=300), confirmed=False).verdict is Verdict.PASS


def test_the_proof_is_the_answer_itself() -> None:
    (ref,) = judged(seen(days=300, statuses=("active", "client transfer prohibited"))).evidence
    assert (ref.url, ref.fetched_at) == (URL, NOW)
    assert ref.excerpt == "2026-01-06T20:00:00+00:00; active; client transfer prohibited".replace(
        "active; ", "active, "
    )


def test_without_the_setting_there_is_nothing_to_show() -> None:
    finding = judged(None)
    assert (finding.verdict, finding.seen_key) == (Verdict.NOT_APPLICABLE, "mail.registration.not_asked")
    assert finding.is_silent and not judged(RegistrationFacts("no_name")).is_silent


def test_no_points_for_anybody() -> None:
    for operator in (True, False):
        finding = judged(seen("expired", -3), operator=operator)
        assert (finding.points, finding.max, finding.counts) == (0, 0, False)
