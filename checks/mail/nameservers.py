"""Name servers: whether the mail domain's zone lives on after one of them, or one network, is gone, and whether all of
them answer for it alike."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, NameServerFacts, Verdict, check
from checks.mail.wording import by_problems, for_operator, not_configured, said, unknown


@check("mail.nameservers")
def nameservers(facts: AgencyFacts, rule: Criterion) -> Finding:
    """At least two name servers in different networks, none of them lame, with the same MX. RFC 1034 section 4.1,
    RFC 2182 section 3.1, RFC 1912 section 2.8. What they said themselves counts only after a second look."""
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None or mail.nameservers is None:
        return not_configured(rule)
    seen, asked = mail.nameservers, (mail.nameservers.zone, "NS")
    if seen.state == "unverifiable":
        return unknown(rule, mail, seen.reason, asked)
    waiting = set() if mail.confirmed else set(seen.problems) & set(rule.parameters["waiting_problems"])
    problems = [problem for problem in seen.problems if problem not in waiting]
    verdict, key = by_problems(rule, problems, "mail.nameservers")
    if waiting and verdict is Verdict.PASS:
        verdict, key = Verdict.UNVERIFIED, "mail.nameservers.unconfirmed"
    servers = ", ".join(host for host, _ in seen.servers)
    return said(
        rule,
        mail,
        verdict,
        key,
        asked=asked,
        problems=problems,
        excerpt=" | ".join(part for part in (_places(seen), _words(seen)) if part),
        zone=seen.zone,
        servers=servers,
        named=_named(rule, seen) if "ns_lame" in problems else "",
    )


def _named(rule: Criterion, seen: NameServerFacts) -> str:
    """Which of the servers do not answer for the zone: whoever is told so must know where to look."""
    lame = ", ".join(reply.host for reply in seen.replies if reply.state in ("refused", "lame"))
    return " " + rule.say("mail.nameservers.lame", hosts=lame) if lame else ""


def _places(seen: NameServerFacts) -> str:
    """The addresses, which prove what servers share a network: "ns1.example 203.0.113.1; ns2.example 198.51.100.1"."""
    return "; ".join(" ".join((host, *addresses)) for host, addresses in seen.servers)


def _words(seen: NameServerFacts) -> str:
    """What each server said itself, raw: "ns1.example NOERROR aa SOA 7; ns2.example REFUSED; ns3.example timeout"."""
    said = []
    for reply in seen.replies:
        words = [reply.host, reply.rcode or reply.state, "aa" if reply.authoritative else ""]
        words.append(f"SOA {reply.serial}" if reply.serial is not None else "")
        said.append(" ".join(word for word in words if word))
    return "; ".join(said)
