"""Pages of an agency's units, as its organisation's pages and directories list them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from auditor.model import Section, SectionState
from auditor.read.boxes import Box
from auditor.read.context import SiteContext
from auditor.read.page import Link, Page
from auditor.read.urls import is_plain, same_page_key

UNIT_DETECTORS = ("organisation", "email_directory")  # whose sections list units
_NAME_WORDS = 12  # words of a unit's name: more are a title


def unit_pages(sections: Iterable[Section], context: SiteContext) -> dict[str, str]:
    """same_page_key -> URL of pages named as a unit ("Văn phòng Sở", "Chi cục …") which one of `sections` lists in its
    own content, or which lie under its address."""
    found: dict[str, str] = {}
    for section in sections:
        page, path = context.page_at(section.url), urlsplit(section.url).path.rstrip("/") + "/"
        if page is None or page is context.start or section.state not in (SectionState.PRESENT, SectionState.PARTIAL):
            continue
        listed = _listed(page, context)
        for link in (*page.links, *context.start.links):
            if not link.url or not _is_unit(link, context) or not context.scope.contains(link.url):
                continue
            if is_plain(link.url) and (id(link) in listed or urlsplit(link.url).path.startswith(path)):
                found.setdefault(same_page_key(link.url), link.url)
    return found


def _is_unit(link: Link, context: SiteContext) -> bool:
    """True for a unit's name: "Phòng Quản lý nhà", not "Phòng chống tham nhũng" nor "Tổ chức hội nghị"."""
    lists, name = context.matcher.vocabulary.lists, f"{link.folded} "
    if not name.startswith(tuple(f"{word} " for word in lists["unit_words"])) or name.count(" ") > _NAME_WORDS:
        return False
    return not name.startswith(tuple(f"{word} " for word in lists["no_unit_names"]))


def _listed(page: Page, context: SiteContext) -> frozenset[int]:
    """Ids of the links in the page's own content that stand in a list of units: one among news is a title."""
    own = [link for link in page.links if link.url and link.box is not None and page.is_main(link.box)]
    by_box = {id(link.box): link for link in own}
    lists: dict[int, bool | None] = {}  # by id of a box: whether it lists units; None: it holds one link alone
    out = set()
    for link in own:
        if not _is_unit(link, context):
            continue
        for outer in link.box.ancestors() if link.box is not None else ():
            if id(outer) not in lists:
                lists[id(outer)] = _lists_units(outer, by_box, context)
            if lists[id(outer)] is not None:
                break
        else:
            out.add(id(link))
            continue
        if lists[id(outer)]:
            out.add(id(link))
    return frozenset(out)


def _lists_units(box: Box, by_box: dict[int, Link], context: SiteContext) -> bool | None:
    links = {link.url: link for inner in box.walk() if (link := by_box.get(id(inner))) is not None and link.folded}
    if len(links) < 2:
        return None
    return sum(_is_unit(link, context) for link in links.values()) * 2 >= len(links)
