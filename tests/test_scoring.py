from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import count

import pytest

from auditor.model import Finding, Score, Verdict
from auditor.scoring import PersonVerdict, apply_person_verdicts, score
from tests.factories import criterion, judge_all, make_agency, make_facts, rulebook

RULES = rulebook().scoring
_numbers = count()


def line(verdict: Verdict, points: int, maximum: int, item: str = "f", **changes: object) -> Finding:
    finding = criterion("f.content.organisation").finding(Verdict.PASS, "section.absent", why="", label="", url="")
    finding = replace(finding, id=f"{item}.{next(_numbers)}", item=item, verdict=verdict, points=points, max=maximum)
    return replace(finding, **changes)  # type: ignore[arg-type]


P, H, F, U = Verdict.PASS, Verdict.PARTIAL, Verdict.FAIL, Verdict.UNVERIFIED
NA, PERSON = Verdict.NOT_APPLICABLE, Verdict.NEEDS_PERSON
G_ALL = line(P, 200, 200, "g")


def test_what_counts() -> None:
    card = score(
        [line(P, 400, 400), line(H, 100, 200), line(F, 0, 100), line(U, 0, 50), line(NA, 0, 50), line(PERSON, 0, 0)],
        RULES,
    )
    assert card.f == Score(earned=500, measurable=700, max=750)
    assert card.f.permille == 714


def test_totals_are_the_sum_of_the_lines_of_f_and_g() -> None:
    findings = judge_all(make_facts(agency=make_agency(operates_mail=True)))
    card = score(findings, RULES)
    assert card.f == Score(800, 800, 800)
    assert card.g == Score(200, 200, 200)
    assert card.mail == Score(1000, 1000, 1000)
    assert card.total == Score(1000, 1000, 1000)
    assert (card.grade, card.grade_f, card.grade_g, card.grade_mail) == ("A", "A", "A", "A")
    assert (card.unranked_because, card.first_things) == ((), ())


def test_an_agency_that_does_not_operate_the_mail_has_no_mail_points() -> None:
    card = score(judge_all(make_facts()), RULES)
    assert card.mail == Score(0, 0, 0)
    assert card.grade_mail is None
    assert card.grade == "A"


@pytest.mark.parametrize(
    ("earned", "measurable", "permille"),
    [(1, 2000, 1), (1, 2001, 0), (625, 710, 880), (2, 3, 667), (1, 3, 333), (0, 10, 0), (0, 0, None)],
)
def test_percent_is_rounded_half_up(earned: int, measurable: int, permille: int | None) -> None:
    assert Score(earned, measurable, 1000).permille == permille


@pytest.mark.parametrize(
    ("earned", "grade"),
    [
        (800, "A"),
        (720, "A"),
        (719, "B"),
        (640, "B"),
        (639, "C"),
        (520, "C"),
        (519, "D"),
        (400, "D"),
        (399, "E"),
        (0, "E"),
    ],
)
def test_grades(earned: int, grade: str) -> None:
    card = score([line(H, earned, 800), replace(G_ALL, points=0, max=0)], RULES)
    assert card.grade_f == grade


def test_grade_words() -> None:
    assert [RULES.word(letter) for letter in "ABCDE"] == ["Tốt", "Khá", "Đạt", "Yếu", "Kém"]


@pytest.mark.parametrize(
    ("measured_f", "measured_g", "because"),
    [(480, 200, ()), (479, 200, ("f",)), (800, 120, ()), (800, 119, ("g",)), (0, 0, ("f", "g"))],
)
def test_too_little_measured_is_unranked(measured_f: int, measured_g: int, because: tuple[str, ...]) -> None:
    card = score(
        [
            line(P, measured_f, measured_f),
            line(U, 0, 800 - measured_f),
            line(P, measured_g, measured_g, "g"),
            line(U, 0, 200 - measured_g, "g"),
        ],
        RULES,
    )
    assert card.unranked_because == because
    assert card.grade == (None if because else "A")
    assert card.grade_f == (None if "f" in because else "A")


def test_blocking_the_auditor_does_not_pay() -> None:
    blocked = score([line(P, 100, 100), line(U, 0, 700), G_ALL], RULES)
    assert blocked.total.permille == 1000
    assert blocked.grade is None


def test_not_applicable_does_not_make_a_card_unranked() -> None:
    card = score([line(P, 100, 100), line(NA, 0, 700), G_ALL], RULES)
    assert card.unranked_because == ()


def test_information_lines_do_not_count() -> None:
    card = score([line(P, 100, 100), line(F, 0, 50, counts=False), G_ALL], RULES)
    assert card.f == Score(100, 100, 100)
    assert card.first_things == ()


def test_first_things_are_fails_before_partials_most_points_first_in_card_order() -> None:
    small = line(F, 0, 20)
    first, second = line(F, 0, 50), line(F, 0, 50, "g")
    partial = line(H, 50, 300)
    mail = line(F, 0, 400, "mail")
    unverified = line(U, 0, 500)
    card = score([mail, unverified, partial, small, first, second], RULES)
    assert card.first_things == (first.id, second.id, small.id)
    assert score([partial, small], RULES).first_things == (small.id, partial.id)


# ---- attestations and waivers ----

DAY = date(2025, 3, 12)


def record(finding: Finding, verdict: Verdict | None, **changes: object) -> PersonVerdict:
    made = PersonVerdict(
        finding.id, verdict, "Nguyễn Văn A", "đang nâng cấp", "12/CV-STTTT", date(2025, 3, 1), date(2025, 6, 30)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def applied(finding: Finding, *records: PersonVerdict, day: date = DAY) -> Finding:
    return apply_person_verdicts([finding], records, day, RULES, rulebook().messages)[0]


def test_a_waiver_leaves_the_denominator_and_is_printed() -> None:
    failed = line(F, 0, 100)
    waived = applied(failed, record(failed, None))
    assert waived.verdict is NA
    assert waived.by_person is not None
    for word in ("Nguyễn Văn A", "đang nâng cấp", "12/CV-STTTT", "30/06/2025", "Không đạt"):
        assert word in waived.by_person
    assert score([waived, line(P, 100, 100), G_ALL], RULES).f == Score(100, 100, 100)


@pytest.mark.parametrize(("verdict", "points"), [(P, 25), (H, 13), (F, 0)])
def test_an_attestation_replaces_the_verdict_and_the_points(verdict: Verdict, points: int) -> None:
    unverified = line(U, 0, 25)
    attested = applied(unverified, record(unverified, verdict))
    assert (attested.verdict, attested.points, attested.reason) == (verdict, points, None)
    assert attested.by_person is not None and "xác nhận" in attested.by_person


@pytest.mark.parametrize(
    ("day", "holds"),
    [(date(2025, 2, 28), False), (date(2025, 3, 1), True), (date(2025, 6, 30), True), (date(2025, 7, 1), False)],
)
def test_a_record_holds_within_its_dates(day: date, holds: bool) -> None:
    failed = line(F, 0, 100)
    assert (applied(failed, record(failed, None), day=day).verdict is NA) is holds


def test_the_latest_record_decides_and_others_are_untouched() -> None:
    failed, other = line(F, 0, 100), line(F, 0, 100)
    early = record(failed, None)
    late = record(failed, P, decided_on=date(2025, 3, 10), expires=None)
    done = apply_person_verdicts([failed, other], [late, early], DAY, RULES, rulebook().messages)
    assert (done[0].verdict, done[1]) == (P, other)
    assert done[0].by_person is not None and "không thời hạn" in done[0].by_person


def test_a_criterion_for_persons_stays_without_points() -> None:
    rule = criterion("f.person.accuracy")
    finding = rule.finding(PERSON, "needs_person")
    assert applied(finding, record(finding, P)).points == 0
