"""Forms that pages offer for download: which ones are worth a look, and what their first bytes say. Pure.

Luật CNTT 67/2006 Điều 28(1)(b). Lenient where programs are: what Word opens under its name is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from auditor.model import DetectorFacts, Look, LookKind, Place, Reason
from auditor.model.quality import FormFile, FormState
from auditor.read.boxes import PAIR, Box
from auditor.read.context import SiteContext
from auditor.read.file_kinds import ending_of, fits, kind_of, promised
from auditor.read.folding import excerpt, fold, nfc
from auditor.read.page import Link, Page, joined, read_page
from auditor.read.urls import repeats_segments, same_page_key
from auditor.read.words import Vocabulary

_HEAD = 4096  # bytes that tell what a file is
_NEAR = 300  # characters of the row, entry or paragraph around a link
_ROWS = frozenset({"tr", "li", "p", "dd", PAIR, "div", "td"})
_SHELL = 80  # characters: a page with scripts and less text is a challenge, or waits for its scripts
_ERROR = 700  # characters of content: a page that says that something is not found says little else
_NOTHING = re.compile(r"bytes\s+\*/0\b")  # Content-Range of an empty file
_FIRST = re.compile(r"bytes\s+0-")
_ENDS = re.compile(r"\.[a-z]{2,5}$", re.I)  # an address that ends as a page or another file does
_AS_THEY_ARE = ":/?#[]@!$&'()*+,;=-._~%"  # RFC 3986 section 2: reserved and unreserved signs, and escapes


def form_links(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> list[tuple[Link, Page]]:
    """Links to files on the agency's host that are forms, likeliest first: by the link's own words, by those of its
    row, by the page's title; then the files of procedures."""
    found: dict[str, tuple[int, Link, Page]] = {}
    procedures = _procedure_pages(context, detectors)
    for page in context.pages.values():
        about_forms = any(_says_form(text, context) for text in (page.title, *(text for _, text in page.own_headings)))
        for link in page.links:
            if not _is_download(link, page, context):
                continue
            rank = _rank(link, about_forms, page is context.start, page in procedures, context)
            key = same_page_key(link.url)
            if rank is not None and (key not in found or rank < found[key][0]):
                found[key] = (rank, link, page)
    return [(link, page) for _, link, page in sorted(found.values(), key=lambda one: one[0])]


def as_written(link: Link, page: Page) -> str:
    """The address of a form as its page writes it, for asking: the one spelling by which addresses are compared may
    differ from it in escaped octets, in a slash or in a session number, and be unknown to the server.

    Blanks are escaped and "\\" before the query is a slash, as in a browser (WHATWG URL Standard, 4.4).
    """
    path, mark, query = link.href.partition("#")[0].partition("?")
    url = joined(page.base, path.replace("\\", "/") + mark + query).replace(" ", "%20")
    return url if url.startswith(("http://", "https://")) else link.url


def asked_as(link: Link, page: Page) -> tuple[str, ...]:
    """The addresses that ask for the form as its page writes it; the one for comparison only if it is the same."""
    written = as_written(link, page)
    same = quote(written, safe=_AS_THEY_ARE) == link.url
    return tuple(dict.fromkeys((written, link.url))) if same else (written,)


def _is_altered(link: Link, page: Page) -> bool:
    """True if the address may be another than the page's: its letters were composed, or turned into Unicode, by us."""
    return not link.href.isascii() and page.decoded.altered


def _rank(link: Link, about_forms: bool, on_start: bool, of_procedure: bool, context: SiteContext) -> int | None:
    if _says_form(link.label, context):
        return 0
    if link.box is not None and _says_form(_around(link.box), context):
        return 1
    if about_forms and not on_start:
        return 2
    return 3 if of_procedure else None


def _around(box: Box) -> str:
    """The words of the row, entry or paragraph in which a link stands."""
    row = ""
    for outer in box.ancestors():
        if outer.weight > _NEAR:
            break
        if outer.tag in _ROWS:
            row = outer.text
        if outer.tag in ("tr", "li"):
            break
    return row


def _says_form(text: str, context: SiteContext) -> bool:
    return context.matcher.vocabulary.any_in("form_words", fold(text)) is not None


def _is_download(link: Link, page: Page, context: SiteContext) -> bool:
    """A file of a known kind, or a download handler whose address names none ("?attachment=5")."""
    if not link.url or link.box is None or repeats_segments(link.url):
        return False
    path, _, query = link.url.partition("?")
    known = ending_of(link.url, context.matcher.vocabulary.files) or (
        link.is_file and (bool(query) or not _ENDS.search(path))
    )
    return bool(known) and context.scope.has_host(urlsplit(link.url).hostname) and page.is_main(link.box)


def _procedure_pages(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> list[Page]:
    facts = detectors.get("procedures")
    urls = [section.url for section in facts.sections if section.own] if facts is not None else []
    urls += [item.url for item in facts.items if item.url] if facts is not None else []
    pages = (context.page_at(url) for url in dict.fromkeys(urls))
    return [page for page in pages if page is not None and page is not context.start]


# -- what the looks say ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look says: `ending` of the name, `kind` of the bytes, `title` of a page that came instead."""

    state: FormState
    ending: str = ""
    kind: str = ""
    title: str = ""


def read_forms(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> tuple[FormFile, ...]:
    """What came of the looks at forms, also of those that the crawl took for pages or files of a section. A wrong one
    is confirmed by a second look that finds it wrong, too."""
    looks: dict[str, list[Look]] = {}
    for look in context.evidence.looks:
        if look.kind in (LookKind.FORM, LookKind.FILE, LookKind.PAGE):
            looks.setdefault(look.url, []).append(look)
    found = (_read(link, page, looks, context) for link, page in form_links(context, detectors))
    return tuple(form for form in found if form is not None)


def _read(link: Link, page: Page, by_url: Mapping[str, list[Look]], context: SiteContext) -> FormFile | None:
    """None if nobody looked, or if it is no download. That an address of ours is wrong proves nothing of the page's."""
    own = next((url for url in asked_as(link, page) if url in by_url), "")
    looks = by_url.get(own or link.url, [])
    if not looks:
        return None
    by_attempt = {look.attempt: _judge(look, context) for look in looks}
    last = looks[-1]
    seen = by_attempt[last.attempt]
    if seen.state is FormState.PAGE and not seen.ending:
        return None  # an address without a file's name that opens a page: no download at all
    if seen.state.wrong and (not own or _is_altered(link, page)):
        seen = replace(seen, state=FormState.UNKNOWN)
    return FormFile(
        url=last.url,
        label=excerpt(nfc(link.label), 80),
        page=page.url,
        state=seen.state,
        ending=seen.ending,
        kind=seen.kind,
        detail=seen.title,
        fetched_at=last.fetched_at,
        reason=last.reason,
        confirmed=not seen.state.wrong or (len(by_attempt) > 1 and all(one.state.wrong for one in by_attempt.values())),
    )


def _judge(look: Look, context: SiteContext) -> _Seen:
    table, media = context.matcher.vocabulary.files, look.content_type
    named = ending_of(look.url, table)
    if not look.ok:
        return _Seen(_failed(look), named)
    if look.status == 206 and not _FIRST.match(look.header("content-range")):
        return _Seen(FormState.UNKNOWN, named)
    ending = promised(look.final_url, look.header("content-disposition"), media, table) or named
    kind = kind_of(look.body[:_HEAD], table)
    if fits(kind, ending, media, table) or (kind not in ("", "html") and not ending):
        return _Seen(FormState.RIGHT, ending, kind)
    if kind in ("html", "office_html"):
        state, title = _page_instead(look, context.matcher.vocabulary)
        if state is None:
            is_page = not (named or ending) or context.is_sent_away(look)
            state = FormState.PAGE if is_page else FormState.UNKNOWN
        return _Seen(state, named or ending, kind, title)
    return _Seen(FormState.OTHER_KIND if kind and ending else FormState.UNKNOWN, ending, kind)


def _failed(look: Look) -> FormState:
    """404 and 410, an empty answer, a demand to log in: told by the server itself. Anything else is no proof."""
    if look.reason is Reason.HTTP_404:
        return FormState.GONE
    if look.reason is Reason.EMPTY_BODY or (look.status == 416 and _NOTHING.search(look.header("content-range"))):
        return FormState.EMPTY  # RFC 9110 section 15.5.17: of nothing there is no first byte
    return FormState.LOGIN if look.status == 401 else FormState.UNKNOWN


def _page_instead(look: Look, vocabulary: Vocabulary) -> tuple[FormState | None, str]:
    """A web page under a file's name, with its title: an error or a login if it says so, a wall against programs.

    None for any other: it may be the notice of a firewall on our own side, in words that nobody foresaw, or the start
    page, to which many servers send whoever asks for a file without having opened the page that offers it.
    """
    page = read_page(look)
    title, text = excerpt(page.title or page.text, 80), fold(f"{page.title} {page.text}")
    if any(vocabulary.any_in(name, text) for name in ("blocked", "maintenance", "needs_javascript", "loading")):
        return FormState.UNKNOWN, title
    if vocabulary.any_in("not_found", text if len(page.main_text) < _ERROR else fold(page.title)):
        return FormState.PAGE, title
    asks = any(form.has_password and form.place is Place.BODY for form in page.forms)
    if asks or vocabulary.any_in("login", text) or vocabulary.any_in("login_titles", fold(page.title)):
        return FormState.LOGIN, title
    if not text or (page.scripts and len(page.text) < _SHELL):
        return FormState.UNKNOWN, title
    return None, title
