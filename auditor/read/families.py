"""Pages that a site makes without end: near-identical ones under addresses of one pattern. Pure.

Endless calendars, sorted and filtered lists, session numbers in addresses, pages of a template in which few words
differ. Texts are compared as bags of words (the resemblance of A. Broder, "On the resemblance and containment of
documents", 1997, computed in full: an audit reads some sixty pages, so nothing has to be estimated), since sorting a
list changes its order only. What all pages share, dates, clocks and random tokens are left out.

An honest page says something of its own: its heading or the list that leads to it names it, it has a document's
number, a file or a picture that its neighbours lack, or many words or figures. Such pages are no family, however much
of their template they share.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from auditor.model import Look, LookKind, Place
from auditor.read.boxes import Box
from auditor.read.entries import NUMBER
from auditor.read.folding import fold
from auditor.read.page import Page, is_html, read_page
from auditor.read.sketch import undated
from auditor.read.urls import canonical, same_page_key
from auditor.read.words import NEVER, Vocabulary

ENOUGH, MANY = 3, 5  # near-identical pages that make a family; where its addresses or its words leave doubt
_MOSTLY = 0.75  # of the pages read under a pattern
_FEW_WORDS, _SHARE = 2, 0.1  # words that may differ between two near-identical pages
_LEAST = 5  # words: a page with fewer of its own says nothing
_SHARED = 3  # patterns of addresses on whose pages a block is the site's, not the page's
_A_LOT = 20_000  # characters: no page of a family has so many, and comparing them would take long
_PLACES = 3  # sections on which a query key was seen to change nothing, before it is believed of others
_FOREIGN = 0.3  # the share of unknown words from which a page is in another language, not full of tokens
_COUNTERS = 4  # figures that may differ between pages of one text: visitors, clock
_ROWS, _ROW = frozenset({"li", "tr", "article", "dd", "p", "div"}), 400  # entries of lists; characters
_WILD = "*"
#: Lists of words by which a page says that there is nothing, or nothing now.
_NOTHING_YET = ("placeholders", "not_found", "maintenance", "blocked", "loading")

_SYLLABLE = re.compile(r"(?:ngh|ng|nh|gh|gi|kh|ch|ph|qu|th|tr|[bcdghklmnpqrstvx])?[aeiouy]{1,3}(?:ch|ng|nh|[cmnpt])?")

Shape = tuple[bool, str, tuple[str, ...], tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Families:
    """What was recognised. `found`: of each family the addresses that were read, in order."""

    found: tuple[tuple[str, ...], ...] = ()
    closed: frozenset[Shape] = frozenset()
    noise: frozenset[frozenset[str]] = frozenset()  # query keys, together, that were seen to change nothing anywhere
    read: frozenset[Shape] = frozenset()
    view_keys: re.Pattern[str] = NEVER

    def closes(self, url: str) -> bool:
        """True if the address is one more of a family: what it would show was read."""
        strict = shape(url, self.view_keys)
        if strict in self.closed or shape(url, self.view_keys, loose=True) in self.closed:
            return True
        return _wild_keys(strict) in self.noise and strict in self.read


@dataclass(frozen=True, slots=True)
class _Face:
    """What a page says of its own."""

    url: str
    words: Counter[str]
    name: frozenset[str]
    marks: frozenset[str]  # documents' numbers, files, pictures
    entries: tuple[frozenset[str], ...]  # the words of the entries of lists that lead to it
    doubtful: bool  # it says that there is nothing


@lru_cache(maxsize=16384)
def shape(url: str, view_keys: re.Pattern[str], loose: bool = False) -> Shape:
    """The pattern of an address: parts that hold figures, and values of `view_keys`, are left open.

    `loose`: all values, and words of a path that are no Vietnamese syllables, too.
    """
    parts = urlsplit(canonical(url))
    path = tuple(
        "-".join(_WILD if _is_token(word, loose) else word.lower() for word in re.split(r"[-_.]", segment))
        for segment in parts.path.split("/")
        if segment
    )
    query = tuple(
        (key, _WILD if loose or view_keys.fullmatch(key) or _is_token(value, False) else value)
        for key, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    return loose, parts.netloc.removeprefix("www."), path, query


def _is_token(word: str, loose: bool) -> bool:
    return any(char.isdigit() for char in word) or (loose and bool(word) and not _SYLLABLE.fullmatch(word.lower()))


def _wild_keys(one: Shape) -> frozenset[str]:
    """The open query keys of a pattern whose path is fixed."""
    if any(_WILD in segment for segment in one[2]):
        return frozenset()
    return frozenset(key for key, value in one[3] if value == _WILD)


def find_families(
    looks: Iterable[Look], pages: Mapping[str, Page], start: Page, probe: Look | None, vocabulary: Vocabulary
) -> Families:
    """The families among the `pages` (by same_page_key of the final URL) that the looks brought.

    Pages like the answer to an address that does not exist belong to none: that is another trap.
    """
    read: dict[str, Page] = {}
    for look in looks:
        page = pages.get(same_page_key(look.final_url)) if look.kind is LookKind.PAGE and look.ok else None
        if page is not None:
            read.setdefault(canonical(look.url), page)
    if not _may_hold_families(read, vocabulary.view_keys):
        return Families()
    answer = read_page(probe) if probe is not None and probe.ok and is_html(probe) else None
    faces = _faces(read, start, answer, vocabulary)
    nowhere = faces.pop("", None)
    told = [
        face
        for face in faces.values()
        if face.words.total() >= _LEAST and not (nowhere is not None and _few_differ(face, nowhere))
    ]
    keys = vocabulary.view_keys
    closed = _by_shape(faces, told, keys, False) | _by_shape(faces, told, keys, True)
    noise = _noise(told, keys)
    found = tuple(_largest((*closed.values(), *noise.values())))
    return Families(found, frozenset(closed), frozenset(noise), frozenset(shape(url, keys) for url in read), keys)


def _may_hold_families(read: Iterable[str], keys: re.Pattern[str]) -> bool:
    """False where too few addresses share a pattern: most sites, and nothing has to be compared."""
    strict, loose = (Counter(shape(url, keys, loose) for url in read) for loose in (False, True))
    keyed = sum(count > 1 and bool(_wild_keys(one)) for one, count in strict.items())
    return max(strict.values(), default=0) >= ENOUGH or max(loose.values(), default=0) >= MANY or keyed >= _PLACES


def _by_shape(
    all_faces: Mapping[str, _Face], told: Iterable[_Face], keys: re.Pattern[str], loose: bool
) -> dict[Shape, tuple[str, ...]]:
    """The patterns most of whose pages are near-identical, with their addresses."""
    groups: dict[Shape, list[_Face]] = defaultdict(list)
    for face in told:
        groups[shape(face.url, keys, loose)].append(face)
    pages = Counter(shape(url, keys, loose) for url in all_faces)
    out = {}
    for one, faces in groups.items():
        alike = max(_clusters(faces), key=len)
        enough = MANY if loose or any(face.doubtful for face in alike) else ENOUGH
        if len(alike) >= max(enough, _MOSTLY * pages[one]):
            out[one] = tuple(face.url for face in alike)
    return out


def _clusters(faces: Iterable[_Face]) -> list[list[_Face]]:
    out: list[list[_Face]] = []
    for face in faces:
        cluster = next((one for one in out if _is_near(one[0], face)), None)
        if cluster is None:
            out.append([face])
        else:
            cluster.append(face)
    return out


def _is_near(one: _Face, other: _Face) -> bool:
    """True if neither page says anything of its own beside the other."""
    if one.name != other.name or _differ_in_marks(one.marks, other.marks):
        return False
    return _few_differ(one, other) and not _is_listed_apart(one, other) and not _is_listed_apart(other, one)


def _few_differ(one: _Face, other: _Face) -> bool:
    allowed = max(_FEW_WORDS, _SHARE * min(one.words.total(), other.words.total()))
    return max((one.words - other.words).total(), (other.words - one.words).total()) <= allowed


def _differ_in_marks(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one - other) and bool(other - one)


def _is_listed_apart(one: _Face, other: _Face) -> bool:
    """True if what the page says beside the other stands in the entry of a list that leads to it: its title."""
    said = {word for word in one.words - other.words if not word.isdigit()}
    return bool(said) and any(said <= entry for entry in one.entries)


def _noise(faces: Iterable[_Face], view_keys: re.Pattern[str]) -> dict[frozenset[str], tuple[str, ...]]:
    """Query keys without effect, with two addresses that show it: in several sections all addresses that differ in
    nothing but them show the same."""
    groups: dict[Shape, list[_Face]] = defaultdict(list)
    for face in faces:
        groups[shape(face.url, view_keys)].append(face)
    same: dict[frozenset[str], list[tuple[str, ...]]] = defaultdict(list)
    differing: set[frozenset[str]] = set()
    for one, members in groups.items():
        keys = _wild_keys(one)
        if keys and len(members) > 1:
            same[keys].append(tuple(face.url for face in members))
            if len(_clusters(members)) > 1:
                differing.add(keys)
    return {keys: urls[0] for keys, urls in same.items() if len(urls) >= _PLACES and keys not in differing}


def _largest(found: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Without those whose addresses a larger family holds."""
    held: set[str] = set()
    for one in sorted(found, key=len, reverse=True):
        if held.isdisjoint(one):
            held.update(one)
            yield one


# -- what a page says of its own ----------------------------------------------------------------------------------


def _faces(read: Mapping[str, Page], start: Page, answer: Page | None, vocabulary: Vocabulary) -> dict[str, _Face]:
    """One face per address; under "" that of the answer to an address that does not exist."""
    pages, dates = {**read, **({"": answer} if answer is not None else {})}, vocabulary.dates.calendar
    shared = _shared_boxes(read, vocabulary.view_keys)
    at_start = {box.mark for box in start.boxes if box.weight}
    entries: dict[str, set[str]] = defaultdict(set)
    for page in read.values():
        for link in page.links:
            if link.url in read and link.box is not None:
                entries[link.url].update(_undated(text, dates) for text in (link.label, _row(link.box)))
    shared_inside = shared | at_start
    own = {
        url: [box for box in _told(page) if box.mark not in (shared if _is_start(url, start) else shared_inside)]
        for url, page in pages.items()
    }
    own = {url: boxes if _says_little(boxes) else [] for url, boxes in own.items()}
    texts = {url: _text(boxes, dates) for url, boxes in own.items()}
    holders = Counter(word for text in texts.values() for word in set(text.split()))
    return {
        url: _face(url, page, own[url], texts[url], entries[url], holders, vocabulary) for url, page in pages.items()
    }


def _says_little(boxes: Iterable[Box]) -> bool:
    """False for a page that says a great deal: such a one is no copy of others."""
    return sum(len(part) for box in boxes for part in box.parts if isinstance(part, str)) <= _A_LOT


def _text(boxes: Iterable[Box], dates: re.Pattern[str]) -> str:
    """What the boxes say, without dates."""
    return " ".join(filter(None, (_undated(_own_text(box), dates) for box in boxes)))


@lru_cache(maxsize=8192)
def _undated(text: str, dates: re.Pattern[str]) -> str:
    return undated(text, dates)


def _face(
    url: str,
    page: Page,
    boxes: Iterable[Box],
    text: str,
    entries: Iterable[str],
    holders: Mapping[str, int],
    vocabulary: Vocabulary,
) -> _Face:
    letters = [word for word in text.split() if word.isalpha()]
    foreign = sum(not _is_word(word, holders) for word in letters) > _FOREIGN * len(letters)

    def kept(words: str) -> list[str]:
        return [word for word in words.split() if _is_word(word, holders) or (foreign and word.isalpha())]

    boxes = list(boxes)
    heads = " ".join(text for _, text in (*page.headings, (0, page.title)))
    named = {word for word in kept(_undated(heads, vocabulary.dates.calendar)) if not word.isdigit()}
    whole = fold(" ".join(_own_text(box) for box in boxes))
    return _Face(
        url,
        Counter(kept(text)),
        frozenset(named),
        _marks(boxes, page),
        tuple(frozenset(entry.split()) for entry in entries),
        any(vocabulary.any_in(name, whole) for name in _NOTHING_YET),
    )


def _row(box: Box) -> str:
    """The words of the list's entry in which a link stands."""
    return next((outer.text for outer in box.ancestors() if outer.tag in _ROWS and outer.weight <= _ROW), "")


def _is_word(word: str, holders: Mapping[str, int]) -> bool:
    """A figure, a syllable, or what more than one page says; no token made for this one."""
    return word.isdigit() or (word.isalpha() and (bool(_SYLLABLE.fullmatch(word)) or holders.get(word, 0) > 1))


def _told(page: Page) -> list[Box]:
    """Boxes with text or a picture, outside header and footer."""
    return [
        box
        for box in page.boxes
        if box.place not in (Place.HEADER, Place.FOOTER) and not box.hidden and not box.breadcrumb
        if box.tag == "img" or _own_text(box)
    ]


def _own_text(box: Box) -> str:
    return " ".join(part.strip() for part in box.parts if isinstance(part, str)).strip()


def _shared_boxes(read: Mapping[str, Page], view_keys: re.Pattern[str]) -> frozenset[tuple[int, int]]:
    """Blocks on pages of several patterns: side blocks, menus."""
    patterns: dict[tuple[int, int], set[Shape]] = defaultdict(set)
    for url, page in read.items():
        one = shape(url, view_keys, loose=True)
        for box in page.boxes:
            if box.weight:
                patterns[box.mark].add(one)
    return frozenset(mark for mark, held in patterns.items() if len(held) >= _SHARED)


def _marks(boxes: Iterable[Box], page: Page) -> frozenset[str]:
    boxes = list(boxes)
    inside = {id(box) for box in boxes}
    numbers = {found.group() for box in boxes for found in NUMBER.finditer(_own_text(box))}
    files = {link.url for link in page.links if link.box is not None and id(link.box) in inside and link.is_file}
    pictures = {(box.attrs.get("src") or "").partition("?")[0] for box in boxes if box.tag == "img"}
    return frozenset(numbers | files | pictures)


def _is_start(url: str, start: Page) -> bool:
    """True for an address of the start page, under whatever query. What is sent there from elsewhere is not."""
    return same_page_key(url).partition("?")[0] == same_page_key(start.url).partition("?")[0]


def same_texts(pages: Iterable[Page]) -> list[tuple[str, ...]]:
    """The same page under several addresses, whatever their pattern: worth telling; nothing is left out for it."""
    groups: list[tuple[Page, Counter[str], Counter[str], list[str]]] = []
    for page in pages:
        words = Counter(page.folded.split())
        letters = Counter({word: count for word, count in words.items() if word.isalpha()})
        figures = Counter({word: count for word, count in words.items() if word.isdigit()})
        for first, known, counted, urls in groups:
            apart = max((figures - counted).total(), (counted - figures).total())
            if letters == known and apart <= _COUNTERS and not _differ_in_marks(_all_marks(page), _all_marks(first)):
                urls.append(page.url)
                break
        else:
            groups.append((page, letters, figures, [page.url]))
    return [tuple(urls) for _, _, _, urls in groups if len(urls) >= ENOUGH]


def _all_marks(page: Page) -> frozenset[str]:
    return _marks(_told(page), page)
