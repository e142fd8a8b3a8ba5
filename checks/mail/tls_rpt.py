"""TLS-RPT: whether the operator learns of mail that could not be delivered encrypted."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, Verdict, check
from checks.mail.transport import nothing_to_receive, seen_transport
from checks.mail.wording import UNKNOWN, for_operator, said, unknown


@check("mail.tls_rpt")
def tls_rpt(facts: AgencyFacts, rule: Criterion) -> Finding:
    """One record with an address for reports. RFC 8460 section 3."""
    rule = for_operator(facts, rule)
    mail, seen = facts.mail, seen_transport(facts, rule)
    if mail is None or isinstance(seen, Finding):
        return seen if isinstance(seen, Finding) else nothing_to_receive(rule, mail)
    reports, asked = seen.tls_rpt, (f"_smtp._tls.{mail.domain}", "TXT")
    if mail.mx.state in ("null", "none"):
        return nothing_to_receive(rule, mail)
    if reports.state in UNKNOWN:
        return unknown(rule, mail, reports.reason, asked)
    verdict, key = Verdict.FAIL, f"mail.tls_rpt.{reports.state}"
    if reports.state == "valid":
        verdict, key = Verdict.PASS, "mail.tls_rpt.remarks" if reports.problems else "mail.tls_rpt.valid"
    return said(
        rule, mail, verdict, key, asked=asked, problems=reports.problems,
        excerpt=reports.record, rua=", ".join(reports.rua),
    )  # fmt: skip
