"""Menu entries whose words say nothing to us: the pages behind them may be any section. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator
from urllib.parse import urlsplit

from auditor.model import Place
from auditor.read.candidates import MENU_WORDS
from auditor.read.context import SiteContext
from auditor.read.page import Link
from auditor.read.urls import is_document, is_feed, is_plain, same_page_key


def unnamed_entries(context: SiteContext, places: Container[Place]) -> Iterator[Link]:
    """Those of the start page that were not looked at, the widest addresses first."""
    known = {same_page_key(lead.url) for group in context.leads.values() for lead in group if lead.url}
    for link in sorted(context.start.links, key=lambda link: urlsplit(link.url).path.rstrip("/").count("/")):
        key = same_page_key(link.url) if link.url else ""
        if not key or key in known or key in context.looks or not context.scope.contains(link.url):
            continue
        if link.folded in context.matcher.vocabulary.lists["own_pages"] or not any(map(str.isalpha, link.folded)):
            continue
        short = len(link.folded.split()) <= MENU_WORDS and link.place in places and context.start.is_menu(link)
        if short and is_plain(link.url) and not is_feed(link.url) and not is_document(link.url):
            yield link


def left_alone(context: SiteContext) -> bool:
    """True if such an entry was not opened because it looked like one more of a family of near-identical pages."""
    return any(context.families.closes(link.url) for link in unnamed_entries(context, tuple(Place)))
