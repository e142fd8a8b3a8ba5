"""The league table of one run: ranked agencies, agencies without a grade, agencies without a declared address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from auditor.model import AgencyAudit, Score, SiteState, Verdict
from reports.scorecard import Group, card_filename
from reports.text import Wording, environment

_FILE = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.html")


@dataclass(frozen=True, slots=True)
class Row:
    """One agency's line. `rank` is None outside the ranking; `card` is a relative file name or ""."""

    code: str
    name: str
    rank: int | None
    grade: str | None
    total: Score
    f: Score
    g: Score
    newest: date | None
    fails: int
    state: SiteState
    card: str


@dataclass(frozen=True, slots=True)
class League:
    """The rows of a run. Ranked by the share of points earned; equal shares have equal rank."""

    ranked: tuple[Row, ...]
    unranked: tuple[Row, ...]
    not_declared: tuple[Row, ...]

    @property
    def size(self) -> int:
        return len(self.ranked) + len(self.unranked) + len(self.not_declared)


def league_of(audits: Sequence[AgencyAudit], cards: Mapping[str, str] | None = None) -> League:
    """The table of `audits`. `cards` maps codes to relative file names (default: the card's own file name)."""
    rows = [_row(audit, (cards or {}).get(audit.agency.code)) for audit in audits]
    undeclared = [row for row in rows if row.state is SiteState.NOT_DECLARED]
    others = [row for row in rows if row.state is not SiteState.NOT_DECLARED]
    graded = sorted((row for row in others if row.grade), key=_order)
    return League(
        tuple(_ranked(graded)),
        tuple(sorted((row for row in others if not row.grade), key=_by_name)),
        tuple(sorted(undeclared, key=_by_name)),
    )


def render_league(
    audits: Sequence[AgencyAudit],
    messages: Mapping[str, str],
    *,
    cards: Mapping[str, str] | None = None,
    department: str = "",
    failures: Sequence[str] = (),
    grade_words: Mapping[str, str] | None = None,
) -> str:
    """The table as one self-contained HTML page. `failures` are sentences on what the run itself could not do.

    `cards` maps codes to relative file names; `grade_words` words the grades ("A" -> "Tốt").
    """
    latest = max(audits, key=lambda audit: audit.as_of, default=None)
    wording = Wording(messages)
    return (
        environment()
        .get_template("league.html.j2")
        .render(
            league=league_of(audits, cards),
            latest=latest,
            rulesets=sorted({audit.ruleset.version[:12] for audit in audits}),
            profiles=sorted({audit.ruleset.profile_title for audit in audits}),
            mail_blocks=mail_blocks(audits),
            department=department,
            failures=tuple(failures),
            word=wording.word,
            grade_words=grade_words or {},
        )
    )


@dataclass(frozen=True, slots=True)
class MailBlock:
    """The findings of one mail domain, the same for all agencies that use it."""

    domain: str
    lines: Group
    grade: str | None


def mail_blocks(audits: Sequence[AgencyAudit]) -> list[MailBlock]:
    """One block per mail domain, from its operator's audit if there is one: only there the lines carry points."""
    chosen: dict[str, AgencyAudit] = {}
    for audit in audits:
        if audit.mail and (audit.agency.operates_mail or audit.mail.domain not in chosen):
            chosen[audit.mail.domain] = audit
    return [
        MailBlock(domain, Group("mail", tuple(f for f in audit.findings if f.item == "mail")), audit.scores.grade_mail)
        for domain, audit in sorted(chosen.items())
    ]


def _row(audit: AgencyAudit, card: str | None) -> Row:
    name = card if card is not None else card_filename(audit.agency.code, audit.as_of)
    newest = audit.site.newest_update
    return Row(
        code=audit.agency.code,
        name=audit.agency.name,
        rank=None,
        grade=audit.scores.grade,
        total=audit.scores.total,
        f=audit.scores.f,
        g=audit.scores.g,
        newest=newest.date if newest else None,
        fails=sum(f.verdict is Verdict.FAIL and f.item != "mail" for f in audit.findings),
        state=audit.site.state,
        card=name if _FILE.fullmatch(name) and ".." not in name else "",
    )


def _by_name(row: Row) -> tuple[str, str]:
    return row.name, row.code


def _order(row: Row) -> tuple[int, int, int, str, str]:
    return (-(row.total.permille or 0), -(row.f.permille or 0), -(row.g.permille or 0), row.name, row.code)


def _ranked(rows: Sequence[Row]) -> list[Row]:
    ranks: list[int] = []
    for place, row in enumerate(rows, start=1):
        same = ranks and rows[place - 2].total.permille == row.total.permille
        ranks.append(ranks[-1] if same else place)
    return [replace(row, rank=rank) for row, rank in zip(rows, ranks, strict=True)]
