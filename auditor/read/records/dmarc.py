"""DMARC policy records and their discovery by the DNS tree walk (RFC 9989 sections 4.7, 4.8, 4.10)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.model import DmarcFacts, DnsAnswer, Outcome, Reason
from auditor.read.records.outcomes import absence, blindness, fold_name, texts
from auditor.read.records.problems import Problem
from auditor.read.records.tags import TagList, parse_tags
from auditor.read.records.uris import split_uri

MAX_QUERIES = 8  # section 4.10
PREFIX = "_dmarc."

_POLICIES = ("none", "quarantine", "reject")  # from weak to strict
_REMOVED = frozenset({"pct", "rf", "ri"})  # RFC 7489 tags that RFC 9989 no longer has
_VALUES: Mapping[str, frozenset[str]] = {
    "adkim": frozenset("rs"),
    "aspf": frozenset("rs"),
    "t": frozenset("yn"),
    "psd": frozenset("ynu"),
}
_KNOWN = frozenset({"v", "p", "sp", "np", "rua", "ruf", "fo"}) | _VALUES.keys()
_FO = re.compile(r"[01ds](?::[01ds])*\Z", re.IGNORECASE)
_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_V_FOLDED = re.compile(r"V(?=[ \t]*=)")
_NEAR_VERSION = re.compile(r"[\s\"']*(?:v\s*=\s*dmarc|dmarc1\b)|.*;\s*v\s*=\s*dmarc1", re.IGNORECASE | re.DOTALL)
_MAIL_URI = re.compile(r"[^@\s]+@[A-Za-z0-9.-]+(?:\?.*)?\Z")
_SIZE = re.compile(r"!\d+[kmgt]?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """One record. `p`, `sp`, `np` are as a receiver must act on them ("" where not given); `usable` False means that
    no DMARC processing follows from it (section 4.10.1)."""

    text: str
    p: str
    sp: str
    np: str
    rua: tuple[str, ...]
    ruf: tuple[str, ...]
    psd: str
    testing: bool
    usable: bool
    alignment: tuple[str, str] = ("r", "r")  # adkim, aspf
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the walk found: the record that applies and where. `blind` is set if an answer that could have changed the
    result could not be got; `absent` is why the first name has no record, where the DNS said so."""

    record: DmarcRecord | None
    location: str = ""
    inherited: bool = False
    multiple: bool = False  # at the domain's own name
    near_miss: bool = False
    organizational_domain: str = ""
    blind: Reason | None = None
    absent: Reason | None = None


def dmarc_records(seen: Iterable[str]) -> tuple[str, ...]:
    """Those TXT records that are DMARC records: their first tag is v and its value is DMARC1, case kept."""
    return tuple(text for text in seen if _VERSION.match(_V_FOLDED.sub("v", text, count=1)))


def near_misses(seen: Iterable[str]) -> tuple[str, ...]:
    """TXT records that look as if meant as DMARC but must be ignored."""
    seen = tuple(seen)
    real = dmarc_records(seen)
    return tuple(text for text in seen if text not in real and _NEAR_VERSION.match(text))


def walk_names(domain: str) -> tuple[str, ...]:
    """The names whose `_dmarc` a full tree walk asks, in order, at most 8 (section 4.10)."""
    labels = fold_name(domain).split(".")
    start = 1 if len(labels) <= MAX_QUERIES else len(labels) - (MAX_QUERIES - 1)
    return (".".join(labels), *(".".join(labels[n:]) for n in range(start, len(labels))))


def stops_walk(seen: Iterable[str], *, first: bool) -> bool:
    """True if no further name needs to be asked: the domain's own record, or one with psd=y or psd=n."""
    found = dmarc_records(seen)
    return len(found) == 1 and (first or parse_dmarc(found[0]).psd in ("y", "n"))


def parse_dmarc(text: str) -> DmarcRecord:
    """`text`, which must be one of dmarc_records(), as a record. Never raises: what is not right is a problem."""
    tags = parse_tags(text)
    problems: list[Problem] = []
    if tags.malformed:
        problems.append(Problem.DMARC_BAD_TAG)
    if tags.repeated:
        problems.append(Problem.DMARC_DUPLICATE_TAG)
    rua, rua_problems = _uris(tags.get("rua"))
    ruf, ruf_problems = _uris(tags.get("ruf"))
    problems += rua_problems + ruf_problems + _tag_problems(tags)
    if not rua:
        problems.append(Problem.DMARC_NO_RUA)
    p, sp, np = (_policy(tags.get(name)) for name in ("p", "sp", "np"))
    sound = p is not None and sp is not None and np is not None and p != ""
    if not sound:
        problems.append(Problem.DMARC_POLICY_MISSING if p == "" else Problem.DMARC_POLICY_INVALID)
    sound = sound and not tags.repeated  # RFC 6376 section 3.2, whose syntax this is: the whole list is invalid
    return DmarcRecord(
        text=text,
        p=(p or "none") if sound else "none",
        sp=(sp or "") if sound else "",
        np=(np or "") if sound else "",
        rua=rua,
        ruf=ruf,
        psd=_flag(tags, "psd", "u"),
        testing=_flag(tags, "t", "n") == "y",
        usable=not tags.repeated and (sound or bool(rua)),
        alignment=(_flag(tags, "adkim", "r"), _flag(tags, "aspf", "r")),
        problems=tuple(dict.fromkeys(problems)),
    )


def _policy(value: str | None) -> str | None:
    """The policy named, "" if the tag is not there, None if its value is none of the three."""
    if value is None:
        return ""
    return value.lower() if value.lower() in _POLICIES else None


def _flag(tags: TagList, name: str, default: str) -> str:
    value = (tags.get(name) or default).lower()
    return value if value in _VALUES[name] else default


def _tag_problems(tags: TagList) -> list[Problem]:
    found: list[Problem] = []
    for name, value in tags.tags:
        if name in _REMOVED:
            found.append(Problem.DMARC_REMOVED_TAG)
            if name == "pct" and value != "100":
                found.append(Problem.DMARC_PCT)  # receivers of the older standard apply the policy in part only
        elif name not in _KNOWN:
            found.append(Problem.DMARC_UNKNOWN_TAG)
        elif (name in _VALUES and value.lower() not in _VALUES[name]) or (name == "fo" and not _FO.match(value)):
            found.append(Problem.DMARC_BAD_TAG)
    return found


def _uris(value: str | None) -> tuple[tuple[str, ...], list[Problem]]:
    """The valid reporting URIs of a rua or ruf tag, the obsolete size limit removed (section 4.8)."""
    found: list[str] = []
    problems: list[Problem] = []
    if value is None:
        return (), problems
    for written in value.split(","):
        uri = written.strip()
        if _SIZE.search(uri):
            problems.append(Problem.DMARC_URI_SIZE)
            uri = _SIZE.sub("", uri)
        scheme, rest = split_uri(uri) or ("", "")
        # section 4.8: "exclamation points MUST be encoded"
        if not rest or "!" in rest or (scheme == "mailto" and not _MAIL_URI.match(rest)):
            problems.append(Problem.DMARC_BAD_URI)
        else:
            found.append(uri)
    return tuple(found), problems


def discover(domain: str, walk: Sequence[tuple[str, Outcome[DnsAnswer]]]) -> Discovery:
    """The record that applies to `domain` (section 4.10.1) from the answers of the walk, names with or without
    the `_dmarc` label."""
    domain = fold_name(domain)
    answers = {fold_name(name).removeprefix(PREFIX): outcome for name, outcome in walk}
    own = answers.get(domain)
    if own is None or blindness(own):
        return Discovery(None, blind=(blindness(own) if own is not None else None) or Reason.BUDGET_SPENT)
    found = dmarc_records(texts(own))
    if len(found) == 1:
        return Discovery(parse_dmarc(found[0]), location=PREFIX + domain)
    near = not found and bool(near_misses(texts(own)))
    return _inherit(domain, answers, Discovery(None, multiple=bool(found), near_miss=near, absent=absence(own)))


def _inherit(domain: str, answers: Mapping[str, Outcome[DnsAnswer]], own: Discovery) -> Discovery:
    """The record of the organizational domain, else of the public suffix domain (sections 4.10.1, 4.10.2)."""
    records: dict[str, DmarcRecord] = {}
    for name in walk_names(domain)[1:]:
        outcome = answers.get(name)
        blind = Reason.BUDGET_SPENT if outcome is None else blindness(outcome)
        if blind:
            # An unseen name may hold the record, or the psd tag that decides which record it is.
            return _replace(own, blind=blind)
        assert outcome is not None
        found = dmarc_records(texts(outcome))
        if len(found) == 1:
            records[name] = parse_dmarc(found[0])
            if records[name].psd in ("y", "n"):
                break
    organization = _organizational(domain, records)
    for name in (organization, *(name for name, record in records.items() if record.psd == "y")):
        if name in records:
            return _replace(own, record=records[name], location=PREFIX + name, organization=organization)
    return _replace(own, organization=organization)


def _organizational(domain: str, records: Mapping[str, DmarcRecord]) -> str:
    """Section 4.10.2; `records` from the longest name to the shortest."""
    for name, record in records.items():
        if record.psd == "n":
            return name
        if record.psd == "y":
            below = name.count(".") + 2
            return ".".join(domain.split(".")[-below:])
    return list(records)[-1] if records else domain


def _replace(
    own: Discovery,
    *,
    record: DmarcRecord | None = None,
    location: str = "",
    organization: str = "",
    blind: Reason | None = None,
) -> Discovery:
    return Discovery(record, location, record is not None, own.multiple, own.near_miss, organization, blind, own.absent)


def read_dmarc(
    domain: str, walk: Sequence[tuple[str, Outcome[DnsAnswer]]], *, domain_exists: bool = True
) -> DmarcFacts:
    """The DMARC facts of `domain`. `domain_exists` False (NXDOMAIN) makes np apply instead of sp when inherited."""
    found = discover(domain, walk)
    if found.blind:
        return DmarcFacts("unverifiable", reason=found.blind)
    record = found.record
    own = [Problem.DMARC_MULTIPLE] if found.multiple else []
    if record is None or found.inherited:
        own += [] if found.multiple else [Problem.DMARC_MISSING]
        own += [Problem.DMARC_NEAR_MISS] if found.near_miss else []
    if record is None:
        return DmarcFacts(
            "multiple" if found.multiple else "none",
            problems=tuple(own),
            reason=None if found.multiple else found.absent,
        )
    asked = _asked_policy(record, inherited=found.inherited, exists=domain_exists)
    return DmarcFacts(
        state="multiple" if found.multiple else "valid" if record.usable else "invalid",
        record=record.text,
        location=found.location,
        policy=record.p,
        effective_policy=_effective(record, asked),
        subdomain_policy=record.sp or record.p,
        rua=record.rua,
        problems=tuple(dict.fromkeys([*own, *record.problems, *_policy_remarks(record, asked, found)])),
        below_policy=_effective(record, _asked_policy(record, inherited=True, exists=True)),
        absent_policy=_effective(record, _asked_policy(record, inherited=True, exists=False)),
        alignment=record.alignment,
    )


def _effective(record: DmarcRecord, asked: str) -> str:
    """The policy that a receiver applies: one level lower in test mode (section 4.7), none at all if not usable."""
    if not record.usable:
        return ""
    return _POLICIES[max(0, _POLICIES.index(asked) - 1)] if record.testing else asked


def _asked_policy(record: DmarcRecord, *, inherited: bool, exists: bool) -> str:
    if not inherited:
        return record.p
    return (record.sp or record.p) if exists else (record.np or record.sp or record.p)


def _policy_remarks(record: DmarcRecord, asked: str, found: Discovery) -> list[Problem]:
    remarks: list[Problem] = []
    if found.inherited:
        remarks.append(Problem.DMARC_INHERITED)
    if record.usable and asked == "none":
        remarks.append(Problem.DMARC_POLICY_NONE)
    strength = _POLICIES.index(record.p)
    if any(_POLICIES.index(weaker) < strength for weaker in (record.sp, record.np) if weaker):
        remarks.append(Problem.DMARC_SUBDOMAIN_WEAKER)
    if record.testing:
        remarks.append(Problem.DMARC_TESTING)
    if record.psd == "y" and not found.inherited:
        remarks.append(Problem.DMARC_PSD)  # a domain that sends mail is hardly a public suffix
    return remarks
