from __future__ import annotations

from auditor.model import ReportedSource, Verdict
from tests.factories import judge, make_facts, make_reports

OWN = ReportedSource("203.0.113.9", 98, 98, 98, 90, ("example.gov.vn",), ("google.com",))


def test_nearly_all_passed() -> None:
    forged = ReportedSource("198.51.100.7", 2, 0, 0, 0, (), ("google.com",))
    finding = judge("mail.reports", make_facts(reports=make_reports(OWN, forged)))
    assert finding.verdict is Verdict.PASS
    assert "98,0 %" in finding.seen
    assert "198.51.100.7 (2 thư)" in finding.seen
    assert (finding.max, finding.counts) == (0, False)


def test_what_fails_is_for_a_person_and_never_a_fault() -> None:
    other = ReportedSource("198.51.100.7", 3, 0, 0, 0, (), ("google.com",))
    finding = judge("mail.reports", make_facts(reports=make_reports(OWN, other)))
    assert finding.verdict is Verdict.NEEDS_PERSON
    assert (finding.evidence[0].url, finding.evidence[0].excerpt[:5]) == ("ip:198.51.100.7", "3 thư")


def test_a_share_is_cut_not_rounded() -> None:
    one = ReportedSource("203.0.113.9", 9999, 9995, 9995, 0)
    assert "99,9 %" in judge("mail.reports", make_facts(reports=make_reports(one))).seen


def test_without_reports_or_mail_domain() -> None:
    assert judge("mail.reports", make_facts(reports=None)).verdict is Verdict.NOT_APPLICABLE
    assert judge("mail.reports", make_facts(mail=None)).verdict is Verdict.UNVERIFIED
