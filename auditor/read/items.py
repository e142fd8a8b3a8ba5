"""The items of a section's page: every entry with its link, date and attributes, whatever the layout. Pure.

An entry is the largest box around one content link that holds no other content link; rows and list entries
(tr, li, article) are entries by themselves. The date is the one that stands in the entry outside its title and
summary. Where dates stand beside the entries, they are matched by their order on the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from urllib.parse import urlsplit

from auditor.model import Dated, DateSource, Item, Place
from auditor.read.box_addresses import addresses_in
from auditor.read.dates import FoundDate, find_dates
from auditor.read.dom import Box
from auditor.read.folding import fold, nfc
from auditor.read.page import Link, Page
from auditor.read.urls import is_paging, is_twin, is_useless, same_page_key
from auditor.read.words import Vocabulary

_ROWS = frozenset({"tr", "li", "article", "dl"})
_NUMBER = re.compile(
    r"\b\d{1,5}\s*/\s*(?:\d{4}\s*/\s*)?[A-ZĐƯ]{1,8}(?:\s?[-–]\s?[A-ZĐƯ0-9&]+)*\b|\b\d{1,5}\s*-\s*[A-ZĐƯ]{2,6}/[A-ZĐƯ]{2,8}\b"
    r"|\b\d{1,5}/[A-ZĐ][A-Za-zĐđ]{1,8}-[A-ZĐ][\w&]*"
)
PHONE = re.compile(r"(?:\+84|0)\s?\d(?:[\s.\-]?\d){7,9}\b|\(0?\d{2,4}\)\s?\d(?:[\s.\-]?\d){5,7}")
_SPLIT_DAY = re.compile(
    r"^\D{0,12}?(\d{1,2})(?:\s*[,/.-]\s*|\s+|(?=[a-z]))(?:tháng|thg|th|t)?\.?\s*(\d{1,2})\s*[,/. -]\s*"
    r"(?:năm\s*)?(199\d|20\d\d)\b",
    re.I,
)
_URL_DAY = re.compile(
    r"/((?:19|20)\d\d)/(\d{1,2})/(\d{1,2})(?=/|$|\?)|[-_/]((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?=\D|$)"
)
_BARE_SHORT = re.compile(r"[(\[]?\s*(\d{1,2}[/.-]\d{1,2}[/.-]\d{2})\s*[)\]]?")
ROLES = {"posted": 0, "plain": 1, "issued": 2}
_MAX_ITEMS = 300


@dataclass(frozen=True, slots=True)
class Reading:
    """What date reading needs beside the page: the clock, words, day order, and dates known from feeds and sitemaps."""

    as_of: date
    vocabulary: Vocabulary
    month_first: bool | None = None
    fetch_day: date | None = None
    official_domains: tuple[str, ...] = ()
    own_numbers: bool = False  # the rows are documents: the day after a row's own number is its day of issue
    known: dict[str, Dated] = field(default_factory=dict)  # same_page_key of an item -> its date from RSS or sitemap

    def find(self, text: str) -> list[FoundDate]:
        short = _BARE_SHORT.fullmatch(text.strip())
        if short:  # nothing but "17/11/26": in a box of its own it can only be a date
            text = f"{short.group(1).replace('.', '/')} 00:00"
        found = find_dates(
            text,
            as_of=self.as_of,
            words=self.vocabulary.dates,
            month_first=self.month_first,
            allow_relative=True,
        )
        return [one for one in found if one.date <= self.as_of]


@dataclass(slots=True, eq=False)
class Entry:
    """An item while it is being put together."""

    box: Box
    link: Link | None
    title: str
    order: int
    dated: Dated | None = None
    links: list[Link] = field(default_factory=list)
    files: list[Link] = field(default_factory=list)


def extract_items(page: Page, reading: Reading) -> tuple[Item, ...]:
    """All entries of the page's own content, in page order, with dates where they have one."""
    entries = _entries(page, reading)
    stray = [entry for entry in entries if entry.dated is None]
    if entries and len(stray) > len(entries) / 2:
        _match_by_order(page, entries, reading)
    return tuple(_finish(page, entry, reading) for entry in entries[:_MAX_ITEMS])


def content_links(page: Page, vocabulary: Vocabulary) -> list[Link]:
    """The links of a page that may be items: in its own content, not navigation, paging, twins or files."""
    download = set(vocabulary.lists["download_words"])
    not_labels = set(vocabulary.lists["not_labels"]) - download
    own = same_page_key(page.url)
    out = []
    for link in page.links:
        box = link.box
        if not link.url or box is None or box.tag == "option" or not (link.folded or link.is_file):
            continue
        if link.folded in not_labels and not link.is_file:
            continue
        if not page.is_main(box) or any(
            not page.is_main(outer) for outer in box.ancestors() if outer.parent is not None
        ):
            continue
        if (_is_inline(box) and not (link.is_file or link.folded in download)) or link.text.startswith(
            ("http://", "https://", "www.")
        ):
            continue
        if is_paging(link.url) or is_twin(link.url) or is_useless(link.url) or same_page_key(link.url) == own:
            continue
        out.append(link)
    return out


def _is_inline(box: Box) -> bool:
    """True for a link in running text: words stand before it in the same box."""
    before = 0
    for part in box.parent.parts if box.parent is not None else ():
        if part is box:
            return before > 25
        before += sum(c.isalpha() for c in part) if isinstance(part, str) else 0
    return False


def _entries(page: Page, reading: Reading) -> list[Entry]:
    links = content_links(page, reading.vocabulary)
    in_body = [link for link in links if link.place is Place.BODY]
    links = in_body or links
    download = set(reading.vocabulary.lists["download_words"])
    files = [link for link in links if link.is_file or link.folded in download]
    titles = [link for link in links if link not in files]
    labelled = Counter(link.url for link in titles)
    titles = [link for link in titles if labelled[link.url] <= 4]
    boxes = _row_boxes(titles + files) | _grown_boxes(titles)
    alone = [link for link in files if not any(id(box) in boxes for box in _around(link))]
    boxes |= _grown_boxes(alone, titles)
    entries: dict[int, Entry] = {}
    order = {id(box): i for i, box in enumerate(page.boxes)}
    for link in titles + files:
        assert link.box is not None
        box = next((b for b in (link.box, *link.box.ancestors()) if id(b) in boxes), link.box)
        entry = entries.setdefault(id(box), Entry(box, None, "", order[id(box)]))
        (entry.files if link in files else entry.links).append(link)
    for box in _rows_without_links(page, {id(e.box) for e in entries.values()}):
        entries[id(box)] = Entry(box, None, "", order[id(box)])
    out = [entry for entry in entries.values() if _name(entry, reading)]
    out.sort(key=lambda entry: entry.order)
    for entry in out:
        entry.dated = _date_of(page, entry, reading)
    return _merge_same(out)


def _row_boxes(links: Sequence[Link]) -> set[int]:
    """Rows and list entries of one item: few links, at most one of a title's length (in a table row: three)."""
    held: dict[int, tuple[Box, set[str], set[str]]] = {}
    for link in links:
        row = next((b for b in _around(link) if b.tag in _ROWS), None)
        if row is None:
            continue
        # a list of files inside a row belongs to the row
        outer = next((b for b in row.ancestors() if b.tag in ("tr", "article")), None)
        if outer is not None and outer.weight < 1500 and row.tag == "li" and link.is_file:
            row = outer
        _, urls, titles = held.setdefault(id(row), (row, set(), set()))
        urls.add(link.url)
        if not link.is_file and link.folded.count(" ") >= 3:
            titles.add(link.url)
    return {
        key
        for key, (row, urls, titles) in held.items()
        if len(urls) <= 6 and row.weight < 4000 and len(titles) <= (3 if row.tag == "tr" else 1)
    }


def _around(link: Link) -> Iterator[Box]:
    """The link's box and everything around it, from the inside out."""
    if link.box is not None:
        yield link.box
        yield from link.box.ancestors()


def _grown_boxes(links: Sequence[Link], others: Sequence[Link] = ()) -> set[int]:
    """For every link the largest box around it in which all links (and `others`) lead to the same page."""
    urls: dict[int, set[str]] = {}
    for link in (*links, *others):
        for box in _around(link):
            urls.setdefault(id(box), set()).add(link.url)
    grown = set()
    single = len({link.url for link in links}) == 1
    for link in links:
        assert link.box is not None
        box = link.box
        for outer in link.box.ancestors():
            if len(urls[id(outer)]) > 1 or outer.parent is None or outer.tag in ("tbody", "table", "ul", "ol", "main"):
                break
            if single and outer.weight > 1500:
                break
            if any(inner.place is not Place.BODY for inner in outer.children):
                break
            box = outer
        grown.add(id(box))
    return grown


def _rows_without_links(page: Page, taken: set[int]) -> list[Box]:
    """Rows of a data table that hold no link (staff directories, schedules, documents without files)."""
    rows = []
    for box in page.boxes:
        if box.tag != "tr" or id(box) in taken or box.weight < 8 or not page.is_main(box):
            continue
        if any(
            inner.tag in ("table", "th", "h2", "h3") or id(inner) in taken or _leads_on(inner)
            for inner in box.walk()
            if inner is not box
        ):
            continue
        cells = [cell for cell in box.children if cell.tag == "td" and cell.text]
        if len(cells) >= 2 and not _is_head(box):
            rows.append(box)
    return rows


def _leads_on(box: Box) -> bool:
    """True for a link that is not an e-mail address or a telephone number."""
    href = (box.attrs.get("href") or "") if box.tag == "a" else ""
    return bool(href) and not href.lower().startswith(("mailto:", "tel:"))


def _is_head(row: Box) -> bool:
    return row.parent is not None and (row.parent.tag == "thead" or "head" in row.classes.lower())


def _name(entry: Entry, reading: Reading) -> bool:
    """Give the entry its title; False if it is not an entry after all."""
    candidates = entry.links or entry.files
    if candidates:
        best = max(candidates, key=lambda link: len(link.text or link.title))
        if not entry.links and len(fold(best.label).split()) < 4:
            entry.link, entry.title = best, _longest_words(entry.box) or best.label
            return bool(entry.title)
        entry.link, entry.title = (
            best,
            (best.title if len(best.title) > len(best.text) and best.text.endswith("...") else best.label),
        )
        if len(fold(entry.title).split()) >= 3 or _NUMBER.search(entry.box.text):
            return True
        return entry.box.tag in _ROWS and len(fold(entry.box.text).split()) >= 4
    cells = [cell.text for cell in entry.box.children if cell.tag == "td"]
    entry.title = nfc(max(cells, key=len, default=entry.box.text))[:300]
    return bool(entry.title)


def _longest_words(box: Box) -> str:
    """The longest text that stands in one piece: the summary of a row whose link only says "Tải về"."""
    pieces = ["".join(part for part in inner.parts if isinstance(part, str)) for inner in box.walk()]
    return nfc(max(pieces, key=len, default=""))[:300]


def _date_of(page: Page, entry: Entry, reading: Reading) -> Dated | None:
    """The entry's own date: in a small box of its own first, then glued before or after its title."""
    best: tuple[int, int, FoundDate, str] | None = None
    title = nfc(entry.title)
    for n, box in enumerate(entry.box.walk()):
        if not page.is_main(box):
            continue
        own = " ".join(part for part in box.parts if isinstance(part, str)).strip()
        stamp = box.attrs.get("datetime") or "" if box.tag == "time" else ""
        if not own and not stamp:
            continue
        text = box.text if len(box.text) <= 120 else own
        if len(text) > 160 or (box.tag == "a" and title == nfc(text)):
            continue
        for found in reading.find(text) or (reading.find(stamp[:10]) if stamp else []):
            if found.role in ROLES:
                key = (ROLES[found.role] + (2 if len(text) > 80 else 0), n)
                if best is None or key < best[:2]:
                    best = (*key, found, text)
    if best is None:
        return _date_by_text(page, entry, reading) or (
            _issue_date(page, entry, reading) if reading.own_numbers else None
        )
    source = DateSource.TABLE if entry.box.tag == "tr" else DateSource.LIST_ITEM
    return Dated(best[2].date, source, nfc(best[3])[:120], page.url)


def _issue_date(page: Page, entry: Entry, reading: Reading) -> Dated | None:
    """The date that follows the row's own number: "15/2026/QĐ-UBND ngày 05/11/2026"."""
    text = nfc(entry.box.text)
    number = _NUMBER.search(text[:80])
    if number is None:
        return None
    near = text[number.start() : number.end() + 40]
    found = next((one for one in reading.find(near) if one.role in ("citation", *ROLES)), None)
    return Dated(found.date, DateSource.LIST_ITEM, near[:120], page.url) if found is not None else None


def _split_day(text: str, reading: Reading) -> date | None:
    """A day whose parts stand in elements of their own, at the start of `text`."""
    split = _SPLIT_DAY.match(text)
    if split is None:
        return None
    day, month, year = (int(group) for group in split.groups())
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return made if made <= reading.as_of else None


def _spaced(box: Box) -> str:
    """The box's words with a space between all elements: "18", "Tháng 11", "2026" of a calendar leaf."""
    return " ".join(
        part.strip() for inner in box.walk() for part in inner.parts if isinstance(part, str) and part.strip()
    )


def _date_by_text(page: Page, entry: Entry, reading: Reading) -> Dated | None:
    for box in entry.box.walk():
        leaf = _split_day(_spaced(box), reading) if 5 <= box.weight <= 24 and page.is_main(box) else None
        if leaf is not None:
            return Dated(leaf, DateSource.LIST_ITEM, _spaced(box), page.url)
    rest = nfc(entry.box.text)
    without = rest.replace(nfc(entry.title), " ", 1).strip()
    split = _split_day(without, reading)
    if split is not None:
        return Dated(split, DateSource.LIST_ITEM, without[:60], page.url)
    head, tail = rest[:45], rest[-45:]
    for text in (head, tail):
        for found in reading.find(text):
            near_edge = found.start <= 12 if text is head else len(text) - found.end <= 12
            if found.role in ROLES and near_edge:
                return Dated(found.date, DateSource.LIST_ITEM, text, page.url)
    return None


def _match_by_order(page: Page, entries: list[Entry], reading: Reading) -> None:
    """Dates that stand between the entries: each belongs to the entry before it, or after it if a date comes first."""
    inside = {id(box) for entry in entries for box in entry.box.walk()}
    starts = {id(entry.box): entry for entry in entries}
    sequence: list[Entry | Dated] = []
    for box in page.boxes:
        if id(box) in starts:
            sequence.append(starts[id(box)])
        elif id(box) not in inside and page.is_main(box) and 6 <= len(box.text) <= 60:
            own = any(isinstance(part, str) and part.strip() for part in box.parts)
            for found in reading.find(box.text)[:1] if own else []:
                if found.role in ROLES:
                    sequence.append(Dated(found.date, DateSource.LIST_ITEM, nfc(box.text), page.url))
    dates = [one for one in sequence if isinstance(one, Dated)]
    if len(dates) < max(1, len(entries) // 2):
        return
    if isinstance(sequence[0], Entry) or not isinstance(sequence[-1], Entry):
        pairs: Iterable[tuple[Entry | Dated, Entry | Dated]] = pairwise(sequence)
    else:
        pairs = ((b, a) for a, b in pairwise(sequence))
    for entry, dated in pairs:
        if isinstance(entry, Entry) and isinstance(dated, Dated) and entry.dated is None:
            entry.dated = dated


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
    if dated is None and known is not None and known.date <= reading.as_of:
        dated = known
    if dated is None and url and not (entry.files and not entry.links):
        dated = url_date(url, reading)
    return Item(nfc(entry.title)[:300], url, dated, tuple(_attributes(entry, reading)))


def url_date(url: str, reading: Reading) -> Dated | None:
    """The day that the address of an item's page carries ("/2026/11/19/…"): the last resort."""
    match = _URL_DAY.search(urlsplit(url).path)
    if match is None:
        return None
    year, month, day = (int(group) for group in match.groups() if group)
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return Dated(made, DateSource.URL_PATH, url[:160], url) if made <= reading.as_of else None


def _attributes(entry: Entry, reading: Reading) -> Iterable[str]:
    """What the row carries, for the rules of substance."""
    text = nfc(entry.box.text)
    if _NUMBER.search(text):
        yield "number"
    if entry.dated is not None:
        yield "date"
    longest = max((len(link.label) for link in (*entry.links, *entry.files)), default=0)
    if max(longest, len(entry.title)) >= 20 or len(text) > 60:
        yield "abstract"
    if entry.files:
        yield "file"
    addresses = {raw.address.rpartition("@")[2] for box in entry.box.walk() for raw in addresses_in(box)}
    if addresses:
        yield "email"
    if any(host == own or host.endswith("." + own) for host in addresses for own in reading.official_domains):
        yield "official_email"
    if PHONE.search(text):
        yield "phone"
    if entry.links:
        yield "detail"
