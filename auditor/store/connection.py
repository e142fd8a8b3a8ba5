"""Opening the database file, its transactions, and the closed list of what can go wrong with it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from auditor.store.schema import migrations

#: How long a statement waits for another process that writes.
BUSY_SECONDS = 15.0
_PAUSE = 0.05  # seconds between two tries


class StoreTrouble(StrEnum):
    """Why the database could not be used. The text of each, with what to do, is the message `store.<trouble>`."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    LOCKED = "locked"
    NOT_FOUND = "not_found"
    CANNOT_OPEN = "cannot_open"
    IO_ERROR = "io_error"
    DAMAGED = "damaged"
    NOT_A_DATABASE = "not_a_database"
    OLD_SCHEMA = "old_schema"  # opened read-only and written by an older program
    NEW_SCHEMA = "new_schema"  # written by a newer program


class StoreError(Exception):
    """The database cannot be read or written. `key` names the Vietnamese message, whose fields are path and detail."""

    def __init__(self, kind: StoreTrouble, path: Path, detail: str = "") -> None:
        super().__init__(f"{path}: {kind}" + (f" ({detail})" if detail else ""))
        self.kind = kind
        self.path = path
        self.detail = detail

    @property
    def key(self) -> str:
        return f"store.{self.kind}"

    @property
    def fields(self) -> dict[str, str]:
        return {"path": str(self.path), "detail": self.detail}


_TROUBLES = {
    sqlite3.SQLITE_FULL: StoreTrouble.DISK_FULL,
    sqlite3.SQLITE_READONLY: StoreTrouble.READ_ONLY,
    sqlite3.SQLITE_PERM: StoreTrouble.READ_ONLY,
    sqlite3.SQLITE_BUSY: StoreTrouble.LOCKED,
    sqlite3.SQLITE_LOCKED: StoreTrouble.LOCKED,
    sqlite3.SQLITE_CANTOPEN: StoreTrouble.CANNOT_OPEN,
    sqlite3.SQLITE_IOERR: StoreTrouble.IO_ERROR,
    sqlite3.SQLITE_CORRUPT: StoreTrouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: StoreTrouble.NOT_A_DATABASE,
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns SQLite's complaints about the file into StoreError. Mistakes of our own (constraints, SQL) pass through."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary result code (https://sqlite.org/rescode.html#extrc).
        kind = _TROUBLES.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
        if kind is None:
            raise
        raise StoreError(kind, path, str(error)) from error


def connect(path: Path, *, read_only: bool) -> Database:
    """An open database with foreign keys on, WAL, synchronous NORMAL and the newest schema. Raises StoreError."""
    if read_only and not path.is_file():
        raise StoreError(StoreTrouble.NOT_FOUND, path)
    with translated(path):
        mode = "ro" if read_only else "rwc"
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)
        try:
            return _patiently(lambda: _prepared(connection, path, read_only=read_only))
        except BaseException:
            connection.close()
            raise


def _patiently(prepare: Callable[[], Database]) -> Database:
    """What `prepare` gives. While another process makes or migrates the same database it is tried again: SQLite's own
    patience does not hold where a transaction that began with reading has to write (SQLITE_BUSY at once)."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return prepare()
        except sqlite3.OperationalError as error:
            busy = (error.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > until:
                raise
        time.sleep(_PAUSE)


def _prepared(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> Database:
    db = Database(connection, recursive_triggers=False, execute_plugins=False)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    if not read_only:
        db.enable_wal()
    applied = {migration.name for migration in migrations.applied(db)}
    waiting = {migration.name for migration in migrations.pending(db)}
    if applied - {migration.name for migration in migrations._migrations}:
        raise StoreError(StoreTrouble.NEW_SCHEMA, path)
    if waiting and read_only:
        raise StoreError(StoreTrouble.OLD_SCHEMA, path)
    if waiting:
        _migrate(db)
    return db


def _migrate(db: Database) -> None:
    """Apply what waits. Another process that opened the same database may be doing so at this moment: what it has
    done meanwhile is no longer waiting, and only a migration that fails with nobody else at work is an error."""
    _ensure_notes(db)
    while waiting := len(list(migrations.pending(db))):
        try:
            migrations.apply(db)
        except sqlite3.OperationalError:
            if len(list(migrations.pending(db))) >= waiting:
                raise


def _ensure_notes(db: Database) -> None:
    """Make the table in which migrations are noted, unless another process has made it between our look and our try."""
    try:
        migrations.ensure_migrations_table(db)
    except sqlite3.OperationalError:
        if migrations.migrations_table not in db.table_names():
            raise


class Connected:
    """What every part of the store has: the database, its path, one way to read and one to write."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db = db
        self.path = path

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with translated(self.path):
            return list(self._db.query(sql, list(parameters)))

    def _row(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any] | None:
        return next(iter(self._rows(sql, parameters)), None)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block or, on any error, nothing. It takes the write lock at its start, so that
        what it reads cannot change before it writes."""
        with translated(self.path):
            connection = self._db.conn
            if connection.in_transaction:
                raise sqlite3.ProgrammingError("a transaction is already open")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
