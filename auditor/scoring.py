"""Findings to points, totals and grades. Pure; every number comes from the rulebook's `scoring:` block.

Points are integers in tenths. Earned is the sum of the lines; measurable the sum of the maxima of pass, partial and
fail lines; lines that are not applicable or waived leave the whole, so that they neither help nor harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from auditor.model import MEASURED, Finding, Score, Scorecard, Verdict

FIRST_THINGS = 3


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter, its Vietnamese word, and the percent from which it holds."""

    letter: str
    word: str
    from_percent: int


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """`grades` from the best to the worst; `minimum_percent` is the share that must be measurable in f and in g."""

    grades: tuple[Grade, ...]
    minimum_percent: int = 60
    partial_share: float = 0.5

    def grade(self, score: Score) -> str | None:
        """The letter for `score`; None ("Chưa xếp loại") if too little of it was measurable."""
        if score.permille is None or not self.enough(score):
            return None
        return next((g.letter for g in self.grades if score.permille >= g.from_percent * 10), self.grades[-1].letter)

    def enough(self, score: Score) -> bool:
        """True if at least `minimum_percent` of what could be measured was measured (compared unrounded)."""
        return score.max > 0 and score.measurable * 100 >= self.minimum_percent * score.max

    def word(self, letter: str) -> str:
        """The Vietnamese word of a grade letter. Raises KeyError for a letter that the rules do not have."""
        return {grade.letter: grade.word for grade in self.grades}[letter]


@dataclass(frozen=True, slots=True)
class PersonVerdict:
    """What a person recorded about one criterion of one agency: an attestation, or a waiver (`verdict` None).

    It holds from `decided_on` up to and including `expires` (None: open).
    """

    criterion_id: str
    verdict: Verdict | None
    author: str
    reason: str
    document: str
    decided_on: date
    expires: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.decided_on <= day and (self.expires is None or day <= self.expires)


def score(findings: Iterable[Finding], scoring: ScoringRules) -> Scorecard:
    """Totals, grades and the three things to mend first, for the findings of one agency."""
    lines = tuple(findings)
    parts = {item: _sum(line for line in lines if line.item == item) for item in ("f", "g", "mail")}
    f, g, mail = parts["f"], parts["g"], parts["mail"]
    total = Score(f.earned + g.earned, f.measurable + g.measurable, f.max + g.max)
    unranked = tuple(item for item in ("f", "g") if not scoring.enough(parts[item]))
    return Scorecard(
        f=f,
        g=g,
        total=total,
        mail=mail,
        grade=None if unranked else scoring.grade(total),
        grade_f=scoring.grade(f),
        grade_g=scoring.grade(g),
        grade_mail=scoring.grade(mail),
        unranked_because=unranked,
        first_things=_first_things(lines),
    )


def apply_person_verdicts(
    findings: Iterable[Finding],
    records: Sequence[PersonVerdict],
    as_of: date,
    scoring: ScoringRules,
    messages: Mapping[str, str],
) -> tuple[Finding, ...]:
    """The findings with the attestations and waivers that hold on `as_of`. Where several hold, the latest decides.

    `messages` are the rulebook's; `person.attested`, `person.waived` and `person.open_ended` word what the card prints.
    """
    valid = sorted((r for r in records if r.holds_on(as_of)), key=lambda r: r.decided_on)
    latest = {record.criterion_id: record for record in valid}
    return tuple(
        _with_record(line, latest[line.id], scoring, messages) if line.id in latest else line for line in findings
    )


def _with_record(line: Finding, record: PersonVerdict, scoring: ScoringRules, messages: Mapping[str, str]) -> Finding:
    verdict = Verdict.NOT_APPLICABLE if record.verdict is None else record.verdict
    key = "person.waived" if record.verdict is None else "person.attested"
    expires = f"{record.expires:%d/%m/%Y}" if record.expires else messages["person.open_ended"]
    text = messages[key].format(
        author=record.author,
        reason=record.reason,
        document=record.document,
        date=record.decided_on,
        expires=expires,
        verdict=messages[f"verdict.{verdict}"],
        before=messages[f"verdict.{line.verdict}"],
    )
    share = {Verdict.PASS: 1.0, Verdict.PARTIAL: scoring.partial_share}.get(verdict, 0.0)
    return replace(line, verdict=verdict, points=int(line.max * share + 0.5), by_person=text, reason=None)


def _sum(lines: Iterable[Finding]) -> Score:
    counted = [line for line in lines if line.counts and line.verdict is not Verdict.NOT_APPLICABLE]
    measured = [line for line in counted if line.verdict in MEASURED]
    return Score(
        earned=sum(line.points for line in measured),
        measurable=sum(line.max for line in measured),
        max=sum(line.max for line in counted),
    )


def _first_things(lines: Sequence[Finding]) -> tuple[str, ...]:
    """Ids of the findings of items f and g to mend first: fail before partial, most points lost first, card order."""
    losing = [
        line
        for line in lines
        if line.item in ("f", "g") and line.counts and line.verdict in (Verdict.FAIL, Verdict.PARTIAL)
    ]
    losing.sort(key=lambda line: (line.verdict is not Verdict.FAIL, line.points - line.max))
    return tuple(line.id for line in losing if line.points < line.max)[:FIRST_THINGS]
