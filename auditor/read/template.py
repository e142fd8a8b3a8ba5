"""What the pages of a site share: menus, side blocks, footer, running clocks. It is no page's own content. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from auditor.read.page import CLOCK_WEIGHT, Page, looks_like_menu

_FEW = 3  # pages: fewer share nothing for sure
_BLOCK = 60  # characters of a block of links
SHELL = 60  # characters: a page with less text is empty or a script's shell


def mark_template(pages: Iterable[Page], today: tuple[date, ...]) -> None:
    """Mark on each page what it shares with the others: menus, side blocks, footer; and boxes with a running clock."""
    pages = list(pages)
    if sum(len(page.text) >= SHELL for page in pages) < 3:
        _mark_menus(pages)
        return
    counts: Counter[tuple[int, int]] = Counter()
    clocks: Counter[int] = Counter()
    stamps = {
        f"{form}"
        for day in today
        for form in (f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}", f"{day.day}/{day.month}/{day.year}")
    }
    full = [page for page in pages if len(page.text) >= SHELL]  # a script's shell shares nothing
    for page in full:
        counts.update({box.mark for box in page.boxes if box.weight or box.tag == "a"})
        short = [box for box in page.boxes if 8 <= box.weight <= CLOCK_WEIGHT]
        clocks.update({box.signature for box in short if any(stamp in box.text for stamp in stamps)})
    enough = max(_FEW, len(full) * 0.4)
    shared = frozenset(key for key, count in counts.items() if count >= enough) | _moved_blocks(full, counts, enough)
    running = frozenset(key for key, count in clocks.items() if count >= max(3, len(full) * 0.8))
    for page in pages:
        page.template, page.clocks, page.stamps = shared, running, frozenset(stamps)
        page.own_twins = _own_twins(page)
        page.lists.clear()
        for name in ("main_text", "main_boxes", "sketch"):
            page.__dict__.pop(name, None)


def _moved_blocks(pages: list[Page], counts: Counter[tuple[int, int]], enough: float) -> frozenset[tuple[int, int]]:
    """Blocks of links that most pages share, though not in one place: layouts of two and of three columns on one site.

    A list that is the same as such a block is its page's own where it stands alone in its place, or beside the block.
    """
    texts: Counter[int] = Counter()
    for page in pages:
        texts.update({box.mark[1] for box in page.boxes if box.weight >= _BLOCK})
    moved = {key for key, count in counts.items() if _FEW <= count < enough and texts[key[1]] >= enough}
    found: set[tuple[int, int]] = set()
    for page in pages if moved else ():
        twins = {box.mark[1] for box in page.boxes if box.weight >= _BLOCK and counts[box.mark] >= enough}
        for box in page.boxes:
            if box.weight >= _BLOCK and box.mark in moved and box.mark not in found and box.mark[1] not in twins:
                inside = list(box.walk())
                if sum(inner.tag == "a" for inner in inside) >= 2:
                    found.update(inner.mark for inner in inside)
    return frozenset(found)


def _own_twins(page: Page) -> frozenset[int]:
    """What stands a second time on the page, outside the blocks that all pages share: ids of boxes.

    A block of the newest posts beside a list of the same posts, where no class tells one from the other: what lies in
    a block that is shared as a whole is the template's, its twin in the list is the page's own.
    """
    seen: Counter[tuple[int, int]] = Counter(box.mark for box in page.boxes if box.weight and box.mark in page.template)
    twins = {mark for mark, count in seen.items() if count > 1}
    if not twins:
        return frozenset()
    settled: set[tuple[int, int]] = set()
    own: dict[int, tuple[int, int]] = {}
    for box in page.boxes:
        parent = box.parent
        if parent is None or box.mark not in twins:
            continue
        if parent.mark in page.template and id(parent) not in own:
            settled.add(box.mark)
        else:
            own[id(box)] = box.mark
    return frozenset(key for key, mark in own.items() if mark in settled)


def _mark_menus(pages: list[Page]) -> None:
    """Of two pages only the menus that they share are surely not content."""
    menus = [{box.mark for box in page.boxes if looks_like_menu(box)} for page in pages if len(page.text) >= SHELL]
    shared = frozenset.intersection(*(frozenset(one) for one in menus)) if len(menus) == 2 else frozenset()
    for page in pages:
        page.template = shared
        page.lists.clear()
        page.__dict__.pop("main_text", None)
        page.__dict__.pop("main_boxes", None)
        page.__dict__.pop("sketch", None)
