"""What stands in place of a page's content: a login, or the demand to pay (Luật CNTT 67/2006 Điều 28(3)). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.read.entries import Reading
from auditor.read.folding import fold
from auditor.read.items import extract_items
from auditor.read.page import Page
from auditor.read.words import Vocabulary

_WALL = 600  # characters: a longer page holds more than a demand
_FORM_WALL = 400
_BUTTON = 4  # words: longer links are entries of a list
_NEAR = 3  # words between the demand and what it is for
_FEW = 2  # links beside a demand
_SENTENCE = re.compile(r"[.!?;:]\s|\n")


def wall_of(page: Page, reading: Reading) -> str:
    """What the page is nothing but: "payment_wall", "login_wall" (keys of messages), or "" if it is neither."""
    if len(page.main_text) >= _WALL:
        return ""
    if _demands_payment(page, reading):
        return "payment_wall"
    password = any(form.has_password and form.box is not None and page.is_main(form.box) for form in page.forms)
    if password and len(page.main_text) < _FORM_WALL:
        return "login_wall"
    return "login_wall" if reading.vocabulary.any_in("login", fold(page.main_text)) else ""


def _demands_payment(page: Page, reading: Reading) -> bool:
    """A sentence that asks for money to read on, and no content beside it: a page that lists something is none."""
    if not any(_is_demand(sentence, reading.vocabulary) for sentence in _own_sentences(page)):
        return False
    entries = [item for item in extract_items(page, reading) if item.url]
    return len(entries) <= _FEW and not any(item.dated or len(item.title.split()) > _BUTTON for item in entries)


def _is_demand(sentence: str, vocabulary: Vocabulary) -> bool:
    """Words for paying and for reading near each other in one sentence, and none of a lawful fee, a contract,
    a warning. "Thanh toán tiền nước, bấm vào đây để xem hướng dẫn" asks for nothing."""
    if vocabulary.any_in("payment_not", sentence) is not None:
        return False
    paying, reading = (_places(vocabulary.lists[name], sentence) for name in ("payment", "payment_for"))
    return any(
        0 <= second[0] - first[1] <= _NEAR
        for one in paying
        for other in reading
        for first, second in ((one, other), (other, one))
    )


def _places(phrases: Iterable[str], sentence: str) -> list[tuple[int, int]]:
    """Where phrases stand in a folded sentence, in words: first and behind the last."""
    padded, out = f" {sentence} ", []
    for phrase in phrases:
        at = padded.find(f" {phrase} ")
        if at >= 0:
            first = padded[:at].count(" ")
            out.append((first, first + phrase.count(" ") + 1))
    return out


def _own_sentences(page: Page) -> Iterator[str]:
    for box in page.main_boxes:
        if not any(one.tag in ("a", "option") for one in (box, *box.ancestors())):
            yield from map(fold, _SENTENCE.split(box.text))
