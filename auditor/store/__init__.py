"""The record: one SQLite file with every run, audit and look. One writer, many readers.

with open_store(path) as store:
    run_id = store.begin_run("nightly", as_of, ruleset, codes)
    store.save_audit(run_id, audit)
    store.finish_run(run_id, "done")
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from auditor.store.changes import changes
from auditor.store.connection import StoreError, StoreTrouble, connect
from auditor.store.outbox import Outbox
from auditor.store.queries import Queries
from auditor.store.records import (
    Attestation,
    Delivery,
    DeliveryState,
    HistoryRow,
    Run,
    RunAgency,
    RunKind,
    RunState,
    Waiver,
)
from auditor.store.reports import Reports
from auditor.store.writer import Writer

__all__ = [
    "Attestation", "Delivery", "DeliveryState", "HistoryRow", "Run", "RunAgency", "RunKind",
    "RunState", "Store", "StoreError", "StoreTrouble", "Waiver", "changes", "open_store",
]  # fmt: skip


class Store(Writer, Outbox, Reports, Queries):
    """An open database. It belongs to the thread that opened it. Use as a context manager, or close()."""

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(path: Path, *, read_only: bool = False) -> Store:
    """Open the database, creating it and bringing its tables up to date unless `read_only`.

    Raises StoreError (its `kind` from a closed list) if the file is missing (read-only), locked, full, damaged, not a
    database, or written by a newer program.
    """
    return Store(connect(path, read_only=read_only), path)
