"""Item f, contents: the eight things that Luật CNTT 67/2006 Điều 28(2) requires on an agency's site."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, DetectorFacts, Finding, Item, Verdict, check
from checks.site_state import unreadable


def _present(facts: AgencyFacts, rule: Criterion, detector: str) -> Finding:
    """The verdict that the state of the section gives, once the site was read."""
    return unreadable(facts, rule) or rule.from_section(facts.site.section(detector))


@check("f.content.organisation")
def organisation(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Functions, duties, powers, and the units. Luật CNTT 67/2006 Điều 28(2)(a)."""
    return _present(facts, rule, "organisation")


@check("f.content.legal_documents")
def legal_documents(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A list of documents with number, date, abstract and file. Luật CNTT 67/2006 Điều 28(2)(b)."""
    section = facts.site.section("legal_documents")
    rows = [item for item in section.items if set(item.attributes) & set(rule.parameters["attributes"])]
    finding = _present(facts, rule, "legal_documents")
    if finding.verdict is not Verdict.PASS or not rows:
        return finding
    return _graded(section, rows, rule)


def _graded(section: DetectorFacts, rows: list[Item], rule: Criterion) -> Finding:
    """Pass if enough of the rows carry every attribute that the law names."""
    wanted: list[str] = list(rule.parameters["attributes"])
    if not any("file" in row.attributes for row in rows) and "file" in section.found:
        wanted.remove("file")  # the files hang on the documents' own pages, not in the list
    complete = sum(row.has_all(*wanted) for row in rows)
    enough = complete >= rule.parameters["attribute_share"] * len(rows)
    rarest = min(wanted, key=lambda name: sum(name in row.attributes for row in rows))
    best = section.best
    return rule.finding(
        Verdict.PASS if enough else Verdict.PARTIAL,
        "documents.complete" if enough else "documents.incomplete",
        section=section,
        label=best.label if best else "",
        url=best.url if best else "",
        complete=complete,
        rows=len(rows),
        wanted=", ".join(rule.say(f"part.{name}") for name in wanted),
        missing=rule.say(f"part.{rarest}"),
    )


@check("f.content.procedures")
def procedures(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Procedures with their file and time limit. Luật CNTT 67/2006 Điều 28(2)(c)."""
    return _present(facts, rule, "procedures")


@check("f.content.legal_dissemination")
def legal_dissemination(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Law and policy explained to the public. Luật CNTT 67/2006 Điều 28(2)(d), first half."""
    return _present(facts, rule, "legal_dissemination")


@check("f.content.strategy_planning")
def strategy_planning(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Strategies, master plans, plans. Luật CNTT 67/2006 Điều 28(2)(d), second half."""
    return _present(facts, rule, "strategy_planning")


@check("f.content.email_directory")
def email_directory(facts: AgencyFacts, rule: Criterion) -> Finding:
    """E-mail addresses of units and competent officials. Luật CNTT 67/2006 Điều 28(2)(đ)."""
    return _present(facts, rule, "email_directory")


@check("f.content.projects_procurement")
def projects_procurement(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Projects, bidding, procurement, or a plain "there is none". Luật CNTT 67/2006 Điều 28(2)(e)."""
    return _present(facts, rule, "projects_procurement")


@check("f.content.online_services")
def online_services(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A list of online services, or a sound link to the public-service portal. Luật CNTT 67/2006 Điều 28(2)(g)."""
    return _present(facts, rule, "online_services")


@check("f.content.feedback")
def feedback(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A place for public comment. Luật CNTT 67/2006 Điều 28(2)(h)."""
    return _present(facts, rule, "feedback")
