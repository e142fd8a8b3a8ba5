"""SPF: who may send as the domain. A technical recommendation."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, SpfFacts, Verdict, check
from checks.mail.wording import UNKNOWN, by_problems, for_operator, not_configured, said, unknown


@check("mail.spf")
def spf(facts: AgencyFacts, rule: Criterion) -> Finding:
    """One SPF record that evaluates and closes the list of senders. RFC 7208 sections 3, 4.5, 4.6."""
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None:
        return not_configured(rule)
    seen, asked = mail.spf, (mail.domain, "TXT")
    if seen.state in UNKNOWN:
        return unknown(rule, mail, seen.reason, asked)
    if seen.state != "valid":
        verdict, key = Verdict.FAIL, f"mail.spf.{seen.state}"
    elif seen.all_qualifier == "+" or set(seen.problems) & set(rule.parameters["fail_problems"]):
        verdict, key = Verdict.FAIL, "mail.spf.open"
    elif seen.all_qualifier not in ("-", "~") or (seen.addresses and seen.widest_prefix < rule.parameters["widest"]):
        verdict, key = Verdict.PARTIAL, "mail.spf.problems"
    else:
        verdict, key = by_problems(rule, seen.problems, "mail.spf")
    measures = _spf_measures(rule, seen)
    return said(
        rule, mail, verdict, key, asked=asked, reason=seen.reason, problems=seen.problems, excerpt=seen.record,
        record=seen.record, measures=measures,
    )  # fmt: skip


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
