"""Mail records read: from what the DNS answered to facts. Pure; the looks are made in auditor/gather/mail."""

from __future__ import annotations

from dataclasses import replace

from auditor.model import Completed, DmarcFacts, MailEvidence, MailFacts, Reason
from auditor.read.records.direct import lame_hosts
from auditor.read.records.dkim import read_dkim_parent, read_selectors
from auditor.read.records.dmarc import read_dmarc
from auditor.read.records.dmarc_reports import read_reports
from auditor.read.records.dnssec import read_dnssec
from auditor.read.records.mx import read_mx
from auditor.read.records.nameservers import read_nameservers
from auditor.read.records.outcomes import NEGATIVE, blindness
from auditor.read.records.problems import Problem
from auditor.read.records.rdap import read_registration
from auditor.read.records.spf import read_spf
from auditor.read.records.transport import read_transport
from auditor.read.records.web_host import read_name

__all__ = ["Problem", "read_mail"]


def read_mail(evidence: MailEvidence, first: MailEvidence | None = None) -> MailFacts:
    """The facts of a mail domain from one look at it.

    A part whose `reason` is dns_nxdomain or dns_nodata rests on a negative answer of the DNS. `confirmed` is False as
    long as such a part stands alone: `first`, an earlier look that came to the same for each of them, confirms it.
    """
    facts = _read(evidence)
    if first is None:
        return replace(facts, confirmed=not _resting(facts))
    earlier = _resting(_read(first))
    return replace(facts, confirmed=all(earlier.get(part) == said for part, said in _resting(facts).items()))


def _read(evidence: MailEvidence) -> MailFacts:
    gone = is_gone(evidence)
    mx = read_mx(evidence.mx, evidence.address, evidence.wildcard)
    hosts = {(name, rdtype): answer for name, rdtype, answer in evidence.spf_hosts}
    spf = read_spf(evidence.domain, evidence.txt, dict(evidence.spf_tree), hosts)
    dmarc = _policy(evidence, exists=not gone)
    if gone:
        why = Reason.DNS_NXDOMAIN
        mx = replace(mx, state="none", reason=why, problems=(Problem.ZONE_GONE, Problem.MX_MISSING))
        spf = replace(spf, state="none", reason=why, problems=(Problem.ZONE_GONE, Problem.SPF_MISSING))
        if dmarc.state in ("none", "unverifiable"):
            dmarc = replace(dmarc, state="none", reason=why, problems=(Problem.ZONE_GONE, Problem.DMARC_MISSING))
    chain = read_dnssec(evidence.dnssec, evidence.looked_at) if evidence.dnssec else None
    return MailFacts(
        evidence.domain,
        evidence.looked_at,
        mx,
        spf,
        dmarc,
        read_selectors(evidence.dkim, dict(evidence.dkim_sources)),
        dkim_asked=len(evidence.dkim),
        dkim_reason=_unseen(evidence),
        dkim_hint=read_dkim_parent(evidence.domainkey),
        evidence=evidence,
        transport=read_transport(evidence.domain, evidence.transport, evidence.looked_at, chain)
        if evidence.transport
        else None,
        nameservers=read_nameservers(evidence.nameservers, evidence.domain) if evidence.nameservers else None,
        dnssec=chain,
        web_hosts=tuple(read_name(host, evidence.looked_at) for host in evidence.web_hosts),
        registration=read_registration(evidence.registration, evidence.looked_at) if evidence.registration else None,
    )


def _policy(evidence: MailEvidence, *, exists: bool) -> DmarcFacts:
    facts = read_dmarc(evidence.domain, evidence.dmarc, domain_exists=exists)
    destinations = read_reports(evidence.dmarc_reports)
    refused = any(state == "refused" for _, state in destinations)
    problems = (*facts.problems, *([Problem.DMARC_REPORT_REFUSED] if refused else []))
    return replace(facts, destinations=destinations, problems=problems)


def _unseen(evidence: MailEvidence) -> Reason | None:
    """Why a selector, or the name above them, could not be looked at."""
    looks = [answer for _, answer in evidence.dkim] + ([evidence.domainkey] if evidence.domainkey else [])
    return next((reason for look in looks if (reason := blindness(look))), None)


def is_gone(evidence: MailEvidence) -> bool:
    """True if the DNS said that the mail domain's name does not exist (RFC 8020) and nothing contradicts it."""
    looks = (evidence.mx, evidence.address, evidence.txt)
    denied = [not isinstance(look, Completed) and look.reason is Reason.DNS_NXDOMAIN for look in looks]
    existing = [isinstance(look, Completed) or look.reason is Reason.DNS_NODATA for look in looks]
    return any(denied) and not any(existing)


def _resting(facts: MailFacts) -> dict[str, tuple[str, Reason]]:
    """What each part that rests on a negative answer says, by the part's name."""
    parts: list[tuple[str, str, Reason | None]] = [
        ("mx", facts.mx.state, facts.mx.reason),
        ("spf", facts.spf.state, facts.spf.reason),
        ("dmarc", facts.dmarc.state, facts.dmarc.reason),
        *((f"dkim {part.selector}", part.state, part.reason) for part in facts.dkim),
    ]
    resting = {name: (state, reason) for name, state, reason in parts if reason in NEGATIVE and reason is not None}
    sts = facts.transport.mta_sts if facts.transport is not None else None
    if sts is not None and sts.state == "policy_failed" and sts.reason is not None:
        resting["mta_sts"] = (sts.state, sts.reason)  # the policy's host did not answer, or not as it should
    if facts.dnssec is not None and facts.dnssec.state == "bogus":  # a change of keys under way may look like it
        resting["dnssec"] = (facts.dnssec.why, Reason.DNS_SERVFAIL)
    if facts.registration is not None and facts.registration.state in ("expired", "held"):  # a renewal may be under way
        resting["registration"] = (facts.registration.state, Reason.HTTP_404)
    if facts.nameservers is not None:  # a server that restarts refuses for a moment, a transfer under way changes MX
        for host in lame_hosts(facts.nameservers.replies):
            resting[f"ns {host}"] = ("lame", Reason.DNS_SERVFAIL)
        if Problem.NS_MX_DIFFERS in facts.nameservers.problems:
            resting["ns mx"] = ("differs", Reason.DNS_SERVFAIL)
    return resting
