"""Observed dates: between which two nights an item came, and on which night it was gone.

A night counts for a section only if its list was read (present, partial or empty, and confirmed). An item is known to
have come after the previous such night only if that night's list was read past the place where the item now stands:
below it stands an item that was there already, or the list was empty. Without that proof `absent_on` stays unknown,
because an item from further down a list that was read deeper tonight is not new; nor is an old one, by the date it
bears, that was pinned above younger ones.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from auditor.model import Item, Section, SectionState, SiteFacts, fold_host
from auditor.model.facts import READABLE_STATES
from auditor.read.folding import fold
from auditor.store.codec import clean

_READ = frozenset({SectionState.PRESENT, SectionState.PARTIAL, SectionState.EMPTY})


@dataclass(slots=True)
class _Known:
    """An item as the file has it."""

    id: int
    first_seen: str
    last_seen: str
    previous_seen: str | None
    position: int
    previous_position: int | None
    claimed: str | None
    vanished_on: str | None

    def place_on(self, night: str | None) -> int | None:
        """Where it stood in the list on `night`, None if it was not there."""
        if night is None:
            return None
        if self.last_seen == night:
            return self.position
        return self.previous_position if self.previous_seen == night else None


@dataclass(frozen=True, slots=True)
class _Section:
    id: int
    tonight: str
    before: str | None  # the last night before tonight on which the list was read
    was_empty: bool  # that night there was nothing in it


def observe(connection: sqlite3.Connection, code: str, site: SiteFacts, as_of: date) -> None:
    """Write one night's lists of one agency. The caller's transaction holds.

    A night before the last one that was written (an old night audited again) changes nothing: what was seen then is
    already in the intervals. The same night again adds to what it saw.
    """
    if site.state not in READABLE_STATES or not site.state_confirmed or site.reread_from != "bodies":
        return
    for detector, facts in site.detectors.items():
        done: set[str] = set()
        for section in facts.sections:
            key = place_key(section.url)
            if section.state in _READ and section.confirmed and key not in done:
                done.add(key)
                _observe_section(connection, code, detector, key, section, as_of.isoformat())


def place_key(url: str) -> str:
    """A URL as identity: no scheme, no "www.", no fragment, no trailing slash. A move to https is not a new item."""
    parts = urlsplit(url)
    host = fold_host(parts.hostname or "") + (f":{parts.port}" if _odd_port(url) else "")
    return clean(host + (parts.path.rstrip("/") or "/") + (f"?{parts.query}" if parts.query else ""))


def _odd_port(url: str) -> bool:
    return re.match(r"[a-z]+://[^/?#]*:(?!80(?:\D|$)|443(?:\D|$))\d+", url, re.IGNORECASE) is not None


def item_keys(items: Iterable[Item]) -> list[str]:
    """A key per item, unique in the section: its URL, or its folded title where it has no URL of its own."""
    items = list(items)
    places = [place_key(item.url) if item.url else "" for item in items]
    shared = {place for place, count in Counter(places).items() if count > 1}
    return [
        place if place and place not in shared else f"title:{fold(item.title)}"
        for place, item in zip(places, items, strict=True)
    ]


def _observe_section(
    connection: sqlite3.Connection, code: str, detector: str, key: str, section: Section, tonight: str
) -> None:
    row = _open_section(connection, code, detector, key, section, tonight)
    if row is None:
        return
    known = _known_items(connection, row.id)
    listed: dict[str, tuple[int, Item]] = {}
    for position, (item_key, item) in enumerate(zip(item_keys(section.items), section.items, strict=True)):
        listed.setdefault(item_key, (position, item))
    for item_key, (position, item) in listed.items():
        old = known.get(item_key)
        if old is None:
            new = row.was_empty or _above_old(position, item, listed, known, row.before)
            _appeared(connection, row, item_key, position, item, row.before if new else None)
        else:
            _seen_again(connection, row, old, position, item)
    _vanished(connection, row, known, listed)


def _above_old(
    position: int,
    item: Item,
    listed: dict[str, tuple[int, Item]],
    known: dict[str, _Known],
    night: str | None,
) -> bool:
    """True if an item that stood in the list on `night` stands below, and none of those bears a later date."""
    below = [
        other
        for name, (place, other) in listed.items()
        if place > position and name in known and known[name].place_on(night) is not None
    ]
    if item.dated is None:
        return bool(below)
    return bool(below) and all(other.dated is None or other.dated.date <= item.dated.date for other in below)


def _open_section(
    connection: sqlite3.Connection, code: str, detector: str, key: str, section: Section, tonight: str
) -> _Section | None:
    found = connection.execute(
        "SELECT id, last_read, last_empty, previous_read, previous_empty FROM sections"
        " WHERE code = ? AND detector = ? AND key = ?",
        (code, detector, key),
    ).fetchone()
    label, url, empty = clean(section.label), clean(section.url), section.state is SectionState.EMPTY
    if found is None:
        cursor = connection.execute(
            "INSERT INTO sections (code, detector, key, label, url, first_read, last_read, last_empty)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (code, detector, key, label, url, tonight, tonight, empty),
        )
        return _Section(int(cursor.lastrowid or 0), tonight, None, False)
    number, last, last_empty, before, was_empty = found
    if tonight < last:
        return None
    if tonight > last:
        before, was_empty = last, last_empty
    connection.execute(
        "UPDATE sections SET label = ?, url = ?, last_read = ?, last_empty = ?, previous_read = ?, previous_empty = ?"
        " WHERE id = ?",
        (label, url, tonight, empty, before, was_empty, number),
    )
    return _Section(number, tonight, before, bool(was_empty))


def _known_items(connection: sqlite3.Connection, section_id: int) -> dict[str, _Known]:
    rows = connection.execute(
        "SELECT key, id, first_seen, last_seen, previous_seen, position, previous_position, claimed, vanished_on"
        " FROM items WHERE section_id = ?",
        (section_id,),
    )
    return {row[0]: _Known(*row[1:]) for row in rows}


def _claim(item: Item) -> tuple[str | None, str | None]:
    return (item.dated.date.isoformat(), str(item.dated.source)) if item.dated else (None, None)


def _appeared(
    connection: sqlite3.Connection, row: _Section, key: str, position: int, item: Item, absent_on: str | None
) -> None:
    claimed, source = _claim(item)
    cursor = connection.execute(
        "INSERT INTO items (section_id, key, title, url, first_seen, absent_on, last_seen, position, claimed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            key,
            clean(item.title),
            clean(item.url) if item.url else None,
            row.tonight,
            absent_on,
            row.tonight,
            position,
            claimed,
        ),
    )
    _event(connection, int(cursor.lastrowid or 0), row.tonight, "appeared", claimed, source)


def _seen_again(connection: sqlite3.Connection, row: _Section, old: _Known, position: int, item: Item) -> None:
    claimed, source = _claim(item)
    earlier, place = (
        (old.last_seen, old.position) if old.last_seen < row.tonight else (old.previous_seen, old.previous_position)
    )
    connection.execute(
        "UPDATE items SET title = ?, last_seen = ?, previous_seen = ?, position = ?, previous_position = ?,"
        " claimed = ?, vanished_on = NULL WHERE id = ?",
        (clean(item.title), row.tonight, earlier, position, place, claimed or old.claimed, old.id),
    )
    if old.vanished_on is not None:
        _event(connection, old.id, row.tonight, "returned", claimed, source)
    elif claimed is not None and claimed != old.claimed:
        _event(connection, old.id, row.tonight, "claimed", claimed, source)


def _vanished(
    connection: sqlite3.Connection, row: _Section, known: dict[str, _Known], listed: dict[str, tuple[int, Item]]
) -> None:
    """Items of the previous night that are gone although the list was read past their place."""
    still = [place for name in listed if name in known and (place := known[name].place_on(row.before)) is not None]
    read_down_to = max(still, default=-1)
    for key, item in known.items():
        place = item.place_on(row.before)
        if key in listed or item.vanished_on is not None or place is None or item.last_seen == row.tonight:
            continue
        if not listed or place < read_down_to:
            connection.execute("UPDATE items SET vanished_on = ? WHERE id = ?", (row.tonight, item.id))
            _event(connection, item.id, row.tonight, "vanished", None, None)


def _event(
    connection: sqlite3.Connection, item_id: int, night: str, event: str, claimed: str | None, source: str | None
) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO item_observations (item_id, as_of, event, claimed, source) VALUES (?, ?, ?, ?, ?)",
        (item_id, night, event, claimed, source),
    )
