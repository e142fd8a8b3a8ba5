"""SMTP: whether the mail servers offer encryption to everybody who delivers mail, seen by one connection to each."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, SmtpServer, Verdict, check
from checks.mail.transport import nothing_to_receive, seen_transport
from checks.mail.wording import for_operator, problem_texts


@check("mail.smtp")
def smtp(facts: AgencyFacts, rule: Criterion) -> Finding:
    """STARTTLS with TLS 1.2 at least and a certificate in order. RFC 3207, RFC 8996.

    Which versions a server would take beside the one agreed on is not tried: that needs a connection for each.
    """
    rule = for_operator(facts, rule)
    mail, looked = facts.mail, seen_transport(facts, rule)
    if mail is None or isinstance(looked, Finding):
        return looked if isinstance(looked, Finding) else nothing_to_receive(rule, mail)
    if mail.mx.state in ("null", "none", "implicit"):
        return nothing_to_receive(rule, mail)
    seen = looked.smtp
    evidence = tuple(EvidenceRef(f"smtp://{one.host}:25", mail.looked_at, _shown(one)) for one in seen.servers)
    if seen.state == "unverifiable":
        return rule.finding(
            Verdict.UNVERIFIED, "mail.smtp.unverified", evidence=evidence, reason=seen.reason, domain=mail.domain,
            reason_text=rule.say(f"reason.{seen.reason}") if seen.reason else "",
        )  # fmt: skip
    verdict, key = Verdict.PASS, "mail.smtp.remarks" if seen.problems else "mail.smtp.tls"
    if seen.state != "tls":
        verdict, key = (Verdict.FAIL if seen.state == "plain" else Verdict.PARTIAL), f"mail.smtp.{seen.state}"
    elif set(seen.problems) & set(rule.parameters["partial_problems"]):
        verdict, key = Verdict.PARTIAL, "mail.smtp.problems"
    return rule.finding(
        verdict, key, evidence=evidence, domain=mail.domain, problems=problem_texts(rule, seen.problems),
        hosts=", ".join(one.host for one in seen.servers if one.state == "tls"),
        plain=", ".join(one.host for one in seen.servers if one.state == "plain"),
        versions=", ".join(sorted({one.tls_version for one in seen.servers if one.tls_version})),
    )  # fmt: skip


def _shown(server: SmtpServer) -> str:
    """What the connection showed, in its own words."""
    until = f"{server.not_after:%Y-%m-%d}" if server.not_after else ""
    parts = (server.banner, server.tls_version, ", ".join(server.certificate_names), until, server.detail)
    return "; ".join(part for part in parts if part)[:500]
