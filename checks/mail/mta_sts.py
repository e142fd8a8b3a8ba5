"""MTA-STS: whether senders are told to insist on encryption, and whether what they are told is true."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, Verdict, check
from checks.mail.transport import nothing_to_receive, seen_transport, waits
from checks.mail.wording import UNKNOWN, for_operator, said, unknown


@check("mail.mta_sts")
def mta_sts(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A policy in force that covers every mail server. RFC 8461 sections 3 to 5."""
    rule = for_operator(facts, rule)
    mail, seen = facts.mail, seen_transport(facts, rule)
    if mail is None or isinstance(seen, Finding):
        return seen if isinstance(seen, Finding) else nothing_to_receive(rule, mail)
    sts, asked = seen.mta_sts, (f"_mta-sts.{mail.domain}", "TXT")
    if mail.mx.state in ("null", "none"):
        return nothing_to_receive(rule, mail)
    if sts.state in UNKNOWN:
        return unknown(rule, mail, sts.reason, asked)
    if sts.state == "policy_failed" and sts.reason is not None and not mail.confirmed:
        return waits(rule, mail, sts.reason, asked)
    verdict, key = Verdict.FAIL, f"mail.mta_sts.{sts.state}"
    if sts.state == "valid":
        if sts.mode == "none":
            key = "mail.mta_sts.mode_none"
        elif sts.unmatched and set(sts.unmatched) >= {host for _, host, _ in mail.mx.targets}:
            key = "mail.mta_sts.unmatched"
        elif set(sts.problems) & set(rule.parameters["partial_problems"]):
            verdict, key = Verdict.PARTIAL, "mail.mta_sts.problems"
        else:
            verdict, key = Verdict.PASS, "mail.mta_sts.remarks" if sts.problems else "mail.mta_sts.valid"
    return said(
        rule, mail, verdict, key, asked=asked, problems=sts.problems, excerpt=sts.record,
        mode=sts.mode, policy_url=sts.policy_url, unmatched=", ".join(sts.unmatched),
    )  # fmt: skip
