"""NĐ 43/2011 Điều 17: proven by two nights or two dates, and only while the decree was in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from auditor.model import AgencyFacts, AgencyKind, ClaimedDate, History, Item, ObservedItem, ObservedSection, Verdict
from checks.deadlines import is_own
from tests.factories import SITE, judge, make_agency, make_dated, make_facts, make_section, make_site

IN_FORCE, AFTER = date(2020, 6, 26), date(2026, 6, 26)
URL = SITE + "muc/"


def document(title: str, issued: date, absent_on: date | None, present_on: date) -> ObservedItem:
    return ObservedItem(
        title, title, URL + "1", present_on, present_on, absent_on, claims=(ClaimedDate(present_on, issued),)
    )


def watched(*items: ObservedItem, as_of: date = IN_FORCE) -> AgencyFacts:
    section = make_section("legal_documents", url=URL, items=[Item(item.title, item.url) for item in items])
    lists = ObservedSection("legal_documents", "k", "Văn bản", URL, (date(as_of.year, 6, 1), as_of), items=items)
    return make_facts(make_site(legal_documents=section), as_of=as_of, history=History(sections=(lists,)))


OTHERS = "15/2020/QĐ-UBND Quy định phân cấp"


@pytest.mark.parametrize(
    ("absent_on", "verdict"),
    [
        (date(2020, 6, 15), Verdict.PASS),  # Monday; ten working days after Monday the 1st end on the 15th
        (date(2020, 6, 16), Verdict.FAIL),
        (None, Verdict.UNVERIFIED),  # it was there before we watched
    ],
)
def test_late_only_if_a_night_after_the_last_day_still_saw_the_list_without_it(
    absent_on: date | None, verdict: Verdict
) -> None:
    finding = judge(
        "f.deadline.legal_documents", watched(document(OTHERS, date(2020, 6, 1), absent_on, date(2020, 6, 24)))
    )
    assert finding.verdict is verdict
    assert finding.max == 0


def test_the_issuer_has_two_days() -> None:
    own = document("2998/QĐ-STTTT Quy chế làm việc", date(2020, 6, 1), date(2020, 6, 4), date(2020, 6, 5))
    facts = replace(watched(own), agency=make_agency(code="stttt"))
    assert judge("f.deadline.legal_documents", facts).verdict is Verdict.FAIL
    assert judge("f.deadline.legal_documents", replace(facts, agency=make_agency(code="snv"))).verdict is Verdict.PASS


def test_after_the_decree_nobody_is_accused() -> None:
    finding = judge(
        "f.deadline.legal_documents",
        watched(
            document(
                OTHERS,
                date(2026, 6, 1),
                date(2026, 6, 20),
                date(2026, 6, 24),
            ),
            as_of=AFTER,
        ),
    )
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert finding.seen_key == "deadline.lapsed_late"
    assert OTHERS[:15] in finding.seen


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("2998/QĐ-SNV Quy chế", True),
        ("15/SNV-VP V/v báo cáo", True),
        ("15/2026/QĐ-UBND Quy định", False),
        ("Báo cáo của SNV", False),
        ("12/QĐ-SNVX", False),
        ("Quyết định số 2998/QĐ-SNV Quy chế", True),
        ("12/STC-NS V/v triển khai Quyết định 99/QĐ-SNV", False),
        ("V/v thực hiện Quyết định số 99/QĐ-SNV", False),
    ],
)
def test_whose_document_it_is_says_its_sign(title: str, own: bool) -> None:
    assert is_own(title, make_agency(code="snv", short_names=())) is own


def test_a_peoples_committee_s_sign_proves_no_district_the_issuer() -> None:
    district = make_agency(code="dongphu", kind=AgencyKind.DISTRICT, short_names=())
    assert not is_own("15/2026/QĐ-UBND Quy định của Ủy ban nhân dân tỉnh", district)


@pytest.mark.parametrize(
    ("answered", "verdict"), [(date(2020, 6, 22), Verdict.PASS), (date(2020, 6, 23), Verdict.FAIL)]
)
def test_answers_within_fifteen_working_days(answered: date, verdict: Verdict) -> None:
    item = Item("Trả lời", URL, make_dated(answered), ("reply",), asked=date(2020, 6, 1))
    section = make_section("feedback", items=[item])
    assert judge("f.deadline.answers", make_facts(make_site(feedback=section), as_of=IN_FORCE)).verdict is verdict


def test_an_answer_whose_question_bears_no_date_is_not_judged() -> None:
    section = make_section("feedback", items=[Item("Trả lời", URL, make_dated(date(2020, 6, 22)), ("reply",))])
    finding = judge("f.deadline.answers", make_facts(make_site(feedback=section), as_of=IN_FORCE))
    assert finding.verdict is Verdict.UNVERIFIED
