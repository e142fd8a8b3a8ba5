"""Which links of a site may lead to which section, best first; whose they are; what was rejected. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from auditor.model import Agency, Place, SiteScope, fold_host
from auditor.read.boxes import BREAK, Box
from auditor.read.entries import DAY, NUMBER
from auditor.read.folding import fold, nfc
from auditor.read.labels import CANDIDATE, STRONG, WEAK, LabelMatcher
from auditor.read.page import Link, Page
from auditor.read.page_names import names_of
from auditor.read.subject import is_service_portal
from auditor.read.urls import (
    absolute,
    is_comment_feed,
    is_english,
    is_feed,
    is_paging,
    is_twin,
    is_useless,
    repeats_segments,
    same_page_key,
)

_BONUS = {Place.HEADER: 0.06, Place.SIDE: 0.04, Place.BODY: 0.02, Place.FEED: 0.0, Place.FOOTER: 0.0}
_PENALTY = {"own": 0.0, "portal": 0.0, "anchor": 0.05, "feed": 0.05, "parent": 0.2, "foreign": 0.3, "dead": 0.4}
_LABEL_WORDS_IN_BODY = 7
MENU_WORDS = 8
_BLOCK_DEPTH = 2  # boxes between a block and its "Xem thêm"
_ITEM = 0.95  # in a list's text only the vocabulary's own words name a section; the rest are items
_HUBS = frozenset({"organisation", "contact", "email_directory", "access_to_information"})
_ALL_SUBJECTS = frozenset({"news", "direction"})  # their entries' titles may name any section's subject
_SHARING = 2  # other sections in parts of one page
_HEADING = 0.65  # a page that names itself needs less than a link among many
_ROW = 400  # characters: a larger row is layout
_TILES, _TILE_WORDS, _MOSTLY = 30, 10, 0.6  # links; words of a link on average; share of the page's own text


@dataclass(frozen=True, slots=True)
class Lead:
    """A link that may lead to a detector's section.

    `kind`: own, parent (the shared portal's), portal (a public-service portal), foreign, dead ("#"), feed, or anchor
    (a part of a page; the URL keeps its fragment). `part`: the fragment of the link, if it has one.
    """

    detector: str
    label: str
    url: str
    score: float
    place: Place
    kind: str
    linked_from: str
    part: str = ""

    @property
    def strong(self) -> bool:
        return self.score >= STRONG


def ownership(url: str, agency: Agency, scope: SiteScope) -> str:
    """own, parent or foreign."""
    if scope.contains(url):
        return "own"
    host = fold_host(urlsplit(url).hostname or "")
    parents = {fold_host(h) for h in agency.portal_hosts} | (
        {fold_host(agency.mail_domain)} if agency.mail_domain else set()
    )
    if host == fold_host(scope.host) or host in parents or fold_host(scope.host).endswith("." + host):
        return "parent"
    return "foreign"


def leads(
    pages: Iterable[Page], start: Page | None, agency: Agency, scope: SiteScope, matcher: LabelMatcher
) -> dict[str, list[Lead]]:
    """For every detector its leads, best first, one per target."""
    best: dict[tuple[str, str], Lead] = {}
    pages = list(pages)
    menu = menu_labels(start, scope) if start is not None else {}
    read = {same_page_key(page.url): page for page in pages}
    for page in pages:
        if page is not start and same_page_key(page.url) in menu:
            for lead in _heading_leads(page, menu[same_page_key(page.url)], agency, matcher):
                key = (lead.detector, same_page_key(lead.url))
                if key not in best or rank(lead) > rank(best[key]):
                    best[key] = lead
        label = menu.get(same_page_key(page.url))
        opens = page is start or _is_hub(page, label, matcher)
        own = _strong(label, matcher) if label is not None and page is not start else frozenset()
        for lead in _page_leads(page, page is start, opens, agency, scope, matcher):
            lead = _to_its_part(lead, read, matcher)
            if lead.score < CANDIDATE:
                continue
            of_page = lead.detector in own - _HUBS or own & _ALL_SUBJECTS
            if of_page and opens and lead.place is Place.BODY and lead.score < _ITEM:
                continue  # an entry of the section that the page itself is
            key = (lead.detector, _target_key(lead))
            known = best.get(key)
            if known is None or rank(lead) > rank(known):
                best[key] = lead
    out: dict[str, list[Lead]] = {}
    for lead in sorted(_named_parts(best.values(), matcher), key=rank, reverse=True):
        out.setdefault(lead.detector, []).append(lead)
    return out


def _to_its_part(lead: Lead, read: Mapping[str, Page], matcher: LabelMatcher) -> Lead:
    """A link from elsewhere to a part of a page ("/cong-khai#thong-ke") means that part, once the page was read: what
    the page's own address says is said of the whole."""
    target = read.get(same_page_key(lead.url)) if lead.kind == "own" and lead.part else None
    if target is None or target.anchor(unquote(lead.part)) is None:
        return lead
    score = matcher.score(lead.label, f"/{lead.part}", lead.detector)
    return replace(lead, url=f"{target.url}#{lead.part}", kind="anchor", score=score)


def _named_parts(found: Iterable[Lead], matcher: LabelMatcher) -> list[Lead]:
    """Of a page that several sections share, the part that bears a dated section's name stands for the page."""
    found = list(found)
    sharing: dict[str, set[str]] = {}
    scores: dict[tuple[str, str], float] = {}
    for lead in found:
        if lead.kind == "anchor" and lead.strong:
            sharing.setdefault(_page_key(lead), set()).add(lead.detector)
        elif lead.kind == "own":
            scores[lead.detector, _page_key(lead)] = lead.score
    named = {
        (lead.detector, _page_key(lead))
        for lead in found
        if lead.kind == "anchor" and matcher.vocabulary.detectors[lead.detector].dated
        if len(sharing.get(_page_key(lead), set()) - {lead.detector}) >= _SHARING
    }
    out = []
    for lead in found:
        key = lead.detector, _page_key(lead)
        if key in named and lead.kind == "anchor":
            lead = replace(lead, score=max(lead.score, scores.get(key, 0.0)))
        if key not in named or lead.kind != "own":
            out.append(lead)
    return out


def _page_key(lead: Lead) -> str:
    return same_page_key(lead.url.partition("#")[0])


def _is_hub(page: Page, label: str | None, matcher: LabelMatcher) -> bool:
    """True for a page of the menu that may open further sections in its text: an introduction, a name of its own, or
    a page that holds little but short links, whatever its label says."""
    if label is None:
        return False
    if _holds_links_alone(page):
        return True
    return _strong(label, matcher) <= _HUBS


def _strong(label: str, matcher: LabelMatcher) -> frozenset[str]:
    """The detectors that the label names beyond doubt."""
    return frozenset(detector for detector, score in matcher.scores(label, "").items() if score >= STRONG)


def _holds_links_alone(page: Page) -> bool:
    """True for tiles, cards or a plain list of links to further pages: most of the page's own words are theirs."""
    links = [
        link
        for link in page.links
        if link.url and link.folded and not link.is_file and link.box is not None and link.place is Place.BODY
        if page.is_main(link.box)
    ]
    words = sum(link.folded.count(" ") + 1 for link in links)
    targets = len({link.url for link in links})
    if not 2 <= targets <= _TILES or words > _TILE_WORDS * len(links) or DAY.search(page.main_text):
        return False
    return sum(len(link.text) for link in links) >= _MOSTLY * len(page.main_text)


def _target_key(lead: Lead) -> str:
    if lead.kind == "anchor":
        return lead.url
    return same_page_key(lead.url) if lead.url else f"#{fold(lead.label)}"


def menu_labels(start: Page, scope: SiteScope) -> dict[str, str]:
    """What the start page's menus lead to, by key of the target, with the words of the link."""
    return {
        same_page_key(link.url): link.label
        for link in start.links
        if link.url and scope.contains(link.url) and len(link.folded.split()) <= MENU_WORDS and start.is_menu(link)
    }


def rank(lead: Lead) -> float:
    return lead.score + _BONUS.get(lead.place, 0.0) - _PENALTY[lead.kind]


def _page_leads(
    page: Page, is_start: bool, opens: bool, agency: Agency, scope: SiteScope, matcher: LabelMatcher
) -> Iterator[Lead]:
    services = matcher.vocabulary.detectors["online_services"]
    for link in page.links:
        if not is_start and not _may_name_a_section(page, link):
            yield from _application_leads(page, link, scope, matcher)
            continue
        yield from _link_leads(page, link, is_start, opens, agency, scope, matcher)
        if (
            link.url
            and not scope.contains(link.url)
            and is_service_portal(link.url, services)
            and is_owned(link, scope)
        ):
            yield Lead("online_services", link.label, link.url, 0.9, link.place, "portal", page.url)
    for title, url in page.feeds:
        if is_comment_feed(url) or (not scope.contains(url) and ownership(url, agency, scope) != "own"):
            continue
        parts = [
            part.strip()
            for part in title.replace(" – ", " - ").replace(" | ", " - ").replace(" » ", " - ").split(" - ")
        ]
        for label in dict.fromkeys((title, parts[-1])):
            for detector, score in matcher.scores(label, "").items():
                if score >= STRONG and matcher.vocabulary.detectors[detector].dated:
                    yield Lead(detector, label, url, score - 0.01, Place.FEED, "feed", page.url)


def _application_leads(page: Page, link: Link, scope: SiteScope, matcher: LabelMatcher) -> Iterator[Lead]:
    """The portal's link in the row of one procedure ("Nộp hồ sơ trực tuyến"): it offers the service all the same."""
    if not link.url or scope.contains(link.url):
        return
    if not is_service_portal(link.url, matcher.vocabulary.detectors["online_services"]):
        return
    score = matcher.scores(link.text, "").get("online_services", 0.0)
    if score >= STRONG:
        kind = "portal" if is_owned(link, scope) else "parent"
        yield Lead("online_services", link.text, link.url, score, link.place, kind, page.url)


def _heading_leads(page: Page, label: str, agency: Agency, matcher: LabelMatcher) -> Iterator[Lead]:
    """A page that names itself: its headings and its title say which section it is, whatever its link said."""
    for name, scores in names_of(page, agency, matcher, named=bool(_strong(label, matcher))):
        for detector, score in scores.items():
            if score >= _HEADING:
                yield Lead(detector, name, page.url, max(STRONG, score - 0.05), Place.BODY, "own", page.url)


def _may_name_a_section(page: Page, link: Link) -> bool:
    """On pages other than the start page a link in the text is an item's title rather than a section's name."""
    if link.place in (Place.HEADER, Place.SIDE, Place.FOOTER) or page.is_menu(link):
        return True
    name = _own_words(link) or link.folded
    return len(name.split()) <= _LABEL_WORDS_IN_BODY and (link.box is None or not _in_row(link.box))


def _in_row(box: Box) -> bool:
    return any(outer.tag in ("tr", "article") and outer.weight < _ROW for outer in box.ancestors())


def _link_leads(
    page: Page, link: Link, is_start: bool, opens: bool, agency: Agency, scope: SiteScope, matcher: LabelMatcher
) -> Iterator[Lead]:
    if (not link.folded and not link.url) or (link.box is not None and link.box.hidden and link.place is Place.BODY):
        return
    in_text = link.place is Place.BODY and bool(link.folded) and not page.is_menu(link)
    if link.url and (is_twin(link.url) or is_paging(link.url) or repeats_segments(link.url)):
        return
    names = (link.text, link.title, _own_words(link), _block_name(link, matcher) if is_start else "")
    for label in dict.fromkeys(name for name in names if name) or ("",):
        if link.place is not Place.HEADER and NUMBER.search(label):
            continue  # a document's title
        for detector, score in matcher.scores(label, link.url).items():
            if detector != "english" and (is_english(link.url) or is_english(page.url)):
                continue  # the English twin is one section of its own
            enough = _ITEM if not opens else WEAK if detector in _HUBS and not is_start else STRONG
            if in_text and (score < enough or len(label.split()) > _LABEL_WORDS_IN_BODY):
                continue
            kind = _kind(page, link, detector, agency, scope, matcher)
            if kind is None or (kind in ("foreign", "dead") and score < 0.9):
                continue
            if kind == "own" and is_useless(link.url) and (score < STRONG or not is_start):
                continue  # a banner's click address changes from page to page: the start page's is enough
            if kind == "own" and is_feed(link.url):
                if not matcher.vocabulary.detectors[detector].dated and detector != "rss":
                    continue
                kind = "feed"
            url = page.url + link.href if kind == "anchor" else link.url
            _, _, part = link.href.partition("#")
            yield Lead(detector, label, url, score, link.place, kind, page.url, part)


def _own_words(link: Link) -> str:
    """The link's words without those of a caption inside it: "<a>Hỏi đáp<span>Gửi câu hỏi</span></a>", or
    "<a><span><b>Hỏi đáp</b><br><small>Gửi câu hỏi</small></span></a>"."""
    for box in link.box.walk() if link.box is not None else ():
        own = ""
        for part in box.parts:
            if isinstance(part, str):
                if part == BREAK and own.strip():
                    break
                own += part
        if own.strip():
            return nfc(own)
    return ""


def _block_name(link: Link, matcher: LabelMatcher) -> str:
    """The words that head the block whose link says only "Xem thêm" or the like; "" where there are none."""
    if link.box is None or link.folded not in matcher.vocabulary.lists["more_words"]:
        return ""
    inner = link.box
    for outer in list(link.box.ancestors())[:_BLOCK_DEPTH]:
        boxes = [part for part in outer.parts if not isinstance(part, str)]
        before = boxes[: next(number for number, box in enumerate(boxes) if box is inner)]
        for box in reversed(before):
            if 0 < len(box.text.split()) <= MENU_WORDS and not any(one.tag == "a" for one in box.walk()):
                return nfc(box.text)
        inner = outer
    return ""


def _kind(page: Page, link: Link, detector: str, agency: Agency, scope: SiteScope, matcher: LabelMatcher) -> str | None:
    if not link.url:
        # "#/tin-tuc" is an address inside a script's application: it cannot be told whether anything is there
        if link.href.lower().startswith(("mailto:", "tel:", "#/", "#!")) or link.box is None or _has_submenu(link.box):
            return None
        if detector == "sitemap":
            return None  # a part of a page lists no site: "Sơ đồ" is of the organisation there
        return "anchor" if page.anchor(unquote(link.href[1:])) is not None else "dead"
    kind = ownership(link.url, agency, scope)
    if kind == "own":
        return kind
    if detector in ("online_services", "procedures", "feedback") and is_service_portal(
        link.url, matcher.vocabulary.detectors["online_services"]
    ):
        return "portal" if is_owned(link, scope) else "parent"
    if link.box is not None and link.box.tag == "option":
        return None
    if kind == "foreign" and (link.place in (Place.FOOTER, Place.BODY) or _in_link_block(link, matcher)):
        return None
    return kind


def _has_submenu(box: Box) -> bool:
    """True for a menu entry that only opens its own list of links (accordion, drop-down)."""
    entry = next((outer for outer in list(box.ancestors())[:2] if outer.tag in ("li", "dt", "td")), None)
    links = [inner for inner in entry.walk() if inner.tag == "a"] if entry is not None else []
    if links and links[-1] is not box:  # a list of its own follows; what stands before it is not its list
        return True
    after = box.after
    if after is None or after.tag not in ("ul", "ol", "dl", "div", "dd"):
        return False
    return any(inner.tag == "a" for inner in after.walk())


def _in_link_block(link: Link, matcher: LabelMatcher) -> bool:
    """True if the link stands in a block headed "Liên kết website" or the like: other agencies' sites."""
    names = set(matcher.vocabulary.lists["link_blocks"])
    box = link.box
    for outer in box.ancestors() if box is not None else ():
        if outer.weight > 3000:
            return False
        first = next((b for b in outer.walk() if b is not outer and b.text), None)
        if first is not None and fold(first.text) in names:
            return True
    return False


def is_owned(link: Link, scope: SiteScope) -> bool:
    """For a site that is a path of a portal: does the block around the link belong to the agency or to the portal?

    A block most of whose links stay on the host but leave the agency's path is the portal's.
    """
    if scope.is_whole_host or link.box is None:
        return True
    return box_is_owned(link.box, scope)


def box_is_owned(box: Box, scope: SiteScope) -> bool:
    if scope.is_whole_host:
        return True
    for outer in (box, *box.ancestors()):
        inside, outside = _count(outer, scope)
        if inside + outside >= 3 or outer.parent is None:
            return inside >= outside
    return True


def leads_to_parent(box: Box, scope: SiteScope) -> bool:
    """True if the box's own links all leave the agency's path on the portal's host."""
    inside, outside = _count(box, scope)
    return outside > 0 and not inside


def _count(box: Box, scope: SiteScope) -> tuple[int, int]:
    inside = outside = 0
    for inner in box.walk():
        href = (inner.attrs.get("href") or "") if inner.tag == "a" else ""
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
            continue
        url = href if "://" in href else f"http://{scope.host}{href if href.startswith('/') else scope.prefix + href}"
        url = absolute("", url)
        if not url:
            continue
        if scope.contains(url):
            inside += 1
        elif scope.has_host(urlsplit(url).hostname):
            outside += 1
    return inside, outside


__all__ = ["CANDIDATE", "Lead", "box_is_owned", "is_owned", "leads", "leads_to_parent", "ownership", "rank"]
