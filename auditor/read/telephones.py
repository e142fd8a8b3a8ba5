"""Telephone numbers of Viet Nam as pages write them: with country or area code or without, in ranges, under the codes
of before 2017. Pure; area codes and prefixes are data (`telephone` of config/vocabulary.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from auditor.read.folding import fold, plain
from auditor.read.items import PHONE
from auditor.read.words import NumberingPlan, Vocabulary

#: Country code 84 (ITU-T E.164) and trunk prefix 0, which no table of ours could change.
_COUNTRY = re.compile(
    r"(?:\(\+?84\)|\+84|(?<!\d)84(?=[\s.-]\(?0?\)?[2-9]))[\s.-]{0,4}(?:\(0\)[\s.-]{0,4})?(?=\(?[\s\d])"
)
_GAP = re.compile(r"(?<=[\d)])\s{0,3}[.–-]\s{0,3}(?=[1-9])")  # "02713. 879110": one sign between parts of a number
_LOCAL = re.compile(r"(?<![\d.])[2-9]\d{2,3}[. ]?\d{3}(?![\d.]\d|\d)")  # a subscriber's number without the area code
_MORE = re.compile(
    r"\s{0,3}([./,;&–-])\s{0,3}([1-9]\d{0,3}(?:[. ]?\d{3})?|\d{1,4})(?!\d)"
)  # "- 3829.255", "/255", "-5"
_ENDED = re.compile(r"\s*(?:$|[,;|)&/–-]|\.(?!\d))")
_SHORTEST, _LONGEST = 9, 11  # digits, the trunk prefix with them
_SUBSCRIBER = (6, 8)  # digits without the area code
_SPAN = 10  # numbers of a range that are believed: "254 - 259"
_BEFORE = 24  # characters before a number that may say what it is
_SAID = 80  # characters before a number in which its purpose may be said
_APART = re.compile(r"[|;•\n]|\d[\s.,]|\.\s")  # what ends one contact before the next


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as digits from 0 (fewer than nine: without the area code), and where it stands in `prepared` text.

    `labelled`: a word for a telephone stands right before it, or before the number that it follows. `purpose`: words
    before it say whose or what for it is. `more`: the other numbers of its range.
    """

    digits: str
    start: int
    labelled: bool = False
    fax: bool = False
    purpose: bool = False
    more: tuple[str, ...] = ()


def prepared(text: str) -> str:
    """The text in which numbers are searched: plain, without country codes, numbers in one piece."""
    return _GAP.sub(".", _COUNTRY.sub("0", plain(text)))


def find_phones(text: str, vocabulary: Vocabulary) -> list[str]:
    """The numbers in `text` as digits from 0, in order; after a word for a telephone also those without area code.

    A number that is a fax only is none.
    """
    return list(dict.fromkeys(phone.digits for phone in phones_in(prepared(text), vocabulary) if not phone.fax))


def phones_in(text: str, vocabulary: Vocabulary, own_names: Sequence[str] = ()) -> Iterator[Phone]:
    """All numbers in `prepared` text, faxes and those for one purpose among them. `own_names`: folded."""
    whole = [match for match in PHONE.finditer(text) if not _inside_a_number(text, match)]
    taken = {place for match in whole for place in range(*match.span())}
    local = [match for match in _LOCAL.finditer(text) if match.start() not in taken]
    end, labelled = -1, False
    for match in sorted((*whole, *local), key=re.Match.start):
        if match.start() < end:
            continue  # of the range before it
        before = text[max(match.start() - _SAID, 0) : match.start()]
        follows = labelled and end >= 0 and not re.search(r"[a-z]", text[end : match.start()])
        labelled = follows or _ends_with(before, "phone_labels", vocabulary)
        digits = phone_digits(match[0], vocabulary.telephone) if match in whole else re.sub(r"\D", "", match[0])
        if not digits or (match in local and not labelled):
            continue
        more, end = _range(text, match, digits, vocabulary)
        fax, purpose = _is_fax(before, vocabulary), says_purpose(before, vocabulary, own_names)
        labelled = labelled and not fax
        yield Phone(digits, match.start(), labelled, fax, purpose, more)


def phone_digits(raw: str, plan: NumberingPlan) -> str:
    """A number of Viet Nam as digits from 0: "(0271) 3880 161" and "+84 271 3880161" are one. "" for a short one."""
    digits = re.sub(r"\D", "", _COUNTRY.sub("0", raw))
    digits = digits if digits.startswith("0") else "0" + digits if len(digits) >= _SHORTEST else ""
    return digits[: _length(digits, plan)] if len(digits) >= _SHORTEST else ""


def renumbered(digits: str, plan: NumberingPlan) -> str:
    """Today's number for one that bears an area code or prefix of before; "" for another."""
    for old, new in plan.renumbered:
        if digits.startswith(old) and len(digits) == _old_length(old, new, plan):
            return new + digits[len(old) :]
    return ""


def _length(digits: str, plan: NumberingPlan) -> int:
    if digits.startswith(plan.landline):
        return plan.landline_digits
    if renumbered(digits, plan):
        return len(digits)
    if digits.startswith(plan.mobile):
        return plan.mobile_digits
    lengths = [_old_length(old, new, plan) for old, new in plan.renumbered if digits.startswith(old)]
    return lengths[0] if lengths else _LONGEST


def _old_length(old: str, new: str, plan: NumberingPlan) -> int:
    """A subscriber's own number stayed as it was."""
    now = plan.landline_digits if new.startswith(plan.landline) else plan.mobile_digits
    return now + len(old) - len(new)


def _range(text: str, match: re.Match[str], digits: str, vocabulary: Vocabulary) -> tuple[tuple[str, ...], int]:
    """The numbers that go on from one, and where they end: "3829.254 - 3829.255", "3829254/255", "3829254-59"."""
    found: list[str] = []
    end = match.end()
    while len(found) < _SPAN and (more := _MORE.match(text, end)) is not None:
        written = re.sub(r"\D", "", more[2])
        if _SUBSCRIBER[0] <= len(written) <= _SUBSCRIBER[1]:
            found.append(digits[: -len(written)] + written)
        elif more[1] in "-–./" and len(written) <= 4 and _is_ended(text[more.end() :], vocabulary):
            found += _between(digits, written) if more[1] in "-–." else [digits[: -len(written)] + written]
        else:
            break
        end = more.end()
    return tuple(dict.fromkeys(found)), end


def _between(digits: str, last: str) -> list[str]:
    """The numbers after `digits` up to the one that ends in `last`; that one alone where they would be many."""
    head, first = digits[: -len(last)], int(digits[-len(last) :])
    steps = range(first + 1, int(last)) if int(last) - first <= _SPAN else ()
    return [f"{head}{step:0{len(last)}}" for step in (*steps, int(last))]


def _is_ended(rest: str, vocabulary: Vocabulary) -> bool:
    """True if figures are the end of a number: nothing, a sign or another label follows, and no street's name."""
    following = f"{fold(rest[:_BEFORE])} "
    return bool(_ENDED.match(rest)) or any(
        following.startswith(f"{label} ") for label in vocabulary.lists["address_ends"]
    )


def _inside_a_number(text: str, match: re.Match[str]) -> bool:
    return match[0][0].isdigit() and text[max(match.start() - 1, 0) : match.start()].isdigit()


def says_purpose(before: str, vocabulary: Vocabulary, own_names: Iterable[str] = ()) -> bool:
    """True if the words since the last number or sign say what a number or mailbox is for, or whose of the office;
    the agency's own names (folded) say neither, whatever words they hold."""
    words = f" {fold(_APART.split(before)[-1])} "
    for name in own_names:
        words = words.replace(f" {name} ", "  ")
    words = " ".join(words.split())
    return any(vocabulary.any_in(name, words) is not None for name in ("phone_purposes", "contact_units"))


def _is_fax(before: str, vocabulary: Vocabulary) -> bool:
    """True where the last label before a number says fax, and not telephone beside it ("Tel/Fax")."""
    near = before[-_BEFORE:]
    label = re.search(r"([a-z][a-z./ ]*?)\W*$", near)
    words = re.findall(r"[a-z]+", label[1]) if label else []
    is_fax = any(word in vocabulary.lists["fax_labels"] for word in words[-2:])
    return is_fax and not any(word in vocabulary.lists["phone_labels"] for word in words[-3:])


def _ends_with(before: str, list_name: str, vocabulary: Vocabulary) -> bool:
    words = " ".join(re.findall(r"[a-z0-9]+", before[-_BEFORE:]))
    return any(re.search(rf"(?:^| ){label}$", words) for label in vocabulary.lists[list_name])
