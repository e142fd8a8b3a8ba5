"""DNSSEC: whether answers for the mail domain can be forged on their way."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, MailFacts, Reason, Verdict, check
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
    verdict, key = _VERDICTS[seen.state], f"mail.dnssec.{seen.state}"
    if verdict is Verdict.FAIL and _is_above(seen.zone, mail):
        verdict, key = Verdict.NOT_APPLICABLE, "mail.dnssec.above"
    elif seen.state == "bogus" and not mail.confirmed:
        verdict, key = Verdict.UNVERIFIED, "mail.unconfirmed"
    return said(rule, mail, verdict, key, asked=asked, zone=seen.zone, why=why)


def _is_above(zone: str, mail: MailFacts) -> bool:
    """True if the chain ends above the zone that holds the domain: its operator can mend nothing there."""
    own = mail.nameservers.zone if mail.nameservers is not None and mail.nameservers.state == "valid" else mail.domain
    return zone != own and own.endswith("." + zone)
