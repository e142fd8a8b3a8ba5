"""What the checks of the way to the mail servers share.

That a record is not there is an answer of name servers which have just answered for the MX records: it needs no second
look, unlike a policy host that does not answer.
"""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, MailFacts, Reason, TransportFacts, Verdict
from checks.mail.wording import not_configured, proof


def seen_transport(facts: AgencyFacts, rule: Criterion) -> TransportFacts | Finding:
    """The facts, or the finding that says that nothing was looked at."""
    if facts.mail is None or facts.mail.transport is None:
        return not_configured(rule)
    return facts.mail.transport


def nothing_to_receive(rule: Criterion, mail: MailFacts | None) -> Finding:
    """A domain without mail servers of its own has no way to them to protect (RFC 7505)."""
    if mail is None:
        return not_configured(rule)
    return rule.finding(Verdict.NOT_APPLICABLE, "mail.no_servers", domain=mail.domain)


def waits(rule: Criterion, mail: MailFacts, reason: Reason, asked: tuple[str, str]) -> Finding:
    """A fault that rests on the network and that no second look has confirmed yet."""
    return rule.finding(
        Verdict.UNVERIFIED, "mail.unconfirmed", evidence=proof(mail, asked, ""), reason=reason,
        domain=mail.domain, reason_text=rule.say(f"reason.{reason}"),
    )  # fmt: skip
