"""What a page calls itself: its headings, the line beneath them, its first words, its title. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from auditor.model import Agency, Place
from auditor.read.boxes import Box
from auditor.read.folding import fold, nfc
from auditor.read.labels import LabelMatcher
from auditor.read.page import HEADINGS, Page

_SUBTITLE_WORDS = 16
_HEADING_WORDS = 12


def names_of(
    page: Page, agency: Agency, matcher: LabelMatcher, *, named: bool
) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Every name that the page gives itself, with the sections that it may mean and how surely (0 to 1).

    Where neither a heading element nor the link to the page (`named`) names a section, its first words, or the line
    under its heading, do.
    """
    names = _own_names(page) or ([] if named else _first_words(page))
    names += [] if named else _line_beneath(page)
    names.append(re.split(r"\s[-|–—»·•]\s", page.title)[0])
    for name in dict.fromkeys(names):
        bare = _without_agency(name, agency, matcher)
        yield name, matcher.scores(name, "") | matcher.scores(bare, "")


def _own_names(page: Page) -> list[str]:
    """The first two headings of the page's own content; one that leads to another page names that page, not this."""
    headings = (box for box in page.boxes if box.tag in HEADINGS and box.text and box.place is Place.BODY)
    own = [nfc(box.text) for box in headings if page.is_main(box) and not any(one.tag == "a" for one in box.walk())]
    return own[:2]


def _line_beneath(page: Page) -> list[str]:
    """The short line under the first heading: where that is a motto, it is the name ("Những con số", "Số liệu thống
    kê ngành")."""
    own = [box for box in page.main_boxes if box.place is Place.BODY and not box.breadcrumb]
    at = next((n for n, box in enumerate(own) if _is_heading(box)), None)
    beneath = next((box for box in own[at + 1 :] if box.text), None) if at is not None else None
    if beneath is None or _is_heading(beneath) or len(beneath.text.split()) > _SUBTITLE_WORDS:
        return []
    around = itertools.takewhile(lambda outer: outer.low > own[at or 0].low, beneath.ancestors())
    entry = next(reversed(list(around)), beneath)  # the line, or the card that it stands in
    leads_on = any(one.tag == "a" for one in (*entry.walk(), *entry.ancestors()))
    return [] if leads_on or beneath.text.rstrip()[-1] in ".!?:;" else [nfc(beneath.text.partition(":")[0])]


def _without_agency(name: str, agency: Agency, matcher: LabelMatcher) -> str:
    """The name of a page without whose it is ("Cơ cấu tổ chức của Sở Du lịch"), folded; "" if it does not say so."""
    folded = fold(name)
    for own in filter(None, map(fold, (agency.name, *agency.short_names))):
        before, found, _ = f"{folded} ".partition(f" {own} ")
        if found and before:
            words = before.split()
            return " ".join(words[:-1] if words[-1] in matcher.vocabulary.lists["belonging"] else words)
    return ""


def _is_heading(box: Box) -> bool:
    return any(outer.tag in HEADINGS for outer in (box, *box.ancestors()))


def _first_words(page: Page) -> list[str]:
    """The line that opens the page's own content, if it is short and leads nowhere: most software of today styles any
    element as a heading."""
    first = next((box for box in page.main_boxes if box.place is Place.BODY), None)
    if (
        first is None
        or len(first.text.split()) > _HEADING_WORDS
        or any(b.tag == "a" for b in (first, *first.ancestors()))
    ):
        return []
    return [nfc(first.text)]
