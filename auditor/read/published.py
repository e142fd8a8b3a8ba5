"""What a contact block publishes as the head office's: telephone numbers, official mailboxes, house numbers, in one
spelling each; and whatever else it mentions. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from auditor.model.quality import PublishedContact, Street
from auditor.read.folding import excerpt, plain
from auditor.read.telephones import phones_in, prepared, renumbered, says_purpose
from auditor.read.words import Vocabulary

_MOST = 20_000  # characters of a block that are searched
_SAID = 80  # characters before a mailbox in which its purpose may be said
_LONGEST = 140  # characters of an address
_MINE, _PERSONS, _OTHERS = range(3)


def published(
    url: str, text: str, mailboxes: Iterable[tuple[str, int]], vocabulary: Vocabulary, own_names: Sequence[str]
) -> PublishedContact:
    """What `text` gives as the contact of the agency of `own_names`. `mailboxes`: official ones, with their places in
    `text` (-1: not among its words); `own_names` are folded.

    A number counts as the head office's only after a word for a telephone, and all of them only where nothing before
    says that they are a branch's, a unit's, a person's, or for one purpose.
    """
    text = text[:_MOST]
    words = tuple(vocabulary.lists[name] for name in ("office_words", "address_labels", "contact_persons"))
    whose = _pattern(tuple(own_names), *words, (*vocabulary.lists["branch_words"], *vocabulary.lists["vendor_words"]))
    numbers, at = prepared(text), _Owners(prepared(text), whose)
    main: dict[str, None] = {}
    also: dict[str, None] = {}
    for phone in phones_in(numbers, vocabulary, own_names):
        is_main = phone.labelled and not phone.purpose and at.is_mine(phone.start)
        (main if is_main else also)[phone.digits] = None
        known = (phone.digits, *phone.more)
        also |= dict.fromkeys((*phone.more, *(now for one in known if (now := renumbered(one, vocabulary.telephone)))))
    spoken, by = plain(text), _Owners(plain(text), whose)
    boxes = dict.fromkeys(
        address
        for address, place in mailboxes
        if place >= 0
        and by.is_mine(place)
        and not says_purpose(spoken[max(place - _SAID, 0) : place], vocabulary, own_names)
        and not serves_a_purpose(address, vocabulary)
    )
    streets = [(street, by.is_mine(place)) for place, street in find_streets(text, vocabulary)]
    return PublishedContact(
        url,
        tuple(main),
        tuple(boxes),
        tuple(street for street, mine in streets if mine),
        tuple(number for number in also if number not in main),
        tuple(dict.fromkeys(address for address, _ in mailboxes if address not in boxes)),
        tuple(dict.fromkeys(number for street, mine in streets if not mine for number in street.numbers)),
    )


def known_contact(
    phones: Iterable[str], mailboxes: Iterable[str], address: str, vocabulary: Vocabulary
) -> PublishedContact:
    """What the operator's registry has of the agency, in the same form."""
    found = [phone for text in phones for phone in phones_in(prepared(text), vocabulary)]
    numbers = dict.fromkeys(phone.digits for phone in found if not phone.fax)
    also = [one for phone in found for one in phone.more]
    also += [now for one in (*numbers, *also) if (now := renumbered(one, vocabulary.telephone))]
    return PublishedContact(
        "",
        tuple(numbers),
        tuple(dict.fromkeys(one for one in mailboxes if not serves_a_purpose(one, vocabulary))),
        (_street(address, vocabulary),) if address else (),
        tuple(dict.fromkeys(also)),
    )


def serves_a_purpose(address: str, vocabulary: Vocabulary) -> bool:
    """True for a mailbox of the editors, the help desk and the like: "bbt.snv@…", "webmaster@…"."""
    words = re.split(r"[._-]", address.partition("@")[0].lower())
    return not {words[0], words[-1]}.isdisjoint(vocabulary.lists["purpose_mailboxes"])


class _Owners:
    """Whose the parts of a text are. Names of a branch or of the site's maker hold for what follows, their addresses
    included, until the agency's own name or its head office is named; those of persons until an address is given."""

    def __init__(self, text: str, whose: re.Pattern[str]) -> None:
        state, self._places, self._states = _MINE, [-1], [_MINE]
        for found in whose.finditer(text):
            kind = found.lastgroup
            if kind == "others":
                state = _OTHERS
            elif kind == "persons":
                state = max(state, _PERSONS)
            elif kind == "office" or state != _OTHERS:
                state = _MINE
            self._places.append(found.start())
            self._states.append(state)

    def is_mine(self, place: int) -> bool:
        return self._states[bisect_left(self._places, place) - 1] == _MINE


@lru_cache(maxsize=256)
def _pattern(
    own: tuple[str, ...],
    office: tuple[str, ...],
    addresses: tuple[str, ...],
    persons: tuple[str, ...],
    others: tuple[str, ...],
) -> re.Pattern[str]:
    groups = (("office", (*own, *office)), ("others", others), ("persons", persons), ("address", addresses))
    parts = "|".join(rf"(?P<{name}>{_either(words)})" for name, words in groups)
    return re.compile(rf"(?<![a-z0-9])(?:{parts})(?![a-z0-9])")


def _either(phrases: Iterable[str]) -> str:
    """An alternative of the phrases, the longest first; one that never matches if there are none."""
    return "|".join(map(_loosely, sorted(filter(None, phrases), key=len, reverse=True))) or "(?!)"


def find_streets(text: str, vocabulary: Vocabulary) -> Iterator[tuple[int, Street]]:
    """The addresses in `text`, each after a word that announces one, up to the next label, with the place where it
    begins. "ĐT741" is a road."""
    folded = plain(text[:_MOST])
    start_of, stop_at = _address_patterns(
        vocabulary.lists["address_labels"],
        vocabulary.lists["address_ends"],
        vocabulary.lists["bare_address_labels"],
        vocabulary.lists["house_words"],
    )
    for label in start_of.finditer(folded):
        rest = folded[label.end() : label.end() + _LONGEST]
        stop = stop_at.search(rest)
        length = stop.start() if stop is not None else len(rest)
        words = text[label.end() : label.end() + length].strip(" .,;:-–(")
        if words:
            yield label.end(), _street(words, vocabulary)


@lru_cache(maxsize=16)
def _address_patterns(
    labels: tuple[str, ...], ends: tuple[str, ...], bare: tuple[str, ...], house: tuple[str, ...]
) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What announces an address (some labels need no colon before a house number), and what ends it."""
    after_bare = "|".join(rf"(?<={re.escape(label)})" for label in bare) or "(?!)"
    start_of = re.compile(
        rf"(?<![a-z])(?:{_either(labels)})(?:\s+\d)?\s*"
        rf"(?:[:：]\s*|[-–]\s+|(?:{after_bare})(?=\s(?:(?:{_either(house)})\s+)?\d{{1,4}}[a-z/\d-]{{0,6}},?\s+[a-z]))"
    )
    stop_at = re.compile(
        rf"(?<![a-z])(?:{_either(ends)})(?![a-z])(?!\.?\s?[1-9]\d{{2}}(?!\d))|[|•*]|\s@|{_either(labels)}"
    )
    return start_of, stop_at


@lru_cache(maxsize=16)
def _house_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """At the head of a part of the address: "số 12A/3", "12-14"."""
    return re.compile(
        rf"(?:^|[,;]\s*|\s[-–]\s*)(?:(?:{_either(words)})\s+)?"
        r"(\d{1,4}(?:\s?[a-z](?![a-z]))?(?:[/-]\d{1,4}[a-z]?)*)(?=\s*,?\s+[a-z])"
    )


def _loosely(phrase: str) -> str:
    return re.escape(phrase).replace(r"\ ", r"[\s-]+")


def _street(words: str, vocabulary: Vocabulary) -> Street:
    """An address with its house numbers: "Số 12-14 Lê Lợi" has 12 and 14, "727 QL14" has 727, "Đường 3/2" none."""
    numbers: dict[str, None] = {}
    for found in _house_pattern(vocabulary.lists["house_words"]).finditer(plain(words)):
        for part in found[1].split("-"):
            numbers.setdefault(str(int(re.match(r"\d+", part)[0])))  # type: ignore[index]
    return Street(excerpt(words, 100), tuple(numbers))
