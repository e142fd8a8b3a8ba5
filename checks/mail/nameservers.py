"""Name servers: whether the mail domain's zone lives on after one of them, or one network, is gone."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, check
from checks.mail.wording import by_problems, for_operator, not_configured, said, unknown


@check("mail.nameservers")
def nameservers(facts: AgencyFacts, rule: Criterion) -> Finding:
    """At least two name servers in different networks. RFC 1034 section 4.1, RFC 2182 section 3.1."""
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None or mail.nameservers is None:
        return not_configured(rule)
    seen, asked = mail.nameservers, (mail.nameservers.zone, "NS")
    if seen.state == "unverifiable":
        return unknown(rule, mail, seen.reason, asked)
    verdict, key = by_problems(rule, seen.problems, "mail.nameservers")
    servers = ", ".join(host for host, _ in seen.servers)
    return said(
        rule, mail, verdict, key, asked=asked, problems=seen.problems, excerpt=servers, zone=seen.zone, servers=servers
    )
