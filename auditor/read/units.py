"""Pages of an agency's units, as its organisation's pages and directories list them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from auditor.model import Section, SectionState
from auditor.read.context import SiteContext
from auditor.read.urls import is_plain, same_page_key

UNIT_DETECTORS = ("organisation", "email_directory")  # whose sections list units


def unit_pages(sections: Iterable[Section], context: SiteContext) -> dict[str, str]:
    """same_page_key -> URL of pages named as a unit ("Văn phòng Sở", "Chi cục …") which one of `sections` lists in its
    own content, or which lie under its address."""
    words = tuple(f"{word} " for word in context.matcher.vocabulary.lists["unit_words"])
    found: dict[str, str] = {}
    for section in sections:
        page, path = context.page_at(section.url), urlsplit(section.url).path.rstrip("/") + "/"
        if page is None or path == "/" or section.state not in (SectionState.PRESENT, SectionState.PARTIAL):
            continue
        own = {id(link) for link in page.links if link.box is not None and page.is_main(link.box)}
        for link in (*page.links, *context.start.links):
            named = link.url and f"{link.folded} ".startswith(words) and context.scope.contains(link.url)
            if named and is_plain(link.url) and (id(link) in own or urlsplit(link.url).path.startswith(path)):
                found.setdefault(same_page_key(link.url), link.url)
    return found
