from __future__ import annotations

import pytest

from auditor.model import EncodingFacts, SectionState, Verdict
from tests.factories import SITE, judge, make_facts, make_section, make_site

STATES = [
    (SectionState.PRESENT, Verdict.PASS),
    (SectionState.PARTIAL, Verdict.PARTIAL),
    (SectionState.ABSENT, Verdict.FAIL),
    (SectionState.BROKEN, Verdict.FAIL),
    (SectionState.PARENT_ONLY, Verdict.NOT_APPLICABLE),
    (SectionState.UNVERIFIABLE, Verdict.UNVERIFIED),
]


@pytest.mark.parametrize(("state", "verdict"), STATES)
@pytest.mark.parametrize("detector", ["search", "sitemap"])
def test_search_and_sitemap(detector: str, state: SectionState, verdict: Verdict) -> None:
    facts = make_facts(make_site(**{detector: make_section(detector, state)}))
    assert judge(f"f.functions.{detector}", facts).verdict is verdict


S = SectionState


@pytest.mark.parametrize(
    ("feedback", "found", "contact", "contact_found", "verdict"),
    [
        (S.PRESENT, ("form",), S.PRESENT, (), Verdict.PASS),
        (S.ABSENT, (), S.PARTIAL, ("form",), Verdict.PASS),
        (S.PRESENT, ("items",), S.PRESENT, (), Verdict.PARTIAL),
        (S.ABSENT, (), S.PRESENT, ("address",), Verdict.FAIL),
        (S.ABSENT, (), S.ABSENT, (), Verdict.FAIL),
        (S.ABSENT, (), S.UNVERIFIABLE, (), Verdict.UNVERIFIED),
        (S.PRESENT, ("items",), S.UNVERIFIABLE, (), Verdict.UNVERIFIED),
        (S.UNVERIFIABLE, (), S.PRESENT, (), Verdict.UNVERIFIED),
        (S.PARENT_ONLY, (), S.PRESENT, (), Verdict.FAIL),
    ],
)
def test_feedback_form(
    feedback: S, found: tuple[str, ...], contact: S, contact_found: tuple[str, ...], verdict: Verdict
) -> None:
    site = make_site(
        feedback=make_section("feedback", feedback, found=found),
        contact=make_section("contact", contact, label="Liên hệ", url=SITE + "lien-he/", found=contact_found),
    )
    finding = judge("f.functions.feedback_form", make_facts(site))
    assert finding.verdict is verdict
    if contact_found == ("form",):
        assert finding.evidence[0].url == SITE + "lien-he/"


@pytest.mark.parametrize(
    ("encoding", "verdict", "key"),
    [
        (EncodingFacts("utf-8", "utf-8", 1.0), Verdict.PASS, "charset.pass"),
        (EncodingFacts("utf-8", None, 1.0, nfd_pages=7), Verdict.PASS, "charset.pass"),
        (EncodingFacts("utf-8", "utf-8", 1.0, "tcvn3", excerpt="C«ng ty"), Verdict.PARTIAL, "charset.legacy"),
        (EncodingFacts("utf-8", "utf-8", 0.7), Verdict.PARTIAL, "charset.mixed"),
        (EncodingFacts("windows-1258", "windows-1258", 0.1), Verdict.FAIL, "charset.fail"),
        (None, Verdict.UNVERIFIED, "charset.unread"),
    ],
)
def test_charset(encoding: EncodingFacts | None, verdict: Verdict, key: str) -> None:
    finding = judge("f.standards.charset", make_facts(make_site(encoding=encoding)))
    assert (finding.verdict, finding.seen_key) == (verdict, key)
