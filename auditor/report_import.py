"""The folder of DMARC aggregate reports into the database. Each report once; a bad file is named and stops nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from auditor.gather.report_files import ReportFile, documents, walk
from auditor.model import AggregateReport, ReportFacts
from auditor.read.dmarc_report import ReportError, ReportProblem, read_report
from auditor.store import Store

_PORTION = 100  # reports in one transaction, and in memory


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file in which something could not be read, and the first such thing."""

    name: str
    problem: ReportProblem
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. `repeated` reports were there already; `unchanged` files were not opened."""

    files: int
    unchanged: int
    imported: int
    repeated: int
    bad: tuple[BadFile, ...]


def import_reports(folder: Path, store: Store) -> ImportResult:
    """Read every new or changed file below `folder`. Files stay where they are.

    Raises StoreError if the database cannot be written; for what a file holds there is `bad`.
    """
    files = unchanged = imported = repeated = 0
    bad: list[BadFile] = []
    for file in walk(folder):
        files += 1
        name = str(file.path.resolve())
        known = store.file_state(name, file.size, file.mtime_ns)
        if known is not None:
            unchanged += 1
            if known:
                problem, _, detail = known.partition(" ")
                bad.append(BadFile(file.name, ReportProblem(problem), detail))
            continue
        new, old, trouble = _read_file(file, name, store)
        imported += new
        repeated += old
        if trouble is not None:
            bad.append(BadFile(file.name, trouble.problem, trouble.detail))
    return ImportResult(files, unchanged, imported, repeated, tuple(bad))


def _read_file(file: ReportFile, name: str, store: Store) -> tuple[int, int, ReportError | None]:
    """One file, in portions, as an mbox may hold a year's reports. Out: new reports, known ones, the first trouble."""
    new = old = 0
    trouble: ReportError | None = None
    portion: list[AggregateReport] = []
    for xml, error in documents(file):
        try:
            if error is not None:
                raise error
            assert xml is not None
            portion.append(read_report(xml))
        except ReportError as wrong:
            trouble = trouble or wrong
        if len(portion) == _PORTION:
            saved = store.save_reports(name, portion)
            new, old, portion = new + saved, old + len(portion) - saved, []
    saved = store.save_reports(name, portion) if portion else 0
    # Only now: a run that was killed before reads the file again, and finds the reports that it has.
    said = f"{trouble.problem} {trouble.detail}" if trouble else ""
    store.note_report_file(name, file.size, file.mtime_ns, said)
    return new + saved, old + len(portion) - saved, trouble


def facts_of(store: Store, domains: Iterable[str], until: date, days: int) -> Mapping[str, ReportFacts]:
    """What the reports say of each domain that has any, as a value for judging."""
    found = {domain.lower(): store.report_facts(domain, until, days) for domain in set(domains)}
    return {domain: facts for domain, facts in found.items() if facts is not None}
