"""Item f, freshness: how old the newest item of a section is. Luật CNTT 67/2006 Điều 28(1)(d), NĐ 43/2011 Điều 17.

No text gives these day counts; config/criteria.yaml sets them and the card says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from auditor.model import (
    AgencyFacts,
    Calendar,
    Criterion,
    Dated,
    DetectorFacts,
    EvidenceRef,
    Finding,
    Reason,
    Verdict,
    check,
    section_evidence,
)
from checks.observed import Watch, honest_newest, interval, notes, watch
from checks.site_state import unreadable


@check("f.freshness.news")
def news(facts: AgencyFacts, rule: Criterion) -> Finding:
    """News and events."""
    return _fresh(facts, rule)


@check("f.freshness.direction")
def direction(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Direction and administration."""
    return _fresh(facts, rule)


@check("f.freshness.legal_documents")
def legal_documents(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Documents; by date of issue where no posting date is shown."""
    return _fresh(facts, rule)


@check("f.freshness.legal_dissemination")
def legal_dissemination(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Dissemination of law and policy."""
    return _fresh(facts, rule)


@check("f.freshness.projects_procurement")
def projects_procurement(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Projects and procurement, in calendar days; an explicit "there is none" is up to date."""
    return _fresh(facts, rule)


def _fresh(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Age of the newest date of the criterion's section against its two thresholds (parameters of the criterion)."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    section = facts.site.section(rule.parameters["detector"])
    if not section.usable:
        return rule.from_section(section)
    if rule.parameters.get("explicit_none") in section.found:
        return _say(rule, Verdict.PASS, "freshness.explicit_none", section)
    watched = watch(facts, section, rule)
    newest = honest_newest(section, watched)
    noted = notes(section, newest, watched, rule)
    perhaps = honest_newest(section, watched, in_doubt=False)
    if newest is not None and perhaps is not None and perhaps.date > newest.date:
        ages = (_age(min(one.date, facts.as_of), facts.as_of, facts.calendar, rule) for one in (newest, perhaps))
        if len({_verdict(age, rule) for age in ages}) > 1:  # it hangs on a text that was not read
            key = "freshness.redated_unseen"
            return _say(rule, Verdict.UNVERIFIED, key, replace(section, newest=perhaps), notes=noted)
    if newest is not None:
        return _by_age(replace(section, newest=newest), newest, facts.as_of, facts.calendar, rule, noted)
    if section.items and watched.nights >= rule.parameters["observed_nights"] and section.unread is None:
        return _by_observation(section, watched, facts.calendar, rule, noted)
    key = "freshness.undated" if section.undated or section.items else "freshness.no_items"
    return _say(rule, Verdict.UNVERIFIED, key, section, notes=noted)


def _age(start: date, end: date, calendar: Calendar, rule: Criterion) -> int:
    """Days of the criterion's unit from `start` to `end`."""
    return (end - start).days if rule.parameters["unit"] == "days" else calendar.working_days_between(start, end)


def _verdict(age: int, rule: Criterion) -> Verdict:
    passes, partly = rule.parameters["pass_days"], rule.parameters["partial_days"]
    return Verdict.PASS if age <= passes else Verdict.PARTIAL if age <= partly else Verdict.FAIL


def _by_age(
    section: DetectorFacts, newest: Dated, as_of: date, calendar: Calendar, rule: Criterion, noted: tuple[str, ...]
) -> Finding:
    if newest.date > as_of:
        return _say(rule, Verdict.UNVERIFIED, "freshness.in_future", section)
    unit, age = rule.parameters["unit"], _age(newest.date, as_of, calendar, rule)
    verdict = _verdict(age, rule)
    if verdict is not Verdict.PASS and section.unread is not None:  # the newest item may stand there
        return rule.finding(
            Verdict.UNVERIFIED, "section.unverifiable", section=section, reason=section.unread.reason,
            label=section.unread.label, url=section.unread.url, why="",
            reason_text=rule.messages.get(f"reason.{section.unread.reason}", ""),
        )  # fmt: skip
    if verdict is Verdict.FAIL and unit != "days":
        year = missing_year(newest.date, as_of, calendar, rule.parameters["partial_days"])
        if year is not None:
            return _say(
                rule, Verdict.UNVERIFIED, "freshness.no_calendar", section, reason=Reason.NO_CALENDAR, year=year
            )
    return _say(rule, verdict, f"freshness.{unit}.{verdict}", section, notes=noted, age=age)


def _by_observation(
    section: DetectorFacts, watched: Watch, calendar: Calendar, rule: Criterion, noted: tuple[str, ...]
) -> Finding:
    """A list without dates, by when items were seen to come. If none came its age is at least that of the watch."""
    item = watched.newest_arrival
    start = watched.since if item is None else item.present_on
    age = _age(start, watched.as_of, calendar, rule)
    verdict = _verdict(age, rule)
    if verdict is Verdict.FAIL and rule.parameters["unit"] != "days" and not calendar.covers(start, watched.as_of):
        return _say(rule, Verdict.UNVERIFIED, "freshness.undated", section, reason=Reason.NO_CALENDAR, notes=noted)
    fields: dict[str, Any] = {"nights": watched.nights, "age": age, "since": watched.since}
    fields["unit"] = rule.say(f"freshness.unit.{rule.parameters['unit']}")
    if item is not None:
        fields |= {"title": item.title, "interval": interval(item, rule)}
        return _say(rule, verdict, f"freshness.observed.{verdict}", section, notes=noted, **fields)
    verdict = Verdict.UNVERIFIED if verdict is Verdict.PASS else verdict  # it may be older
    return _say(rule, verdict, f"freshness.observed_none.{verdict}", section, notes=noted, **fields)


def missing_year(newest: date, as_of: date, calendar: Calendar, limit: int) -> int | None:
    """The year whose holiday file is needed before more than `limit` working days can be said to have passed.

    Years before the calendar begins need no file if the years that it holds alone exceed the limit.
    """
    needed = range(newest.year, as_of.year + 1)
    lacking = [year for year in needed if year not in calendar.years]
    begins = min(calendar.years, default=None)
    if not lacking or begins is None or lacking[-1] >= begins:
        return lacking[-1] if lacking else None
    known_from = max(newest, date(begins - 1, 12, 31))
    return None if calendar.working_days_between(known_from, as_of) > limit else lacking[-1]


def _say(
    rule: Criterion,
    verdict: Verdict,
    key: str,
    section: DetectorFacts,
    reason: Reason | None = None,
    notes: tuple[str, ...] = (),
    **fields: Any,
) -> Finding:
    """A finding that cites the newest item and, behind it, the section."""
    newest, best = section.newest, section.best
    # the label under which the newest item stands, where it is known
    holder = next((s for s in section.sections if s.newest is not None and s.newest == newest), best)
    proof = section_evidence(section)
    if newest is not None:
        fields |= {"date": newest.date, "source": rule.say(f"source.{newest.source}")}
        seen_at = holder.fetched_at if holder else None
        proof = (EvidenceRef(newest.url, seen_at, newest.excerpt), *(ref for ref in proof if ref.url != newest.url))
    fields |= {name: rule.parameters[name] for name in ("pass_days", "partial_days")}
    return rule.finding(
        verdict,
        key,
        section=section,
        evidence=proof,
        reason=reason,
        notes=notes,
        label=holder.label if holder else "",
        url=holder.url if holder else "",
        **fields,
    )
