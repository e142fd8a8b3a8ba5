"""What a section's page holds, measured against the parts that the law names. One rule for each kind of section. Pure.

Each rule takes the page, its items and the reading context and returns the state that this page alone gives the
section, the parts found and the parts missing. Age never decides presence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from urllib.parse import urlsplit

from auditor.model import Dated, DateSource, Item, Place, SectionState
from auditor.read.addresses import find_addresses, mailto_address
from auditor.read.articles import article_date
from auditor.read.folding import fold
from auditor.read.items import PHONE, ROLES, Reading, extract_items
from auditor.read.page import Form, Page
from auditor.read.urls import same_page_key
from auditor.read.weeks import week_range
from auditor.read.words import DetectorWords

_ENOUGH_TEXT = 200
_SOME_TEXT = 60
_SENTENCE = 70  # characters
_NOTE = 1500  # a longer page holds more than a note to the administrator


@dataclass(frozen=True, slots=True)
class Substance:
    """The state that one page gives a section, and why."""

    state: SectionState
    items: tuple[Item, ...] = ()
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A section's page with what its rule needs to know of the site around it."""

    page: Page
    words: DetectorWords
    reading: Reading
    details: tuple[Page, ...] = ()  # pages of the section's first items that were read
    official_domains: tuple[str, ...] = ()
    menu: frozenset[str] = frozenset()  # same_page_key of the site's menu targets
    strong: bool = True  # the label by itself means this section

    @property
    def text(self) -> str:
        return fold(self.page.main_text)

    def parts(self, names: Iterable[str], *texts: str) -> tuple[str, ...]:
        padded = [f" {text} " for text in texts]
        return tuple(
            part for part in names if any(f" {word} " in text for word in self.words.parts[part] for text in padded)
        )


def judge_page(subject: Subject) -> Substance:
    """The substance of one page for the subject's detector. A placeholder or a bare heading is empty."""
    if len(subject.page.main_text) < _NOTE and subject.reading.vocabulary.any_in("administrator_notes", subject.text):
        return Substance(SectionState.EMPTY, why="placeholder")
    items = _real_items(extract_items(subject.page, subject.reading), subject)
    result = _RULES.get(subject.words.name, _list_section)(subject, items)
    if result.state is SectionState.EMPTY and not result.why:
        phrase = subject.reading.vocabulary.any_in("placeholders", subject.text)
        result = replace(result, why="placeholder" if phrase else "heading_only")
    return result


def _real_items(items: tuple[Item, ...], subject: Subject) -> tuple[Item, ...]:
    """Without placeholders, demonstration texts and injected advertising."""
    vocabulary = subject.reading.vocabulary
    return tuple(
        item
        for item in items
        if not vocabulary.any_in("placeholders", fold(item.title))
        and not vocabulary.any_in("gambling", fold(item.title))
    )


def _is_placeholder(subject: Subject) -> bool:
    return (
        len(subject.page.main_text) < 400
        and subject.reading.vocabulary.any_in("placeholders", subject.text) is not None
    )


def _text_item(subject: Subject) -> tuple[Item, ...]:
    """The page itself as the section's one item: a label that opens a single text."""
    page = subject.page
    dated = article_date(page, subject.reading) if subject.words.dated else None
    title = next((text for level, text in page.headings if level <= 2 and text), page.title)
    return (Item(title[:300], page.url, dated, ("detail",)),)


def _has_words(subject: Subject) -> bool:
    """True if the page says something of its own: a sentence, or several lines, beside headings, links and forms."""
    lines = 0
    for box in subject.page.main_boxes:
        around = (box, *box.ancestors())
        if box.place is not Place.BODY or any(b.tag in ("h1", "h2", "h3", "h4", "a", "form", "option") for b in around):
            continue
        own = " ".join(part for part in box.parts if isinstance(part, str))
        if len(box.text) >= _SENTENCE and len(own) >= _SENTENCE / 2:
            return True
        lines += len(own.split()) >= 3
    return lines >= 3


def _list_section(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """News, direction, dissemination, plans, budget, statistics, access to information: items, a text, or files."""
    if any(item.url or item.dated for item in items):
        return Substance(SectionState.PRESENT, items, ("items",))
    if _is_placeholder(subject):
        return Substance(SectionState.EMPTY, why="placeholder")
    if items or _has_words(subject):  # a table of figures is one text
        return Substance(SectionState.PRESENT, _text_item(subject), ("text",))
    return Substance(SectionState.EMPTY, missing=("items",))


def _legal_documents(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(b), NĐ 42/2022 Điều 4(1)(a): number, date, abstract, file."""
    rows = tuple(item for item in items if "number" in item.attributes)
    if not rows:
        if not items:
            return Substance(SectionState.EMPTY, missing=("number", "date", "abstract", "file"))
        return Substance(SectionState.PARTIAL, items, ("abstract",), ("number",))
    wanted = ("number", "date", "abstract", "file")
    have = tuple(p for p in wanted if sum(p in row.attributes for row in rows) * 2 >= len(rows))
    if "file" not in have and any(_files(page) for page in subject.details):
        have += ("file",)
    missing = tuple(part for part in wanted if part not in have)
    return Substance(SectionState.PARTIAL if missing else SectionState.PRESENT, rows, have, missing)


def _files(page: Page) -> bool:
    return any(link.is_file and link.box is not None and page.is_main(link.box) for link in page.links)


def _organisation(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(a): functions and tasks and units."""
    text = subject.text
    if len(text) < subject.words.minimum_text:
        if _has_own_image(subject.page) and not _is_placeholder(subject):
            return Substance(SectionState.PARTIAL, (), ("units",), ("functions", "tasks"), "image_only")
        return Substance(SectionState.EMPTY, missing=("functions", "tasks", "units"))
    found = subject.parts(("functions", "tasks", "units"), text, *(fold(page.main_text) for page in subject.details))
    missing = tuple(part for part in ("functions", "tasks", "units") if part not in found)
    if not found:
        if _has_own_image(subject.page):
            return Substance(SectionState.PARTIAL, (), ("units",), ("functions", "tasks"), "image_only")
        return Substance(
            SectionState.EMPTY, missing=missing, why="placeholder" if _is_placeholder(subject) else "no_substance"
        )
    return Substance(SectionState.PARTIAL if missing else SectionState.PRESENT, items, found, missing)


def _has_own_image(page: Page) -> bool:
    return any(
        box.tag == "img"
        and page.is_main(box)
        and (box.parent is None or box.parent.mark not in page.template)
        and not any(outer.tag == "a" for outer in box.ancestors())
        for box in page.boxes
    )


def _procedures(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(c): procedures with time limit, file list, person or place."""
    names = tuple(item for item in items if any(word in fold(item.title) for word in _folded(subject, "names")))
    names = names or items or _bare_names(subject)
    texts = [subject.text, *(fold(page.main_text) for page in subject.details)]
    found = subject.parts(("time_limit", "file_list", "responsible"), *texts)
    portal = any(
        is_service_portal(link.url, subject.words, subject)
        for link in subject.page.links
        if link.box is not None and subject.page.is_main(link.box)
    )
    if not names and not found and not portal:
        return Substance(SectionState.EMPTY, missing=("names", "time_limit", "file_list"))
    missing = tuple(part for part in ("time_limit", "file_list", "responsible") if part not in found)
    have = (*(("names",) if names else ()), *found, *(("portal_link",) if portal else ()))
    complete = "time_limit" in found and len(found) >= 2
    return Substance(SectionState.PRESENT if complete else SectionState.PARTIAL, names or items, have, missing)


def _bare_names(subject: Subject) -> tuple[Item, ...]:
    """Names of procedures in a list without links."""
    rows = [box for box in subject.page.boxes if box.tag in ("li", "td", "p", "h3", "h4") and subject.page.is_main(box)]
    texts = dict.fromkeys(box.text for box in rows if 3 <= box.text.count(" ") + 1 <= 30)
    found = [text for text in texts if any(word in fold(text) for word in _folded(subject, "names"))]
    return tuple(Item(text[:300]) for text in found) if len(found) >= 2 else ()


def _folded(subject: Subject, key: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in subject.words.extra.get(key, ()))


def is_service_portal(url: str, words: DetectorWords, subject: Subject | None = None) -> bool:
    """True if `url` is a public-service portal, by host or path patterns of the vocabulary."""
    if subject is not None:
        words = subject.reading.vocabulary.detectors["online_services"]
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if any(fnmatch(host, pattern) for pattern in words.extra.get("portal_hosts", ())):
        return True
    segments = {segment.lower() for segment in parts.path.split("/")}
    return any(path in segments for path in words.extra.get("portal_paths", ()))


def _directory(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(đ): units and competent officials with their official addresses."""
    text = subject.text
    rows = tuple(item for item in items if {"email", "phone"} & set(item.attributes))
    addresses = page_addresses(subject.page)
    people = sum(text.count(f" {word} ") for word in subject.reading.vocabulary.lists["positions"])
    phones = len(PHONE.findall(subject.page.main_text))
    if not rows:
        rows = tuple(Item(address, None, None, ("email",)) for address in addresses)
    if len(addresses) >= 2 and (people >= 2 or len(rows) >= 3):
        found, missing = ["email", "name"], []
    elif people >= 2 and (phones >= 2 or addresses):
        found, missing = ["name"] + (["phone"] if phones else []), ["email"]
    else:
        return Substance(SectionState.EMPTY, missing=("name", "email"))
    rows = tuple(_mark_official(item, subject) for item in rows)
    return Substance(SectionState.PARTIAL if missing else SectionState.PRESENT, rows, tuple(found), tuple(missing))


def _mark_official(item: Item, subject: Subject) -> Item:
    if "email" not in item.attributes:
        return item
    text = item.title + " " + " ".join(item.attributes)
    official = any(domain in text for domain in subject.official_domains)
    return replace(item, attributes=(*item.attributes, "official_email")) if official else item


def page_addresses(page: Page) -> tuple[str, ...]:
    """Distinct addresses in the page's own content."""
    found = [raw.address for raw in find_addresses(page.main_text)]
    for link in page.links:
        if link.href.lower().startswith("mailto:") and link.box is not None and page.is_main(link.box):
            found += mailto_address(link.href)
    return tuple(dict.fromkeys(address.lower() for address in found))


def _projects(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(e). An explicit "không có dự án" is content."""
    if subject.reading.vocabulary.any_in("explicit_none", subject.text) and len(items) <= 2:
        return Substance(SectionState.PRESENT, items, ("explicit_none",))
    return _list_section(subject, items)


def _online_services(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(g): a list of services or a well-formed link to the public-service portal."""
    links = [link for link in subject.page.links if link.box is not None and subject.page.is_main(link.box)]
    if any(is_service_portal(link.url, subject.words) for link in links):
        return Substance(SectionState.PRESENT, items, ("portal_link",))
    return _list_section(subject, items)


def sendable(form: Form) -> bool:
    """A form in which a reader can write and which can be sent."""
    return form.has_textarea and form.has_submit and not form.has_password


def _feedback(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(h): a form that can be sent, consultations, questions with answers, or an address."""
    pages = (subject.page, *subject.details)
    found = []
    if any(sendable(form) for page in pages for form in page.forms):
        found.append("form")
    texts = [fold(page.main_text) for page in pages]
    found += subject.parts(("deadline", "reply"), *texts)
    if items:
        found.append("items")
    if page_addresses(subject.page):
        found.append("address")
    answers = tuple(_answers(subject))
    if answers:  # a question counts by its answer, not by the day on which it was asked
        asked = subject.reading.vocabulary.lists["asked_words"]
        items = tuple(
            replace(i, dated=None) if i.dated and any(w in fold(i.dated.excerpt) for w in asked) else i for i in items
        )
    items = (*items, *answers)
    if subject.strong and {"form", "items"} & set(found):
        return Substance(SectionState.PRESENT, items, tuple(found))
    if "form" in found:
        # a comment form only as part of the contact page
        return Substance(SectionState.PARTIAL, (), tuple(found), ("own_page",))
    if not subject.strong:
        return Substance(SectionState.EMPTY, why="no_substance")
    if "address" in found and len(subject.page.main_text) >= _SOME_TEXT:
        return Substance(SectionState.PRESENT, items, tuple(found))
    if len(subject.page.main_text) >= _ENOUGH_TEXT and not _is_placeholder(subject):
        return Substance(SectionState.PARTIAL, items, ("text",), ("form",))
    return Substance(SectionState.EMPTY, missing=("form", "items"))


def _answers(subject: Subject) -> Iterable[Item]:
    """Answers with a date: a question counts by its newest answer, not by the day on which it was asked."""
    words = subject.words.parts["reply"]
    for page in (subject.page, *subject.details):
        for box in page.main_boxes:
            start = f" {fold(box.text[:60])} "
            if len(box.text) > 3000 or not any(
                start.startswith(f" {word} ") or f" {word} ngay " in start for word in words
            ):
                continue
            for found in subject.reading.find(box.text[:120]):
                if found.role in ROLES:
                    dated = Dated(found.date, DateSource.ANSWER, box.text[:120], page.url)
                    yield Item(box.text[:120], None, dated, ("reply",))
                    break


def _work_schedule(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """A weekly schedule, dated by its Monday unless a posting date is shown."""
    reading = subject.reading
    weeks = []
    for item in items:
        span = week_range(item.title, reading.as_of, reading.vocabulary.dates)
        if span is not None and span[0] <= reading.as_of and item.dated is None:
            item = replace(item, dated=Dated(span[0], DateSource.TITLE, item.title[:120], subject.page.url))
        weeks.append(item)
    span = week_range(subject.page.main_text[:3000], reading.as_of, reading.vocabulary.dates)
    days = sum(day in subject.text for day in reading.vocabulary.lists["weekdays"])
    if days >= 3 or (span and (days or _has_words(subject))):
        title = subject.page.main_text[:120]
        dated = Dated(span[0], DateSource.TITLE, title, subject.page.url) if span and span[0] <= reading.as_of else None
        first = _text_item(subject)[0]
        page_item = replace(first, dated=first.dated or dated)
        listed = tuple(item for item in weeks if "detail" in item.attributes or "file" in item.attributes)
        return Substance(SectionState.PRESENT, (page_item, *listed), ("week",))
    listed = tuple(
        item for item in weeks if item.dated is not None or "lich" in fold(item.title) or "tuan" in fold(item.title)
    )
    if listed:
        return Substance(SectionState.PRESENT, listed, ("items",))
    if _is_placeholder(subject) or not (items and len(subject.page.main_text) >= _ENOUGH_TEXT):
        return Substance(SectionState.EMPTY, missing=("week",), why="" if _is_placeholder(subject) else "no_substance")
    return Substance(SectionState.PRESENT, items, ("items",))


def _contact(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """NĐ 43/2011 Điều 10(1)(l): address, telephone, official e-mail address. Without an official address: partial."""
    text = subject.text
    addresses = page_addresses(subject.page)
    found = list(subject.parts(("address",), text))
    if PHONE.search(subject.page.main_text) or re.search(r"\(?0\d{2,4}\)?[\s.]*\d[\d.\s]{5,}", subject.page.main_text):
        found.append("phone")
    if any(is_official(address, subject.official_domains) for address in addresses):
        found.append("official_email")
    elif addresses:
        found.append("email")
    if any(sendable(form) for form in subject.page.forms):
        found.append("form")
    if not found:
        return Substance(SectionState.EMPTY, missing=("address", "phone", "official_email"))
    missing = tuple(part for part in ("address", "phone", "official_email") if part not in found)
    whole = "official_email" in found and ("address" in found or "phone" in found)
    return Substance(SectionState.PRESENT if whole else SectionState.PARTIAL, (), tuple(found), missing)


def is_official(address: str, domains: Iterable[str]) -> bool:
    host = address.rpartition("@")[2].lower()
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _sitemap(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """A page for readers that lists the site's own sections."""
    page = subject.page
    inside = {
        same_page_key(link.url) for link in page.links if link.url and link.box is not None and page.is_main(link.box)
    }
    shared = inside & subject.menu
    if len(shared) >= max(3, min(6, len(subject.menu) // 3)):
        return Substance(SectionState.PRESENT, (), ("links",))
    return Substance(SectionState.EMPTY, missing=("links",), why="no_substance")


def _english(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """A page that is mostly not Vietnamese."""
    text = subject.page.main_text or subject.page.text
    letters = [c for c in text if c.isalpha()]
    accented = sum(ord(c) > 127 for c in letters)
    if len(letters) < 60:
        return Substance(SectionState.EMPTY, missing=("text",))
    if accented / len(letters) > 0.08:
        return Substance(SectionState.EMPTY, missing=("text",), why="not_english")
    return Substance(SectionState.PRESENT, items, ("text",))


def _rss(subject: Subject, items: tuple[Item, ...]) -> Substance:
    return Substance(SectionState.EMPTY, missing=("items",), why="no_substance")


Rule = Callable[[Subject, tuple[Item, ...]], Substance]
_RULES: Mapping[str, Rule] = {
    "legal_documents": _legal_documents,
    "organisation": _organisation,
    "procedures": _procedures,
    "email_directory": _directory,
    "projects_procurement": _projects,
    "online_services": _online_services,
    "feedback": _feedback,
    "work_schedule": _work_schedule,
    "contact": _contact,
    "sitemap": _sitemap,
    "english": _english,
    "rss": _rss,
}
