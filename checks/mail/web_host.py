"""Whether mail can be forged in the name of the agency's website. Information; the DNS is the operator's."""

from __future__ import annotations

from auditor.model import AgencyFacts, Completed, Criterion, EvidenceRef, Finding, HostLook, Reason, Verdict, check

#: No name in the DNS that could be asked about: nothing to judge.
_NO_NAME = frozenset({Reason.DNS_NXDOMAIN, Reason.DNS_NODATA, Reason.OVERRIDDEN})


@check("g.web_host")
def web_host(facts: AgencyFacts, rule: Criterion) -> Finding:
    """An enforced DMARC policy, own or inherited, protects the name; SPF "-all" and a null MX alone do so in part.

    RFC 9989 section 4.10, RFC 7208 section 5.1, RFC 7505. Never a failure: nothing of it is the agency's own doing.
    """
    seen = facts.host_mail
    if seen is None:
        return _not_looked(facts.host, rule)
    enforced = seen.policy in rule.parameters["enforcing"]
    reason: Reason | None = None
    if enforced:
        verdict, key = Verdict.PASS, "web_host.enforced"
    elif seen.reason is not None:
        verdict, key, reason = Verdict.UNVERIFIED, "web_host.unverified", seen.reason
    elif seen.sends_nothing or seen.null_mx:
        verdict, key = Verdict.PARTIAL, "web_host.sends_nothing"
    else:
        verdict, key = Verdict.PARTIAL, "web_host.open"
    name = seen.location or f"_dmarc.{seen.host}"
    return rule.finding(
        verdict,
        key,
        evidence=[EvidenceRef(f"dns:{name}?type=TXT", seen.looked_at, seen.record)],
        reason=reason,
        host=seen.host,
        policy=seen.policy or rule.say("web_host.no_policy"),
        reason_text=rule.say(f"reason.{reason}") if reason else "",
    )


def _not_looked(host: HostLook | None, rule: Criterion) -> Finding:
    if host is None or isinstance(host.addresses, Completed) or host.addresses.reason in _NO_NAME:
        return rule.finding(Verdict.NOT_APPLICABLE, "web_host.not_looked")
    reason = host.addresses.reason
    text = rule.say(f"reason.{reason}")
    return rule.finding(Verdict.UNVERIFIED, "web_host.unverified", reason=reason, host=host.host, reason_text=text)
