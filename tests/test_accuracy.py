"""The readers hold the floors over the golden mini-sites, and the golden files themselves are sound."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model import DetectorFacts, SectionState, SiteFacts, SiteState
from tests.accuracy import TASKS, Accuracy, Answer, Floors, compare, load_floors, measure, report
from tests.golden_sites import GoldenSite, _encode, golden_files, load_golden


@pytest.mark.parametrize("path", golden_files(), ids=lambda path: path.stem)
def test_golden_file_is_sound(path) -> None:
    site = load_golden(path)
    assert len(site.pages) >= 1
    assert site.about


@pytest.mark.timeout(600)
def test_readers_hold_the_floors() -> None:
    floors = load_floors()
    assert floors is not None, "tests/golden/floors.yaml is missing"
    accuracy = measure()
    assert not floors.broken_by(accuracy), report(accuracy)


def _answer(task: str, right: bool, wrong_fail: bool = False) -> Answer:
    return Answer(task, "s", "news", "present", "present" if right else "absent", right, wrong_fail=wrong_fail)


def test_floor_breaks_below_and_holds_at_the_share() -> None:
    half = Accuracy((_answer("section_state", True), _answer("section_state", False)))
    assert Floors({"section_state": 0.5}, 0).broken_by(half) == []
    assert len(Floors({"section_state": 0.51}, 0).broken_by(half)) == 1


def test_wrong_fails_have_their_own_ceiling() -> None:
    one = Accuracy((_answer("section_state", False, wrong_fail=True),))
    assert len(Floors({}, 0).broken_by(one)) == 1
    assert Floors({}, 1).broken_by(one) == []


def test_raising_never_lowers() -> None:
    half = Accuracy((_answer("section_state", True), _answer("section_state", False)))
    raised = Floors({"section_state": 0.9, "newest_date": 0.3}, 2).raised(half)
    assert raised.shares["section_state"] == 0.9
    assert raised.shares["newest_date"] == 1.0
    assert raised.wrong_fails == 0
    assert set(raised.shares) == set(TASKS)


def _site(**label: object) -> GoldenSite:
    return GoldenSite.model_validate(
        {
            "name": "tiny",
            "about": "One page.",
            "agency": {"name": "Sở Mẫu", "url": "https://so.mau.example/"},
            "as_of": date(2026, 11, 20),
            "pages": {"/": {"body": "<p>https://so.mau.example/a</p>"}},
            "expect": {"site": {"state": "ok"}, "detectors": {"news": label}},
        }
    )


def _facts(state: SectionState) -> SiteFacts:
    return SiteFacts("tiny", SiteState.OK, None, None, detectors={"news": DetectorFacts("news", state)})


@pytest.mark.parametrize(
    ("expected", "got", "wrong_fail"),
    [
        ("present", SectionState.ABSENT, True),
        ("parent_only", SectionState.BROKEN, True),
        ("empty", SectionState.ABSENT, False),
        ("present", SectionState.PARTIAL, False),
        ("absent", SectionState.PRESENT, False),
    ],
)
def test_wrong_fail_is_an_accusation_without_ground(expected: str, got: SectionState, wrong_fail: bool) -> None:
    states = [answer for answer in compare(_site(state=expected), _facts(got)) if answer.task == "section_state"]
    assert [answer.wrong_fail for answer in states] == [wrong_fail]
    assert not states[0].right


def test_a_second_careful_opinion_is_right_too() -> None:
    answers = compare(_site(state="partial", also=["empty"]), _facts(SectionState.EMPTY))
    assert next(answer for answer in answers if answer.task == "section_state").right


def test_unlabelled_detectors_are_found() -> None:
    problems = _site(state="present").problems()
    assert "detector contact has no label" in problems
    assert not any("news" in problem for problem in problems)


def test_legacy_encodings_give_the_bytes_of_their_time() -> None:
    assert _encode("Công ty", "tcvn3") == "C«ng ty".encode("cp1252")
    assert _encode("Sở Nội vụ", "windows-1258").decode("cp1258") == "Sơ\u0309 Nô\u0323i vu\u0323"
