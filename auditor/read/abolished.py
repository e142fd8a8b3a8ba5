"""Where a site names an abolished body as current: its own name or its superior's, and nothing else. Pure.

A name alone proves nothing: licences, documents and histories rightly cite bodies of their time. So it counts only
where what stands before it says that it is the agency's own or governing body, and what follows is the end or a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from auditor.model import AgencyKind, DetectorFacts, Place
from auditor.model.abolished import Abolished, AbolishedBody, Level, NamedAsCurrent
from auditor.read.context import SiteContext
from auditor.read.dom import BREAK, INLINE, Box
from auditor.read.folding import excerpt, fold, nfc, plain
from auditor.read.page import Page
from auditor.read.urls import same_page_key

_ELSEWHERE = " lienketngoai "  # stands for the words of a link to somebody else: no word before a name
_CUT = re.compile(r"[;|•·\n]|\.\s|\s[-–—]\s")  # "UBND tỉnh Mẫu - Địa chỉ: …" are two parts of a line
_SENTENCE = re.compile(r"[.;\n]\s*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MOST = 6
_LONGEST = 400  # characters: a longer line is a text, not a name


def named_as_current(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> tuple[NamedAsCurrent, ...]:
    """Every abolished body once, with the first place that names it as current. Dates are judged elsewhere."""
    known = context.matcher.vocabulary.abolished
    if _is_archive(context.start, known):
        return ()
    bodies = (*known.bodies, *_own_district(context, known))
    any_name = _pattern(tuple(name for body in bodies for name in body.names))
    found: dict[str, NamedAsCurrent] = {}
    last = ("", "", "")
    for place, url, line in _lines(context, detectors):
        text = plain(line)
        above, last = last[2] if last[:2] == (place, url) else "", (place, url, line)
        for body in bodies if any_name.search(text) else ():
            match = _pattern(body.names).search(text)
            if match is None or body.names[0] in found:
                continue
            if (
                _governs(line, match, context)
                if place == "organisation"
                else _is_name(line, above, match, body, context)
            ):
                found[body.names[0]] = NamedAsCurrent(
                    nfc(line[match.start() : match.end()]), place, url, excerpt(nfc(line.replace(_ELSEWHERE, " "))),
                    body.last_day, body.now, body.source,
                )  # fmt: skip
    return tuple(found.values())[:_MOST]


def _is_archive(start: Page, known: Abolished) -> bool:
    """True for a site that says of itself that it is kept as an archive: its names are those of its time."""
    text = "".join(f" {fold(line)} " for line in _block_lines(start.boxes, start))  # titles of items are links
    return any(f" {phrase} " in text for phrase in known.words.get("archive", ()))


def _own_district(context: SiteContext, known: Abolished) -> Iterator[AbolishedBody]:
    """The agency itself, where its level of administration was abolished."""
    if context.agency.kind is not AgencyKind.DISTRICT or known.district is None:
        return
    names: dict[str, None] = {}
    for name in (context.agency.name, *context.agency.short_names):
        place = re.search(r"\b(?:huyen|quan|thi xa|thanh pho)\b.*", plain(nfc(name)))
        if place is not None and place[0] != plain(nfc(name)):  # a body's name, not the place's alone
            names[nfc(name)[place.start() :]] = None
    rule = known.district
    if names:
        yield AbolishedBody(tuple(names), rule.last_day, rule.now, rule.source, Level.DISTRICT)


@lru_cache(maxsize=512)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the names in text made plain, whatever signs stand between their words; the longest first."""
    spellings = sorted({fold(name) for name in names}, key=len, reverse=True)
    either = "|".join(r"[\W_]+".join(spelling.split()) for spelling in spellings)
    return re.compile(rf"(?<![a-z0-9])(?:{either})(?![a-z0-9])")


# -- is it a name ----------------------------------------------------------------------------------------------------


def _is_name(line: str, above: str, match: re.Match[str], body: AbolishedBody, context: SiteContext) -> bool:
    """In header, footer and contact block: the name is the whole part of the line, but for words of ownership before
    it, the agency's own name, and labels after it. A ministry that stands alone needs such words in the line above."""
    words = context.matcher.vocabulary.abolished.words
    if len(line) > _LONGEST or _speaks_of_the_past(line, words):
        return False
    before = fold(_CUT.split(line[: match.start()])[-1])
    after = fold(_CUT.split(line[match.end() :])[0])
    own = _own_names(context)
    said = f" {fold(line[: match.start()])} "
    if any(f" {phrase} " in said for phrase in words.get("of_others", ())):
        return False  # a licence, a list of links
    if not before and body.level is not Level.NATIONAL:
        return False  # the place, not the body
    if not before and not (fold(above) and _made_of(fold(above), words["owner"])):
        return False
    if not _made_of(before, (*words["owner"], *own)):
        return False
    return not after or any(f"{after} ".startswith(f"{label} ") for label in (*words["after"], *own))


def _governs(line: str, match: re.Match[str], context: SiteContext) -> bool:
    """In a section on the organisation: "… là cơ quan chuyên môn thuộc UBND tỉnh Mẫu", said of today."""
    words = context.matcher.vocabulary.abolished.words
    if _speaks_of_the_past(line, words) or _YEAR.search(line):
        return False
    before = fold(line[: match.start()])
    before = re.sub(r" (?:ubnd|uy ban nhan dan)$", "", before)
    return any(f" {before}".endswith(f" {phrase}") for phrase in words["governed"])


def _speaks_of_the_past(line: str, words: Mapping[str, tuple[str, ...]]) -> bool:
    text = f" {fold(line)} "
    return any(f" {phrase} " in text for phrase in words["former"])


def _made_of(text: str, phrases: Iterable[str]) -> bool:
    """True if `text` is nothing but such phrases and years, in any order."""
    longest_first = sorted(set(phrases), key=len, reverse=True)
    while text:
        rest = next((text[len(p) :] for p in longest_first if f"{text} ".startswith(f"{p} ")), None)
        if rest is None and _YEAR.match(text):
            rest = text[4:]
        if rest is None:
            return False
        text = rest.strip()
    return True


def _own_names(context: SiteContext) -> tuple[str, ...]:
    """The agency's names, with and without the province that the registry writes behind them."""
    names = {fold(name) for name in (context.agency.name, *context.agency.short_names)}
    return tuple({*names, *(name.partition(" tinh ")[0] for name in names)} - {""})


# -- where a name may stand -------------------------------------------------------------------------------------------


def _lines(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> Iterator[tuple[str, str, str]]:
    """(place, URL, line) of everything that speaks for the agency. On a path of a portal header and footer do not."""
    start = context.start
    if context.scope.is_whole_host:
        for place in (Place.HEADER, Place.FOOTER):
            blocks = (box for box in start.boxes if box.place is place and not box.hidden)
            yield from ((str(place), start.url, line) for line in _block_lines(blocks, start))
    for page in _section_pages("contact", context, detectors):
        blocks = (box for box in page.boxes if page.is_main(box))
        yield from (("contact_page", page.url, line) for line in _block_lines(blocks, page))
    decree = context.matcher.vocabulary.abolished.words["decree"]
    for page in _section_pages("organisation", context, detectors):
        text = f" {fold(page.main_text)} "
        if any(f" {phrase} " in text for phrase in decree):
            continue
        for line in _block_lines((box for box in page.boxes if page.is_main(box)), page):
            yield from (("organisation", page.url, sentence) for sentence in _SENTENCE.split(line))


def _section_pages(name: str, context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> Iterator[Page]:
    facts = detectors.get(name)
    for section in facts.sections if facts is not None else ():
        page = context.page_at(section.url)
        if section.own and page is not None and page is not context.start and "#" not in section.url:
            yield page


def _block_lines(boxes: Iterable[Box], page: Page) -> Iterator[str]:
    """The lines of blocks that hold text of their own. Words of links that lead elsewhere are somebody else's."""
    home = same_page_key(page.url)  # where the banner leads
    banner = {id(link.box) for link in page.links if link.url and same_page_key(link.url) == home}
    known: dict[int, bool] = {}  # by id of a parent: it is asked about for each of its parts
    for box in boxes:
        outer = box.parent if box.tag in INLINE else None
        if outer is not None and id(outer) not in known:
            known[id(outer)] = _has_words(outer)
        if not _has_words(box) or (outer is not None and known[id(outer)]):
            continue  # empty, or a part of its parent's line
        links = (one for one in (box, *box.ancestors()) if one.tag in ("a", "option"))
        if any(id(one) not in banner for one in links):
            continue
        out: list[str] = []
        _collect(box, out, banner)
        yield from (line.strip() for line in "".join(out).split(BREAK) if line.strip())


def _has_words(box: Box) -> bool:
    """True if the box has text of its own, or inline parts that have."""
    if any(isinstance(part, str) and part.strip() for part in box.parts):
        return True
    return any(not isinstance(part, str) and part.tag in INLINE and part.weight for part in box.parts)


def _collect(box: Box, out: list[str], banner: set[int]) -> None:
    for part in box.parts:
        if isinstance(part, str):
            out.append(BREAK if part == BREAK else " ".join(part.split("\n")))
        elif part.tag not in INLINE:
            out.append(BREAK)
        elif part.tag == "a" and id(part) not in banner:
            out.append(_ELSEWHERE)
        else:
            _collect(part, out, banner)
