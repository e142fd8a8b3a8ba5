"""What a run leaves on the desk: one card per agency, the league table, and what reports need to know of the run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.model import AgencyAudit
from auditor.phrases import cli_text
from auditor.rulebook import Rulebook
from auditor.settings import Settings
from auditor.store import Run, RunState, Store
from reports.league import render_league
from reports.run import RunFailure, RunInfo
from reports.scorecard import card_filename, render_scorecard


@dataclass(frozen=True, slots=True)
class Published:
    """Where the files are. `cards` by agency code; `league` is None for a single agency."""

    folder: Path
    cards: Mapping[str, Path]
    league: Path | None = None


def write_cards(
    audits: Iterable[AgencyAudit],
    folder: Path,
    rulebook: Rulebook,
    settings: Settings,
    names: Mapping[str, str],
    *,
    run: RunInfo | None = None,
) -> Published:
    """One HTML card per audit into `folder`, and the league table if there are several audits or a run is given.

    `names` names agencies by code. Files appear whole or not at all. Raises OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cards: dict[str, Path] = {}
    shown: list[AgencyAudit] = []
    for audit in audits:
        path = folder / card_filename(audit.agency.code, audit.as_of)
        write_whole(path, card_of(audit, rulebook, settings, names))
        cards[audit.agency.code] = path
        shown.append(audit)
    if len(shown) < 2 and run is None:
        return Published(folder, cards)
    league = folder / cli_text("file.league", date=max(audit.as_of for audit in shown)) if shown else None
    if league is not None:
        write_whole(league, league_of_run(shown, rulebook, settings, run))
    return Published(folder, cards, league)


def card_of(audit: AgencyAudit, rulebook: Rulebook, settings: Settings, names: Mapping[str, str]) -> str:
    """One card as HTML."""
    return render_scorecard(
        audit,
        rulebook.messages,
        objection_contact=settings.delivery.objection_contact,
        department=settings.delivery.department,
        agency_names=names,
        grade_words=grade_words(rulebook),
    )


def league_of_run(
    audits: Sequence[AgencyAudit], rulebook: Rulebook, settings: Settings, run: RunInfo | None = None
) -> str:
    """The league table as HTML."""
    failures = tuple(failure.text for failure in run.failures) if run else ()
    return render_league(
        audits,
        rulebook.messages,
        department=settings.delivery.department,
        failures=failures,
        grade_words=grade_words(rulebook),
    )


def grade_words(rulebook: Rulebook) -> dict[str, str]:
    """The Vietnamese word of each grade letter."""
    return {grade.letter: grade.word for grade in rulebook.scoring.grades}


def run_info(store: Store, run: Run, names: Mapping[str, str]) -> RunInfo:
    """A stored run as reports see it."""
    queue = store.queue(run.id)
    failures = tuple(
        RunFailure(
            entry.code,
            names.get(entry.code, entry.code),
            cli_text("audit.agency_failed", name=names.get(entry.code, entry.code), what=entry.message),
        )
        for entry in queue
        if entry.state == "error"
    )
    whole = run.state is RunState.DONE
    return RunInfo(
        id=str(run.id),
        as_of=run.as_of,
        started_at=run.started_at,
        finished_at=run.finished_at,
        state="failed" if not whole else "incomplete" if failures else "done",
        agencies=len(queue),
        failures=failures,
        message=run.message or ("" if whole else cli_text("audit.run_stopped")),
    )


def write_whole(path: Path, text: str) -> None:
    """Write `text` (UTF-8) beside `path` and swap it in: a reader, or a crash, never meets half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
