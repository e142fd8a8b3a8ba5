"""Item f, functions that help a reader: search, site map, feedback form. NĐ 42/2022 Điều 7(1), Điều 8(1)."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, Verdict, check
from checks.site_state import unreadable


@check("f.functions.search")
def search(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A search form with a target."""
    return unreadable(facts, rule) or rule.from_section(facts.site.section("search"))


@check("f.functions.sitemap")
def sitemap(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A site map for readers; the XML one alone is half of it."""
    return unreadable(facts, rule) or rule.from_section(facts.site.section("sitemap"))


@check("f.functions.feedback_form")
def feedback_form(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A form by which a citizen can send an opinion, in the feedback section or on the contact page."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    form = rule.parameters["form_part"]
    feedback, contact = facts.site.section("feedback"), facts.site.section("contact")
    for section in (feedback, contact):
        if section.usable and form in section.found:
            holder = next((s for s in section.sections if form in s.found), section.best)
            return rule.finding(
                Verdict.PASS,
                "feedback_form.pass",
                section=section,
                evidence=(EvidenceRef(holder.url, holder.fetched_at, holder.excerpt),) if holder else (),
                label=holder.label if holder else "",
                url=holder.url if holder else "",
            )
    if not contact.usable and rule.from_section(contact).verdict is Verdict.UNVERIFIED:
        return rule.from_section(contact)  # the form may stand on the contact page, which was not read
    if feedback.usable and feedback.best is not None:
        best = feedback.best
        return rule.finding(Verdict.PARTIAL, "feedback_form.no_form", section=feedback, label=best.label, url=best.url)
    return rule.from_section(feedback)
