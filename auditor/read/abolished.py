"""Where a site names an abolished body as current: its own name or its superior's, and nothing else. Pure.

A name alone proves nothing: licences, lists of links, documents and histories rightly name other bodies and those of
their time. So it counts only where a word of ownership stands before it, or the agency's own name beside it as in a
letterhead, and what follows is the end or a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from auditor.model import AgencyKind, DetectorFacts, Place
from auditor.model.abolished import Abolished, AbolishedBody, Level, NamedAsCurrent
from auditor.read.boxes import BREAK, INLINE, Box
from auditor.read.context import SiteContext
from auditor.read.folding import excerpt, fold, is_made_of, nfc, plain
from auditor.read.page import Page
from auditor.read.urls import same_page_key

_ELSEWHERE = " lienketngoai "  # stands for the words of a link to somebody else: no word before a name
_CUT = re.compile(r"[;|•·\n]|\.\s|\s[-–—]\s")  # "UBND tỉnh Mẫu - Địa chỉ: …" are two parts of a line
_SENTENCE = re.compile(r"[.;\n]\s*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_YEARS = re.compile(r"(?<!\S)(?:19|20)\d\d(?!\S)")
_MOST = 6
_LONGEST = 400  # characters: a longer line is a text, not a name
_HEADING = 8  # words of the heading of a list, at most
_NEAR = 2  # lines on each side: other bodies' names among them make a list


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a place that speaks for the agency, with the lines around it, or with its whole paragraph in
    `around` in a section on the organisation. `listed`: below the heading of a list of others."""

    place: str
    url: str
    text: str
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    around: str = ""
    listed: bool = False


def named_as_current(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> tuple[NamedAsCurrent, ...]:
    """Every abolished body once, with the first place that names it as current. Dates are judged elsewhere."""
    known = context.matcher.vocabulary.abolished
    if _is_archive(context.start, known):
        return ()
    bodies = (*known.bodies, *_own_district(context, known))
    any_name = _pattern(tuple(name for body in bodies for name in body.names))
    found: dict[str, NamedAsCurrent] = {}
    for line in _lines(context, detectors):
        text = plain(line.text)
        for body in bodies if any_name.search(text) else ():
            match = _pattern(body.names).search(text)
            if match is None or body.names[0] in found:
                continue
            counts = _governs if line.place == "organisation" else _is_name
            if counts(line, match, body, context):
                found[body.names[0]] = NamedAsCurrent(
                    nfc(line.text[match.start() : match.end()]), line.place, line.url,
                    excerpt(nfc(line.text.replace(_ELSEWHERE, " "))), body.last_day, body.now, body.source,
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
        place = re.search(rf"(?<![a-z])(?:{'|'.join(known.words['district'])})(?![a-z]).*", plain(nfc(name)))
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


def _is_name(line: _Line, match: re.Match[str], body: AbolishedBody, context: SiteContext) -> bool:
    """In header, footer and contact block: the name is the whole part of the line, but for words before it, the
    agency's own name, and labels after it. They or the line above say ownership, or it is a letterhead."""
    words, own = context.matcher.vocabulary.abolished.words, context.own_names()
    if len(line.text) > _LONGEST or _is_of_the_past(line, words):
        return False
    said = fold(line.text[: match.start()])
    if _has(words["of_others"], said):
        return False  # a licence, a list of links
    before = fold(_CUT.split(line.text[: match.start()])[-1])
    after = fold(_CUT.split(line.text[match.end() :])[0])
    if not _made_of(before, (*words["owner"], *words["named"], *own)):
        return False
    if after and not _starts(after, (*words["after"], *own)):
        return False
    if not before and body.level is not Level.NATIONAL:
        return False  # the place, not the body
    return _is_owned(said, line, words) or _is_letterhead(line, before, match, body, context)


def _is_owned(said: str, line: _Line, words: Mapping[str, tuple[str, ...]]) -> bool:
    """True if words of ownership stand before the name: in its line, or as all that the line above says."""
    label = fold(line.above[-1]) if line.above else ""
    allowed = (*words["owner"], *words["named"])
    return _has(words["owner"], said) or (_has(words["owner"], label) and _made_of(label, allowed))


def _is_letterhead(line: _Line, before: str, match: re.Match[str], body: AbolishedBody, context: SiteContext) -> bool:
    """True if the agency's own name stands in the line or next to it, and no other body's around: a list names many."""
    words, own = context.matcher.vocabulary.abolished.words, context.own_names()
    if not before:
        return False  # a ministry that stands alone
    own = tuple(name for name in own if not _made_of(name, words["named"]))  # "UBND" is everybody's
    rest = [fold(_pattern(body.names).sub(" ", plain(text))) for text in (*line.above, *line.below)]
    if any(_starts(text, words["bodies"]) and not _made_of(text, (*own, *words["named"])) for text in rest):
        return False
    follows = fold(_CUT.split(line.text[match.end() :], maxsplit=1)[-1]), fold(line.below[0]) if line.below else ""
    if line.listed and not any(_starts(text, words["after"]) for text in follows):
        return False
    beside = (line.text, *line.above[-1:], *line.below[:1])
    return any(_has(own, fold(text)) for text in beside)


def _governs(line: _Line, match: re.Match[str], body: AbolishedBody, context: SiteContext) -> bool:
    """In a section on the organisation: "… là cơ quan chuyên môn thuộc UBND tỉnh Mẫu", said of today."""
    words = context.matcher.vocabulary.abolished.words
    before = fold(line.text[: match.start()])
    if _has(words["former"], fold(line.text)) or _YEAR.search(line.around) or _has(words["documents"], before):
        return False
    before = next((before.removesuffix(f" {one}") for one in words["committee"] if before.endswith(f" {one}")), before)
    return any(f" {before}".endswith(f" {phrase}") for phrase in words["governed"])


def _is_of_the_past(line: _Line, words: Mapping[str, tuple[str, ...]]) -> bool:
    """True if the line speaks of the past, the one above leads to it so, or the one below goes on so."""
    above, below = fold(line.above[-1]) if line.above else "", fold(line.below[0]) if line.below else ""
    return (
        _has(words["former"], fold(line.text))
        or any(f" {above} ".endswith(f" {phrase} ") for phrase in words["former"])
        or _starts(below, words["former"])
    )


def _has(phrases: Iterable[str], text: str) -> bool:
    return any(f" {phrase} " in f" {text} " for phrase in phrases)


def _starts(text: str, phrases: Iterable[str]) -> bool:
    return any(f"{text} ".startswith(f"{phrase} ") for phrase in phrases)


def _made_of(text: str, phrases: Iterable[str]) -> bool:
    """True if `text` is nothing but such phrases and years."""
    return is_made_of(_YEARS.sub(" ", text), phrases)


# -- where a name may stand -------------------------------------------------------------------------------------------


def _lines(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> Iterator[_Line]:
    """Everything that speaks for the agency. On a path of a portal header and footer do not."""
    start, words = context.start, context.matcher.vocabulary.abolished.words
    if context.scope.is_whole_host:
        for place in (Place.HEADER, Place.FOOTER):
            blocks = (box for box in start.boxes if box.place is place and not box.hidden)
            yield from _in_order(str(place), start.url, list(_block_lines(blocks, start)), words)
    for page in _section_pages("contact", context, detectors):
        blocks = (box for box in page.boxes if page.is_main(box))
        yield from _in_order("contact_page", page.url, list(_block_lines(blocks, page)), words)
    for page in _section_pages("organisation", context, detectors):
        if _has((*words["decree"], *words["history"]), fold(page.main_text)):
            continue
        for text in _block_lines((box for box in page.boxes if page.is_main(box)), page):
            yield from (_Line("organisation", page.url, one, around=text) for one in _SENTENCE.split(text))


def _in_order(place: str, url: str, texts: list[str], words: Mapping[str, tuple[str, ...]]) -> Iterator[_Line]:
    listed = False
    for n, text in enumerate(texts):
        yield _Line(
            place, url, text, tuple(texts[max(0, n - _NEAR) : n]), tuple(texts[n + 1 : n + 1 + _NEAR]), listed=listed
        )
        said = fold(text)
        listed = listed or (said.count(" ") < _HEADING and _has(words["lists"], said))


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
    if box.speaks:
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
