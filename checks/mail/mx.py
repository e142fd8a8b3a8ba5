"""MX: the mail servers of the domain. Of the mail block, this alone belongs to point g."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, Verdict, check
from checks.mail.wording import UNKNOWN, by_problems, for_operator, not_configured, said, unknown


@check("mail.mx")
def mx(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Mail servers that exist and resolve. RFC 5321 section 5.1, RFC 7505."""
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None:
        return not_configured(rule)
    seen, asked = mail.mx, (mail.domain, "MX")
    if seen.state in UNKNOWN:
        return unknown(rule, mail, seen.reason, asked)
    if seen.state == "valid":
        verdict, key = by_problems(rule, seen.problems, "mail.mx")
    else:
        verdict, key = (Verdict.PARTIAL if seen.state == "implicit" else Verdict.FAIL), f"mail.mx.{seen.state}"
    targets = ", ".join(host for _, host, _ in seen.targets[:5])
    return said(
        rule, mail, verdict, key, asked=asked, reason=seen.reason, problems=seen.problems, excerpt=targets,
        targets=targets,
    )  # fmt: skip
