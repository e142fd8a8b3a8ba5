"""Quality lines: pass, what is told, and what one night or one place cannot tell. None of them has points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model import Finding, SectionState, SiteState, Verdict
from auditor.model.quality import Placeholder, PublishedContact, QualityFacts
from tests.factories import SITE, judge, make_facts, make_section, make_site

LINES = ("f.quality.placeholders", "f.quality.free_access", "f.quality.contacts_agree")


def judged(criterion: str, quality: QualityFacts) -> Finding:
    return judge(criterion, make_facts(replace(make_site(), quality=quality)))


def contact(*phones: str, mailboxes: tuple[str, ...] = ()) -> PublishedContact:
    return PublishedContact(SITE, phones, mailboxes)


@pytest.mark.parametrize("criterion", LINES)
def test_a_site_that_was_not_read_is_not_judged_and_nothing_has_points(criterion: str) -> None:
    finding = judge(criterion, make_facts(replace(make_site(), state=SiteState.MAINTENANCE)))
    assert (finding.verdict, finding.max, finding.counts) == (Verdict.UNVERIFIED, 0, False)


def test_placeholders_are_named_with_their_pages() -> None:
    assert judged("f.quality.placeholders", QualityFacts()).verdict is Verdict.PASS
    page = Placeholder(SITE + "gioi-thieu", "Giới thiệu", "lorem ipsum", "Lorem ipsum dolor")
    finding = judged("f.quality.placeholders", QualityFacts((page,)))
    assert finding.verdict is Verdict.PARTIAL
    assert [proof.url for proof in finding.evidence] == [page.url]
    assert "Giới thiệu" in finding.seen


def test_a_content_behind_a_login_is_told() -> None:
    assert judge("f.quality.free_access", make_facts()).verdict is Verdict.PASS
    walled = make_section("procedures", SectionState.PARTIAL, label="Thủ tục")
    walled = replace(
        walled,
        state=SectionState.UNVERIFIABLE,
        sections=(replace(walled.sections[0], state=SectionState.UNVERIFIABLE, why="login_wall"),),
    )
    finding = judge("f.quality.free_access", make_facts(make_site(procedures=walled)))
    assert finding.verdict is Verdict.PARTIAL
    assert "Thủ tục" in finding.seen


@pytest.mark.parametrize(
    ("footer", "page", "verdict"),
    [
        (contact("02713888111"), contact("02713888111", "02713888222"), Verdict.PASS),
        (contact("02713888111"), contact("02713999999"), Verdict.PARTIAL),
        (contact("02713888111", mailboxes=("a@x.vn",)), contact("02713888111", mailboxes=("b@x.vn",)), Verdict.PARTIAL),
        (contact("02713888111"), contact(mailboxes=("b@x.vn",)), Verdict.UNVERIFIED),
        (None, contact("02713888111"), Verdict.UNVERIFIED),
    ],
)
def test_only_what_both_places_say_can_contradict(
    footer: PublishedContact | None, page: PublishedContact, verdict: Verdict
) -> None:
    finding = judged("f.quality.contacts_agree", QualityFacts(footer=footer, contact_page=page))
    assert finding.verdict is verdict
    if verdict is Verdict.PARTIAL:
        assert "chân trang" in finding.seen and "trang liên hệ" in finding.seen
