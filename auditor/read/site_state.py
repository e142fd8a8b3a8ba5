"""In what state a site is: ok, splash, moved, parked, maintenance, needs_javascript, blocked, unreachable. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from auditor.model import Agency, Look, Reason, SiteScope, SiteState, SiteStatus
from auditor.read.folding import fold
from auditor.read.labels import STRONG, LabelMatcher
from auditor.read.page import Page
from auditor.read.urls import same_page_key
from auditor.read.words import Vocabulary

_APP_ROOT = re.compile(
    r"""<(div|app-root|main)[^>]*\bid=["']?(app|root|__next|__nuxt|main-app|application)["']?[^>]*>\s*</|<app-root""",
    re.I,
)
_SHORT, _BRIEF = 1500, 500  # characters
_ENTRY_LINKS = 6
_FEW_WORDS = 120


@dataclass(frozen=True, slots=True)
class StateReading:
    state: SiteState
    reason: Reason | None = None
    detail: str = ""  # the host a site moved to; the phrase that gave a state away
    confirmed: bool = True


def decide(
    agency: Agency,
    scope: SiteScope | None,
    look: Look | None,
    page: Page | None,
    vocabulary: Vocabulary,
    *,
    agreed: bool,
    inner_pages: int = 0,
) -> StateReading:
    """The site's state from the look at its start page. `agreed`: a first and a second look both failed.

    `inner_pages` counts the other pages of the scope that were read: a thin start page with content behind it is a
    splash page, not an empty site.
    """
    if agency.site_status is SiteStatus.NONE:
        return StateReading(SiteState.NONE)
    if agency.site_status is SiteStatus.TO_VERIFY or agency.url is None or scope is None:
        return StateReading(SiteState.NOT_DECLARED, Reason.NOT_DECLARED)
    if look is None:
        return StateReading(SiteState.UNREACHABLE, Reason.CANCELLED, confirmed=False)
    if page is not None:
        wall = _wall(page, look, vocabulary)
        if wall is not None:
            return wall
    if not look.ok:
        return _failed(look, agreed)
    host = urlsplit(look.final_url).hostname or ""
    if not scope.contains(look.final_url) and not scope.has_host(host):
        return StateReading(SiteState.MOVED, detail=look.final_url)
    if not scope.contains(look.final_url) and look.redirects:
        return StateReading(SiteState.MOVED, detail=look.final_url)
    if page is None:
        return StateReading(SiteState.OK)
    return _content(page, scope, vocabulary, inner_pages)


def _failed(look: Look, agreed: bool) -> StateReading:
    if look.reason in (Reason.HTTP_403, Reason.HTTP_429, Reason.ROBOTS_DISALLOWED):
        return StateReading(SiteState.BLOCKED, look.reason, look.detail)
    return StateReading(SiteState.UNREACHABLE, look.reason, look.detail, confirmed=agreed)


def _wall(page: Page, look: Look, vocabulary: Vocabulary) -> StateReading | None:
    """Maintenance pages and bot walls, recognised in short pages only, whatever their status."""
    text = fold(f"{page.title} {page.text}")
    if len(text) > _SHORT:
        return None
    phrase = vocabulary.any_in("maintenance", text)
    if phrase and len(page.links) <= 5 and look.status in (200, 500, 502, 503, 403):
        return StateReading(SiteState.MAINTENANCE, look.reason, phrase)
    phrase = vocabulary.any_in("blocked", text)
    if phrase and len(page.links) <= 8 and (look.status != 200 or len(text) < _BRIEF):
        return StateReading(SiteState.BLOCKED, look.reason or Reason.HTTP_403, phrase)
    return None


def _content(page: Page, scope: SiteScope, vocabulary: Vocabulary, inner_pages: int) -> StateReading:
    text = fold(f"{page.title} {page.text}")
    inside = [link for link in page.links if link.url and scope.contains(link.url)]
    if page.refresh and not scope.contains(page.refresh) and len(text) < _BRIEF:
        return StateReading(SiteState.MOVED, detail=page.refresh)
    if len(text) < _SHORT and len(inside) <= 5:
        phrase = vocabulary.any_in("parked", text)
        if phrase:
            return StateReading(SiteState.PARKED, detail=phrase)
    if _needs_javascript(page, text, len(inside), vocabulary):
        return StateReading(SiteState.NEEDS_JAVASCRIPT, Reason.NEEDS_JAVASCRIPT)
    if is_entry(page, vocabulary) and inner_pages and not page.frames:
        return StateReading(SiteState.SPLASH)
    if not text and not inside:
        return StateReading(SiteState.UNREACHABLE, Reason.EMPTY_BODY, confirmed=False)
    return StateReading(SiteState.OK)


def is_entry(page: Page, vocabulary: Vocabulary) -> bool:
    """True for a thin page whose only use is to lead on: one or two targets, or a few and words to enter."""
    own = same_page_key(page.url)
    onward = [link for link in page.links if link.url and same_page_key(link.url) != own]
    targets = {link.url for link in onward} | ({page.refresh} if page.refresh else set()) | set(page.frames)
    matcher = LabelMatcher(vocabulary)
    if any(score >= STRONG for link in onward for score in matcher.scores(link.label, "").values()):
        return False  # a link that names a section is a menu
    enters = bool(page.refresh or page.frames) or any(vocabulary.any_in("enter", link.folded) for link in onward)
    if enters:
        return len(page.text) <= _BRIEF and len(targets) <= _ENTRY_LINKS
    return len(page.text) <= _FEW_WORDS and len(targets) <= 2


def is_script_shell(page: Page, scope: SiteScope, vocabulary: Vocabulary) -> bool:
    """True for a page that says next to nothing until its scripts have run."""
    inside = sum(bool(link.url) and scope.contains(link.url) for link in page.links)
    return _needs_javascript(page, fold(f"{page.title} {page.text}"), inside, vocabulary)


def _needs_javascript(page: Page, text: str, inside: int, vocabulary: Vocabulary) -> bool:
    """A shell that a script fills: next to no words and links, but scripts and an application's root element."""
    if len(text) > 400 or inside > 3 or page.scripts == 0:
        return False
    html = page.decoded.text
    if _APP_ROOT.search(html):
        return True
    return vocabulary.any_in("needs_javascript", fold(html[:20000])) is not None or (len(text) < 120 and inside == 0)
