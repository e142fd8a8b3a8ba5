"""Opening one database from two sides at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
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


def test_another_process_that_has_only_just_begun_to_migrate(tmp_path: Path) -> None:
    """It has made the table in which migrations are noted, and no migration yet."""
    path = tmp_path / "new.db"
    connection = sqlite3.connect(path, isolation_level=None)
    db = Database(connection)
    db.enable_wal()
    met: list[str] = []

    def meanwhile(statement: str) -> None:
        if statement.startswith("CREATE TABLE") and not met:
            met.append(statement)
            other = sqlite3.connect(path)
            migrations.ensure_migrations_table(Database(other))
            other.close()

    connection.set_trace_callback(meanwhile)
    _migrate(db)
    assert met
    assert not list(migrations.pending(db))


def test_a_migration_that_cannot_be_applied_is_an_error(tmp_path: Path) -> None:
    db = Database(sqlite3.connect(tmp_path / "other.db"))
    db.execute("CREATE TABLE agencies (code TEXT)")
    with pytest.raises(sqlite3.OperationalError):
        _migrate(db)


def test_a_new_database_that_three_processes_open_at_once(tmp_path: Path) -> None:
    """Each waits until the others have made its tables; in none of ten rounds does one find it locked."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from auditor.store import open_store\n"
        "for line in sys.stdin:\n"
        "    open_store(Path(line.strip()), read_only=False).close()\n"
        "    print('opened', flush=True)\n"
    )
    command = [sys.executable, "-c", code]
    openers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    try:
        for number in range(10):
            for opener in openers:
                assert opener.stdin is not None
                opener.stdin.write(f"{tmp_path / str(number)}.db\n")
                opener.stdin.flush()
            for opener in openers:
                assert opener.stdout is not None
                assert opener.stdout.readline() == "opened\n"
    finally:
        for opener in openers:
            opener.kill()
            opener.communicate()
