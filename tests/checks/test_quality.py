"""Quality lines: pass, what is told, and what one night or one place cannot tell. None of them has points."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from auditor.model import Finding, Reason, SectionState, SiteState, Verdict
from auditor.model.abolished import NamedAsCurrent
from auditor.model.quality import Placeholder, PublishedContact, QualityFacts, Street
from tests.factories import SITE, judge, make_facts, make_section, make_site

LINES = ("f.quality.placeholders", "f.quality.free_access", "f.quality.contacts_agree", "f.quality.abolished_names")


def judged(criterion: str, quality: QualityFacts) -> Finding:
    return judge(criterion, make_facts(replace(make_site(), quality=quality)))


def contact(*phones: str, mailboxes: tuple[str, ...] = (), streets: tuple[Street, ...] = ()) -> PublishedContact:
    return PublishedContact(SITE, phones, mailboxes, streets)


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


@pytest.mark.parametrize(("why", "said"), [("login_wall", "Mục phải đăng nhập"), ("payment_wall", "Mục phải trả tiền")])
def test_a_content_behind_a_wall_is_told(why: str, said: str) -> None:
    free = judge("f.quality.free_access", make_facts())
    assert (free.verdict, said in free.seen) == (Verdict.PASS, False)
    walled = make_section("procedures", SectionState.PARTIAL, label="Thủ tục")
    walled = replace(
        walled,
        state=SectionState.UNVERIFIABLE,
        sections=(replace(walled.sections[0], state=SectionState.UNVERIFIABLE, why=why),),
    )
    finding = judge("f.quality.free_access", make_facts(make_site(procedures=walled)))
    assert finding.verdict is Verdict.PARTIAL
    assert said in finding.seen and "Thủ tục" in finding.seen
    news = replace(walled, detector="news")
    assert judge("f.quality.free_access", make_facts(make_site(news=news))).verdict is Verdict.PASS, "not of Điều 28(2)"


@pytest.mark.parametrize(
    ("as_of", "verdict"),
    [
        (date(2025, 6, 30), Verdict.PASS),
        (date(2025, 9, 28), Verdict.PASS),
        (date(2025, 9, 29), Verdict.PARTIAL),
        (date(2026, 11, 20), Verdict.PARTIAL),
    ],
)
def test_an_old_name_counts_after_the_days_of_grace(as_of: date, verdict: Verdict) -> None:
    old = NamedAsCurrent(
        "tỉnh Bình Phước", "footer", SITE, "UBND tỉnh Bình Phước", date(2025, 6, 30), "đã nhập", "NQ 202"
    )
    site = replace(make_site(), quality=QualityFacts(abolished=(old,)))
    finding = judge("f.quality.abolished_names", replace(make_facts(site), as_of=as_of))
    assert finding.verdict is verdict
    if verdict is Verdict.PARTIAL:
        assert all(words in finding.seen for words in ("tỉnh Bình Phước", "chân trang", "30/06/2025", "NQ 202"))
        assert [(proof.url, proof.excerpt) for proof in finding.evidence] == [(SITE, "UBND tỉnh Bình Phước")]


@pytest.mark.parametrize("criterion", ["f.quality.abolished_names", "f.quality.contacts_agree"])
def test_a_contact_page_that_did_not_answer_may_say_something_else(criterion: str) -> None:
    quality = QualityFacts(footer=contact("02713888111"), registry=replace(contact("02713888111"), url=""))
    assert judged(criterion, quality).verdict is Verdict.PASS
    section = make_section("contact", SectionState.PARTIAL, label="Liên hệ").sections[0]
    failed = replace(section, state=SectionState.UNVERIFIABLE, reason=Reason.HTTP_5XX, rests_on_network=True)
    unread = make_section("contact", SectionState.UNVERIFIABLE, reason=Reason.HTTP_5XX, sections=(failed,))
    finding = judge(criterion, make_facts(replace(make_site(contact=unread), quality=quality)))
    assert (finding.verdict, "Liên hệ" in finding.seen) == (Verdict.UNVERIFIED, True)


def test_forms_are_not_all_right_while_pages_wait_to_be_read() -> None:
    forms = make_site().quality.forms
    assert judged("f.quality.forms", QualityFacts(forms=forms)).verdict is Verdict.PASS
    finding = judged("f.quality.forms", QualityFacts(forms=forms, pages_unread=2))
    assert (finding.verdict, "2 trang" in finding.seen) == (Verdict.UNVERIFIED, True)


def at(*texts: str) -> tuple[Street, ...]:
    """Addresses whose first word is their house number, or that have none."""
    return tuple(Street(text, (text.split()[0],) if text[0].isdigit() else ()) for text in texts)


@pytest.mark.parametrize(
    ("footer", "page", "verdict"),
    [
        (contact("02713888111"), contact("02713888111", "02713888222"), Verdict.PASS),
        (contact("02713888111"), contact("02713999999"), Verdict.PARTIAL),
        (contact("02713888111", mailboxes=("a@x.vn",)), contact("02713888111", mailboxes=("b@x.vn",)), Verdict.PARTIAL),
        (contact("02713888111"), contact(mailboxes=("b@x.vn",)), Verdict.UNVERIFIED),
        (None, contact("02713888111"), Verdict.UNVERIFIED),
        (contact("3888111", "0912345678"), contact("02713888111"), Verdict.PASS),
        (contact("3888111"), contact("02713999999"), Verdict.UNVERIFIED),
        (contact("02713888111"), contact("02713000001", "02713000002", "02713000003", "02713000004"), Verdict.UNVERIFIED),
        (contact(streets=at("12 Lê Lợi")), contact(streets=at("45 Trần Phú", "12 đường Lê Lợi")), Verdict.PASS),
        (contact(streets=at("12 Lê Lợi")), contact(streets=at("45 Trần Phú")), Verdict.PARTIAL),
        (contact(streets=at("12 Lê Lợi")), contact(streets=at("Trung tâm hành chính tỉnh")), Verdict.UNVERIFIED),
        (contact(streets=at("12 Lê Lợi")), contact(streets=at("45 Trần Phú", "Khu trung tâm")), Verdict.UNVERIFIED),
    ],
)  # fmt: skip
def test_only_what_both_places_say_can_contradict(
    footer: PublishedContact | None, page: PublishedContact, verdict: Verdict
) -> None:
    finding = judged("f.quality.contacts_agree", QualityFacts(footer=footer, contact_page=page))
    assert finding.verdict is verdict
    if verdict is Verdict.PARTIAL:
        assert "chân trang" in finding.seen and "trang liên hệ" in finding.seen


@pytest.mark.parametrize("place", ["footer", "contact_page"])
def test_the_registry_is_compared_with_each_place(place: str) -> None:
    registry = PublishedContact("", ("02713888111",), ("snv@tinhmau.example",), at("12 Lê Lợi"))
    same = judged("f.quality.contacts_agree", QualityFacts(registry=registry, **{place: registry}))
    assert (same.verdict, "danh bạ cơ quan" in same.seen) == (Verdict.PASS, True)
    assert all(word in same.seen for word in ("điện thoại", "hộp thư", "địa chỉ"))
    other = PublishedContact(SITE, ("02713999999",), ("snv@tinhmau.example",), at("45 Trần Phú"))
    finding = judged("f.quality.contacts_agree", QualityFacts(registry=registry, **{place: other}))
    assert finding.verdict is Verdict.UNVERIFIED, "the registry may be the one that is old"
    assert all(said in finding.seen for said in ("02713999999", "02713888111", '"45 Trần Phú"', '"12 Lê Lợi"'))
    assert "hộp thư" not in finding.seen and "đối chiếu lại danh bạ" in finding.seen
    assert [proof.url for proof in finding.evidence] == [SITE], "the registry is no page to link to"


def test_an_old_registry_is_a_note_for_the_operator_beside_a_site_that_agrees_with_itself() -> None:
    registry, site = contact("02713888111", mailboxes=("a@x.vn",)), contact("02713999999", mailboxes=("a@x.vn",))
    finding = judged(
        "f.quality.contacts_agree", QualityFacts(footer=site, contact_page=site, registry=replace(registry, url=""))
    )
    assert finding.verdict is Verdict.PASS
    assert all(said in finding.seen for said in ("đối chiếu lại danh bạ", "02713888111", "02713999999"))
    contradicting = QualityFacts(footer=site, contact_page=contact("02713000000"), registry=replace(registry, url=""))
    finding = judged("f.quality.contacts_agree", contradicting)
    assert finding.verdict is Verdict.PARTIAL
    assert finding.seen.index("02713000000") < finding.seen.index("đối chiếu lại danh bạ")
    one_of_two = QualityFacts(
        footer=contact("02713888111", "02713000000"), contact_page=contact("02713000000"), registry=registry
    )
    assert "đối chiếu" not in judged("f.quality.contacts_agree", one_of_two).seen, "the footer has the registry's"


@pytest.mark.parametrize(
    ("footer", "page"),
    [
        (contact("02713888111"), replace(contact("02713999999"), also_phones=("02713888111",))),
        (replace(contact("0651388811"), also_phones=("02713888111",)), contact("02713888111")),
        (contact(mailboxes=("a@x.vn",)), replace(contact(mailboxes=("b@x.vn",)), also_mailboxes=("a@x.vn",))),
        (contact(streets=at("12 Lê Lợi")), replace(contact(streets=at("45 Trần Phú")), also_houses=("12",))),
    ],
)
def test_what_the_other_place_mentions_beside_its_own_is_no_contradiction(
    footer: PublishedContact, page: PublishedContact
) -> None:
    for one, other in ((footer, page), (page, footer)):
        finding = judged("f.quality.contacts_agree", QualityFacts(footer=one, contact_page=other))
        assert finding.verdict is Verdict.PASS
