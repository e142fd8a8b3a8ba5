"""What a page of feedback holds: a form, consultations, questions; and the days of the answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from auditor.model import Dated, DateSource, Item, SectionState
from auditor.read.boxes import Box
from auditor.read.dates import FoundDate
from auditor.read.entries import ROLES
from auditor.read.folding import fold, plain
from auditor.read.subject import (
    ENOUGH_TEXT,
    SOME_TEXT,
    Subject,
    Substance,
    is_placeholder,
    page_addresses,
    sendable,
)

_LONGEST_ANSWER = 3000
_NEAR = 60  # characters after "Trả lời" in which its date stands


def judge_feedback(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """Luật CNTT 67/2006 Điều 28(2)(h): a form to send, consultations, answered questions, or an address."""
    pages = (subject.page, *subject.details)
    found = []
    if any(sendable(form) for page in pages for form in page.forms):
        found.append("form")
    texts = [fold(page.main_text) for page in pages]
    found += subject.parts(("deadline", "reply"), *texts)
    if page_addresses(subject.page, subject.reading.vocabulary.signs):
        found.append("address")
    answers = tuple(_answers(subject))
    if items or answers:
        found.append("items")
    if answers:  # a question counts by its answer, not by the day on which it was asked
        items = tuple(replace(i, dated=None) if i.dated and _is_question(i, subject) else i for i in items)
    items = (*items, *answers)
    if subject.strong and {"form", "items"} & set(found):
        return Substance(SectionState.PRESENT, items, tuple(found))
    if "form" in found:
        # a comment form only as part of the contact page
        return Substance(SectionState.PARTIAL, (), tuple(found), ("own_page",))
    if not subject.strong:
        return Substance(SectionState.EMPTY, why="no_substance")
    if "address" in found and len(subject.page.main_text) >= SOME_TEXT:
        return Substance(SectionState.PRESENT, items, tuple(found))
    if len(subject.page.main_text) >= ENOUGH_TEXT and not is_placeholder(subject):
        return Substance(SectionState.PARTIAL, items, ("text",), ("form",))
    return Substance(SectionState.EMPTY, missing=("form", "items"))


def _is_question(item: Item, subject: Subject) -> bool:
    """True for a question beside answers: one that leads nowhere or asks, or one whose day says that it was asked."""
    asks = item.url is None or item.title.rstrip().endswith("?")
    return asks or (item.dated is not None and _is_asking(item.dated.excerpt, subject))


def _is_asking(text: str, subject: Subject) -> bool:
    """True if the words around a day say that somebody asked on it: "Ngày hỏi: …", "Người hỏi: … - ngày …"."""
    lists, low = subject.reading.vocabulary.lists, plain(text)
    return any(word in low for word in lists["asked_words"]) or any(f"{w}:" in low for w in lists["question_words"])


def _answers(subject: Subject) -> Iterator[Item]:
    """Answers with a date: a question counts by its newest answer, not by the day on which it was asked."""
    words = subject.words.parts["reply"]
    beneath: dict[int, bool] = {}  # by id of the box around the answers
    for page in (subject.page, *subject.details):
        for box in page.main_boxes:
            if len(box.text) > _LONGEST_ANSWER:
                continue
            low = plain(box.text)
            places = [m.start() for m in re.finditer(rf"\b{words[0]}\b", low)]
            places += [0] if any(low.startswith(word) for word in words) else []
            for place in places:
                near = box.text[place : place + _NEAR]
                found = next((one for one in subject.reading.find(near) if one.role in ROLES), None)
                if found is None and place == 0:
                    near, found = _signed(box.text, subject)
                if found is None and box.parent is not None:
                    if id(box.parent) not in beneath:
                        beneath[id(box.parent)] = _ends_stamped(box.parent, subject)
                    near, found = _stamped(box, subject) if beneath[id(box.parent)] else (near, None)
                if found is not None:
                    answered = Dated(found.date, DateSource.ANSWER, near, page.url)
                    yield Item(near, None, answered, ("reply",), _asked(box, place, subject))


def _signed(text: str, subject: Subject) -> tuple[str, FoundDate | None]:
    """The day that ends an answer, behind who gave it ("Văn phòng Sở - 05/06/2025"); and the words that hold it."""
    tail = text[-_NEAR // 2 :]
    last = [one for one in subject.reading.find(tail) if one.role in ROLES][-1:]
    return tail, last[0] if last and tail.rstrip(" ).").endswith(last[0].excerpt.strip()) else None


def _stamped(answer: Box, subject: Subject) -> tuple[str, FoundDate | None]:
    """The day that stands alone in the line beneath an answer, and that line."""
    outer, after = answer.parent, answer.after
    line = answer.words.text[answer.high : outer.high].strip() if outer is not None and after is None else ""
    line = line or (after.text if after is not None else "")
    return line, _day_alone(line, subject)


def _day_alone(line: str, subject: Subject) -> FoundDate | None:
    """The day of a line that holds little else."""
    days = [one for one in subject.reading.find(line) if one.role in ROLES] if line and len(line) <= _NEAR else []
    return days[0] if len(days) == 1 and days[0].end - days[0].start >= len(line) / 2 else None


def _ends_stamped(around: Box, subject: Subject) -> bool:
    """False if the last answer in `around` has no day beneath it where days stand in lines of their own: those head
    the questions that follow them."""
    words = subject.words.parts["reply"]
    for box in reversed(list(around.children)):
        if _day_alone(box.text, subject) is not None:
            return True
        if plain(box.text[:_NEAR]).startswith(words):
            return box.after is None and bool(around.words.text[box.high : around.high].strip())
    return True


def _asked(answer: Box, place: int, subject: Subject) -> date | None:
    """The day on which the question before an answer was asked, by the words that say so ("Ngày hỏi: …")."""
    around = answer.parent if answer.parent is not None and answer.parent.weight <= _LONGEST_ANSWER else answer
    at = around.text.find(answer.text)
    before = around.text[: at + place] if at >= 0 else answer.text[:place]
    low = plain(before)
    asked = subject.reading.vocabulary.lists["asked_words"]
    start = max((low.rfind(word) for word in asked), default=-1)
    found = subject.reading.find(before[start : start + _NEAR]) if start >= 0 else []
    return found[0].date if found else None
