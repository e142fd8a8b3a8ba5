"""The law as data: config/criteria.yaml, config/messages.yaml and config/holidays/*.yaml.

`load_rulebook` reads and checks the files once; `Rulebook.for_audit` gives the criteria as they apply on one date under
one law profile, with their citations ready to print. The digest of the data, and of the words by which pages are read,
is the rule-set version on every card.
"""

from __future__ import annotations

import hashlib
import json
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from auditor.configuration import ConfigError, Document, load_yaml
from auditor.model import AgencyKind, Basis, Calendar, Criterion, Ruleset
from auditor.model.redating import RedatingRules
from auditor.rulebook_file import (
    BasisRow,
    CriteriaFile,
    CriterionRow,
    DocumentRow,
    HolidayFile,
    ProfileRow,
)
from auditor.scoring import Grade, ScoringRules
from checks import collect
from config import shipped_folder

AUTO = "auto"
_ANCHOR = re.compile(r"\d{1,5} \d{1,3} \d{1,3} [0-9A-Fa-f]{40,128}")

#: Groups of messages that word no verdict: changing them does not make another rule set.
_NO_RULE = ("config.", "registry.", "label.", "site_state.", "section_state.", "agency_kind.", "hidden_as.", "trap.")

#: Words and lists by which pages are read: another list is another verdict of the same page.
_WORD_FILES = ("vocabulary.yaml", "dates.yaml", "mail.yaml", "abolished.yaml")


@dataclass(frozen=True)
class Rulebook:
    """All criteria of all profiles, the shared messages (flat, dotted keys), their digest with that of the words."""

    file: str
    data: CriteriaFile
    messages: Mapping[str, str]
    digest: str

    @property
    def profiles(self) -> tuple[str, ...]:
        return tuple(profile.id for profile in self.data.profiles)

    @property
    def criterion_ids(self) -> tuple[str, ...]:
        return tuple(row.id for row in self.data.criteria)

    @property
    def item_titles(self) -> dict[str, str]:
        return {name: item.title for name, item in self.data.items.items()}

    @property
    def redating(self) -> RedatingRules:
        return self.data.redating.rules

    @property
    def scoring(self) -> ScoringRules:
        rules = self.data.scoring
        grades = tuple(Grade(row.letter, row.word, row.from_percent) for row in rules.grades)
        return ScoringRules(grades, rules.minimum_percent, rules.partial_share)

    def for_audit(
        self, as_of: date, profile: str = AUTO, kind: AgencyKind | None = None
    ) -> tuple[Ruleset, tuple[Criterion, ...]]:
        """The rule set on `as_of` and its criteria, for agencies of `kind` (None: all kinds).

        Raises ConfigError for a profile that the rulebook does not have.
        """
        row = self._profile(as_of, profile)
        criteria = tuple(
            self._criterion(criterion, row, as_of)
            for criterion in self.data.criteria
            if kind is None or not criterion.kinds or kind in criterion.kinds
        )
        return Ruleset(self.digest, row.id, row.title, profile), criteria

    def _profile(self, as_of: date, name: str) -> ProfileRow:
        if name == AUTO:
            return next(row for row in self.data.profiles if row.holds_on(as_of))
        for row in self.data.profiles:
            if row.id == name:
                return row
        raise ConfigError(self.file, 0, "profiles", "one_of", name, values=", ".join((AUTO, *self.profiles)))

    def _criterion(self, row: CriterionRow, profile: ProfileRow, as_of: date) -> Criterion:
        basis = self._basis(row, profile.id, as_of)
        citations = tuple(line.rendered for line in basis)
        notes = () if all(line.confirmed for line in basis) else (self.messages["citation.note_unconfirmed"],)
        return Criterion(
            id=row.id,
            item=row.item,
            points=row.points,
            title=row.title.vi,
            title_en=row.title.en,
            basis=basis,
            citations=citations,
            citation_notes=notes,
            kinds=frozenset(row.kinds),
            parameters=dict(row.parameters),
            passes_when=row.passes_when.vi.format(**row.parameters),
            advice=row.advice.vi.format(**row.parameters),
            by=row.by,
            redating=self.redating,
            parent_only=row.parent_only,
            partial_share=row.partial_share or self.data.scoring.partial_share,
            responsible=row.responsible,
            counts=row.counts,
            messages={**self.messages, **row.messages} if row.messages else self.messages,
        )

    def _basis(self, row: CriterionRow, profile: str, as_of: date) -> tuple[Basis, ...]:
        """The Directive, then the law in force, then what has lapsed. A law not yet in force is not cited."""
        documents = {document.id: document for document in self.data.documents}
        lines = [
            self._cite(documents[line.document], line, profile, as_of) for line in row.basis if profile in line.profile
        ]
        lines = [line for line in lines if line.from_ is None or line.from_ <= as_of]
        lines.sort(key=lambda line: not line.in_force(as_of))
        if row.directive:
            first = BasisRow(profile=(profile,), document=self.data.directive, at=self.data.items[row.item].at)
            lines.insert(0, self._cite(documents[first.document], first, profile, as_of))
        return tuple(lines)

    def _cite(self, document: DocumentRow, line: BasisRow, profile: str, as_of: date) -> Basis:
        from_, to = line.from_ or document.from_, line.to or document.to
        confirmed = line.confirmed and document.confirmed
        text = self.messages["citation.place"].format(name=document.name, at=line.at)
        if to is not None and as_of > to:
            text = self.messages["citation.lapsed"].format(text=text, date=official_date(to + timedelta(days=1)))
        if not confirmed:
            text = self.messages["citation.unconfirmed"].format(text=text)
        return Basis(profile, document.id, line.at, from_, to, confirmed, text)


def load_rulebook(folder: Path | None = None) -> Rulebook:
    """The rulebook of a configuration folder (None: the shipped one). A file that the folder lacks is the shipped one.

    Raises ConfigError for whatever is wrong in criteria.yaml, messages.yaml or mail_problems.yaml, and for a file of
    words that is no YAML.
    """
    document = load_yaml(configuration_file(folder, "criteria.yaml"))
    if isinstance(document.data, dict) and "redating" not in document.data:  # a copy from before it was data
        shipped = load_yaml(shipped_folder() / "criteria.yaml").value("redating")
        document = replace(document, data={**document.data, "redating": shipped})
    data = document.parse(CriteriaFile)
    _check_references(document, data)
    messages = load_messages(folder)
    return Rulebook(document.file, data, messages, _digest([document.data, _words(folder)], messages))


def load_messages(folder: Path | None = None) -> dict[str, str]:
    """All shared messages by dotted key; the folder's over the shipped ones, so that none is ever missing."""
    messages: dict[str, str] = {}
    for name, prefix in (("messages.yaml", ""), ("mail_problems.yaml", "problem.")):
        shipped, own = shipped_folder() / name, configuration_file(folder, name)
        for path in dict.fromkeys((shipped, own)):
            messages |= _flat(load_yaml(path), prefix)
    return _shared(messages, "why", "reason")


def _words(folder: Path | None) -> dict[str, Any]:
    """The files of words as readers take them: lists that a folder's older copy lacks are those shipped."""
    words: dict[str, Any] = {}
    for name in _WORD_FILES:
        shipped, own = (load_yaml(path).data for path in (shipped_folder() / name, configuration_file(folder, name)))
        if name in ("vocabulary.yaml", "dates.yaml"):
            own = _over(shipped, own)
        if name == "abolished.yaml" and isinstance(own, dict):
            own = {**own, "words": _over(shipped["words"], own.get("words"))}
        words[name] = own
    return words


def _over(shipped: Any, own: Any) -> Any:
    return {**shipped, **own} if isinstance(own, dict) else own  # whoever reads it says what is wrong with it


def _shared(messages: dict[str, str], one: str, other: str) -> dict[str, str]:
    """A place that was tried ends in a reason of the network or in what a reader saw: either name finds its text."""
    for first, second in ((one, other), (other, one)):
        for key in [key for key in messages if key.startswith(first + ".")]:
            messages.setdefault(second + key.removeprefix(first), messages[key])
    return messages


def load_calendar(folder: Path | None = None) -> Calendar:
    """The working-day calendar from holidays/<year>.yaml. Unconfirmed days off count (in the agency's favour), and
    unconfirmed make-up working days do not, for the same reason. Raises ConfigError."""
    home = configuration_file(folder, "holidays")
    days_off: set[date] = set()
    worked: set[date] = set()
    years: set[int] = set()
    for path in sorted(home.glob("*.yaml")):
        document = load_yaml(path)
        data = document.parse(HolidayFile)
        if path.stem != str(data.year):
            raise document.error(("year",), "cfg_year")
        years.add(data.year)
        for number, row in enumerate(data.days_off):
            days_off |= _days(document, data.year, ("days_off", number), row.days())
        for number, row in enumerate(data.working_weekends):
            if row.confirmed:
                worked |= _days(document, data.year, ("working_weekends", number), row.days())
    return Calendar(frozenset(days_off), frozenset(years), frozenset(worked))


def load_trust_anchors(folder: Path | None = None) -> tuple[str, ...]:
    """The DS records of the root from trust_anchors.yaml, in zone-file form. Raises ConfigError."""
    document = load_yaml(configuration_file(folder, "trust_anchors.yaml"))
    rows = document.data.get("root") if isinstance(document.data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise document.error(("root",), "mapping")
    for number, row in enumerate(rows):
        if not isinstance(row, str) or not _ANCHOR.fullmatch(row):
            raise document.error(("root", number), "cfg_anchor")
    return tuple(rows)


def configuration_file(folder: Path | None, name: str) -> Path:
    """The file or folder `name` of a configuration folder, or the shipped one where the folder has none."""
    if folder is not None and (folder / name).exists():
        return folder / name
    return shipped_folder() / name


def official_date(day: date) -> str:
    """As administrative documents write dates: two digits for the day, and for the month only below 3 (01/7/2026)."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"{day.day:02d}/{month}/{day.year}"


def _days(document: Document, year: int, where: tuple[str, int], days: Iterator[date]) -> set[date]:
    found = set(days)
    if any(day.year != year for day in found):
        raise document.error(where, "cfg_year")
    return found


def _flat(document: Document, prefix: str) -> dict[str, str]:
    """Nested messages as dotted keys. Each must be text and a sound str.format template."""
    found: dict[str, str] = {}

    def walk(data: Any, where: tuple[str, ...]) -> None:
        if isinstance(data, dict):
            for key, value in data.items():
                walk(value, (*where, key))
        elif isinstance(data, str):
            if template_fields(data) is None:
                raise document.error(where, "cfg_template")
            found[prefix + ".".join(where)] = data
        else:
            raise document.error(where, "text")

    if not isinstance(document.data, dict):
        raise document.error((), "mapping")
    walk(document.data, ())
    return found


def template_fields(text: str) -> frozenset[str] | None:
    """The names of the {fields} of a template; None if its braces do not match or a field has no plain name."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return None
    return frozenset(names) if all(name.isidentifier() for name in names) else None


def _check_references(document: Document, data: CriteriaFile) -> None:
    """What the model of one row cannot see: names of other rows, repeated ids, templates and their parameters."""
    profiles, items = {row.id for row in data.profiles}, set(data.items)
    documents, checks = [row.id for row in data.documents], collect()
    _once(document, "documents", documents)
    _once(document, "profiles", [row.id for row in data.profiles])
    _once(document, "criteria", [row.id for row in data.criteria])
    if data.directive not in documents:
        raise document.error(("directive",), "cfg_known", values=", ".join(documents))
    for number, row in enumerate(data.criteria):
        if row.item not in items:
            raise document.error(("criteria", number, "item"), "cfg_known", values=", ".join(sorted(items)))
        if not row.id.startswith(row.item + "."):
            raise document.error(("criteria", number, "id"), "cfg_item")
        for line_number, line in enumerate(row.basis):
            where = ("criteria", number, "basis", line_number)
            if line.document not in documents:
                raise document.error((*where, "document"), "cfg_known", values=", ".join(documents))
            if not profiles.issuperset(line.profile):
                raise document.error((*where, "profile"), "cfg_known", values=", ".join(sorted(profiles)))
        if row.id not in checks:
            raise document.error(("criteria", number, "id"), "cfg_known", values=", ".join(sorted(checks)))
        _check_templates(document, number, row)


def _check_templates(document: Document, number: int, row: CriterionRow) -> None:
    for name in ("passes_when", "advice"):
        fields = template_fields(getattr(row, name).vi)
        if fields is None:
            raise document.error(("criteria", number, name, "vi"), "cfg_template")
        if not fields <= row.parameters.keys():
            known = ", ".join(sorted(row.parameters)) or "-"
            raise document.error(("criteria", number, name, "vi"), "cfg_missing_field", values=known)
    for key, text in row.messages.items():
        if template_fields(text) is None:
            raise document.error(("criteria", number, "messages", key), "cfg_template")


def _once(document: Document, group: str, ids: list[str]) -> None:
    for number, name in enumerate(ids):
        if name in ids[:number]:
            raise document.error((group, number, "id"), "cfg_unique", name)


def _digest(data: Any, messages: Mapping[str, str]) -> str:
    """sha256 over the canonical form: neither comments, nor order of keys, nor layout change it."""
    ruling = {key: text for key, text in messages.items() if not key.startswith(_NO_RULE)}
    plain: Callable[[Any], str] = str  # dates
    text = json.dumps([data, ruling], sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=plain)
    return hashlib.sha256(text.encode()).hexdigest()
