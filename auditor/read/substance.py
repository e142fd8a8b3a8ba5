"""What a section's page holds, measured against the parts that the law names. One rule for each kind of section. Pure.

Each rule takes the page, its items and the reading context and returns the state that this page alone gives the
section, the parts found and the parts missing. Age never decides presence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from auditor.model import DateSource, Item, Place, SectionState
from auditor.read.feedback import judge_feedback
from auditor.read.folding import fold, nfc, plain
from auditor.read.items import PHONE, content_links, extract_items
from auditor.read.page import Link, Page
from auditor.read.subject import (
    Subject,
    Substance,
    has_files,
    has_own_image,
    has_words,
    is_official,
    is_placeholder,
    is_service_portal,
    lines,
    page_addresses,
    sendable,
    text_item,
)
from auditor.read.tables import column_dates
from auditor.read.urls import same_page_key
from auditor.read.work_schedules import judge_work_schedule

_HEADING_ROOM = 40  # characters that a page of headings alone may have beyond its title
_CATEGORY_WORDS = 6
_NOTHING = re.compile(r"\s?(?:\(0\)|0(?!\w))\s*")
_SHORT_PHONE = re.compile(r"\b[2-9]\d{2,3}[. ]\d{3}\b")  # within the area
_NOTE = 1500  # a longer page holds more than a note to the administrator


def judge_page(subject: Subject) -> Substance:
    """The substance of one page for the subject's detector. A placeholder or a bare heading is empty."""
    if len(subject.page.main_text) < _NOTE and subject.reading.vocabulary.any_in("administrator_notes", subject.text):
        return Substance(SectionState.EMPTY, why="placeholder")
    items = _real_items(_dated_items(subject), subject)
    result = _RULES.get(subject.words.name, _list_section)(subject, items)
    if result.state is SectionState.EMPTY and not result.why:
        phrase = subject.reading.vocabulary.any_in("placeholders", subject.text)
        bare = len(subject.page.main_text) <= len(subject.page.title) + _HEADING_ROOM
        result = replace(result, why="placeholder" if phrase else "heading_only" if bare else "no_substance")
    return result


def _dated_items(subject: Subject) -> tuple[Item, ...]:
    """The page's items; where tables list them, dated by the column that counts."""
    reading = replace(subject.reading, own_numbers=subject.words.name == "legal_documents")
    items = extract_items(subject.page, reading)
    tables = subject.words.dated and any(item.dated and item.dated.source is DateSource.TABLE for item in items)
    return column_dates(subject.page, items, subject.reading) if tables else items


def _real_items(items: tuple[Item, ...], subject: Subject) -> tuple[Item, ...]:
    """Without placeholders, demonstration texts and injected advertising."""
    vocabulary = subject.reading.vocabulary
    return tuple(
        item
        for item in items
        if not vocabulary.any_in("placeholders", fold(item.title))
        and not vocabulary.any_in("gambling", fold(item.title))
    )


def _list_section(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """News, direction, dissemination, plans, budget, statistics, access to information: items, a text, or files."""
    if any(item.url or item.dated for item in items):
        return Substance(SectionState.PRESENT, items, ("items",))
    if is_placeholder(subject):
        return Substance(SectionState.EMPTY, why="placeholder")
    if items or has_words(subject):  # a table of figures is one text
        return Substance(SectionState.PRESENT, text_item(subject), ("text",))
    return Substance(SectionState.EMPTY, missing=("items",))


def _legal_documents(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(b), NĐ 42/2022 Điều 4(1)(a): number, date, abstract, file."""
    rows = tuple(item for item in items if "number" in item.attributes)
    if not rows:
        if _counts_nothing(items, subject) or (not items and not (has_words(subject) and not is_placeholder(subject))):
            return Substance(SectionState.EMPTY, missing=("number", "date", "abstract", "file"))
        return Substance(SectionState.PARTIAL, items, ("abstract",), ("number",))
    wanted = ("number", "date", "abstract", "file")
    have = tuple(p for p in wanted if sum(p in row.attributes for row in rows) * 2 >= len(rows))
    if "file" not in have and any(has_files(page) for page in subject.details):
        have += ("file",)
    missing = tuple(part for part in wanted if part not in have)
    return Substance(SectionState.PARTIAL if missing else SectionState.PRESENT, rows, have, missing)


def _counts_nothing(items: Sequence[Item], subject: Subject) -> bool:
    """True for categories each of which is said to hold nothing: "Luật, Pháp lệnh (0)". Not for documents nobody
    commented on ("0 bình luận")."""
    if not items or any(item.dated or len(item.title.split()) > _CATEGORY_WORDS for item in items):
        return False
    text = nfc(subject.page.main_text)
    low = plain(text)
    return all(_is_counted_nothing(plain(nfc(item.title)).removesuffix("(0)").rstrip(), low, text) for item in items)


def _is_counted_nothing(title: str, low: str, text: str) -> bool:
    """A small letter behind the 0 begins the name of what is counted."""
    counts = (_NOTHING.match(low, found.end()) for found in re.finditer(re.escape(title), low))
    return any(count is not None and not text[count.end() : count.end() + 1].islower() for count in counts)


def _organisation(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(a): functions and tasks and units."""
    text = subject.text
    if len(text) < subject.words.minimum_text:
        if has_own_image(subject.page) and not is_placeholder(subject):
            return Substance(SectionState.PARTIAL, (), ("units",), ("functions", "tasks"), "image_only")
        return Substance(SectionState.EMPTY, missing=("functions", "tasks", "units"))
    texts = (text, *(fold(page.main_text) for page in subject.details))
    found = (*subject.parts(("functions", "tasks"), *texts), *subject.parts(("units",), *_of_units(texts, subject)))
    missing = tuple(part for part in ("functions", "tasks", "units") if part not in found)
    if not found:
        if has_own_image(subject.page):
            return Substance(SectionState.PARTIAL, (), ("units",), ("functions", "tasks"), "image_only")
        return Substance(
            SectionState.EMPTY, missing=missing, why="placeholder" if is_placeholder(subject) else "no_substance"
        )
    return Substance(SectionState.PARTIAL if missing else SectionState.PRESENT, items, found, missing)


def _of_units(texts: Iterable[str], subject: Subject) -> Iterator[str]:
    """The texts without what sounds like a unit and is a task or a superior ("kế hoạch thanh tra"). Behind a word for
    a unit it names one all the same: "Phòng Thanh tra, kiểm tra"."""
    lists = subject.reading.vocabulary.lists
    behind = "".join(
        rf"(?<!\b{word} )" for word in lists["unit_words"] if not any(word in no for no in lists["no_units"])
    )
    none = re.compile(rf"{behind}\b(?:{'|'.join(lists['no_units'])})\b")
    for text in texts:
        yield none.sub(" ", text)


def _procedures(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(c): procedures with time limit, file list, person or place."""
    names = tuple(item for item in items if any(word in fold(item.title) for word in _folded(subject, "names")))
    names = names or items
    if len(names) < 2:  # at most a way to a larger database beside the fields
        listed = {item.url for item in names}
        names = (*names, *(field for field in _fields(subject) if field.url not in listed)) or _bare_names(subject)
    texts = [subject.text, *(fold(page.main_text) for page in subject.details)]
    found = subject.parts(("time_limit", "file_list", "responsible"), *texts)
    portal = any(
        is_service_portal(link.url, subject.words, subject)
        for link in subject.page.links
        if link.box is not None and link.place is Place.BODY and subject.page.is_main(link.box)
    )
    if not found and not items and is_placeholder(subject):
        return Substance(SectionState.EMPTY, missing=("names", "time_limit", "file_list"), why="placeholder")
    if not names and not found and not portal:
        return Substance(SectionState.EMPTY, missing=("names", "time_limit", "file_list"))
    missing = tuple(part for part in ("time_limit", "file_list", "responsible") if part not in found)
    have = (*(("names",) if names else ()), *found, *(("portal_link",) if portal else ()))
    complete = "time_limit" in found and len(found) >= 2
    return Substance(SectionState.PRESENT if complete else SectionState.PARTIAL, names or items, have, missing)


def _fields(subject: Subject) -> tuple[Item, ...]:
    """Fields of procedures ("Đất đai", "Hộ tịch") that open lists of their own, as links or in a box to choose from."""
    if not subject.strong:
        return ()
    page = subject.page
    links = [link for link in content_links(page, subject.reading) if not link.is_file]
    links = links or [link for link in page.links if link.box and link.box.tag == "option" and _is_choice(link, page)]
    return tuple(Item(link.label, link.url, None, ("detail",)) for link in links)


def _is_choice(link: Link, page: Page) -> bool:
    """True for an entry of a box in the page's own content that opens another page of the site's host."""
    own = link.box is not None and link.box.place is Place.BODY and page.is_main(link.box)
    host = urlsplit(page.url).hostname
    return own and urlsplit(link.url).hostname == host and same_page_key(link.url) != same_page_key(page.url)


def _bare_names(subject: Subject) -> tuple[Item, ...]:
    """Names of procedures in a list without links."""
    texts = [line for line in lines(subject) if 3 <= line.count(" ") + 1 <= 30]
    if is_placeholder(subject) or (len(texts) < 2 and not subject.strong):
        return ()
    return tuple(Item(text[:300]) for text in texts) if len(texts) >= 2 else ()


def _folded(subject: Subject, key: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in subject.words.extra.get(key, ()))


def _directory(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(đ): units and competent officials with their official addresses."""
    text = subject.text
    rows = tuple(item for item in items if {"email", "phone"} & set(item.attributes))
    signs = subject.reading.vocabulary.signs
    addresses = page_addresses(subject.page, signs)
    if not addresses:  # a list of names, each of which opens its person's page
        addresses = tuple(one for page in subject.details for one in page_addresses(page, signs))
    people = sum(text.count(f" {word} ") for word in subject.reading.vocabulary.lists["positions"])
    phones = len(PHONE.findall(subject.page.main_text)) or len(_SHORT_PHONE.findall(subject.page.main_text))
    if not rows:
        rows = tuple(Item(address, None, None, ("email",)) for address in addresses)
    units = _unit_rows(subject, lambda text: "@" in text)
    if len(addresses) >= 2 and (people >= 2 or units >= 2 or (subject.strong and len(rows) >= 3)):
        found, missing = ["email", "name"], []
    elif people >= 2 and (phones >= 2 or addresses):
        found = ["name"] + (["phone"] if phones else []) + (["email"] if addresses else [])
        missing = ["own_email"] if addresses else ["email"]
    elif subject.strong and _unit_rows(subject, lambda text: PHONE.search(text) is not None) >= 2:
        found, missing = ["name", "phone"], ["email"]  # units and their telephones
    else:
        return Substance(SectionState.EMPTY, missing=("name", "email"))
    return Substance(SectionState.PARTIAL if missing else SectionState.PRESENT, rows, tuple(found), tuple(missing))


def _unit_rows(subject: Subject, gives: Callable[[str], bool]) -> int:
    """Rows that begin with a unit's name and give its address or telephone: "Phòng Quản lý ngân sách | … | qlns@…"."""
    words = tuple(f"{word} " for word in subject.reading.vocabulary.lists["unit_words"])
    rows = (box for box in subject.page.boxes if box.tag in ("tr", "li") and gives(box.text))
    return sum(subject.page.is_main(row) and fold(row.text).startswith(words) for row in rows)


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


def _contact(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """NĐ 43/2011 Điều 10(1)(l): address, telephone, official e-mail address. Without an official address: partial."""
    text = subject.text
    addresses = page_addresses(subject.page, subject.reading.vocabulary.signs)
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


def _sitemap(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """A page for readers that lists the site's own sections. Its list may be named like a menu ("navTree"): what does
    not stand on the other pages is the page's own."""
    page = subject.page
    inside = {
        same_page_key(link.url)
        for link in page.links
        if link.url and link.box is not None and (page.is_main(link.box) or page.is_unshared(link.box))
    }
    if len(inside) >= 3 and len(inside & subject.menu) >= 2:
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
    "feedback": judge_feedback,
    "work_schedule": judge_work_schedule,
    "contact": _contact,
    "sitemap": _sitemap,
    "english": _english,
    "rss": _rss,
}
