"""Whether names below the mail domain can be forged: those of the agencies' websites, and those that do not exist."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, Verdict, check
from checks.mail.wording import NEGATIVE, for_operator, not_configured


@check("mail.subdomains")
def subdomains(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The DMARC policy that names without an own record inherit. RFC 9989 sections 4.7 (sp, np) and 4.10.1.

    A name that does not exist has nothing else: no SPF record, no MX. One that exists may protect itself, which is not
    looked at here: a weak sp alone is partial, never a failure.
    """
    rule = for_operator(facts, rule)
    if facts.mail is None:
        return not_configured(rule)
    mail, seen, reason = facts.mail, facts.mail.dmarc, facts.mail.dmarc.reason
    enforcing = rule.parameters["enforcing"]
    if seen.state == "unverifiable":
        verdict, key = Verdict.UNVERIFIED, "mail.unverified"
    elif reason in NEGATIVE and not mail.confirmed:
        verdict, key = Verdict.UNVERIFIED, "mail.unconfirmed"
    elif not seen.absent_policy:
        verdict, key = Verdict.FAIL, "mail.subdomains.nothing"
    elif seen.absent_policy not in enforcing:
        verdict, key = Verdict.FAIL, "mail.subdomains.open"
    elif seen.below_policy not in enforcing:
        verdict, key = Verdict.PARTIAL, "mail.subdomains.existing"
    else:
        verdict, key = Verdict.PASS, "mail.subdomains.closed"
    name = seen.location or f"_dmarc.{mail.domain}"
    return rule.finding(
        verdict,
        key,
        evidence=[EvidenceRef(f"dns:{name}?type=TXT", mail.looked_at, seen.record)],
        reason=reason if verdict is Verdict.UNVERIFIED else None,
        domain=mail.domain,
        below=seen.below_policy,
        absent=seen.absent_policy,
        reason_text=rule.say(f"reason.{reason}") if reason else "",
    )
