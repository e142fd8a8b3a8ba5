"""DMARC: what receivers do with mail that only claims to come from the domain. A technical recommendation."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, DmarcFacts, Finding, Verdict, check
from checks.mail.wording import UNKNOWN, by_problems, for_operator, not_configured, said, unknown


@check("mail.dmarc")
def dmarc(facts: AgencyFacts, rule: Criterion) -> Finding:
    """One DMARC record whose policy is enforced. RFC 9989 section 4."""
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None:
        return not_configured(rule)
    seen, asked = mail.dmarc, (f"_dmarc.{mail.domain}", "TXT")
    if seen.state in UNKNOWN:
        return unknown(rule, mail, seen.reason, asked)
    policy = seen.effective_policy or seen.policy
    if seen.state == "invalid" and set(seen.problems) & set(rule.parameters["not_agreed"]):
        verdict, key = Verdict.PARTIAL, "mail.dmarc.disputed"  # many receivers apply the first of two tags
    elif seen.state != "valid":
        verdict, key = Verdict.FAIL, f"mail.dmarc.{seen.state}"
    elif policy not in rule.parameters["enforcing"]:
        verdict, key = Verdict.PARTIAL, "mail.dmarc.problems"
    else:
        verdict, key = by_problems(rule, seen.problems, "mail.dmarc")
    return said(
        rule, mail, verdict, key, asked=asked, reason=seen.reason, problems=seen.problems, excerpt=seen.record,
        record=seen.record, policy=policy, meaning=_meaning(rule, seen, policy),
    )  # fmt: skip


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
