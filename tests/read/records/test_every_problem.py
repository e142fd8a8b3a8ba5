"""Every problem and remark that is ever said of a mail domain: what has it said, and that neither a sound record nor one
that could not be looked at does. Up to the finding: tests/checks/mail/test_three_outcomes.py."""

from __future__ import annotations

import pytest

from auditor.read.records import Problem
from tests.read.records import problem_cases, problem_cases_transport

PARTS = problem_cases.PARTS | problem_cases_transport.PARTS
CASES = {problem: said for part in PARTS.values() for problem, said in part.wrong.items()}


def test_no_problem_is_missing() -> None:
    assert set(CASES) == set(Problem)


@pytest.mark.parametrize("problem", CASES)
def test_what_has_it_said(problem: Problem) -> None:
    assert problem in CASES[problem]()


@pytest.mark.parametrize("name", PARTS)
def test_what_is_sound_and_what_was_not_seen_say_nothing(name: str) -> None:
    part = PARTS[name]
    assert set(part.sound()) - part.unseen == set()
    assert set(part.blind()) - part.unseen == set()
