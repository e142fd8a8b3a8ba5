"""What a contact block publishes: telephone numbers, official mailboxes, house numbers, in one spelling each. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.model.quality import PublishedContact, Street
from auditor.read.folding import excerpt, fold, plain
from auditor.read.items import PHONE
from auditor.read.words import Vocabulary

_COUNTRY = re.compile(
    r"(?:\(\+?84\)|\+84|(?<!\d)84(?=[\s.-]\(?0?\)?[2-9]))[\s.-]{0,4}(?:\(0\)[\s.-]{0,4})?(?=\(?[\s\d])"
)
_GAP = re.compile(r"(?<=[\d)])\s{0,3}[.–-]\s{0,3}(?=[1-9])")  # "02713. 879110": one sign between parts of a number
_LOCAL = re.compile(r"(?<![\d.])[2-9]\d{2,3}[. ]?\d{3}(?![\d.])")  # without the area code
_LANDLINE, _MOBILE, _SHORTEST = 11, 10, 9  # digits; a landline begins with 02 (Quyết định 2036/QĐ-BTTTT of 2016)
_BEFORE = 24  # characters before a number that may say what it is
_SAID = 80  # characters before a number in which its purpose may be said
_MOST = 20_000  # characters of a block that are searched
_APART = re.compile(r"[|;•\n]|\d[\s.,]|\.\s")  # what ends one contact before the next
_LONGEST = 140  # characters of an address
_HOUSE = re.compile(  # at the head of a part of the address: "số 12A/3", "12-14"
    r"(?:^|[,;]\s*|\s[-–]\s*)(?:so(?:\s+nha)?\s+)?"
    r"(\d{1,4}(?:\s?[a-z](?![a-z]))?(?:[/-]\d{1,4}[a-z]?)*)(?=\s*,?\s+[a-z])"
)


def published(
    url: str, text: str, mailboxes: Iterable[str], vocabulary: Vocabulary, *, address: str = ""
) -> PublishedContact:
    """What `text` gives as the agency's contact; `address` is one that is known to be an address (the registry's)."""
    streets = (_street(address),) if address else tuple(find_streets(text, vocabulary))
    phones = find_phones(text, vocabulary, for_a_purpose=False)
    return PublishedContact(url, tuple(phones), tuple(dict.fromkeys(mailboxes)), streets)


def serves_a_purpose(address: str, vocabulary: Vocabulary) -> bool:
    """True for a mailbox of the editors, the help desk and the like: "bbt.snv@…", "webmaster@…"."""
    words = re.split(r"[._-]", address.partition("@")[0].lower())
    return not {words[0], words[-1]}.isdisjoint(vocabulary.lists["purpose_mailboxes"])


def find_phones(text: str, vocabulary: Vocabulary, *, for_a_purpose: bool = True) -> list[str]:
    """The numbers in `text` as digits from 0, in order; after a word for a telephone also those without area code.

    A number that is a fax only is none. `for_a_purpose`: also those of a hotline, of the editors, of who made the site.
    """
    folded = _GAP.sub(".", _COUNTRY.sub("0", plain(text[:_MOST])))
    whole = [match for match in PHONE.finditer(folded) if not _inside_a_number(folded, match)]
    found = {match.start(): phone_digits(match[0]) for match in whole}
    taken = {place for match in whole for place in range(*match.span())}
    for match in _LOCAL.finditer(folded):
        before = folded[max(match.start() - _BEFORE, 0) : match.start()]
        if match.start() not in taken and _ends_with(before, "phone_labels", vocabulary):
            found[match.start()] = re.sub(r"\D", "", match[0])
    numbers: dict[str, None] = {}
    for start, digits in sorted(found.items()):
        before = folded[max(start - _SAID, 0) : start]
        if digits and not _is_fax(before, vocabulary) and (for_a_purpose or not _says_purpose(before, vocabulary)):
            numbers[digits] = None
    return list(numbers)


def _inside_a_number(text: str, match: re.Match[str]) -> bool:
    return match[0][0].isdigit() and text[max(match.start() - 1, 0) : match.start()].isdigit()


def _says_purpose(before: str, vocabulary: Vocabulary) -> bool:
    """True if the words since the last number or sign say what a number is for."""
    return vocabulary.any_in("phone_purposes", fold(_APART.split(before)[-1])) is not None


def phone_digits(raw: str) -> str:
    """A number of Viet Nam as digits from 0: "(0271) 3880 161" and "+84 271 3880161" are one. "" for a short one."""
    digits = re.sub(r"\D", "", _COUNTRY.sub("0", raw))
    digits = digits if digits.startswith("0") else "0" + digits if len(digits) >= _SHORTEST else ""
    longest = _LANDLINE if digits.startswith("02") else _MOBILE if digits[:2] in _MOBILES else _LANDLINE
    return digits[:longest] if len(digits) >= _SHORTEST else ""


_MOBILES = frozenset({"03", "05", "07", "08", "09"})


def _is_fax(before: str, vocabulary: Vocabulary) -> bool:
    """True where the last label before a number says fax, and not telephone beside it ("Tel/Fax")."""
    near = before[-_BEFORE:]
    label = re.search(r"([a-z][a-z./ ]*?)\W*$", near)
    words = re.findall(r"[a-z]+", label[1]) if label else []
    return "fax" in words[-2:] and not any(word in vocabulary.lists["phone_labels"] for word in words[-3:])


def _ends_with(before: str, list_name: str, vocabulary: Vocabulary) -> bool:
    words = " ".join(re.findall(r"[a-z0-9]+", before[-_BEFORE:]))
    return any(re.search(rf"(?:^| ){label}$", words) for label in vocabulary.lists[list_name])


def find_streets(text: str, vocabulary: Vocabulary) -> Iterator[Street]:
    """The addresses in `text`, each after a word that announces one, up to the next label. "ĐT741" is a road."""
    folded = plain(text[:_MOST])
    labels = "|".join(sorted(map(_loosely, vocabulary.lists["address_labels"]), key=len, reverse=True))
    ends = "|".join(map(_loosely, vocabulary.lists["address_ends"]))
    start_of = re.compile(
        rf"(?<![a-z])(?:{labels})(?:\s+\d)?\s*"
        r"(?:[:：]\s*|[-–]\s+|(?<=dia chi)(?=\s(?:so\s+)?\d{1,4}[a-z/\d-]{0,6},?\s+[a-z]))"
    )
    stop_at = re.compile(rf"(?<![a-z])(?:{ends})(?![a-z])(?!\.?\s?[1-9]\d{{2}}(?!\d))|[|•*]|\s@|{labels}")
    for label in start_of.finditer(folded):
        rest = folded[label.end() : label.end() + _LONGEST]
        stop = stop_at.search(rest)
        length = stop.start() if stop is not None else len(rest)
        words = text[label.end() : label.end() + length].strip(" .,;:-–(")
        if words:
            yield _street(words)


def _loosely(phrase: str) -> str:
    return re.escape(phrase).replace(r"\ ", r"[\s-]+")


def _street(words: str) -> Street:
    """An address with its house numbers: "Số 12-14 Lê Lợi" has 12 and 14, "727 QL14" has 727, "Đường 3/2" none."""
    numbers: dict[str, None] = {}
    for found in _HOUSE.finditer(plain(words)):
        for part in found[1].split("-"):
            numbers.setdefault(str(int(re.match(r"\d+", part)[0])))  # type: ignore[index]
    return Street(excerpt(words, 100), tuple(numbers))
