"""How a run is shown while it lasts, on stderr: a live display on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from auditor.commands.common import log
from auditor.nightly import verdict_counts
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from rich.progress import Progress as Display
    from rich.progress import TaskID

    from auditor.audit import Progress
    from auditor.model import Agency, AgencyAudit

_LONGEST_URL = 60


class PlainWatcher:
    """One line when an agency is done, none in between: what a log file wants."""

    def __init__(self) -> None:
        self._all = 0
        self._done = 0
        self._second_round = False

    def started(self, agencies: int, resumed: bool) -> None:
        self._all = agencies
        log("progress.resumed" if resumed else "progress.started", count=agencies)

    def progress(self, progress: Progress) -> None:
        pass

    def finished(self, audit: AgencyAudit) -> None:
        if self._second_round:
            log("progress.done_again", **_summary(audit))
            return
        self._done += 1
        log("progress.done", **_summary(audit), done=self._done, all=self._all)

    def failed(self, agency: Agency, error: Exception) -> None:
        traceback.print_exception(error, file=sys.stderr)
        log("audit.agency_failed", name=agency.name, what=f"{type(error).__name__}: {error}")

    def waiting(self, agencies: int, seconds: float) -> None:
        self._second_round = True
        log("progress.waiting" if seconds >= 1 else "progress.looking_again", count=agencies, seconds=round(seconds))


class LiveWatcher(PlainWatcher):
    """A bar per agency in work, above it the lines of PlainWatcher."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self._bars: dict[str, TaskID] = {}

    def progress(self, progress: Progress) -> None:
        if progress.code not in self._bars:
            self._bars[progress.code] = self._display.add_task(progress.code, total=progress.budget, url="", phase="")
        self._display.update(
            self._bars[progress.code],
            completed=progress.pages,
            phase=cli_text(f"phase.{progress.phase}"),
            url=progress.url[:_LONGEST_URL],
        )

    def finished(self, audit: AgencyAudit) -> None:
        self._drop(audit.agency.code)
        super().finished(audit)

    def failed(self, agency: Agency, error: Exception) -> None:
        self._drop(agency.code)
        super().failed(agency, error)

    def _drop(self, code: str) -> None:
        bar = self._bars.pop(code, None)
        if bar is not None:
            self._display.remove_task(bar)


def _summary(audit: AgencyAudit) -> dict[str, object]:
    from auditor.model import Verdict

    counts = verdict_counts(audit)
    return {
        "code": audit.agency.code,
        "state": cli_text(f"site_state.{audit.site.state}"),
        "pages": audit.site.pages,
        "fails": counts[Verdict.FAIL],
        "unverified": counts[Verdict.UNVERIFIED],
    }


@contextmanager
def watching() -> Iterator[PlainWatcher]:
    """The watcher that fits where stderr goes."""
    if not sys.stderr.isatty():
        yield PlainWatcher()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
    from rich.progress import Task as Bar
    from rich.text import Text

    class Url(ProgressColumn):
        """The page in work, as plain text: addresses come from strangers."""

        def render(self, task: Bar) -> Text:
            return Text(escape(str(task.fields.get("url", ""))), style="dim", overflow="ellipsis", no_wrap=True)

    columns = (TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.completed}/{task.total}"),
               TextColumn("{task.fields[phase]}"), Url())  # fmt: skip
    # redirect_stderr: lines of the log appear above the bars instead of through them
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as display:
        yield LiveWatcher(display)
