"""How often the readers agree with the golden mini-sites: `python -m tests.accuracy [--json] [site ...]`.

Shares per task, a confusion table, every miss on one line, and the wrong fails counted apart. Exit status 1 if a share
lies below its floor in tests/golden/floors.yaml, or if there are more wrong fails than it allows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date

import yaml

from auditor.model import AddressClass, DetectorFacts, SectionState, SiteFacts
from auditor.vocabulary import load_vocabulary
from tests.golden_sites import DATED, FLOORS, GoldenSite, golden_files, load_golden, read_golden

TASKS = ("section_state", "newest_date", "address_class", "agency_contact", "site_state", "site_newest", "traps")
_USABLE = frozenset({SectionState.PRESENT, SectionState.PARTIAL})
_FAILING = frozenset({SectionState.EMPTY, SectionState.BROKEN, SectionState.ABSENT})
_OWN = frozenset({AddressClass.OFFICIAL, AddressClass.SUBDOMAIN})
_STEPS = 10_000  # floors are kept in steps of this fraction, rounded down


@dataclass(frozen=True, slots=True)
class Answer:
    """One question put to the readers: what was expected and what they said. `subject` is a detector or an address."""

    task: str
    site: str
    subject: str
    expected: str
    got: str
    right: bool
    why: str = ""
    wrong_fail: bool = False

    def line(self) -> str:
        mark = "WRONG FAIL " if self.wrong_fail else ""
        return f"{self.site} | {self.subject} | {mark}expected {self.expected}, got {self.got} | {self.why}"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """All answers of a run."""

    answers: tuple[Answer, ...] = ()
    sites: int = 0
    detectors: tuple[str, ...] = field(default=())

    def of(self, task: str) -> list[Answer]:
        return [answer for answer in self.answers if answer.task == task]

    def share(self, task: str) -> float:
        answers = self.of(task)
        return sum(answer.right for answer in answers) / len(answers) if answers else 1.0

    @property
    def shares(self) -> dict[str, float]:
        return {task: self.share(task) for task in TASKS}

    @property
    def misses(self) -> list[Answer]:
        return [answer for answer in self.answers if not answer.right]

    @property
    def wrong_fails(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.wrong_fail]


# -- comparing -------------------------------------------------------------------------------------


def compare(site: GoldenSite, facts: SiteFacts) -> list[Answer]:
    """Every label of the site against what the readers made of it."""
    answers = [_state(site, facts), _site_newest(site, facts)]
    for name in sorted(site.expect.detectors):
        answers += _detector(site, name, facts.section(name))
    answers += _addresses(site, facts)
    kinds = {trap.kind for trap in facts.traps}
    answers += [
        Answer("traps", site.name, kind, "reported", _yes(kind in kinds), kind in kinds) for kind in site.expect.traps
    ]
    return answers


def _state(site: GoldenSite, facts: SiteFacts) -> Answer:
    expected = site.expect.site.state
    return Answer("site_state", site.name, "site", expected, facts.state, facts.state == expected, facts.state_detail)


def _site_newest(site: GoldenSite, facts: SiteFacts) -> Answer:
    expected = site.expect.site.newest_update
    got = facts.newest_update.date if facts.newest_update else None
    why = f"{facts.newest_detector}: {facts.newest_update.excerpt[:80]}" if facts.newest_update else ""
    return Answer("site_newest", site.name, "newest_update", _day(expected), _day(got), got == expected, why)


def _detector(site: GoldenSite, name: str, got: DetectorFacts) -> list[Answer]:
    label = site.expect.detectors[name]
    right = got.state == label.state or got.state in label.also
    wrong_fail = not right and got.state in _FAILING and label.state not in _FAILING
    answers = [Answer("section_state", site.name, name, label.state, got.state, right, _why(got), wrong_fail)]
    day = got.newest.date if got.newest else None
    second_opinion = right and got.state != label.state and got.state not in _USABLE  # then there is no date to ask for
    if name in DATED and not second_opinion and (label.state in _USABLE or day is not None):
        why = f"{got.newest.source}: {got.newest.excerpt[:80]} @ {got.newest.url}" if got.newest else _why(got)
        answers.append(Answer("newest_date", site.name, name, _day(label.newest), _day(day), day == label.newest, why))
    return answers


def _addresses(site: GoldenSite, facts: SiteFacts) -> list[Answer]:
    """Labelled addresses, and any other foreign address that the readers take for the agency's contact."""
    found = {fact.address.lower(): fact for fact in facts.addresses}
    answers = []
    for label in site.expect.addresses:
        fact = found.pop(label.address.lower(), None)
        if fact is None and not label.agency_contact:
            continue  # an address of somebody else that was not met: nothing was said, nothing is wrong
        why = ", ".join(f"{place.where} {place.url}" for place in fact.places[:2]) if fact else "not found on any page"
        class_ = str(fact.class_) if fact else "missing"
        contact = _yes(fact.agency_contact) if fact else "missing"
        expected = _yes(label.agency_contact)
        answers.append(
            Answer("address_class", site.name, label.address, label.class_, class_, class_ == label.class_, why)
        )
        answers.append(Answer("agency_contact", site.name, label.address, expected, contact, contact == expected, why))
    for address, fact in found.items():
        if fact.agency_contact and fact.class_ not in _OWN:
            why = ", ".join(f"{place.where} {place.url}" for place in fact.places[:2])
            answers.append(Answer("agency_contact", site.name, address, "no", "yes", False, "not labelled; " + why))
    return answers


def _why(got: DetectorFacts) -> str:
    best = got.best
    parts = [
        got.why,
        f"reason {got.reason}" if got.reason else "",
        f"missing {'+'.join(got.missing)}" * bool(got.missing),
    ]
    if best is not None:
        parts.append(f"{best.label!r} {best.url}")
    elif got.rejected:
        parts.append("rejected " + "; ".join(f"{c.label!r} {c.url} ({c.why})" for c in got.rejected[:3]))
    return ", ".join(part for part in parts if part)


def _day(day: date | None) -> str:
    return day.isoformat() if day else "none"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


# -- running ---------------------------------------------------------------------------------------


def measure(names: tuple[str, ...] = ()) -> Accuracy:
    """Serve, crawl, read and compare the golden sites, all or those named."""
    return asyncio.run(_measure(names))


async def _measure(names: tuple[str, ...]) -> Accuracy:
    vocabulary = load_vocabulary()
    sites = [load_golden(path) for path in golden_files(names)]
    answers: list[Answer] = []
    for site in sites:
        answers += compare(site, await read_golden(site, vocabulary))
    return Accuracy(tuple(answers), len(sites))


# -- floors ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Floors:
    """What must hold: the least share per task, and the most wrong fails."""

    shares: dict[str, float]
    wrong_fails: int

    def broken_by(self, accuracy: Accuracy) -> list[str]:
        """One sentence for each floor that the run falls through."""
        found = [
            f"{task}: {share:.4f} is below the floor {self.shares[task]:.4f}"
            for task, share in accuracy.shares.items()
            if task in self.shares and share < self.shares[task]
        ]
        if len(accuracy.wrong_fails) > self.wrong_fails:
            found.append(f"wrong fails: {len(accuracy.wrong_fails)}, at most {self.wrong_fails} allowed")
        return found

    def raised(self, accuracy: Accuracy) -> Floors:
        shares = {task: max(_down(accuracy.share(task)), self.shares.get(task, 0.0)) for task in TASKS}
        return Floors(shares, min(len(accuracy.wrong_fails), self.wrong_fails))


def reached(accuracy: Accuracy) -> Floors:
    """Floors that the run just meets."""
    return Floors({task: _down(share) for task, share in accuracy.shares.items()}, len(accuracy.wrong_fails))


def load_floors() -> Floors | None:
    if not FLOORS.is_file():
        return None
    data = yaml.safe_load(FLOORS.read_text("utf-8"))
    return Floors({str(task): float(share) for task, share in data["shares"].items()}, int(data["wrong_fails"]))


def save_floors(floors: Floors) -> None:
    head = (
        "# Least share of right answers per task over all golden sites, and the most wrong fails that are allowed.\n"
        "# python -m tests.accuracy --raise-floors lifts them to what is reached; only --lower-floors lets them sink.\n"
    )
    FLOORS.write_text(head + yaml.safe_dump(asdict(floors), sort_keys=False), "utf-8")


def _down(share: float) -> float:
    return int(share * _STEPS + 1e-9) / _STEPS


# -- printing --------------------------------------------------------------------------------------


def report(accuracy: Accuracy) -> str:
    """The whole result as text."""
    lines = [f"{accuracy.sites} sites"]
    for task in TASKS:
        answers = accuracy.of(task)
        lines.append(f"{task:15} {accuracy.share(task):7.2%}  {sum(a.right for a in answers)}/{len(answers)}")
    lines.append(f"{'wrong fails':15} {len(accuracy.wrong_fails)}")
    for task in ("section_state", "address_class", "agency_contact", "site_state"):
        lines += ["", *_confusion(task, accuracy.of(task))]
    lines += ["", *_by_detector(accuracy)]
    for task in TASKS:
        misses = [answer.line() for answer in accuracy.misses if answer.task == task]
        lines += ["", f"misses: {task} ({len(misses)})", *misses]
    return "\n".join(lines)


def _confusion(task: str, answers: Iterable[Answer]) -> list[str]:
    counts = Counter((answer.expected, answer.got) for answer in answers)
    rows = sorted({expected for expected, _ in counts})
    columns = sorted({got for _, got in counts})
    wide = max((len(column) for column in columns), default=0) + 2
    lines = [f"{task}: rows expected, columns got", " " * 15 + "".join(f"{column:>{wide}}" for column in columns)]
    return lines + [
        f"{row:15}" + "".join(f"{counts[row, column] or '.':>{wide}}" for column in columns) for row in rows
    ]


def _by_detector(accuracy: Accuracy) -> list[str]:
    lines = [f"{'detector':24}{'state':>10}{'date':>10}   states mistaken"]
    states, dates = accuracy.of("section_state"), accuracy.of("newest_date")
    for name in sorted({answer.subject for answer in states}):
        mine = [answer for answer in states if answer.subject == name]
        days = [answer for answer in dates if answer.subject == name]
        wrong = Counter(f"{answer.expected}->{answer.got}" for answer in mine if not answer.right)
        mistaken = ", ".join(f"{pair} {count}" for pair, count in wrong.most_common())
        lines.append(f"{name:24}{_ratio(mine):>10}{_ratio(days):>10}   {mistaken}")
    return lines


def _ratio(answers: list[Answer]) -> str:
    return f"{sum(answer.right for answer in answers)}/{len(answers)}" if answers else "-"


def _json(accuracy: Accuracy) -> str:
    data = {
        "sites": accuracy.sites,
        "shares": accuracy.shares,
        "wrong_fails": len(accuracy.wrong_fails),
        "misses": [asdict(answer) for answer in accuracy.misses],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__.partition("\n")[0])
    parser.add_argument("sites", nargs="*", help="names of golden sites; none: all")
    parser.add_argument("--json", action="store_true", help="shares and misses as JSON")
    parser.add_argument("--raise-floors", action="store_true", help="lift the floors to what is reached")
    parser.add_argument("--lower-floors", action="store_true", help="set the floors to what is reached, even if lower")
    options = parser.parse_args(arguments)
    if options.sites and (options.raise_floors or options.lower_floors):
        parser.error("floors are set by a run over all sites")
    accuracy = measure(tuple(options.sites))
    sys.stdout.write((_json(accuracy) if options.json else report(accuracy)) + "\n")
    if options.sites:
        return 0
    return _hold_floors(accuracy, options.raise_floors, options.lower_floors)


def _hold_floors(accuracy: Accuracy, lift: bool, lower: bool) -> int:
    floors = load_floors()
    if lower or (lift and floors is None):
        save_floors(reached(accuracy))
        return 0
    broken = floors.broken_by(accuracy) if floors else []
    if lift and floors is not None:
        save_floors(floors.raised(accuracy))
    for line in broken:
        sys.stderr.write(f"BELOW THE FLOOR {line}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
