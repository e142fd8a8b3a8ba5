"""What a page of weekly schedules holds, and which week it is of. Pure."""

from __future__ import annotations

from dataclasses import replace

from auditor.model import Dated, DateSource, Item, SectionState
from auditor.read.entries import Reading
from auditor.read.folding import fold
from auditor.read.subject import ENOUGH_TEXT, Subject, Substance, has_words, is_placeholder, text_item
from auditor.read.weeks import week_begun, week_range


def judge_work_schedule(subject: Subject, items: tuple[Item, ...]) -> Substance:
    """A weekly schedule, dated by its Monday unless a posting date is shown."""
    reading = subject.reading
    weeks = []
    for item in items:
        span = week_range(item.title, reading.as_of, reading.vocabulary.dates)
        own_days = item.dated is not None and span is not None and span[0] <= item.dated.date <= span[1]
        if span is not None and span[0] <= reading.as_of and (item.dated is None or own_days):
            item = replace(item, dated=Dated(span[0], DateSource.TITLE, item.title[:120], subject.page.url))
        weeks.append(item)
    span = week_range(subject.page.main_text[:3000], reading.as_of, reading.vocabulary.dates)
    days = sum(day in subject.text for day in reading.vocabulary.lists["weekdays"])
    if (days >= 3 or (span and (days or has_words(subject)))) and _is_filled(subject):
        title = subject.page.main_text[:120]
        begun = week_begun(subject.page.main_text[:3000], reading.as_of, reading.vocabulary.dates)
        dated = Dated(begun[0], DateSource.TITLE, title, subject.page.url) if begun else None
        first = text_item(subject)[0]
        posted = first.dated
        if posted is not None and week_range(posted.excerpt, reading.as_of, reading.vocabulary.dates) is not None:
            posted = None  # a day of the week itself, not of its posting
        page_item = replace(first, dated=posted or dated)
        listed = tuple(
            item for item in weeks if {"detail", "file"} & set(item.attributes) and _names_a_week(item.title, reading)
        )
        return Substance(SectionState.PRESENT, (page_item, *listed), ("week",))
    listed = tuple(item for item in weeks if item.dated is not None or _names_a_week(item.title, reading))
    if listed:
        return Substance(SectionState.PRESENT, listed, ("items",))
    if is_placeholder(subject) or not (items and len(subject.page.main_text) >= ENOUGH_TEXT):
        return Substance(SectionState.EMPTY, missing=("week",), why="" if is_placeholder(subject) else "no_substance")
    return Substance(SectionState.PRESENT, items, ("items",))


def _names_a_week(title: str, reading: Reading) -> bool:
    """True for the title of a schedule, not of something else that the same page lists."""
    folded = fold(title)
    named = any(word in folded for word in reading.vocabulary.lists["schedule_words"])
    return named or week_range(title, reading.as_of, reading.vocabulary.dates) is not None


def _is_filled(subject: Subject) -> bool:
    """True if a schedule says more than its own name and the names of the days."""
    text = f" {subject.text} "
    for label in sorted(subject.words.labels, key=len, reverse=True):
        text = text.replace(f" {label} ", "  ")
    frame = {word for day in subject.reading.vocabulary.lists["weekdays"] for word in day.split()}
    frame.update(subject.reading.vocabulary.lists["schedule_frame"])
    return sum(word not in frame and not word.isdigit() for word in text.split()) >= 5
