"""DKIM: the keys that mail of the domain is signed with. A technical recommendation."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model import AgencyFacts, Criterion, DkimFacts, EvidenceRef, Finding, MailFacts, Reason, Verdict, check
from checks.mail.wording import for_operator, not_configured, problem_texts


@check("mail.dkim")
def dkim(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A public key that receivers can check signatures with. RFC 6376 section 3.6, RFC 8301, RFC 8463.

    Selectors cannot be listed from the DNS: that none of those asked for has a key is never "no DKIM": unverified.
    A broken key counts as a fault only if the operator names its selector or a message was signed with it.
    """
    rule = for_operator(facts, rule)
    if facts.mail is None:
        return not_configured(rule)
    keys = facts.mail.dkim
    valid = [key for key in keys if key.state == "valid"]
    broken = [key for key in keys if key.state == "invalid" and key.source != "known"]
    blind = next((key for key in keys if key.state == "unverifiable"), None)
    if valid:
        flawed = broken or any(_flawed(key, rule) for key in _counting(valid))
        return _said(rule, facts.mail, Verdict.PARTIAL if flawed else Verdict.PASS, "mail.dkim.valid", valid + broken)
    if blind is not None or (not keys and facts.mail.dkim_reason is not None):
        unseen = [blind] if blind is not None else []
        return _said(rule, facts.mail, Verdict.UNVERIFIED, "mail.unverified", unseen, facts.mail.dkim_reason)
    if broken:
        return _said(rule, facts.mail, Verdict.FAIL, "mail.dkim.invalid", broken)
    revoked = [key for key in keys if key.state == "revoked"]
    key = "mail.dkim.revoked" if revoked else "mail.dkim.missing" if keys else f"mail.dkim.none_{_hint(facts.mail)}"
    reason = next((one.reason for one in keys if one.reason), Reason.NOT_CONFIGURED)
    return _said(rule, facts.mail, Verdict.UNVERIFIED, key, revoked or list(keys), reason)


def _counting(valid: list[DkimFacts]) -> list[DkimFacts]:
    """The keys that mail is known to be signed with; if there are none of them, all that were found."""
    return [key for key in valid if key.source != "known"] or valid


def _flawed(key: DkimFacts, rule: Criterion) -> bool:
    return bool(set(key.problems) & set(rule.parameters["partial_problems"]))


def _hint(mail: MailFacts) -> str:
    return "there" if mail.dkim_hint == "there" else "plain"


def _said(
    rule: Criterion,
    mail: MailFacts,
    verdict: Verdict,
    key: str,
    shown: Iterable[DkimFacts],
    reason: Reason | None = None,
) -> Finding:
    shown = list(shown)
    problems = dict.fromkeys(problem for one in shown for problem in one.problems)
    return rule.finding(
        verdict,
        key,
        evidence=[
            EvidenceRef(f"dns:{one.selector}._domainkey.{mail.domain}?type=TXT", mail.looked_at, one.record)
            for one in shown
        ],
        reason=reason,
        domain=mail.domain,
        asked=mail.dkim_asked,
        keys=", ".join(
            rule.say("mail.dkim.key", selector=one.selector, kind=one.kind, bits=one.bits) if one.bits else one.selector
            for one in shown
        ),
        problems=problem_texts(rule, problems),
        reason_text=rule.say(f"reason.{reason}") if reason else "",
    )
