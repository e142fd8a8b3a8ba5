"""The vocabulary as values: folded words by which labels, states and parts of substance are recognised. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.model.abolished import Abolished
from auditor.read.addresses import AddressSigns, address_signs
from auditor.read.dates import DateWords
from auditor.read.folding import fold

NEVER = re.compile(r"(?!)")  # matches nothing

DETECTORS = (
    "organisation", "legal_documents", "procedures", "legal_dissemination", "strategy_planning", "email_directory",
    "projects_procurement", "online_services", "feedback", "news", "direction", "work_schedule", "budget_disclosure",
    "statistics", "access_to_information", "contact", "search", "sitemap", "rss", "english",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DetectorWords:
    """The words of one detector, folded; `names` are its labels as a person writes them."""

    name: str
    labels: frozenset[str]
    weak: frozenset[str]
    prefixes: tuple[str, ...]
    slugs: tuple[str, ...]
    not_: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    is_list: bool
    dated: bool
    minimum_text: int
    names: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileTable:
    """What files are by their first bytes, and what a name's ending or a media type promises."""

    magic: Mapping[str, tuple[tuple[bytes, ...], int]] = field(default_factory=dict)  # kind -> (signatures, within)
    endings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # ending -> kinds that open under it
    media: Mapping[str, str] = field(default_factory=dict)  # media type -> ending


@dataclass(frozen=True, slots=True)
class NumberingPlan:
    """Telephone numbers of Viet Nam, with the trunk prefix 0: how landlines and mobiles begin, their length, and which
    beginnings became which (the longest first); the subscriber's own number stayed."""

    landline: tuple[str, ...] = ()
    landline_digits: int = 0
    mobile: tuple[str, ...] = ()
    mobile_digits: int = 0
    renumbered: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything of config/vocabulary.yaml, mail.yaml, dates.yaml and abolished.yaml that readers need."""

    detectors: Mapping[str, DetectorWords]
    lists: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, tuple[str, ...]]
    dates: DateWords
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    free_mail: tuple[str, ...] = ()
    isp_mail: tuple[str, ...] = ()
    placeholder_mail: frozenset[str] = frozenset()  # domains of the templates' own examples
    dkim_selectors: tuple[str, ...] = ()  # what well-known systems use unless told otherwise
    files: FileTable = field(default_factory=FileTable)
    signs: AddressSigns = field(default_factory=address_signs)  # by which addresses are written
    listing: re.Pattern[str] = NEVER  # what stands between the parts of a label: a comma, "và"
    view_keys: re.Pattern[str] = NEVER  # query keys that choose how a list is shown, whole
    abolished: Abolished = field(default_factory=Abolished)
    telephone: NumberingPlan = field(default_factory=NumberingPlan)

    def any_in(self, list_name: str, folded_text: str) -> str | None:
        """The first phrase of a word list that stands in `folded_text` as whole words, or None."""
        padded = f" {folded_text} "
        return next((phrase for phrase in self.lists[list_name] if f" {phrase} " in padded), None)


def from_data(data: Mapping[str, Any], dates: DateWords, mail: Mapping[str, Any]) -> Vocabulary:
    """Build the vocabulary from the parsed data files. KeyError names a detector that is missing."""
    detectors = {name: _detector(name, data["detectors"][name]) for name in DETECTORS}
    lists = {k: folded(v) for k, v in data.items() if isinstance(v, list)}
    columns = {k: folded(v) for k, v in data["columns"].items()}
    return Vocabulary(
        detectors,
        lists,
        columns,
        dates,
        data["abbreviations"],
        tuple(mail.get("free", ())),
        tuple(mail.get("isp", ())),
        frozenset(mail.get("placeholder", ())),
        _selectors(mail.get("dkim_selectors", {}).get("suggestions", {})),
        _files(data),
        address_signs(data["at_words"], data["at_words_alone"], data["at_words_before_dots"], data["dot_words"]),
        re.compile("|".join((r"\s*,\s+", *(rf"\s+{re.escape(word)}\s+" for word in data["and_words"]))), re.I),
        _keys(data["view_keys"]),
    )


def _keys(written: Iterable[str]) -> re.Pattern[str]:
    signs = {"-": "-?", "_": "_?", "*": r"\w*"}
    keys = ("".join(signs.get(sign, re.escape(sign)) for sign in str(key)) for key in written)
    either = "|".join(keys)
    return re.compile(either, re.I) if either else NEVER


def _files(data: Mapping[str, Any]) -> FileTable:
    magic = {
        kind: (tuple(bytes.fromhex(str(one)) for one in row["bytes"]), int(row.get("within", 1)))
        for kind, row in data["file_magic"].items()
    }
    endings = {ending: tuple(str(kind) for kind in kinds) for ending, kinds in data["file_endings"].items()}
    return FileTable(magic, endings, dict(data["file_media"]))


def _selectors(by_system: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The first selector of every system, then the second of each: what is cut off is the least likely."""
    rows = itertools.zip_longest(*by_system.values())
    return tuple(dict.fromkeys(str(name) for row in rows for name in row if name))


def folded(phrases: Iterable[str]) -> tuple[str, ...]:
    """Phrases as readers compare them, each once."""
    return tuple(dict.fromkeys(word for phrase in phrases if (word := fold(str(phrase)))))


def _detector(name: str, raw: Mapping[str, Any]) -> DetectorWords:
    labels = folded(raw.get("labels", ()))
    slugs = dict.fromkeys(raw.get("slugs", ()))
    for label in (*raw.get("labels", ()),):
        for slug in _slugs(label):
            slugs.setdefault(slug)
    known = {"prefixes", "labels", "weak", "slugs", "not", "parts", "list", "dated", "minimum_text"}
    return DetectorWords(
        name=name,
        labels=frozenset(labels),
        weak=frozenset(folded(raw.get("weak", ()))),
        prefixes=folded(raw.get("prefixes", ())),
        slugs=tuple(slugs),
        not_=folded(raw.get("not", ())),
        parts={part: folded(words) for part, words in raw.get("parts", {}).items()},
        is_list=bool(raw.get("list", False)),
        dated=bool(raw.get("dated", False)),
        minimum_text=int(raw.get("minimum_text", 60)),
        names=tuple(str(label) for label in raw.get("labels", ())),
        extra={k: tuple(str(v) for v in values) for k, values in raw.items() if k not in known},
    )


def _slugs(label: str) -> tuple[str, ...]:
    """A label as an address would spell it: đ -> d, and đ -> nothing as some software does."""
    whole = fold(label).replace(" ", "-")
    dropped = fold(re.sub("[đĐ]", "", label)).replace(" ", "-")
    return tuple(dict.fromkeys(s for s in (whole, dropped) if len(s) >= 6 and "-" in s))
