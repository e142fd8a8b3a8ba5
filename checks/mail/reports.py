"""Who sends as the mail domain, by what receivers report (DMARC aggregate reports). Information, no points."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, ReportFacts, Verdict, check
from checks.mail.wording import not_configured


@check("mail.reports")
def reports(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The share of messages that passed by alignment, and the sources of those that did not. RFC 9990, RFC 9989.

    What fails may be forged, or the province's own server that nobody listed: the finding names sources and accuses
    nobody.
    """
    if facts.mail is None:
        return not_configured(rule)
    seen = facts.reports
    if seen is None or not seen.messages:
        return rule.finding(Verdict.NOT_APPLICABLE, "mail.reports.none", domain=facts.mail.domain)
    enough = seen.share >= rule.parameters["pass_share"]
    return rule.finding(
        Verdict.PASS if enough else Verdict.NEEDS_PERSON,  # whose the sources are is known to the operator alone
        "mail.reports.seen",
        evidence=_sources(seen, rule),
        domain=seen.domain,
        first=f"{seen.first:%d/%m/%Y}",
        last=f"{seen.last:%d/%m/%Y}",
        reports=seen.reports,
        reporters=len(seen.reporters),
        messages=seen.messages,
        percent=_percent(seen.share),
        dkim=seen.dkim,
        spf=seen.spf,
        sources=seen.source_count,
        failing=_failing(seen, rule),
    )


def _percent(share: float) -> str:
    """One decimal with a comma, cut, not rounded: 99.96 % is not everything."""
    tenths = int(share * 1000 + 1e-9)
    return f"{tenths // 10},{tenths % 10} %"


def _failing(seen: ReportFacts, rule: Criterion) -> str:
    worst = sorted((source for source in seen.sources if source.failed), key=lambda source: -source.failed)
    named = [rule.say("mail.reports.source", ip=one.ip, count=one.failed) for one in worst[: rule.parameters["shown"]]]
    return rule.say("mail.reports.failing", sources=", ".join(named)) if named else ""


def _sources(seen: ReportFacts, rule: Criterion) -> list[EvidenceRef]:
    """The sources with what each did, those with most failures first: not links, but what the reports say."""
    worst = sorted(seen.sources, key=lambda source: (-source.failed, -source.messages))
    return [
        EvidenceRef(
            f"ip:{one.ip}",
            None,
            rule.say(
                "mail.reports.evidence",
                count=one.messages,
                passed=one.passed,
                dkim=one.dkim,
                spf=one.spf,
                domains=", ".join(one.domains[:3]) or "–",
                reporters=", ".join(one.reporters[:3]),
            ),
        )
        for one in worst[: rule.parameters["shown"]]
    ]
