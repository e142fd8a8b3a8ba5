from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from auditor.model import Calendar, Dated, DateSource, Finding, Reason, SectionState, Verdict
from tests.factories import AS_OF, SITE, calendar, judge, make_facts, make_items, make_section, make_site

#: criterion, detector, days that pass, days that pass in part; working days but for the last
LIMITS = [
    ("f.freshness.news", "news", 5, 20),
    ("f.freshness.direction", "direction", 15, 45),
    ("f.freshness.legal_documents", "legal_documents", 15, 45),
    ("f.freshness.legal_dissemination", "legal_dissemination", 15, 45),
    ("f.freshness.projects_procurement", "projects_procurement", 90, 365),
]
FIRST = date(2025, 9, 15)  # a Monday; the weeks around it hold no holiday


def days_before(end: date, count: int, detector: str) -> date:
    """The day that lies `count` working days (projects: calendar days) before `end`."""
    day = end
    if detector == "projects_procurement":
        return end - timedelta(days=count)
    while calendar().working_days_between(day, end) < count:
        day -= timedelta(days=1)
    return day


def judged(check_id: str, detector: str, newest: date | None, as_of: date = FIRST, **changes: object) -> Finding:
    section = make_section(detector, label="Mục", items=make_items(2, "date"), newest=newest)
    facts = make_facts(make_site(**{detector: section}), as_of=as_of)
    return judge(check_id, replace(facts, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("check_id", "detector", "passes", "partly"), LIMITS)
def test_thresholds(check_id: str, detector: str, passes: int, partly: int) -> None:
    def verdict(age: int) -> Verdict:
        return judged(check_id, detector, days_before(FIRST, age, detector)).verdict

    assert verdict(0) is Verdict.PASS
    assert verdict(passes) is Verdict.PASS
    assert verdict(passes + 1) is Verdict.PARTIAL
    assert verdict(partly) is Verdict.PARTIAL
    assert verdict(partly + 1) is Verdict.FAIL


@pytest.mark.parametrize(("check_id", "detector", "passes", "partly"), LIMITS)
def test_the_card_says_whose_threshold_it_is(check_id: str, detector: str, passes: int, partly: int) -> None:
    finding = judged(check_id, detector, date(2023, 1, 3))
    assert finding.verdict is Verdict.FAIL
    assert "ngưỡng do đơn vị vận hành đặt" in finding.expected
    assert "do đơn vị vận hành đặt" in finding.seen
    assert str(passes) in finding.expected
    assert str(partly) in finding.seen


@pytest.mark.parametrize(
    ("state", "confirmed", "verdict"),
    [
        (SectionState.ABSENT, True, Verdict.FAIL),
        (SectionState.EMPTY, True, Verdict.FAIL),
        (SectionState.BROKEN, True, Verdict.FAIL),
        (SectionState.BROKEN, False, Verdict.UNVERIFIED),
        (SectionState.UNVERIFIABLE, True, Verdict.UNVERIFIED),
        (SectionState.PARENT_ONLY, True, Verdict.FAIL),
    ],
)
@pytest.mark.parametrize(("check_id", "detector"), [row[:2] for row in LIMITS])
def test_a_section_that_is_not_there_is_not_kept_up_to_date(
    check_id: str, detector: str, state: SectionState, confirmed: bool, verdict: Verdict
) -> None:
    section = make_section(detector, state, confirmed=confirmed)
    assert judge(check_id, make_facts(make_site(**{detector: section}))).verdict is verdict


@pytest.mark.parametrize(("check_id", "detector"), [row[:2] for row in LIMITS])
def test_a_list_without_dates_is_undated_not_stale(check_id: str, detector: str) -> None:
    finding = judged(check_id, detector, None)
    assert finding.verdict is Verdict.UNVERIFIED
    assert finding.seen_key == "freshness.undated"
    assert "không ghi ngày" in finding.seen


def test_the_proof_is_the_newest_item_and_where_its_date_stands() -> None:
    newest = Dated(date(2025, 3, 10), DateSource.RSS, "Mon, 10 Mar 2025 <Họp giao ban>", SITE + "rss/tin")
    section = make_section("news", label="Tin tức", newest=newest)
    finding = judge("f.freshness.news", make_facts(make_site(news=section)))
    assert (finding.evidence[0].url, finding.evidence[0].excerpt) == (newest.url, newest.excerpt)
    assert "10/03/2025" in finding.seen
    assert "nguồn tin RSS" in finding.seen
    assert "2 ngày làm việc" in finding.seen


def test_holidays_do_not_age() -> None:
    """From the eve of Tết 2025 (24/01) to 07/02 lie two working weeks, one of them off."""
    finding = judged("f.freshness.news", "news", date(2025, 1, 24), date(2025, 2, 7))
    assert finding.verdict is Verdict.PASS
    without = Calendar(years=calendar().years)
    assert judged("f.freshness.news", "news", date(2025, 1, 24), date(2025, 2, 7), calendar=without).verdict is (
        Verdict.PARTIAL
    )


@pytest.mark.parametrize(
    ("newest", "as_of", "year"),
    [(date(2027, 1, 4), date(2027, 6, 1), 2027), (date(2026, 6, 1), date(2027, 3, 1), 2027)],
)
def test_a_year_without_holiday_file_makes_a_fail_unverified(newest: date, as_of: date, year: int) -> None:
    finding = judged("f.freshness.news", "news", newest, as_of)
    assert finding.verdict is Verdict.UNVERIFIED
    assert finding.reason == Reason.NO_CALENDAR
    assert f"config/holidays/{year}.yaml" in finding.seen


def test_a_missing_year_in_between_is_named() -> None:
    gap = replace(calendar(), years=calendar().years - {2024})
    finding = judged("f.freshness.news", "news", date(2023, 12, 1), calendar=gap)
    assert finding.verdict is Verdict.UNVERIFIED
    assert "2024.yaml" in finding.seen


def test_an_old_date_before_the_calendar_begins_is_stale_all_the_same() -> None:
    finding = judged("f.freshness.news", "news", date(2009, 5, 11), date(2017, 11, 20))
    assert finding.verdict is Verdict.FAIL


def test_an_old_date_is_not_stale_before_the_known_years_prove_it() -> None:
    finding = judged("f.freshness.news", "news", date(2013, 10, 1), date(2014, 1, 6))
    assert finding.verdict is Verdict.UNVERIFIED
    assert "2013.yaml" in finding.seen


def test_a_missing_year_does_not_touch_what_passes() -> None:
    assert judged("f.freshness.news", "news", date(2027, 5, 31), date(2027, 6, 1)).verdict is Verdict.PASS


def test_calendar_days_need_no_holiday_file() -> None:
    finding = judged("f.freshness.projects_procurement", "projects_procurement", date(2025, 1, 1), date(2028, 1, 1))
    assert finding.verdict is Verdict.FAIL


def test_explicit_none_is_up_to_date() -> None:
    section = make_section("projects_procurement", label="Dự án", found=("explicit_none",))
    finding = judge("f.freshness.projects_procurement", make_facts(make_site(projects_procurement=section)))
    assert finding.verdict is Verdict.PASS
    assert "không có dự án" in finding.seen


def test_a_date_after_the_audit_proves_nothing() -> None:
    finding = judged("f.freshness.news", "news", AS_OF + timedelta(days=3), AS_OF)
    assert finding.verdict is Verdict.UNVERIFIED
