"""Registration: whether the mail domain is about to be lost at the registry. Asked only where RDAP is configured."""

from __future__ import annotations

from auditor.model import (
    AgencyFacts,
    Criterion,
    EvidenceRef,
    Finding,
    MailFacts,
    Reason,
    RegistrationFacts,
    Verdict,
    check,
)
from checks.mail.wording import for_operator, not_configured


@check("mail.registration")
def registration(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The registration lives on for a while, by the registry's own word. RFC 9083 sections 4.5, 4.6; RFC 8056.

    Expired, or in a state that takes the name out of use, fails only after a second look.
    """
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None:
        return not_configured(rule)
    seen = mail.registration
    if seen is None:
        return rule.finding(Verdict.NOT_APPLICABLE, "mail.registration.not_asked", reason=Reason.NOT_CONFIGURED)
    if seen.state == "no_name":
        return rule.finding(Verdict.NOT_APPLICABLE, "mail.registration.no_name", domain=mail.domain)
    if seen.state in ("expired", "held"):
        verdict = Verdict.FAIL if mail.confirmed else Verdict.UNVERIFIED
        return _said(rule, mail, seen, verdict, seen.state if mail.confirmed else "unconfirmed")
    if seen.expires_at is None:
        key = seen.state if seen.state in ("undated", "not_found", "no_service") else "unverified"
        return _said(rule, mail, seen, Verdict.UNVERIFIED, key)
    near = _days(seen, mail) <= rule.parameters["near_days"]
    return _said(rule, mail, seen, Verdict.PARTIAL if near else Verdict.PASS, "near" if near else "valid")


def _days(seen: RegistrationFacts, mail: MailFacts) -> int:
    """Whole days from the look to the expiry; none on the last one."""
    return max((seen.expires_at - mail.looked_at).days, 0) if seen.expires_at else 0


def _said(rule: Criterion, mail: MailFacts, seen: RegistrationFacts, verdict: Verdict, key: str) -> Finding:
    statuses = ", ".join(seen.statuses)
    expires = f"{seen.expires_at:%d/%m/%Y}" if seen.expires_at else ""  # as the registry writes it, in its own time
    proof = "; ".join(part for part in (seen.expires_at.isoformat() if seen.expires_at else "", statuses) if part)
    return rule.finding(
        verdict,
        f"mail.registration.{key}",
        evidence=[EvidenceRef(seen.url, mail.looked_at, proof)],
        reason=seen.reason if verdict is Verdict.UNVERIFIED else None,
        name=seen.domain,
        expires=expires,
        days=_days(seen, mail),
        remark=rule.say("mail.registration.statuses", statuses=statuses) if statuses else "",
        stopping=", ".join(rule.say(f"mail.registration.stopping.{one}") for one in seen.stopping),
        reason_text=rule.say(f"reason.{seen.reason}") if seen.reason else "",
    )
