"""One more night of a section's list, added to what earlier nights saw. Pure; the store keeps the result.

A night counts for a section only if its list was read (present, partial or empty, and confirmed). An item is known to
have come after the previous such night only if that night's list was read past the place where the item now stands:
below it stands an item that was there already, or the list was empty. Without that proof `absent_on` stays unknown,
because an item from further down a list that was read deeper tonight is not new; nor is an old one, by the date it
bears, that was pinned above younger ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlsplit

from auditor.model import Item, Section, SectionState, SiteFacts, fold_host
from auditor.model.facts import READABLE_STATES
from auditor.model.observed import ClaimedDate, ObservedItem, ObservedSection, SeenItemText, SeenText
from auditor.read.folding import fold
from auditor.read.sketch import SAME, similarity

_REMEMBERED = 30  # days for which a section's texts are kept to compare with
_ITEM_TEXTS = 8  # texts of an entry that are kept
_READ = frozenset({SectionState.PRESENT, SectionState.PARTIAL, SectionState.EMPTY})


def observe(known: Iterable[ObservedSection], site: SiteFacts, night: date) -> tuple[ObservedSection, ...]:
    """`known` with the lists of one more night. An older night than the last one adds nothing to a section; the same
    night again adds to what it saw."""
    sections = {(one.detector, one.key): one for one in known}
    if site.state not in READABLE_STATES or not site.state_confirmed or site.reread_from != "bodies":
        return tuple(sections.values())
    for detector, facts in site.detectors.items():
        done: set[str] = set()
        for section in facts.sections:
            key = place_key(section.url)
            if section.state in _READ and section.confirmed and key not in done:
                done.add(key)
                before = sections.get((detector, key)) or ObservedSection(detector, key, section.label, section.url)
                sections[detector, key] = observe_section(before, section, night)
    return tuple(sections.values())


def place_key(url: str) -> str:
    """A URL as identity: no scheme, no "www.", no fragment, no trailing slash. A move to https is not a new item."""
    parts = urlsplit(url)
    host = fold_host(parts.hostname or "") + (f":{parts.port}" if _odd_port(url) else "")
    key = host + (parts.path.rstrip("/") or "/") + (f"?{parts.query}" if parts.query else "")
    return key.encode("utf-8", "replace").decode("utf-8")


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


def observe_section(known: ObservedSection, section: Section, night: date) -> ObservedSection:
    """The section's record with the list of `night` added."""
    if known.nights and night < known.nights[-1]:
        return known
    before = next((one for one in reversed(known.nights) if one < night), None)
    listed: dict[str, tuple[int, Item]] = {}
    old = {item.key: item for item in known.items}
    replacing: set[str] = set()  # entries under an address that was another's: not proven when they came
    for position, (place, item) in enumerate(zip(item_keys(section.items), section.items, strict=True)):
        key = _entry(place, item, old.get(place))
        if key != place:
            replacing.add(key)
        listed.setdefault(key, (position, item))
    was_empty = before in known.empty
    items = {**old}
    for key, (position, item) in listed.items():
        if key in old:
            items[key] = _seen_again(old[key], position, item, night)
        else:
            new = key not in replacing and (was_empty or _above_old(position, item, listed, old, before))
            items[key] = _appeared(key, position, item, night, before if new else None)
    for key in _vanished(old, listed, before, night):
        items[key] = replace(items[key], vanished_on=night)
    texts, changed_on = _texts(known, section.sketch, night)
    return replace(
        known,
        label=section.label,
        url=section.url,
        nights=known.nights if night in known.nights else (*known.nights, night),
        empty=known.empty - {night} | ({night} if section.state is SectionState.EMPTY else frozenset()),
        items=tuple(items.values()),
        changed_on=changed_on,
        texts=texts,
    )


def _texts(
    known: ObservedSection, sketch: tuple[int, ...], night: date
) -> tuple[tuple[SeenText, ...], tuple[date, ...]]:
    """The texts of the last nights with that of `night`, and the nights on which the text changed.

    New is what resembles no text of those nights: neither a slow drift, nor a banner out of a set that comes round.
    Where an earlier text comes back, what stood there in between was no update either.
    """
    since = night - timedelta(days=_REMEMBERED)
    newest = max((one.last for one in known.texts), default=night)
    texts = [one for one in known.texts if one.last >= min(since, newest)]
    if not sketch:
        return tuple(texts), known.changed_on
    before = [one for one in texts if one.first < night]
    alike = [one for one in before if similarity(one.sketch, sketch) >= SAME]
    changed = known.changed_on
    if alike:
        left = max(one.last for one in alike)
        changed = tuple(one for one in changed if not left < one < night)
    elif before and night not in changed:
        changed = (*changed, night)
    same = next((one for one in texts if one.sketch == sketch), None)
    if same is None:
        return (*texts, SeenText(sketch, night, night)), changed
    return tuple(replace(one, last=night) if one is same else one for one in texts), changed


def _entry(key: str, item: Item, old: ObservedItem | None) -> str:
    """`key`, or one by title where another entry took over the address: another title with a later date.

    Its date did not move, so nobody is told that it did; nor is it proven when it came.
    """
    if old is None or old.claimed is None or item.dated is None or item.dated.date <= old.claimed:
        return key
    return key if fold(item.title) == fold(old.title) else f"title:{fold(item.title)}"


def _above_old(
    position: int,
    item: Item,
    listed: Mapping[str, tuple[int, Item]],
    known: Mapping[str, ObservedItem],
    night: date | None,
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


def _appeared(key: str, position: int, item: Item, night: date, absent_on: date | None) -> ObservedItem:
    claim = ClaimedDate(night, item.dated.date if item.dated else None)
    return ObservedItem(
        key, item.title, item.url, night, night, absent_on, position=position, claims=(claim,),
        texts=_item_texts((), item, night),
    )  # fmt: skip


def _seen_again(old: ObservedItem, position: int, item: Item, night: date) -> ObservedItem:
    claimed = item.dated.date if item.dated else None
    moved = claimed is not None and claimed != old.claimed
    earlier, place = (
        (old.last_seen, old.position) if old.last_seen < night else (old.previous_seen, old.previous_position)
    )
    return replace(
        old,
        title=item.title,
        last_seen=night,
        previous_seen=earlier,
        position=position,
        previous_position=place,
        vanished_on=None,
        claims=(*old.claims, ClaimedDate(night, claimed)) if moved else old.claims,
        texts=_item_texts(old.texts, item, night),
    )


def _item_texts(known: tuple[SeenItemText, ...], item: Item, night: date) -> tuple[SeenItemText, ...]:
    """The texts that the entry had so far, each once, with tonight's: the first and the latest few of them."""
    out = list(known)
    for text in item.texts:
        place = next((n for n, one in enumerate(out) if one.text.is_like(text)), None)
        if place is None:
            out.append(SeenItemText(text, night, night))
        else:
            out[place] = replace(out[place], last=night)
    return tuple(out if len(out) <= _ITEM_TEXTS else (out[0], *out[1 - _ITEM_TEXTS :]))


def _vanished(
    known: Mapping[str, ObservedItem], listed: Mapping[str, tuple[int, Item]], before: date | None, night: date
) -> list[str]:
    """Items of the previous night that are gone although the list was read past their place."""
    still = [place for name in listed if name in known and (place := known[name].place_on(before)) is not None]
    read_down_to = max(still, default=-1)
    gone = []
    for key, item in known.items():
        place = item.place_on(before)
        if key in listed or item.vanished_on is not None or place is None or item.last_seen == night:
            continue
        if not listed or place < read_down_to:
            gone.append(key)
    return gone
