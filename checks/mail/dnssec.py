"""DNSSEC: whether answers for the mail domain can be forged on their way."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, Reason, Verdict, check
from checks.mail.wording import for_operator, not_configured, said, unknown

_VERDICTS = {"secure": Verdict.PASS, "insecure": Verdict.FAIL, "bogus": Verdict.FAIL}


@check("mail.dnssec")
def dnssec(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The chain from the root holds down to the domain. RFC 4033 to 4035."""
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None or mail.dnssec is None:
        return not_configured(rule)
    seen = mail.dnssec
    asked = (seen.zone or mail.domain, "DS")
    if seen.state not in _VERDICTS:
        return unknown(rule, mail, seen.reason or Reason.DNS_ERROR, asked)
    why = rule.say(f"mail.dnssec.why.{seen.why}", zone=seen.zone) if seen.why else ""
    return said(rule, mail, _VERDICTS[seen.state], f"mail.dnssec.{seen.state}", asked=asked, zone=seen.zone, why=why)
