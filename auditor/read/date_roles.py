"""What a date is for, by the words around it: published, issued, cited, a deadline, an event, a clock, a copyright."""

from __future__ import annotations

import re

from auditor.read.date_forms import RawDate, Window
from auditor.read.date_words import DateWords, Label, signs_of

PLAIN, CITATION, EVENT, DEADLINE, ISSUED = "plain", "citation", "event", "deadline", "issued"

_CITATION_REACH = 150
_PUNCTUATION = " \t\n\r\xa0:,;-–—([|*•>\"'=/"
_BREAK = re.compile(r"[;!?\n]|\.\s(?=\s*\S)")
_RUNNING_TEXT = re.compile(r"\s*,\s*(?:[^\W\d_]+\s+){4}")
_GAP_LIMIT = 70
_RUNNING_REACH = 90


def role_of(text: str, found: RawDate, words: DateWords) -> str:
    """The role of `found`: one of plain, citation, deadline, event, clock, copyright, effective, posted, issued."""
    by_word_only = found.dated_by_word and not found.has_weekday and not found.has_time_before
    window = Window(text, found.start - _CITATION_REACH, found.core if by_word_only else found.start)
    label, weak = _label(text, window, window.flat, words)
    if label and label != ISSUED:
        return label
    if _is_citation(text, window, found, words):
        return CITATION
    if label or weak:
        return label or weak
    if (
        found.dated_by_word
        and not found.has_weekday
        and _RUNNING_TEXT.match(Window(text, found.end, found.end + _RUNNING_REACH).flat)
    ):
        return EVENT  # "Ngày 19/01/2017, Bộ Thông tin và Truyền thông đã ban hành …"
    return PLAIN


def _label(text: str, window: Window, before: str, words: DateWords) -> tuple[str, str]:
    """(role of the label that ends directly before the date, role by a weak word), "" for none."""
    weak, touching = "", True
    for _ in range(6):
        tail = before.rstrip(_PUNCTUATION)
        if not tail:
            break
        touching = touching and len(tail) == len(before.rstrip())
        if tail.endswith(words.strong_endings):
            for label in words.strong:
                if _ends_with(text, window, tail, label):
                    return label.role, weak
        found = next((label for label in words.weak if touching and _ends_with(text, window, tail, label)), None)
        if found:
            weak, before = weak or found.role, tail[: -len(found.folded)]
            continue
        filler = next((word for word in words.fillers if tail.endswith(word) and _whole(tail, word)), "")
        if not filler:
            break
        before = tail[: -len(filler)]
    return "", weak


def _whole(tail: str, word: str) -> bool:
    return len(tail) == len(word) or not tail[-len(word) - 1].isalnum()


def _ends_with(text: str, window: Window, tail: str, label: Label) -> bool:
    """True if `tail` ends with the label as a whole word, spelled as the data spell it or without any diacritics."""
    if not tail.endswith(label.folded) or not _whole(tail, label.folded):
        return False
    written = text[window.at(len(tail) - len(label.folded)) : window.at(len(tail))]
    return written.isascii() or signs_of(written) in label.signs


def _is_citation(text: str, window: Window, found: RawDate, words: DateWords) -> bool:
    """True if the date belongs to a legal document that the text cites.

    "Nghị định số 43/2011/NĐ-CP ngày 13/6/2011": the number and "ngày" in one clause. A capital "Ngày" begins a label
    or a sentence of its own, so then only a number directly before it counts. "Số 207/GP-TTĐT (31/10/2019)" is a
    licence; other bracketed dates after a title are posting dates, unless "của <ai>" follows.
    """
    if not found.dated_by_word and (found.has_time or found.has_weekday):
        return False
    clause = window.flat.rstrip(_PUNCTUATION)
    if not clause:
        return False
    if found.dated_by_word:
        clause = clause.removesuffix(next((word for word in words.day if clause.endswith(word)), ""))
    breaks = list(_BREAK.finditer(clause))
    if breaks:
        clause = clause[breaks[-1].end() :]
    numbers = list(words.cited_number.finditer(clause))
    gap = clause[numbers[-1].end() :] if numbers else ""
    bare_gap = gap.strip(" ,(:-–")
    if found.dated_by_word:
        if ":" in text[max(found.core - 3, 0) : found.core]:
            return False  # "Số: 12/BC-SNV  Ngày: 12/11/2026": the columns of a list
        if numbers and len(gap) <= _GAP_LIMIT and (not found.day_word_upper or not bare_gap):
            return True
        kinds = list(words.cited_kind.finditer(clause))
        near = bool(kinds) and len(clause) - kinds[-1].end() <= _GAP_LIMIT
        return near and not found.day_word_upper
    if not numbers or bare_gap:
        return False
    body = numbers[-1]["body"] or ""
    return body.startswith("gp") or words.of.match(Window(text, found.end, found.end + 12).flat) is not None
