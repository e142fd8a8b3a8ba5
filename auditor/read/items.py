"""The items of a section's page: every entry with its link, date and attributes, whatever the layout. Pure.

An entry is the largest box around one content link that holds no other content link; rows and list entries
(tr, li, article) are entries by themselves. The date is the one that stands in the entry outside its title and
summary. Where dates stand beside the entries, they are matched by their order on the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from auditor.model import Item, Place
from auditor.read.addresses import may_hold_address
from auditor.read.bare_entries import CARDS, bare_entries, first_line
from auditor.read.box_addresses import addresses_in
from auditor.read.boxes import PAIR, Box
from auditor.read.entries import NUMBER, NUMBER_SIGN, Entry, Reading
from auditor.read.folding import composed, fold, nfc
from auditor.read.item_dates import date_of, issue_date, match_by_order, spaced, url_date
from auditor.read.page import LABEL_LENGTH, Link, Page
from auditor.read.urls import is_paging, is_twin, is_useless, same_page_key

_ROWS = frozenset({"tr", "li", "article", "dl", PAIR})
PHONE = re.compile(r"\+84\s?\d(?:[\s.\-]?\d){7,9}\b|0\s?\d(?:[\s.\-]?\d){7,9}\b|\(0?\d{2,4}\)\s?\d(?:[\s.\-]?\d){5,7}")
_GLUED = re.compile(r"\d(?<=[^\W\d_]\d)\d{0,4}\s?[/-]")  # a figure in its own element, right behind a word
_LISTS = frozenset({"tbody", "table", "ul", "ol", "main"})  # these hold entries and are none
_MAX_ITEMS = 300
_TITLE = 300  # characters
_BEFORE = 25  # letters in front of a link by which it stands in running text
_SUMMARY, _LONGEST = 40, 2000  # characters beside the title that may be a summary; of a row, at most


def extract_items(page: Page, reading: Reading) -> tuple[Item, ...]:
    """All entries of the page's own content, in page order, with dates where they have one.

    Many sections ask for the same page: the answer is kept on it until what is the site's template changes.
    """
    kept = page.lists.get(reading.own_numbers)
    if kept is None or kept[0] is not reading.known:
        kept = page.lists[reading.own_numbers] = (reading.known, *_extract(page, reading))
    items: tuple[Item, ...] = kept[1]
    return items


def row_texts(page: Page, reading: Reading) -> Mapping[str, str]:
    """What the row of each entry of extract_items() shows beside its title, by the entry's address or title; without
    those that show next to nothing."""
    extract_items(page, reading)
    rows: dict[str, str] = {}
    for _, _, entries in page.lists.values():
        for entry in entries:
            if entry.box.weight - len(entry.title) >= _SUMMARY:
                name = entry.link.url if entry.link is not None else entry.title.strip()[:_TITLE]
                rows.setdefault(name, entry.box.text[:_LONGEST].replace(entry.title, " ", 1))
    return rows


def _extract(page: Page, reading: Reading) -> tuple[tuple[Item, ...], list[Entry]]:
    entries = _entries(page, reading)
    stray = [entry for entry in entries if entry.dated is None]
    if entries and len(stray) > len(entries) / 2:
        match_by_order(page, entries, reading)
    for entry in entries if reading.own_numbers else ():
        entry.dated = entry.dated or issue_date(page, entry, reading)
    del entries[_MAX_ITEMS:]
    return tuple(_finish(page, entry, reading) for entry in entries), entries


def content_links(page: Page, reading: Reading) -> list[Link]:
    """The links of a page that may be items: in its own content, not navigation, paging, twins or files."""
    download = set(reading.vocabulary.lists["download_words"])
    not_labels = set(reading.vocabulary.lists["not_labels"]) - download
    own = same_page_key(page.url)
    out = []
    inline: dict[Box, frozenset[Box]] = {}
    inside: dict[Box, bool] = {page.root: True}
    for link in page.links:
        box = link.box
        if not link.url or box is None or box.tag in ("option", "area") or not (link.folded or link.is_file):
            continue
        if link.folded in not_labels and not link.is_file:
            continue
        if not _all_main(page, box, inside):
            continue
        if (_is_inline(box, inline) and not (link.is_file or link.folded in download)) or link.text.startswith(
            ("http://", "https://", "www.")
        ):
            continue
        if is_paging(link.url) or is_twin(link.url) or is_useless(link.url):
            continue
        if same_page_key(link.url) in (own, reading.start):
            continue
        out.append(link)
    return out


def _all_main(page: Page, box: Box, known: dict[Box, bool]) -> bool:
    """True if the box and everything around it is the page's own content. `known`: what was found before."""
    path = []
    outer: Box | None = box
    while outer is not None and outer not in known:
        path.append(outer)
        outer = outer.parent
    found = outer is None or known[outer]
    for inner in reversed(path):
        found = known[inner] = found and page.is_main(inner)
    return found


def _is_inline(box: Box, known: dict[Box, frozenset[Box]]) -> bool:
    """True for a link in running text: words stand before it in the same box. `known`: what was found before."""
    if box.parent is None:
        return False
    held = known.get(box.parent)
    if held is None:
        held = known[box.parent] = frozenset(_inline_boxes(box.parent))
    return box in held


def _inline_boxes(parent: Box) -> Iterator[Box]:
    before, texts = 0, ""
    for part in parent.parts:
        if isinstance(part, str):
            texts += part
            continue
        if before <= _BEFORE:
            before += sum(map(str.isalpha, texts))
            texts = ""
        if before > _BEFORE:
            yield part


def _entries(page: Page, reading: Reading) -> list[Entry]:
    links = content_links(page, reading)
    in_body = [link for link in links if link.place is Place.BODY]
    links = in_body or links
    download = set(reading.vocabulary.lists["download_words"])
    files = [link for link in links if link.is_file or link.folded in download]
    of_files = {id(link) for link in files}
    titles = [link for link in links if id(link) not in of_files]
    labelled = Counter(link.url for link in titles)
    titles = [link for link in titles if labelled[link.url] <= 4]
    boxes = _row_boxes(titles + files, page.root) | _grown_boxes(titles, page.root)
    alone = [link for link in files if _nearest(link, page.root, boxes) is None]
    boxes |= _grown_boxes(alone, page.root, titles)
    entries: dict[Box, Entry] = {}
    for link in titles + files:
        assert link.box is not None
        box = _nearest(link, page.root, boxes) or link.box
        entry = entries.get(box)
        if entry is None:
            entry = entries[box] = Entry(box, None, "")
        (entry.files if id(link) in of_files else entry.links).append(link)
    for box in bare_entries(page, set(entries), reading):
        entries[box] = Entry(box, None, "")
    out = [entry for entry in entries.values() if _name(entry, reading)]
    out.sort(key=lambda entry: entry.box.index)
    for entry in out:
        entry.dated = date_of(page, entry, reading)
    return _merge_same(out)


def _row_boxes(links: Sequence[Link], root: Box) -> set[Box]:
    """Rows and list entries of one item: few links, at most one of a title's length (in a table row: three)."""
    held: dict[Box, tuple[set[str], set[str]]] = {}
    for link in links:
        row = link.box
        while row is not None and row.tag not in _ROWS:
            row = row.parent if row is not root else None
        if row is None:
            continue
        # a list of files, or of fields with a file, inside a row belongs to the row
        around = ("tr", "article", "li") if row.tag == "dl" else ("tr", "article")
        outer = next((b for b in row.ancestors() if b.tag in around), None) if row is not root else None
        if outer is not None and outer.weight < 1500 and row.tag in ("li", "dl") and link.is_file:
            row = outer
        urls, titles = held.setdefault(row, (set(), set()))
        urls.add(link.url)
        if not link.is_file and link.folded.count(" ") >= 3:
            titles.add(link.url)
    return {
        row
        for row, (urls, titles) in held.items()
        if len(urls) <= 6 and row.weight < 4000 and len(titles) <= (3 if row.tag == "tr" else 1)
    }


def _nearest(link: Link, root: Box, boxes: set[Box]) -> Box | None:
    """The innermost of `boxes` that holds the link, itself included, up to the page's (or the part's) root."""
    box = link.box
    while box is not None and box not in boxes:
        box = box.parent if box is not root else None
    return box


def _grown_boxes(links: Sequence[Link], root: Box, others: Sequence[Link] = ()) -> set[Box]:
    """For every link the largest box around it in which all links (and `others`) lead to the same page."""
    only: dict[Box, str] = {}  # the one address that all links inside lead to, "" for several
    for link in (*links, *others):
        inner, url = link.box, link.url
        while inner is not None:
            known = only.get(inner)
            if known is None:
                only[inner] = url
            elif known == url or not known:  # then so it is in everything around
                break
            else:
                only[inner] = ""
            inner = inner.parent if inner is not root else None
    grown = set()
    single = len({link.url for link in links}) == 1
    for link in links:
        assert link.box is not None
        box = link.box
        outer = box.parent if box is not root else None
        while outer is not None and outer is not root and only[outer] and outer.tag not in _LISTS:
            if (single and outer.weight > 1500) or not _is_all_body(outer):
                break
            box, outer = outer, outer.parent
        grown.add(box)
    return grown


def _is_all_body(outer: Box) -> bool:
    return all(isinstance(part, str) or part.place is Place.BODY for part in outer.parts)


def _name(entry: Entry, reading: Reading) -> bool:
    """Give the entry its title; False if it is not an entry after all."""
    candidates = entry.links or entry.files
    if candidates:
        best = max(candidates, key=lambda link: len(link.text or link.title))
        words = (best.folded if len(best.label) <= LABEL_LENGTH else fold(best.label)).split()
        if not entry.links and len(words) < 4:
            entry.link, entry.title = best, _longest_words(entry.box) or best.label
            return bool(entry.title)
        entry.link, entry.title = (
            best,
            (best.title if len(best.title) > len(best.text) and best.text.endswith("...") else best.label),
        )
        if len(words if entry.title == best.label else fold(entry.title).split()) >= 3 or NUMBER.search(entry.box.text):
            return True
        return entry.box.tag in _ROWS and len(fold(entry.box.text).split()) >= 4
    cells = [cell.text for cell in entry.box.children if cell.tag == "td"]
    if len(cells) == 1 or entry.box.tag in CARDS:
        entry.title = first_line(entry.box) or nfc(entry.box.text)[:300]
        return True
    entry.title = nfc(max(cells, key=len, default=entry.box.text))[:300]
    return bool(entry.title)


def _longest_words(box: Box) -> str:
    """The longest text that stands in one piece: the summary of a row whose link only says "Tải về"."""
    pieces = ["".join(part for part in inner.parts if isinstance(part, str)) for inner in box.walk()]
    return nfc(max(pieces, key=len, default=""))[:300]


def _merge_same(entries: list[Entry]) -> list[Entry]:
    """One entry per target: a picture link and a title link apart from each other are one item."""
    by_url: dict[str, Entry] = {}
    out = []
    for entry in entries:
        key = same_page_key(entry.link.url) if entry.link is not None else ""
        first = by_url.get(key) if key else None
        if first is None:
            by_url[key] = entry
            out.append(entry)
            continue
        first.dated = first.dated or entry.dated
        if len(entry.title) > len(first.title):
            first.title, first.box = entry.title, entry.box
    return out


def _finish(page: Page, entry: Entry, reading: Reading) -> Item:
    url = entry.link.url if entry.link is not None else None
    dated = entry.dated
    known = reading.known.get(same_page_key(url)) if url else None
    if (dated is None or not dated.year_shown) and known is not None and known.date <= reading.as_of:
        dated = known
    if dated is None and url and not (entry.files and not entry.links):
        dated = url_date(url, reading)
    return Item(entry.title.strip()[:_TITLE], url, dated, tuple(_attributes(page, entry, reading)))


def _attributes(page: Page, entry: Entry, reading: Reading) -> Iterable[str]:
    """What the row carries, for the rules of substance."""
    text = composed(entry.box.text)
    if NUMBER_SIGN.search(text) and (NUMBER.search(text) or (_GLUED.search(text) and NUMBER.search(spaced(entry.box)))):
        yield "number"
    if entry.dated is not None:
        yield "date"
    longest = max((len(link.label) for link in (*entry.links, *entry.files)), default=0)
    if max(longest, len(entry.title)) >= 20 or len(text) > 60:
        yield "abstract"
    if entry.files:
        yield "file"
    signs = reading.vocabulary.signs
    boxes = entry.box.walk() if page.covers_addresses or may_hold_address(entry.box.text, signs) else ()
    addresses = {raw.address.rpartition("@")[2] for box in boxes for raw in addresses_in(box, signs)}
    if addresses:
        yield "email"
    if any(host == own or host.endswith("." + own) for host in addresses for own in reading.official_domains):
        yield "official_email"
    if PHONE.search(text):
        yield "phone"
    if entry.links:
        yield "detail"
