"""Item f, deadlines of NĐ 43/2011 Điều 17: documents on the site within 2 or 10 working days, questions answered in 15.

Judged only where both ends are measurable: a document's date and the night on which its list was read without it, or
two dates that stand on the page. The decree lapsed on 2022-08-15: from then on the lines are information.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditor.model import (
    Agency,
    AgencyFacts,
    Criterion,
    EvidenceRef,
    Finding,
    Item,
    ObservedItem,
    Verdict,
    check,
)
from checks.observed import interval, late, watch
from checks.site_state import unreadable

_SIGN = re.compile(r"\d+(?:/\d{4})?/([A-ZĐ][A-ZĐ0-9\-]*)")
_SHOWN = 3
_BEFORE_SIGN = 3  # words before a document's own sign: "Quyết định số"; "Công văn số"


@check("f.deadline.legal_documents")
def legal_documents(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Documents posted in time. NĐ 43/2011 Điều 17: 2 working days for the issuer, 10 for those whom they govern."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    section = facts.site.section(rule.parameters["detector"])
    came = [item for one in watch(facts, section, rule).sections for item in one.items if item.absent_on is not None]
    came = [item for item in came if item.claimed is not None]
    if not came:
        return rule.finding(Verdict.UNVERIFIED, "deadline.not_watched", section=section)
    own = [item for item in came if is_own(item.title, facts.agency)]
    others = [item for item in came if item not in own]
    days = rule.parameters["own_days"], rule.parameters["other_days"]
    broken = (*late(own, days[0], facts.calendar), *late(others, days[1], facts.calendar))
    said = "; ".join(_document(item, rule) for item in broken[:_SHOWN])
    proof = [EvidenceRef(item.url, None, item.title) for item in broken[:_SHOWN] if item.url]
    return _judged(facts, rule, len(came), len(broken), said, proof)


@check("f.deadline.answers")
def answers(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Questions answered within 15 working days. NĐ 43/2011 Điều 17."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    section, calendar = facts.site.section(rule.parameters["detector"]), facts.calendar
    both = [
        item
        for item in section.items
        if item.dated is not None and item.asked is not None and calendar.covers(item.asked, item.dated.date)
    ]
    if not both:
        return rule.finding(Verdict.UNVERIFIED, "deadline.no_answers", section=section)
    broken = [item for item in both if _days(item, facts) > rule.parameters["days"]]
    said = "; ".join(_answer(item, _days(item, facts), rule) for item in broken[:_SHOWN])
    proof = [EvidenceRef(i.dated.url, None, i.dated.excerpt) for i in broken[:_SHOWN] if i.dated is not None]
    return _judged(facts, rule, len(both), len(broken), said, proof)


def is_own(title: str, agency: Agency) -> bool:
    """True if the document's own sign proves that the agency issued it: "2998/QĐ-SYT" of Sở Y tế (code syt).

    The own sign is the only one and stands in front: further back, or beside another, it may be a cited document's.
    Signs "…/QĐ-UBND" are every People's Committee's, the province's too: they prove nothing.
    """
    found = list(_SIGN.finditer(title.upper()))
    if len(found) != 1 or len(title[: found[0].start()].split()) > _BEFORE_SIGN:
        return False
    names = {agency.code.upper(), *(name.upper().replace(" ", "") for name in agency.short_names)}
    return bool(set(found[0].group(1).split("-")) & names)


def _days(item: Item, facts: AgencyFacts) -> int:
    assert item.dated is not None and item.asked is not None
    return facts.calendar.working_days_between(item.asked, item.dated.date)


def _document(item: ObservedItem, rule: Criterion) -> str:
    return rule.say("deadline.document", title=item.title[:90], date=item.claimed, interval=interval(item, rule))


def _answer(item: Item, age: int, rule: Criterion) -> str:
    answered = item.dated.date if item.dated else None
    return rule.say("deadline.answer", asked=item.asked, answered=answered, age=age)


def _judged(
    facts: AgencyFacts, rule: Criterion, measured: int, broken: int, said: str, proof: Sequence[EvidenceRef]
) -> Finding:
    """The line; after the decree lapsed it tells what was measured and accuses nobody."""
    in_force = any(line.document == rule.parameters["document"] and line.in_force(facts.as_of) for line in rule.basis)
    section = facts.site.section(rule.parameters["detector"])
    if not in_force:
        verdict, key = Verdict.NOT_APPLICABLE, "deadline.lapsed_late" if broken else "deadline.lapsed"
    else:
        verdict, key = (Verdict.FAIL, "deadline.late") if broken else (Verdict.PASS, "deadline.kept")
    return rule.finding(verdict, key, section=section, evidence=proof, measured=measured, broken=broken, said=said)
