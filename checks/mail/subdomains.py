"""Whether names below the mail domain can be forged: those of the agencies' websites, and those that do not exist."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, HostMailFacts, MailFacts, Verdict, check
from checks.mail.wording import NEGATIVE, for_operator, not_configured


@check("mail.subdomains")
def subdomains(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The DMARC policy that names without an own record inherit, and those that the agencies' web hosts have. RFC 9989
    sections 4.7 (sp, np) and 4.10.1.

    A name that does not exist has nothing else: no SPF record, no MX. One that exists may protect itself: a weak sp
    alone, or a web host with a weak record of its own, is partial, never a failure.
    """
    rule = for_operator(facts, rule)
    if facts.mail is None:
        return not_configured(rule)
    mail, seen, reason = facts.mail, facts.mail.dmarc, facts.mail.dmarc.reason
    enforcing = rule.parameters["enforcing"]
    weak = [host for host in mail.web_hosts if host.policy not in enforcing and host.reason is None]
    if seen.state == "unverifiable":
        verdict, key = Verdict.UNVERIFIED, "mail.unverified"
    elif reason in NEGATIVE and not mail.confirmed:
        verdict, key = Verdict.UNVERIFIED, "mail.unconfirmed"
    elif not seen.absent_policy:
        verdict, key = Verdict.FAIL, "mail.subdomains.nothing"
    elif seen.absent_policy not in enforcing:
        verdict, key = Verdict.FAIL, "mail.subdomains.open"
    elif seen.below_policy not in enforcing:
        verdict, key = Verdict.PARTIAL, "mail.subdomains.existing"
    elif weak:
        verdict, key = Verdict.PARTIAL, "mail.subdomains.hosts"
    else:
        verdict, key = Verdict.PASS, "mail.subdomains.closed"
    return rule.finding(
        verdict,
        key,
        evidence=_evidence(mail, weak, rule),
        reason=reason if verdict is Verdict.UNVERIFIED else None,
        domain=mail.domain,
        below=seen.below_policy,
        absent=seen.absent_policy,
        reason_text=rule.say(f"reason.{reason}") if reason else "",
        hosts=_hosts(mail.web_hosts, weak, rule),
    )


def _evidence(mail: MailFacts, weak: Sequence[HostMailFacts], rule: Criterion) -> list[EvidenceRef]:
    """The domain's record, and the own records of the hosts that can be forged."""
    name = mail.dmarc.location or f"_dmarc.{mail.domain}"
    found = [EvidenceRef(f"dns:{name}?type=TXT", mail.looked_at, mail.dmarc.record)]
    own = [host for host in weak if host.location == f"_dmarc.{host.host}"][: rule.parameters["shown"]]
    return found + [EvidenceRef(f"dns:{host.location}?type=TXT", host.looked_at, host.record) for host in own]


def _hosts(hosts: Sequence[HostMailFacts], weak: Sequence[HostMailFacts], rule: Criterion) -> str:
    """The agencies' web hosts in words: how many are protected, which are not, and which could not be looked at."""
    if not hosts:
        return ""
    unseen = [host for host in hosts if host.reason is not None and host.policy not in rule.parameters["enforcing"]]
    quiet = [host for host in weak if host.sends_nothing or host.null_mx]
    said = [rule.say("mail.subdomains.web_hosts", count=len(hosts), safe=len(hosts) - len(weak) - len(unseen))]
    lists = {"forged": [host for host in weak if host not in quiet], "quiet": quiet, "unseen": unseen}
    for key, names in lists.items():
        if names:
            said.append(rule.say(f"mail.subdomains.{key}", names=_some(names, rule.parameters["shown"])))
    return " ".join(said)


def _some(hosts: Sequence[HostMailFacts], shown: int) -> str:
    named = ", ".join(f"{one.host} ({one.policy})" if one.policy else one.host for one in hosts[:shown])
    return named + (", …" if len(hosts) > shown else "")
