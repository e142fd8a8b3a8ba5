"""Item f, technical standards: Unicode. TT 39/2017/TT-BTTTT items 2.7 and 3.14."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, Verdict, check
from checks.site_state import unreadable


@check("f.standards.charset")
def charset(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Pages in UTF-8 without text in the old fonts' encodings. Combining accents (NFD) are Unicode too."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    seen, limits = facts.site.encoding, rule.parameters
    if seen is None:
        return rule.finding(Verdict.UNVERIFIED, "charset.unread")
    url = seen.url or facts.site.final_url or facts.site.start_url or ""
    if seen.utf8_share < limits["fail_share"]:
        verdict, key = Verdict.FAIL, "charset.fail"
    elif seen.legacy:
        verdict, key = Verdict.PARTIAL, "charset.legacy"
    elif seen.utf8_share < limits["pass_share"]:
        verdict, key = Verdict.PARTIAL, "charset.mixed"
    else:
        verdict, key = Verdict.PASS, "charset.pass"
    return rule.finding(
        verdict,
        key,
        evidence=(EvidenceRef(url, facts.site.looked_at, seen.excerpt),) if url else (),
        url=url,
        charset=seen.declared or seen.charset,
        legacy=seen.legacy or "",
        excerpt=seen.excerpt,
        percent=f"{seen.utf8_share:.0%}",
    )
