"""Item f, quality: Luật CNTT 67/2006 Điều 28(1)(c) and 28(3). Information without points: item f is fully allotted."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, Verdict, check
from checks.site_state import site_evidence, unreadable

_SHOWN = 3


@check("f.quality.placeholders")
def placeholders(facts: AgencyFacts, rule: Criterion) -> Finding:
    """No page that holds nothing but a template's text or "đang cập nhật". Điều 28(1)(c)."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    found = facts.site.quality.placeholders
    if not found:
        return rule.finding(Verdict.PASS, "quality.no_placeholders", evidence=site_evidence(facts.site))
    proof = [EvidenceRef(one.url, None, one.excerpt) for one in found[:_SHOWN]]
    said = "; ".join(f'"{one.label}"' for one in found[:_SHOWN])
    return rule.finding(Verdict.PARTIAL, "quality.placeholders", evidence=proof, count=len(found), said=said)


@check("f.quality.free_access")
def free_access(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The contents of Điều 28(2) are read without login and free of charge. Điều 28(3)."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    sections = [facts.site.section(name) for name in rule.parameters["detectors"]]
    walled = [one for section in sections if not section.usable for one in section.sections if one.why == "login_wall"]
    if not walled:
        return rule.finding(Verdict.PASS, "quality.free", evidence=site_evidence(facts.site))
    proof = [EvidenceRef(one.url, one.fetched_at, one.excerpt) for one in walled[:_SHOWN]]
    said = "; ".join(f'"{one.label}"' for one in walled[:_SHOWN])
    return rule.finding(Verdict.PARTIAL, "quality.login", evidence=proof, said=said)


@check("f.quality.contacts_agree")
def contacts_agree(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Footer and contact page give the same telephone and mailbox. Điều 28(1)(c).

    Several numbers are normal: only two places that have none in common contradict each other.
    """
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    footer, page = facts.site.quality.footer, facts.site.quality.contact_page
    if footer is None or page is None:
        return rule.finding(Verdict.UNVERIFIED, "quality.contacts_one_place", evidence=site_evidence(facts.site))
    pairs = {"phone": (footer.phones, page.phones), "mailbox": (footer.mailboxes, page.mailboxes)}
    both = {name: pair for name, pair in pairs.items() if all(pair)}
    if not both:
        return rule.finding(Verdict.UNVERIFIED, "quality.contacts_one_place", evidence=site_evidence(facts.site))
    proof = (EvidenceRef(footer.url), EvidenceRef(page.url))
    apart = {name: pair for name, pair in both.items() if not set(pair[0]) & set(pair[1])}
    if not apart:
        return rule.finding(Verdict.PASS, "quality.contacts_agree", evidence=proof)
    said = "; ".join(
        rule.say(f"quality.differs.{name}", footer=", ".join(here[:_SHOWN]), page=", ".join(there[:_SHOWN]))
        for name, (here, there) in apart.items()
    )
    return rule.finding(Verdict.PARTIAL, "quality.contacts_differ", evidence=proof, said=said)
