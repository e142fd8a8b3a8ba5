"""Opening one database from two sides at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from auditor.store import open_store
from auditor.store.connection import _migrate
from auditor.store.schema import migrations


def test_a_new_database_that_another_process_migrates_at_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / "auditor.db"
    connection = sqlite3.connect(path)
    db = Database(connection)
    db.enable_wal()
    met: list[str] = []

    def meanwhile(statement: str) -> None:
        if statement.startswith("BEGIN") and not met:
            met.append(statement)
            open_store(path, read_only=False).close()

    connection.set_trace_callback(meanwhile)
    _migrate(db)
    assert met
    assert not list(migrations.pending(db))


def test_a_migration_that_cannot_be_applied_is_an_error(tmp_path: Path) -> None:
    db = Database(sqlite3.connect(tmp_path / "other.db"))
    db.execute("CREATE TABLE agencies (code TEXT)")
    with pytest.raises(sqlite3.OperationalError):
        _migrate(db)
