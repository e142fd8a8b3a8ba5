"""DANE: whether the certificates of the mail servers are pinned in the signed DNS, and rightly."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, Verdict, check
from checks.mail.transport import nothing_to_receive, seen_transport
from checks.mail.wording import for_operator, said, unknown

_VERDICTS = {
    "valid": Verdict.PASS,
    "partial": Verdict.PARTIAL,
    "mismatch": Verdict.FAIL,  # worse than none: senders that know DANE do not deliver
    "unusable": Verdict.FAIL,
    "insecure": Verdict.FAIL,  # without effect, as if there were none
    "unsigned": Verdict.FAIL,  # no effect possible
    "none": Verdict.FAIL,
}


@check("mail.dane")
def dane(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Usable TLSA records under DNSSEC for every mail server, one of which matches. RFC 7672 sections 2 and 3."""
    rule = for_operator(facts, rule)
    mail, seen = facts.mail, seen_transport(facts, rule)
    if mail is None or isinstance(seen, Finding):
        return seen if isinstance(seen, Finding) else nothing_to_receive(rule, mail)
    pinned = seen.dane
    first = pinned.hosts[0].host if pinned.hosts else mail.domain
    asked = (f"_25._tcp.{first}", "TLSA")
    if mail.mx.state in ("null", "none", "implicit"):
        return nothing_to_receive(rule, mail)
    if pinned.state == "unchecked":
        return said(
            rule, mail, Verdict.UNVERIFIED, "mail.dane.unchecked", asked=asked, reason=pinned.reason,
            problems=pinned.problems, excerpt=_records(facts),
        )  # fmt: skip
    if pinned.broken is not None:  # broken signatures are a fault of their own (mail.dnssec), and no second one here
        zone = pinned.broken.zone
        why = rule.say(f"mail.dnssec.why.{pinned.broken.why}", zone=zone) if pinned.broken.why else ""
        return said(
            rule, mail, Verdict.UNVERIFIED, "mail.dane.bogus", asked=asked, excerpt=_records(facts), zone=zone, why=why
        )
    if pinned.state not in _VERDICTS:
        return unknown(rule, mail, pinned.reason, asked)
    verdict, key = _VERDICTS[pinned.state], f"mail.dane.{pinned.state}"
    if verdict is Verdict.PASS and pinned.problems:
        key = "mail.dane.remarks"
    hosts = ", ".join(host.host for host in pinned.hosts if host.state == pinned.state) or first
    return said(
        rule, mail, verdict, key, asked=asked, problems=pinned.problems, excerpt=_records(facts),
        hosts=hosts,
    )  # fmt: skip


def _records(facts: AgencyFacts) -> str:
    """The TLSA records that were seen, by server, bounded."""
    transport = facts.mail.transport if facts.mail else None
    pinned = transport.dane.hosts if transport else ()
    return "; ".join(f"{host.host}: {' | '.join(host.records)}" for host in pinned if host.records)[:500]
