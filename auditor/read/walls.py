"""What stands in place of a page's content: a login, or the demand to pay (Luật CNTT 67/2006 Điều 28(3)). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.read.entries import Reading
from auditor.read.folding import fold, is_made_of
from auditor.read.items import extract_items
from auditor.read.page import Page
from auditor.read.words import Vocabulary

_WALL = 600  # characters: a longer page holds more than a demand
_FORM_WALL = 400
_BUTTON = 4  # words: longer links are entries of a list
_FEW = 2  # links beside a demand
_FIGURES = re.compile(r"\b[0-9]+[dk]?\b")  # amounts
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
    asks = any(_asks_for_login(sentence, reading.vocabulary) for sentence in _SENTENCE.split(page.main_text))
    return "login_wall" if asks else ""


def _asks_for_login(sentence: str, vocabulary: Vocabulary) -> bool:
    """A demand to log in before reading; that one logs in elsewhere, to hand in an application, is an instruction."""
    folded = fold(sentence)
    return vocabulary.any_in("login", folded) is not None and vocabulary.any_in("login_not", folded) is None


def _demands_payment(page: Page, reading: Reading) -> bool:
    """A sentence that asks for money to read on, and no content beside it: a page that lists something is none."""
    if not any(_is_demand(sentence, reading.vocabulary) for sentence in _own_sentences(page)):
        return False
    entries = [item for item in extract_items(page, reading) if item.url]
    return len(entries) <= _FEW and not any(item.dated or len(item.title.split()) > _BUTTON for item in entries)


def _is_demand(sentence: str, vocabulary: Vocabulary) -> bool:
    """Words for paying and for reading on, and nothing in the sentence but those, the reader and this page's content.

    "Du khách trả tiền để xem triển lãm" and "Lệ phí: thanh toán để tiếp tục" ask for nothing here.
    """
    if any(vocabulary.any_in(name, sentence) is None for name in ("payment", "payment_for")):
        return False
    if vocabulary.any_in("payment_not", sentence) is not None:
        return False
    lists = ("payment", "payment_for", "payment_words")
    return is_made_of(_FIGURES.sub(" ", sentence), (word for name in lists for word in vocabulary.lists[name]))


def _own_sentences(page: Page) -> Iterator[str]:
    for box in page.main_boxes:
        if not any(one.tag in ("a", "option") for one in (box, *box.ancestors())):
            yield from map(fold, _SENTENCE.split(box.text))
