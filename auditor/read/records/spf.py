"""SPF read without a sender (RFC 7208): what the tree of records costs and allows in the worst case.

permerror is said only of what the DNS proved. Whatever rests on an answer that we could not get is temperror (the
record itself is known) or unverifiable (it is not), with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from auditor.model import Completed, DnsAnswer, NotRun, Outcome, Reason, SpfBranch, SpfFacts
from auditor.read.records.outcomes import absence, blindness, fold_name, texts
from auditor.read.records.problems import Problem
from auditor.read.records.spf_cover import cover
from auditor.read.records.spf_syntax import (
    MacroString,
    Mechanism,
    SpfError,
    SpfRecord,
    expand_domain,
    near_misses,
    parse_spf,
    spf_records,
)

MAX_LOOKUPS = 10  # section 4.6.4: include, a, mx, ptr, exists, redirect
MAX_VOIDS = 2  # section 4.6.4
MAX_MX = 10  # section 4.6.4: address look-ups for one mx mechanism
LONG_RECORD = 450  # section 3.4: with the name, the answer should fit into 512 octets

_LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists"})
_NOT_LOOKED = NotRun(Reason.BUDGET_SPENT)

_MAX_DEPTH = MAX_LOOKUPS + 2  # so deep, the limit of look-ups is broken already

#: Faults that are only as sure as the negative DNS answers below them.
_RESTS_ON_ABSENCE = frozenset({Problem.SPF_INCLUDE_MISSING, Problem.SPF_REDIRECT_MISSING, Problem.SPF_TOO_MANY_VOIDS})

EXISTS = "EXISTS"  # the A records alone, whatever the client's address is (section 5.7)
_ASKED = {"mx": "MX", "exists": EXISTS}
#: (name, "A", "MX" or EXISTS) -> answer; "A" stands for A and AAAA together.
HostAnswers = Mapping[tuple[str, str], Outcome[DnsAnswer]]


@dataclass(frozen=True, slots=True)
class SpfTargets:
    """What must be asked to read a record on: further SPF records, and the hosts of its a, mx and exists terms."""

    records: tuple[str, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Branch:
    """The worst case of one record with all below it.

    `blind`: why an answer in it could not be got. `absent`: why the DNS said that a name in it has nothing.
    `everyone`: every IPv4 sender passes.
    """

    lookups: int = 0
    voids: int = 0
    faults: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    blind: Reason | None = None
    absent: Reason | None = None
    everyone: bool = False
    all_qualifier: str = ""


@dataclass(slots=True)
class _Reader:
    """One evaluation: the answers, the domain that stands for the sender, and the branches already worked out."""

    sender: str
    records: Mapping[str, Outcome[DnsAnswer]]
    hosts: HostAnswers
    done: dict[str, _Branch] = field(default_factory=dict)


def spf_targets(domain: str, texts_seen: tuple[str, ...], sender: str) -> SpfTargets:
    """What the SPF record of `domain` among `texts_seen` refers to; nothing if there is not exactly one sound record.

    `sender` is the mail domain, for the macro %{o}. Targets with macros that only a sender fills are left out.
    """
    found = spf_records(texts_seen)
    if len(found) != 1:
        return SpfTargets()
    try:
        record = parse_spf(found[0])
    except SpfError:
        return SpfTargets()
    records: list[str] = []
    hosts: list[tuple[str, str]] = []
    for term in record.evaluated:
        name = _target(term.domain, domain, sender)
        if name is None or not is_resolvable(name):
            continue
        if term.name == "include":
            records.append(name)
        elif term.name == "a":
            hosts.append((name, "A"))
        elif term.name == "exists":
            hosts.append((name, EXISTS))
        elif term.name == "mx":
            hosts.append((name, "MX"))
    redirect = _redirect(record, domain, sender)
    if redirect and is_resolvable(redirect):
        records.append(redirect)
    return SpfTargets(tuple(dict.fromkeys(records)), tuple(dict.fromkeys(hosts)))


def is_resolvable(name: str) -> bool:
    """True if `name` can be asked for: several labels of 1 to 63 octets, 253 in all (RFC 7208 section 4.3)."""
    labels = name.split(".")
    return len(labels) > 1 and len(name) <= 253 and all(0 < len(label) <= 63 for label in labels)


def _target(spec: MacroString, domain: str, sender: str) -> str | None:
    """The name that `spec` means in the record of `domain`, or None if only a sender decides it."""
    return expand_domain(spec, {"d": domain, "o": sender}) if spec else domain


def _redirect(record: SpfRecord, domain: str, sender: str) -> str | None:
    """The redirect target that is evaluated: none where there is an `all` anywhere (section 6.1)."""
    return _target(record.redirect, domain, sender) if record.redirect and record.all is None else None


def read_spf(
    domain: str,
    txt: Outcome[DnsAnswer],
    tree: Mapping[str, Outcome[DnsAnswer]],
    hosts: HostAnswers | None = None,
) -> SpfFacts:
    """The SPF facts of `domain`: `txt` are its TXT records, `tree` those of the include and redirect targets, `hosts`
    the answers for a, mx and exists terms (a term without an answer is counted, never as void)."""
    domain = fold_name(domain)
    blind, gone = blindness(txt), absence(txt)
    if blind:
        return SpfFacts("unverifiable", reason=blind)
    if gone:
        return SpfFacts("none", problems=(Problem.SPF_MISSING,), reason=gone)
    found = spf_records(texts(txt))
    if not found:
        near = (Problem.SPF_NEAR_MISS,) if near_misses(texts(txt)) else ()
        return SpfFacts("none", problems=(Problem.SPF_MISSING, *near))
    if len(found) > 1:
        return SpfFacts("multiple", record=" | ".join(found), problems=(Problem.SPF_MULTIPLE,))
    reader = _Reader(domain, {**tree, domain: txt}, hosts or {})
    facts = _facts(found[0], _read_record(reader, domain, found[0], ()))
    covered = cover(domain, reader.records, reader.hosts)
    overlaps = (Problem.SPF_OVERLAP,) if covered.overlaps else ()
    return replace(
        facts,
        problems=(*facts.problems, *overlaps),
        branches=_branches(reader, domain, found[0]),
        addresses=covered.addresses,
        widest=covered.widest,
        widest_prefix=covered.widest_prefix,
        overlaps=covered.overlaps,
    )


def _branches(reader: _Reader, domain: str, text: str) -> tuple[SpfBranch, ...]:
    """What each term of the domain's own record costs, whatever comes before it."""
    try:
        record = parse_spf(text)
    except SpfError:
        return ()
    costs = [(term.text, _read_term(reader, domain, term, (domain,))) for term in record.evaluated]
    if record.redirect is not None and record.all is None:
        name = _redirect(record, domain, reader.sender) or ""
        costs.append((f"redirect={name}", _follow_redirect(reader, domain, record, _Branch(), (domain,))))
    return tuple(SpfBranch(term, cost.lookups, cost.voids) for term, cost in costs if cost.lookups)


def _facts(text: str, branch: _Branch) -> SpfFacts:
    faults = list(branch.faults)
    if branch.lookups > MAX_LOOKUPS:
        faults.append(Problem.SPF_TOO_MANY_LOOKUPS)
    if branch.voids > MAX_VOIDS:
        faults.append(Problem.SPF_TOO_MANY_VOIDS)
    could_not_look = "unverifiable" if branch.blind is Reason.OUT_OF_SCOPE else "temperror"
    state = "permerror" if faults else could_not_look if branch.blind else "valid"
    reason = branch.blind if not faults else branch.absent if _RESTS_ON_ABSENCE.issuperset(faults) else None
    return SpfFacts(
        state=state,
        record=text,
        all_qualifier=branch.all_qualifier,
        lookups=branch.lookups,
        void_lookups=branch.voids,
        problems=tuple(dict.fromkeys([*faults, *branch.notes])),
        reason=reason,
    )


def _read_record(reader: _Reader, domain: str, text: str, above: tuple[str, ...]) -> _Branch:
    """The branch of the one SPF record `text` of `domain`; `above` are the domains on the way to it."""
    try:
        record = parse_spf(text)
    except SpfError as error:
        return _Branch(faults=(error.problem,))
    branch = _Branch(notes=_remarks(record))
    for term in record.evaluated:
        branch = _add(branch, _read_term(reader, domain, term, (*above, domain)))
        if branch.everyone:
            return _with_all(branch, record, "")
    if record.all is not None:
        return _with_all(branch, record, record.all.qualifier)
    if record.redirect is not None:
        return _follow_redirect(reader, domain, record, branch, (*above, domain))
    return branch


def _with_all(branch: _Branch, record: SpfRecord, reached: str) -> _Branch:
    """`branch` closed by the record's `all`; `reached` is its qualifier, "" if an earlier term already ends it."""
    written = record.all.qualifier if record.all else ""
    return replace(branch, everyone=branch.everyone or reached == "+", all_qualifier=written)


def _remarks(record: SpfRecord) -> tuple[Problem, ...]:
    """What can be said of one record by itself."""
    found: list[Problem] = []
    if record.all is None and record.redirect is None:
        found.append(Problem.SPF_NO_ALL)
    if record.all is not None:
        if record.all.qualifier == "+":
            found.append(Problem.SPF_PLUS_ALL)
        if record.all.qualifier == "?":
            found.append(Problem.SPF_NEUTRAL_ALL)
        if record.redirect is not None:
            found.append(Problem.SPF_REDIRECT_IGNORED)
        if record.mechanisms[-1] is not record.all:
            found.append(Problem.SPF_TERMS_AFTER_ALL)
    if any(term.name == "ptr" or _uses_p(term.domain) for term in record.mechanisms):
        found.append(Problem.SPF_PTR)  # section 5.5: do not use; section 7.2 says the same of %{p}
    if len(record.text) > LONG_RECORD:
        found.append(Problem.SPF_LONG_RECORD)
    return tuple(found)


def _uses_p(spec: MacroString) -> bool:
    return any(not isinstance(part, str) and part.letter.lower() == "p" for part in spec)


def _add(left: _Branch, right: _Branch) -> _Branch:
    """Both, one after the other; the left one's `all` stays."""
    return _Branch(
        left.lookups + right.lookups,
        left.voids + right.voids,
        left.faults + right.faults,
        left.notes + right.notes,
        left.blind or right.blind,
        left.absent or right.absent,
        left.everyone or right.everyone,
        left.all_qualifier,
    )


def _read_term(reader: _Reader, domain: str, term: Mechanism, path: tuple[str, ...]) -> _Branch:
    if term.name in ("ip4", "ip6"):
        everyone = term.qualifier == "+" and 0 in (term.prefix4, term.prefix6)
        return _Branch(notes=(Problem.SPF_OPEN_RANGE,) if everyone else (), everyone=everyone and term.name == "ip4")
    if term.name not in _LOOKUP_TERMS:
        return _Branch()
    name = _target(term.domain, domain, reader.sender)
    if term.name == "include":
        return _add(_Branch(lookups=1), _include(reader, term, name, path))
    if term.name == "ptr" or name is None:
        return _Branch(lookups=1)
    return _host_term(reader, term, name)


def _host_term(reader: _Reader, term: Mechanism, name: str) -> _Branch:
    """An a, mx or exists term. A name that cannot be asked matches nothing and costs no void look-up (section 4.8)."""
    outcome = reader.hosts.get((name, _ASKED.get(term.name, "A")), _NOT_LOOKED)
    if term.name == "exists" and outcome is _NOT_LOOKED:  # audits from before they were asked apart
        outcome = reader.hosts.get((name, "A"), _NOT_LOOKED)
    gone = absence(outcome)
    if gone:
        return _Branch(lookups=1, voids=1, absent=gone)
    if not isinstance(outcome, Completed):
        # Without the answer the term is still counted; only its voids stay unknown, and those may only add.
        return _Branch(lookups=1, blind=None if outcome is _NOT_LOOKED else outcome.reason)
    if term.name == "mx" and len(outcome.value.records) > MAX_MX:
        return _Branch(lookups=1, faults=(Problem.SPF_TOO_MANY_MX,))
    everyone = term.qualifier == "+" and term.prefix4 == 0
    return _Branch(lookups=1, notes=(Problem.SPF_OPEN_RANGE,) if everyone else (), everyone=everyone)


def _include(reader: _Reader, term: Mechanism, name: str | None, path: tuple[str, ...]) -> _Branch:
    """What an include adds (section 5.2): none and permerror below are permerror here, temperror stays temperror."""
    if name is None:
        return _Branch(notes=(Problem.SPF_MACRO_TARGET,))
    below = _read_target(reader, name, path, Problem.SPF_INCLUDE_MISSING)
    everyone = below.everyone and term.qualifier == "+"
    notes = [note for note in below.notes if note in _PASSED_ON]
    if everyone:
        notes.append(Problem.SPF_INCLUDE_OPEN)
    faults = tuple(_FAULT_OF_INCLUDE.get(fault, Problem.SPF_INCLUDE_INVALID) for fault in below.faults)
    return replace(below, faults=faults, notes=tuple(notes), everyone=everyone, all_qualifier="")


_PASSED_ON = frozenset({Problem.SPF_MACRO_TARGET, Problem.SPF_INCLUDE_UNCHECKED})
_FAULT_OF_INCLUDE = {
    Problem.SPF_INCLUDE_MISSING: Problem.SPF_INCLUDE_MISSING,
    Problem.SPF_REDIRECT_MISSING: Problem.SPF_INCLUDE_MISSING,
    Problem.SPF_INCLUDE_MULTIPLE: Problem.SPF_INCLUDE_MULTIPLE,
    Problem.SPF_LOOP: Problem.SPF_LOOP,
}


def _follow_redirect(
    reader: _Reader, domain: str, record: SpfRecord, branch: _Branch, path: tuple[str, ...]
) -> _Branch:
    """The record that replaces this one (section 6.1). Its remarks count as the domain's own."""
    name = _redirect(record, domain, reader.sender)
    branch = _add(branch, _Branch(lookups=1))
    if name is None:
        # Only a sender decides which record closes this one: nothing can be said of it in general.
        return _add(branch, _Branch(notes=(Problem.SPF_MACRO_TARGET,), blind=Reason.OUT_OF_SCOPE))
    below = _read_target(reader, name, path, Problem.SPF_REDIRECT_MISSING)
    both = _add(branch, below)
    return replace(both, all_qualifier=below.all_qualifier)


def _read_target(reader: _Reader, name: str, path: tuple[str, ...], missing: Problem) -> _Branch:
    """The branch of the domain `name`, which an include or a redirect names."""
    if name in path:
        return _Branch(faults=(Problem.SPF_LOOP,))
    if len(path) > _MAX_DEPTH:
        return _Branch()
    if not is_resolvable(name):
        return _Branch(faults=(missing,))  # section 4.3: check_host() is "none" for such a name
    if name not in reader.done:
        reader.done[name] = _look_into(reader, name, path, missing)
    return reader.done[name]


def _look_into(reader: _Reader, name: str, path: tuple[str, ...], missing: Problem) -> _Branch:
    outcome = reader.records.get(name, _NOT_LOOKED)
    blind = blindness(outcome)
    if blind:
        return _Branch(blind=blind, notes=(Problem.SPF_INCLUDE_UNCHECKED,))
    gone = absence(outcome)
    if gone:
        return _Branch(voids=1, faults=(missing,), absent=gone)
    found = spf_records(texts(outcome))
    if len(found) == 1:
        return _read_record(reader, name, found[0], path)
    return _Branch(faults=(Problem.SPF_INCLUDE_MULTIPLE if found else missing,))
