"""What only a person can judge: shown on the card with the rule, never scored, never searched for."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, Finding, Verdict, check


def _for_a_person(rule: Criterion) -> Finding:
    return rule.finding(Verdict.NEEDS_PERSON, "needs_person")


@check("f.person.accuracy")
def accuracy(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Truth and consistency of the content. Luật CNTT 67/2006 Điều 28(1)(c)."""
    return _for_a_person(rule)


@check("f.person.responsible_person_per_step")
def responsible_person_per_step(facts: AgencyFacts, rule: Criterion) -> Finding:
    """A named person for each step of a procedure. Luật CNTT 67/2006 Điều 28(2)(c)."""
    return _for_a_person(rule)


@check("f.person.state_secrets")
def state_secrets(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Protection of state secrets: nothing is searched, stored or mailed. Luật CNTT 67/2006 Điều 28(1)(đ)."""
    return _for_a_person(rule)


@check("g.person.mailbox_read")
def mailbox_read(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Whether somebody reads the mailbox; no test mail is sent. Chỉ thị 12/2014 mục 1(g)."""
    return _for_a_person(rule)


@check("g.person.naming_rule")
def naming_rule(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Names of mailboxes against QĐ 48/2009/QĐ-UBND, whose text is not at hand."""
    return _for_a_person(rule)
