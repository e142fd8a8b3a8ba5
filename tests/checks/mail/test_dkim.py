"""DKIM keys of the mail domain: what passes, what is a fault, and what says nothing."""

from __future__ import annotations

import pytest

from auditor.model import DkimFacts, Reason, Verdict
from tests.factories import judge, make_agency, make_facts, make_mail

GOOD = DkimFacts("s2024", "valid", "v=DKIM1; p=x", kind="rsa", bits=2048)
WEAK = DkimFacts("s1", "valid", "v=DKIM1; p=x", ("dkim_key_short",), kind="rsa", bits=1024)
KNOWN_WEAK = DkimFacts("k1", "valid", "v=DKIM1; p=x", ("dkim_key_short",), source="known", kind="rsa", bits=1024)
SHORT = DkimFacts("s0", "invalid", "v=DKIM1; p=x", ("dkim_key_too_short",), kind="rsa", bits=768)
SAMPLED = DkimFacts("s0", "invalid", "v=DKIM1; p=x", ("dkim_bad_key",), source="sample")
KNOWN_BROKEN = DkimFacts("k1", "invalid", "v=DKIM1; p=x", ("dkim_bad_key",), source="known")
REVOKED = DkimFacts("old", "revoked", "v=DKIM1; p=", ("dkim_revoked",))
MISSING = DkimFacts("s1", "none", problems=("dkim_missing",), reason=Reason.DNS_NXDOMAIN)
UNSEEN = DkimFacts("s1", "unverifiable", reason=Reason.DNS_TIMEOUT)


@pytest.mark.parametrize(
    ("keys", "verdict", "key"),
    [
        pytest.param((GOOD,), Verdict.PASS, "mail.dkim.valid", id="good"),
        pytest.param((GOOD, REVOKED), Verdict.PASS, "mail.dkim.valid", id="a-revoked-key-beside-it"),
        pytest.param((GOOD, KNOWN_WEAK), Verdict.PASS, "mail.dkim.valid", id="a-weak-key-that-nobody-named"),
        pytest.param((GOOD, KNOWN_BROKEN), Verdict.PASS, "mail.dkim.valid", id="a-broken-key-that-nobody-named"),
        pytest.param((WEAK,), Verdict.PARTIAL, "mail.dkim.valid", id="1024-bits"),
        pytest.param((GOOD, WEAK), Verdict.PARTIAL, "mail.dkim.valid", id="one-of-two-is-weak"),
        pytest.param((KNOWN_WEAK,), Verdict.PARTIAL, "mail.dkim.valid", id="only-a-weak-one-found"),
        pytest.param((GOOD, SHORT), Verdict.PARTIAL, "mail.dkim.valid", id="one-of-two-is-void"),
        pytest.param((SHORT,), Verdict.FAIL, "mail.dkim.invalid", id="only-a-void-one"),
        pytest.param((SAMPLED,), Verdict.FAIL, "mail.dkim.invalid", id="a-message-was-signed-with-it"),
        pytest.param((KNOWN_BROKEN,), Verdict.UNVERIFIED, "mail.dkim.missing", id="broken-and-nobody-named-it"),
        pytest.param((REVOKED,), Verdict.UNVERIFIED, "mail.dkim.revoked", id="only-a-revoked-one"),
        pytest.param((MISSING,), Verdict.UNVERIFIED, "mail.dkim.missing", id="the-configured-one-is-missing"),
        pytest.param((UNSEEN,), Verdict.UNVERIFIED, "mail.unverified", id="no-answer"),
        pytest.param((SHORT, UNSEEN), Verdict.UNVERIFIED, "mail.unverified", id="the-good-one-may-be-the-unseen"),
        pytest.param((), Verdict.UNVERIFIED, "mail.dkim.none_plain", id="nothing-known-answered"),
    ],
)
def test_dkim(keys: tuple[DkimFacts, ...], verdict: Verdict, key: str) -> None:
    finding = judge(
        "mail.dkim",
        make_facts(
            mail=make_mail(
                dkim=keys, dkim_reason=next((key.reason for key in keys if key.state == "unverifiable"), None)
            ),
            agency=make_agency(operates_mail=True),
        ),
    )
    assert (finding.verdict, finding.seen_key) == (verdict, key)
    assert finding.max == 100 and "{" not in finding.seen


def test_selectors_that_nobody_named_and_no_answer() -> None:
    mail = make_mail(dkim=(), dkim_asked=20, dkim_reason=Reason.RESOLVER_DOWN)
    finding = judge("mail.dkim", make_facts(mail=mail, agency=make_agency(operates_mail=True)))
    assert (finding.verdict, finding.seen_key, finding.reason) == (
        Verdict.UNVERIFIED,
        "mail.unverified",
        "resolver_down",
    )


def test_a_name_above_the_selectors_is_only_a_hint() -> None:
    mail = make_mail(dkim=(), dkim_hint="there", dkim_asked=20)
    finding = judge("mail.dkim", make_facts(mail=mail, agency=make_agency(operates_mail=True)))
    assert (finding.verdict, finding.seen_key) == (Verdict.UNVERIFIED, "mail.dkim.none_there")
    assert "20" in finding.seen


def test_only_the_operator_is_scored() -> None:
    finding = judge("mail.dkim", make_facts(mail=make_mail(dkim=(SHORT,)), agency=make_agency(operates_mail=False)))
    assert (finding.verdict, finding.max, finding.counts) == (Verdict.FAIL, 0, False)


def test_no_mail_domain() -> None:
    assert judge("mail.dkim", make_facts(mail=None)).reason == Reason.NOT_CONFIGURED
