"""The outbox: messages that wait to be sent. A message id stands once, so nothing is sent twice; nothing is lost,
because a message is written here before anything is sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from auditor.store.codec import clean, compress, decompress
from auditor.store.connection import Connected
from auditor.store.records import Delivery, DeliveryState


class Outbox(Connected):
    """queued -> sending -> sent | failed. `sending` in the file while nobody sends means that the sender was killed:
    whether the server took the message is not known, so a person decides (`claim_delivery(..., again=True)`)."""

    def queue_delivery(
        self,
        message_id: str,
        recipients: Sequence[str],
        subject: str,
        message: bytes,
        *,
        kind: str = "",
        as_of: date | None = None,
        at: datetime | None = None,
    ) -> int:
        """Put a message into the outbox; returns its id. One that is there already, by message id, stays as it is."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO deliveries (message_id, kind, as_of, recipients, subject, message, state,"
                " attempts, error, created_at) VALUES (?, ?, ?, ?, ?, ?, 'queued', 0, '', ?)",
                (message_id, kind, as_of.isoformat() if as_of else None, json.dumps(list(recipients)), clean(subject),
                 compress(message), _now(at)),
            )  # fmt: skip
            (number,) = connection.execute("SELECT id FROM deliveries WHERE message_id = ?", (message_id,)).fetchone()
            return int(number)

    def claim_delivery(
        self, delivery_id: int | None = None, *, again: bool = False, at: datetime | None = None
    ) -> Delivery | None:
        """Take one message for sending: the given one, or the oldest queued one. None if there is none to take.

        A failed message is taken only by its id; one that is being sent only with `again`; a sent one never.
        """
        states = ["queued"] if delivery_id is None else ["queued", "failed", *(["sending"] if again else [])]
        marks = ", ".join("?" * len(states))
        with self._writing() as connection:
            row = connection.execute(
                f"SELECT id FROM deliveries WHERE state IN ({marks}) AND (?{len(states) + 1} IS NULL"
                f" OR id = ?{len(states) + 1}) ORDER BY id LIMIT 1",
                (*states, delivery_id),
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE deliveries SET state = 'sending', attempts = attempts + 1, claimed_at = ? WHERE id = ?",
                (_now(at), row[0]),
            )
            return _read(connection, row[0])

    def mark_sent(self, delivery_id: int, *, at: datetime | None = None) -> None:
        """The server took it for all recipients."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE deliveries SET state = 'sent', error = '', sent_at = ? WHERE id = ?", (_now(at), delivery_id)
            )

    def mark_failed(
        self, delivery_id: int, error: str, *, remaining: Sequence[str] | None = None, retry: bool = False
    ) -> None:
        """The server did not take it. `remaining` are those who still have to get it, if some already have it;
        `retry` puts it back into the queue instead of leaving it to a person."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE deliveries SET state = ?, error = ?, recipients = coalesce(?, recipients) WHERE id = ?",
                ("queued" if retry else "failed", clean(error), _list(remaining), delivery_id),
            )

    def undelivered(self) -> tuple[Delivery, ...]:
        """Everything that is not sent, oldest first: queued, failed, and sending (also by a sender that was killed)."""
        return tuple(_delivery(row) for row in self._rows("SELECT * FROM deliveries WHERE state <> 'sent' ORDER BY id"))

    def deliveries(self, limit: int = 50) -> tuple[Delivery, ...]:
        """The newest messages, newest first."""
        return tuple(_delivery(row) for row in self._rows("SELECT * FROM deliveries ORDER BY id DESC LIMIT ?", [limit]))

    def delivery(self, message_id: str) -> Delivery | None:
        row = self._row("SELECT * FROM deliveries WHERE message_id = ?", [message_id])
        return _delivery(row) if row else None

    def last_delivery(self, kind: str) -> Delivery | None:
        """The newest message of a kind, whatever became of it."""
        row = self._row("SELECT * FROM deliveries WHERE kind = ? ORDER BY id DESC LIMIT 1", [kind])
        return _delivery(row) if row else None


def _now(at: datetime | None) -> str:
    return (at or datetime.now(UTC)).isoformat()


def _list(recipients: Sequence[str] | None) -> str | None:
    return None if recipients is None else json.dumps(list(recipients))


def _read(connection: sqlite3.Connection, delivery_id: int) -> Delivery:
    cursor = connection.execute("SELECT * FROM deliveries WHERE id = ?", (delivery_id,))
    names = [column[0] for column in cursor.description]
    return _delivery(dict(zip(names, cursor.fetchone(), strict=True)))


def _delivery(row: dict[str, Any]) -> Delivery:
    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(row[name]) if row[name] else None

    return Delivery(
        id=row["id"],
        message_id=row["message_id"],
        kind=row["kind"],
        as_of=date.fromisoformat(row["as_of"]) if row["as_of"] else None,
        recipients=tuple(json.loads(row["recipients"])),
        subject=row["subject"],
        message=decompress(row["message"]),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        error=row["error"],
        created_at=datetime.fromisoformat(row["created_at"]),
        claimed_at=moment("claimed_at"),
        sent_at=moment("sent_at"),
    )
