"""MTA-STS: the record that announces a policy, and the policy itself (RFC 8461 sections 3.1, 3.2, 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from auditor.model import Completed, DnsAnswer, Failed, Look, MtaStsFacts, Outcome, Reason
from auditor.read.records.outcomes import absence, blindness, fold_name, texts
from auditor.read.records.problems import Problem

PREFIX = "_mta-sts."
MAX_POLICY = 64 * 1024  # section 3.3 advises 64 kilobytes as the limit
MAX_AGE = 31_557_600  # section 3.2: seconds, about a year
_SHORT_AGE = 7 * 86_400  # section 3.2 expects values "in the range of weeks or greater"
_BEGINS = "v=STSv1"
_FIELD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z")
_VALUE = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+\Z")  # printable, no blank, "=" or ";"
_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_MODES = frozenset({"enforce", "testing", "none"})
_ONCE = frozenset({"version", "mode", "max_age"})
#: What may be tonight's trouble, so that a second look has to agree.
_OF_NETWORK = frozenset(
    {
        Reason.DNS_NXDOMAIN, Reason.DNS_NODATA, Reason.CONNECT_TIMEOUT, Reason.CONNECT_FAILED, Reason.REFUSED,
        Reason.READ_TIMEOUT, Reason.READ_FAILED, Reason.TLS_INVALID, Reason.TLS_FAILED, Reason.HTTP_403,
        Reason.HTTP_404, Reason.HTTP_4XX, Reason.HTTP_5XX, Reason.EMPTY_BODY, Reason.PROTOCOL_ERROR,
    }
)  # fmt: skip


def announced(records: tuple[str, ...]) -> tuple[str, ...]:
    """The TXT records that count: those that begin with "v=STSv1;", the rest is discarded (section 3.1)."""
    return tuple(text for text in records if re.match(r"v=STSv1[ \t]*;", text))


def policy_url(domain: str) -> str:
    """Section 3.3: the only place of a policy."""
    return f"https://mta-sts.{domain}/.well-known/mta-sts.txt"


def record_problems(text: str) -> tuple[Problem, ...]:
    """What is wrong with one record that begins rightly: the grammar of section 3.1."""
    parts = re.split(r"[ \t]*;[ \t]*", text)
    if parts[-1] == "":
        parts.pop()
    fields = [part.partition("=") for part in parts[1:]]
    ids = [value for name, _, value in fields if name == "id"]
    if not ids or not _ID.match(ids[0]):  # of several the first counts, as section 3.2 has it for the policy
        return (Problem.MTA_STS_BAD_ID,)
    if not all(equals and _FIELD.match(name) and _VALUE.match(value) for name, equals, value in fields):
        return (Problem.MTA_STS_BAD_RECORD,)
    return ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file. `problems` make it void, `remarks` do not."""

    mode: str = ""
    max_age: int = 0
    patterns: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()


def parse_policy(body: bytes) -> Policy:
    """The policy in `body` (section 3.2). Never raises: what is not right is a problem or a remark."""
    once: dict[str, str] = {}
    patterns: list[str] = []
    remarks: list[Problem] = []
    for line in re.split(r"\r?\n", body.decode("utf-8", "replace")):
        name, colon, value = line.strip(" \t").partition(":")
        value = value.strip(" \t")
        if not line.strip(" \t"):
            continue
        if not colon or not _FIELD.match(name):
            remarks.append(Problem.MTA_STS_POLICY_LINE)
        elif name == "mx":
            patterns.append(value.lower().rstrip("."))
        elif name in once and name in _ONCE:
            remarks.append(Problem.MTA_STS_POLICY_DUPLICATE)
        else:
            once.setdefault(name, value)
    return _judged(once, patterns, remarks)


def _judged(once: dict[str, str], patterns: list[str], remarks: list[Problem]) -> Policy:
    mode, age = once.get("mode", ""), once.get("max_age", "")
    seconds = int(age) if re.fullmatch(r"[0-9]{1,10}", age, re.ASCII) else -1
    good = tuple(dict.fromkeys(pattern for pattern in patterns if is_pattern(pattern)))
    problems: list[Problem] = []
    if once.get("version") != "STSv1":
        problems.append(Problem.MTA_STS_POLICY_VERSION)
    if mode not in _MODES:
        problems.append(Problem.MTA_STS_POLICY_MODE)
    if not 0 <= seconds <= MAX_AGE:
        problems.append(Problem.MTA_STS_POLICY_MAX_AGE)
    elif seconds < _SHORT_AGE and mode != "none":  # a policy on its way out is to be forgotten soon (section 8.3)
        remarks.append(Problem.MTA_STS_SHORT_AGE)
    if mode != "none" and (not good or len(good) < len(set(patterns))):
        problems.append(Problem.MTA_STS_POLICY_MX)
    unique = tuple(dict.fromkeys(remarks))
    return Policy(mode if mode in _MODES else "", max(seconds, 0), good, tuple(problems), unique)


def is_pattern(pattern: str) -> bool:
    """A domain name, or one whole left-most label as wildcard before one (section 3.2: sts-policy-mx-value)."""
    labels = pattern.removeprefix("*.").split(".")
    return len(pattern) <= 253 and all(_LABEL.match(label) for label in labels)


def covers(pattern: str, host: str) -> bool:
    """Section 4.1: exact, or the wildcard stands for exactly one label."""
    host = fold_name(host)
    if pattern.startswith("*."):
        first, _, rest = host.partition(".")
        return bool(first) and rest == pattern[2:]
    return host == pattern


def read_mta_sts(domain: str, record: Outcome[DnsAnswer], policy: Outcome[Look], hosts: tuple[str, ...]) -> MtaStsFacts:
    """The facts of record and policy. `hosts` are the mail servers of the MX records; none if they are unknown."""
    blind, found, url = blindness(record), announced(texts(record)), policy_url(domain)
    if blind:
        return MtaStsFacts("unverifiable", reason=blind)
    if not found:
        near = any("stsv1" in text.lower() for text in texts(record))
        problems = (Problem.MTA_STS_MISSING, *((Problem.MTA_STS_NEAR_MISS,) if near else ()))
        return MtaStsFacts("none", problems=problems, reason=absence(record))
    if len(found) > 1:
        return MtaStsFacts("multiple", found[0], problems=(Problem.MTA_STS_MULTIPLE,))
    if wrong := record_problems(found[0]):
        return MtaStsFacts("invalid", found[0], problems=wrong)
    facts = MtaStsFacts("valid", found[0], url)
    if not isinstance(policy, Completed):
        return _not_fetched(facts, policy.reason, isinstance(policy, Failed))
    return _fetched(facts, policy.value, hosts)


def _not_fetched(facts: MtaStsFacts, reason: Reason, tried: bool) -> MtaStsFacts:
    if not tried or reason not in _OF_NETWORK:
        return replace(facts, state="unverifiable", reason=reason)
    return replace(facts, state="policy_failed", problems=(Problem.MTA_STS_POLICY_UNREACHED,), reason=reason)


def _fetched(facts: MtaStsFacts, look: Look, hosts: tuple[str, ...]) -> MtaStsFacts:
    """Section 3.3: 200 only, no redirect followed, text/plain, a certificate for the name."""
    if look.not_run:
        return _not_fetched(facts, look.reason or Reason.NOT_CONFIGURED, tried=False)
    failed = replace(facts, state="policy_failed")
    if look.status is not None and 300 <= look.status < 400:
        return replace(failed, problems=(Problem.MTA_STS_POLICY_REDIRECTS,))
    if look.reason is Reason.TLS_INVALID:
        return replace(failed, problems=(Problem.MTA_STS_POLICY_CERTIFICATE,), reason=look.reason)
    if look.status is not None and look.status != 200:
        return replace(failed, problems=(Problem.MTA_STS_POLICY_STATUS,), reason=look.reason)
    if look.truncated and look.reason is None:
        return replace(failed, problems=(Problem.MTA_STS_POLICY_TOO_LARGE,))
    if look.reason is not None:
        return _not_fetched(facts, look.reason, tried=True)
    if look.content_type.partition(";")[0].strip().lower() != "text/plain":
        return replace(failed, problems=(Problem.MTA_STS_POLICY_TYPE,))
    policy = parse_policy(look.body)
    unmatched = tuple(host for host in hosts if not any(covers(pattern, host) for pattern in policy.patterns))
    said = replace(facts, mode=policy.mode, max_age=policy.max_age, patterns=policy.patterns)
    if policy.problems:
        return replace(said, state="policy_invalid", problems=(*policy.problems, *policy.remarks))
    if policy.mode == "none":
        return replace(said, problems=(Problem.MTA_STS_MODE_NONE, *policy.remarks))
    testing = (Problem.MTA_STS_MODE_TESTING,) if policy.mode == "testing" else ()
    wrong = (Problem.MTA_STS_MX_UNMATCHED,) if unmatched else ()
    return replace(said, unmatched=unmatched, problems=(*testing, *wrong, *policy.remarks))
