"""The observed lists in SQLite: read as values of the model, and what one more night changed written back."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import date

from auditor.model import SiteFacts
from auditor.model.item_text import ItemText
from auditor.model.observed import ClaimedDate, ObservedItem, ObservedSection, SeenItemText, SeenText
from auditor.read.observing import observe
from auditor.store.codec import clean

_ITEM = "key, title, url, first_seen, last_seen, absent_on, previous_seen, position, previous_position, vanished_on"


def record(connection: sqlite3.Connection, code: str, site: SiteFacts, night: date) -> None:
    """Write one night's lists of one agency. The caller's transaction holds."""
    known = load(connection, code)
    before = {(section.detector, section.key): section for section in known}
    for section in observe(known, site, night):
        old = before.get((section.detector, section.key))
        if section is not old:
            _write(connection, code, old, section, night)


def load(connection: sqlite3.Connection, code: str, detector: str | None = None) -> tuple[ObservedSection, ...]:
    """Every list of an agency that was ever read, in the order in which they were first seen."""
    rows = connection.execute(
        "SELECT id, detector, key, label, url FROM sections WHERE code = ? AND (? IS NULL OR detector = ?) ORDER BY id",
        (code, detector, detector),
    ).fetchall()
    return tuple(_section(connection, *row) for row in rows)


def _section(
    connection: sqlite3.Connection, number: int, detector: str, key: str, label: str, url: str
) -> ObservedSection:
    nights = connection.execute(
        "SELECT as_of, empty, changed FROM section_nights WHERE section_id = ? ORDER BY as_of", (number,)
    ).fetchall()
    return ObservedSection(
        detector,
        key,
        label,
        url,
        tuple(date.fromisoformat(row[0]) for row in nights),
        frozenset(date.fromisoformat(row[0]) for row in nights if row[1]),
        _items(connection, number),
        tuple(date.fromisoformat(row[0]) for row in nights if row[2]),
        _texts(connection, number),
    )


def _texts(connection: sqlite3.Connection, section_id: int) -> tuple[SeenText, ...]:
    rows = connection.execute(
        "SELECT sketch, first_seen, last_seen FROM section_texts WHERE section_id = ? ORDER BY first_seen, sketch",
        (section_id,),
    )
    return tuple(
        SeenText(
            tuple(int(value, 16) for value in row[0].split()), date.fromisoformat(row[1]), date.fromisoformat(row[2])
        )
        for row in rows
    )


def _items(connection: sqlite3.Connection, section_id: int) -> tuple[ObservedItem, ...]:
    claims: dict[int, list[ClaimedDate]] = defaultdict(list)
    for number, night, claimed in connection.execute(
        "SELECT item_id, item_observations.as_of, item_observations.claimed FROM item_observations"
        " JOIN items ON items.id = item_id WHERE section_id = ? AND event IN ('appeared', 'claimed')"
        " ORDER BY item_observations.as_of",
        (section_id,),
    ):
        claims[number].append(ClaimedDate(date.fromisoformat(night), _day(claimed)))
    texts: dict[int, list[SeenItemText]] = defaultdict(list)
    for number, kind, words, bits, first, last in connection.execute(
        "SELECT item_id, kind, words, bits, item_texts.first_seen, item_texts.last_seen FROM item_texts"
        " JOIN items ON items.id = item_id WHERE section_id = ? ORDER BY item_texts.first_seen, kind, bits",
        (section_id,),
    ):
        text = ItemText(kind, words, int(bits, 16))
        texts[number].append(SeenItemText(text, date.fromisoformat(first), date.fromisoformat(last)))
    rows = connection.execute(f"SELECT id, {_ITEM} FROM items WHERE section_id = ? ORDER BY id", (section_id,))
    return tuple(
        ObservedItem(
            row[1], row[2], row[3], date.fromisoformat(row[4]), date.fromisoformat(row[5]), _day(row[6]), _day(row[7]),
            row[8], row[9], _day(row[10]), tuple(claims[row[0]]), tuple(texts[row[0]]),
        )
        for row in rows
    )  # fmt: skip


def _write(
    connection: sqlite3.Connection, code: str, old: ObservedSection | None, new: ObservedSection, night: date
) -> None:
    (number,) = connection.execute(
        "INSERT INTO sections (code, detector, key, label, url) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (code, detector, key) DO UPDATE SET label = excluded.label, url = excluded.url RETURNING id",
        (code, new.detector, clean(new.key), clean(new.label), clean(new.url)),
    ).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO section_nights (section_id, as_of, empty, changed) VALUES (?, ?, ?, ?)",
        (number, night.isoformat(), night in new.empty, night in new.changed_on),
    )
    _write_texts(connection, number, old, new)
    before = {item.key: item for item in old.items} if old is not None else {}
    for item in new.items:
        if before.get(item.key) is not item:
            _write_item(connection, number, before.get(item.key), item, night)


def _write_texts(
    connection: sqlite3.Connection, section_id: int, old: ObservedSection | None, new: ObservedSection
) -> None:
    before = old.texts if old is not None else ()
    gone = {one.sketch for one in before} - {one.sketch for one in new.texts}
    connection.executemany(
        "DELETE FROM section_texts WHERE section_id = ? AND sketch = ?",
        [(section_id, _hex(sketch)) for sketch in gone],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO section_texts (section_id, sketch, first_seen, last_seen) VALUES (?, ?, ?, ?)",
        [
            (section_id, _hex(one.sketch), one.first.isoformat(), one.last.isoformat())
            for one in new.texts
            if one not in before
        ],
    )
    withdrawn = set(old.changed_on if old is not None else ()) - set(new.changed_on)
    connection.executemany(
        "UPDATE section_nights SET changed = 0 WHERE section_id = ? AND as_of = ?",
        [(section_id, night.isoformat()) for night in withdrawn],
    )


def _hex(sketch: tuple[int, ...]) -> str:
    return " ".join(f"{value:x}" for value in sketch)


def _write_item(
    connection: sqlite3.Connection, section_id: int, old: ObservedItem | None, new: ObservedItem, night: date
) -> None:
    values = (
        clean(new.key), clean(new.title), clean(new.url) if new.url else None, new.present_on.isoformat(),
        new.last_seen.isoformat(), _text(new.absent_on), _text(new.previous_seen), new.position, new.previous_position,
        _text(new.vanished_on),
    )  # fmt: skip
    columns = _ITEM.split(", ")
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    (number,) = connection.execute(
        f"INSERT INTO items (section_id, {_ITEM}) VALUES (?, {', '.join('?' * len(columns))})"
        f" ON CONFLICT (section_id, key) DO UPDATE SET {changes} RETURNING id",
        (section_id, *values),
    ).fetchone()
    _write_item_texts(connection, number, old, new)
    if old is None:
        _event(connection, number, night, "appeared", new.claims[-1].date)
        return
    if old.vanished_on is None and new.vanished_on is not None:
        _event(connection, number, night, "vanished", None)
    elif old.vanished_on is not None and new.vanished_on is None:
        _event(connection, number, night, "returned", None)
    if len(new.claims) > len(old.claims):
        _event(connection, number, night, "claimed", new.claims[-1].date)


def _write_item_texts(
    connection: sqlite3.Connection, item_id: int, old: ObservedItem | None, new: ObservedItem
) -> None:
    before = old.texts if old is not None else ()
    gone = {one.text for one in before} - {one.text for one in new.texts}
    connection.executemany(
        "DELETE FROM item_texts WHERE item_id = ? AND kind = ? AND words = ? AND bits = ?",
        [(item_id, text.of, text.words, f"{text.bits:016x}") for text in gone],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO item_texts (item_id, kind, words, bits, first_seen, last_seen)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (item_id, one.text.of, one.text.words, f"{one.text.bits:016x}", one.first.isoformat(), one.last.isoformat())
            for one in new.texts
            if one not in before
        ],
    )


def _event(connection: sqlite3.Connection, item_id: int, night: date, event: str, claimed: date | None) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO item_observations (item_id, as_of, event, claimed) VALUES (?, ?, ?, ?)",
        (item_id, night.isoformat(), event, _text(claimed)),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
