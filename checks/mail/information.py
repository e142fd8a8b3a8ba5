"""Records that are shown and not judged: BIMI, CAA, and those by which mail programs find their servers."""

from __future__ import annotations

from typing import Any

from auditor.model import AgencyFacts, Criterion, Finding, Verdict, check
from checks.mail.transport import nothing_to_receive, seen_transport
from checks.mail.wording import UNKNOWN, for_operator, problem_texts, proof, unknown


@check("mail.bimi")
def bimi(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The logo of the domain, if it has one. An Internet draft, so it is shown only."""
    rule = for_operator(facts, rule)
    mail, seen = facts.mail, seen_transport(facts, rule)
    if mail is None or isinstance(seen, Finding):
        return seen if isinstance(seen, Finding) else nothing_to_receive(rule, mail)
    logo, asked = seen.bimi, (f"default._bimi.{mail.domain}", "TXT")
    if logo.state in UNKNOWN:
        return unknown(rule, mail, logo.reason, asked)
    key = {"valid": "valid", "none": "none", "declined": "none"}.get(logo.state, "invalid")
    return _shown(facts, rule, f"mail.bimi.{key}", asked, logo.record, logo.problems, logo=logo.logo)


@check("mail.caa")
def caa(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Who may issue certificates for the domain. RFC 8659, RFC 8657."""
    rule = for_operator(facts, rule)
    mail, seen = facts.mail, seen_transport(facts, rule)
    if mail is None or isinstance(seen, Finding):
        return seen if isinstance(seen, Finding) else nothing_to_receive(rule, mail)
    found = seen.caa
    asked = (found.name or mail.domain, "CAA")
    if found.state in UNKNOWN:
        return unknown(rule, mail, found.reason, asked)
    key = "none" if found.state == "none" else "closed" if found.closed else "valid"
    issuers, accounts = ", ".join(found.issuers), ", ".join(found.accounts)
    return _shown(
        facts, rule, f"mail.caa.{key}", asked, issuers, found.problems,
        name=found.name, issuers=issuers or "–", accounts=accounts or "–",
    )  # fmt: skip


@check("mail.services")
def services(facts: AgencyFacts, rule: Criterion) -> Finding:
    """SRV records for the set-up of mail programs. RFC 6186, RFC 8314 section 5.1."""
    rule = for_operator(facts, rule)
    mail, seen = facts.mail, seen_transport(facts, rule)
    if mail is None or isinstance(seen, Finding):
        return seen if isinstance(seen, Finding) else nothing_to_receive(rule, mail)
    asked = (f"{seen.services[0].name}.{mail.domain}" if seen.services else mail.domain, "SRV")
    if blind := next((one for one in seen.services if one.state in UNKNOWN), None):
        return unknown(rule, mail, blind.reason, asked)
    offered = [one for one in seen.services if one.state == "offered"]
    listed = "; ".join(f"{one.name}: {', '.join(one.targets)}" for one in offered)
    return _shown(facts, rule, f"mail.services.{'valid' if offered else 'none'}", asked, listed, (), services=listed)


def _shown(
    facts: AgencyFacts, rule: Criterion, key: str, asked: tuple[str, str], excerpt: str, problems: Any, **fields: Any
) -> Finding:
    """Information: neither right nor wrong, whatever it says."""
    assert facts.mail is not None
    return rule.finding(
        Verdict.PASS, key, evidence=proof(facts.mail, asked, excerpt[:500]), domain=facts.mail.domain,
        problems=problem_texts(rule, problems), **fields,
    )  # fmt: skip
