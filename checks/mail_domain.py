"""The shared mail domain: MX, SPF, DMARC. It belongs to the operator; every card shows it, only the operator is scored.

SPF and DMARC are technical recommendations: no text makes them a duty of point g.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from auditor.model import (
    AgencyFacts,
    Criterion,
    DmarcFacts,
    EvidenceRef,
    Finding,
    MailFacts,
    Reason,
    SpfFacts,
    Verdict,
    check,
)

_NEGATIVE = frozenset({Reason.DNS_NXDOMAIN, Reason.DNS_NODATA})
_QUERIES = {"mail.mx": ("{domain}", "MX"), "mail.spf": ("{domain}", "TXT"), "mail.dmarc": ("_dmarc.{domain}", "TXT")}
_UNKNOWN = frozenset({"unverifiable", "temperror"})


@check("mail.mx")
def mx(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Mail servers that exist and resolve. RFC 5321 section 5.1, RFC 7505."""
    rule, mail = _for_operator(facts, rule), facts.mail
    if mail is None:
        return _not_configured(rule)
    seen = mail.mx
    if seen.state in _UNKNOWN:
        return _unknown(rule, mail, seen.reason)
    if seen.state == "valid":
        verdict, key = _by_problems(rule, seen.problems, "mail.mx")
    else:
        verdict, key = (Verdict.PARTIAL if seen.state == "implicit" else Verdict.FAIL), f"mail.mx.{seen.state}"
    targets = ", ".join(host for _, host, _ in seen.targets[:5])
    return _said(rule, mail, verdict, key, seen.reason, seen.problems, targets, targets=targets)


@check("mail.spf")
def spf(facts: AgencyFacts, rule: Criterion) -> Finding:
    """One SPF record that evaluates and closes the list of senders. RFC 7208 sections 3, 4.5, 4.6."""
    rule, mail = _for_operator(facts, rule), facts.mail
    if mail is None:
        return _not_configured(rule)
    seen = mail.spf
    if seen.state in _UNKNOWN:
        return _unknown(rule, mail, seen.reason)
    if seen.state != "valid":
        verdict, key = Verdict.FAIL, f"mail.spf.{seen.state}"
    elif seen.all_qualifier == "+" or set(seen.problems) & set(rule.parameters["fail_problems"]):
        verdict, key = Verdict.FAIL, "mail.spf.open"
    elif seen.all_qualifier not in ("-", "~") or (seen.addresses and seen.widest_prefix < rule.parameters["widest"]):
        verdict, key = Verdict.PARTIAL, "mail.spf.problems"
    else:
        verdict, key = _by_problems(rule, seen.problems, "mail.spf")
    measures = _spf_measures(rule, seen)
    return _said(
        rule, mail, verdict, key, seen.reason, seen.problems, seen.record, record=seen.record, measures=measures
    )


def _spf_measures(rule: Criterion, seen: SpfFacts) -> str:
    """What the record costs in the worst case and how much it lets in, term by term where that matters."""
    share = 100 * seen.addresses / 2**32
    said = [rule.say("mail.spf.cost", lookups=seen.lookups, voids=seen.void_lookups)]
    if seen.lookups > rule.parameters["near_limit"]:
        costs = ", ".join(f"{one.term} ({one.lookups})" for one in seen.branches)
        said.append(rule.say("mail.spf.branches", branches=costs))
    if seen.addresses:
        key = "mail.spf.wide" if seen.widest_prefix < rule.parameters["widest"] else "mail.spf.cover"
        count = f"{seen.addresses:,}".replace(",", ".")
        said.append(rule.say(key, count=count, share=f"{share:.4f}".replace(".", ","), widest=seen.widest))
    return " ".join(said)


@check("mail.dmarc")
def dmarc(facts: AgencyFacts, rule: Criterion) -> Finding:
    """One DMARC record whose policy is enforced. RFC 9989 section 4."""
    rule, mail = _for_operator(facts, rule), facts.mail
    if mail is None:
        return _not_configured(rule)
    seen = mail.dmarc
    if seen.state in _UNKNOWN:
        return _unknown(rule, mail, seen.reason)
    policy = seen.effective_policy or seen.policy
    if seen.state != "valid":
        verdict, key = Verdict.FAIL, f"mail.dmarc.{seen.state}"
    elif policy not in rule.parameters["enforcing"]:
        verdict, key = Verdict.PARTIAL, "mail.dmarc.problems"
    else:
        verdict, key = _by_problems(rule, seen.problems, "mail.dmarc")
    return _said(
        rule,
        mail,
        verdict,
        key,
        seen.reason,
        seen.problems,
        seen.record,
        record=seen.record,
        policy=policy,
        meaning=_meaning(rule, seen, policy),
    )


def _meaning(rule: Criterion, seen: DmarcFacts, policy: str) -> str:
    """What the policy does for the province in plain words, the next step, and what names below get."""
    said = [rule.say(f"mail.dmarc.meaning.{policy or 'nothing'}")]
    if seen.absent_policy:
        said.append(rule.say("mail.dmarc.below", below=seen.below_policy, absent=seen.absent_policy))
    refused = ", ".join(name for name, state in seen.destinations if state == "refused")
    if refused:
        said.append(rule.say("mail.dmarc.refused", domains=refused))
    if "s" in seen.alignment:
        said.append(rule.say("mail.dmarc.strict", dkim=seen.alignment[0], spf=seen.alignment[1]))
    return " ".join(said)


def _for_operator(facts: AgencyFacts, rule: Criterion) -> Criterion:
    """The same rule, without points for agencies that do not operate the mail system."""
    return rule if facts.agency.operates_mail else replace(rule, counts=False)


def _by_problems(rule: Criterion, problems: Iterable[str], prefix: str) -> tuple[Verdict, str]:
    """A record in force: pass, partial for a problem that the rulebook calls one, or pass with remarks."""
    found = list(problems)
    if set(found) & set(rule.parameters["partial_problems"]):
        return Verdict.PARTIAL, f"{prefix}.problems"
    return Verdict.PASS, f"{prefix}.remarks" if found else f"{prefix}.valid"


def _not_configured(rule: Criterion) -> Finding:
    return rule.finding(Verdict.UNVERIFIED, "mail.not_configured", reason=Reason.NOT_CONFIGURED)


def _unknown(rule: Criterion, mail: MailFacts, reason: Reason | None) -> Finding:
    return rule.finding(
        Verdict.UNVERIFIED,
        "mail.unverified",
        evidence=_proof(rule, mail, ""),
        reason=reason,
        domain=mail.domain,
        reason_text=rule.say(f"reason.{reason}") if reason else "",
    )


def _said(
    rule: Criterion,
    mail: MailFacts,
    verdict: Verdict,
    key: str,
    reason: Reason | None,
    problems: Iterable[str],
    excerpt: str,
    **fields: Any,
) -> Finding:
    """The finding; a fault that rests on a negative DNS answer waits for a second look that agrees."""
    if verdict is not Verdict.PASS and reason in _NEGATIVE and not mail.confirmed:
        verdict, key = Verdict.UNVERIFIED, "mail.unconfirmed"
    return rule.finding(
        verdict,
        key,
        evidence=_proof(rule, mail, excerpt),
        reason=reason if verdict is Verdict.UNVERIFIED else None,
        domain=mail.domain,
        problems=" ".join(rule.messages.get(f"problem.{problem}", problem) for problem in problems),
        reason_text=rule.say(f"reason.{reason}") if reason else "",
        **fields,
    )


def _proof(rule: Criterion, mail: MailFacts, excerpt: str) -> tuple[EvidenceRef, ...]:
    """The query as a dns: address (RFC 4501) and the record that answered."""
    name, rdtype = _QUERIES[rule.id]
    return (EvidenceRef(f"dns:{name.format(domain=mail.domain)}?type={rdtype}", mail.looked_at, excerpt),)
