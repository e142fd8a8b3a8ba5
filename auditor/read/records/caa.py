"""CAA: who may issue certificates for a domain (RFC 8659), and with which account (RFC 8657)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.model import CaaFacts, Completed, DnsAnswer, Outcome
from auditor.read.records.outcomes import blindness
from auditor.read.records.problems import Problem

_RECORD = re.compile(r'(\d{1,3}) ([A-Za-z0-9]{1,255}) (?:"(.*)"|(\S*))\Z', re.DOTALL | re.ASCII)
_CRITICAL = 128  # section 4.1
_KNOWN = frozenset({"issue", "issuewild", "iodef", "contactemail", "contactphone", "issuevmc", "issuemail"})


@dataclass(frozen=True, slots=True)
class Caa:
    """One record: `tag` in lower case; `issuer` "" where an issue tag names nobody; `account` of RFC 8657."""

    flags: int
    tag: str
    value: str

    @property
    def issuer(self) -> str:
        return self.value.partition(";")[0].strip().lower()

    @property
    def account(self) -> str:
        parameters = (part.partition("=") for part in self.value.split(";")[1:])
        return next((value.strip() for name, _, value in parameters if name.strip().lower() == "accounturi"), "")


def climb(domain: str) -> tuple[str, ...]:
    """The names to ask, up to the top-level domain (section 3)."""
    labels = domain.split(".")
    return tuple(".".join(labels[at:]) for at in range(len(labels)))


def parse_caa(text: str) -> Caa | None:
    """`'0 issue "ca.example; accounturi=…"'`; None if it is no CAA record."""
    found = _RECORD.match(text.strip())
    if found is None or int(found[1]) > 255:
        return None
    value = (found[3] if found[3] is not None else found[4]).replace('\\"', '"')
    return Caa(int(found[1]), found[2].lower(), value)


def read_caa(walk: tuple[tuple[str, Outcome[DnsAnswer]], ...]) -> CaaFacts:
    """The set of the lowest name that has records. An answer that failed on the way leaves it unknown."""
    for name, outcome in walk:
        if blind := blindness(outcome):
            return CaaFacts("unverifiable", reason=blind)
        if isinstance(outcome, Completed):
            return _found(name, outcome.value.records)
    return CaaFacts("none")


def _found(name: str, records: tuple[str, ...]) -> CaaFacts:
    parsed = [parse_caa(text) for text in records]
    readable = [record for record in parsed if record is not None]
    problems = [Problem.CAA_BAD_RECORD] if len(readable) < len(parsed) else []
    if any(record.flags & _CRITICAL and record.tag not in _KNOWN for record in readable):
        problems.append(Problem.CAA_UNKNOWN_CRITICAL)
    issue = [record for record in readable if record.tag == "issue"]
    issuers = tuple(dict.fromkeys(record.issuer for record in issue if record.issuer))
    accounts = tuple(dict.fromkeys(record.account for record in issue if record.account))
    return CaaFacts("valid", name, issuers, accounts, bool(issue) and not issuers, tuple(problems))
