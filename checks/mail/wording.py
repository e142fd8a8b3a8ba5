"""What the checks of a mail domain share: who is scored, what is said, and where the proof stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, MailFacts, Reason, Verdict

NEGATIVE = frozenset({Reason.DNS_NXDOMAIN, Reason.DNS_NODATA})
#: States of a record that say that it could not be looked at.
UNKNOWN = frozenset({"unverifiable", "temperror"})


def for_operator(facts: AgencyFacts, rule: Criterion) -> Criterion:
    """The same rule, without points for agencies that do not operate the mail system."""
    return rule if facts.agency.operates_mail else replace(rule, counts=False)


def by_problems(rule: Criterion, problems: Iterable[str], prefix: str) -> tuple[Verdict, str]:
    """A record in force: pass, partial for a problem that the rulebook calls one, or pass with remarks."""
    found = list(problems)
    if set(found) & set(rule.parameters["partial_problems"]):
        return Verdict.PARTIAL, f"{prefix}.problems"
    return Verdict.PASS, f"{prefix}.remarks" if found else f"{prefix}.valid"


def not_configured(rule: Criterion) -> Finding:
    """No mail domain is configured: nothing was looked at."""
    return rule.finding(Verdict.UNVERIFIED, "mail.not_configured", reason=Reason.NOT_CONFIGURED)


def unknown(rule: Criterion, mail: MailFacts, reason: Reason | None, asked: tuple[str, str]) -> Finding:
    """The record could not be looked at. `asked` is the query, as name and record type."""
    return rule.finding(
        Verdict.UNVERIFIED,
        "mail.unverified",
        evidence=proof(mail, asked, ""),
        reason=reason,
        domain=mail.domain,
        reason_text=rule.say(f"reason.{reason}") if reason else "",
    )


def said(
    rule: Criterion,
    mail: MailFacts,
    verdict: Verdict,
    key: str,
    *,
    asked: tuple[str, str],
    reason: Reason | None = None,
    problems: Iterable[str] = (),
    excerpt: str = "",
    **fields: Any,
) -> Finding:
    """The finding; a fault that rests on a negative DNS answer waits for a second look that agrees.

    `asked` is the query (name, record type), `reason` the DNS's own reason if the record is missing, `excerpt` the
    record as it answered.
    """
    if verdict is not Verdict.PASS and reason in NEGATIVE and not mail.confirmed:
        verdict, key = Verdict.UNVERIFIED, "mail.unconfirmed"
    return rule.finding(
        verdict,
        key,
        evidence=proof(mail, asked, excerpt),
        reason=reason if verdict is Verdict.UNVERIFIED else None,
        domain=mail.domain,
        problems=problem_texts(rule, problems),
        reason_text=rule.say(f"reason.{reason}") if reason else "",
        **fields,
    )


def problem_texts(rule: Criterion, problems: Iterable[str]) -> str:
    """The sentences of the problems, as one text."""
    return " ".join(rule.messages.get(f"problem.{problem}", problem) for problem in problems)


def proof(mail: MailFacts, asked: tuple[str, str], excerpt: str) -> tuple[EvidenceRef, ...]:
    """The query as a dns: address (RFC 4501) and the record that answered."""
    name, rdtype = asked
    return (EvidenceRef(f"dns:{name}?type={rdtype}", mail.looked_at, excerpt),)
