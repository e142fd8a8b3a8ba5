"""Item f, quality: Luật CNTT 67/2006 Điều 28(1)(c) and 28(3). Information without points: item f is fully allotted."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from typing import Any

from auditor.model import AgencyFacts, Criterion, EvidenceRef, Finding, Verdict, check
from auditor.model.quality import FormFile, FormState, PublishedContact
from checks.site_state import site_evidence, unreadable

_SHOWN = 3
_WALLS = ("login_wall", "payment_wall")
_COMPARED = ("phones", "mailboxes", "streets")
_WHOLE_NUMBER = 9  # digits; fewer are a number without its area code


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


@check("f.quality.forms")
def forms(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Forms that pages offer download and are what their names say. Điều 28(1)(b).

    Only a few are looked at. None to look at is no fault: whether an agency needs forms is not known here.
    """
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    found = facts.site.quality.forms
    if not found:
        return rule.finding(Verdict.UNVERIFIED, "quality.forms_none", evidence=site_evidence(facts.site))
    wrong = [form for form in found if form.wrong]
    if sure := [form for form in wrong if form.confirmed]:
        return _forms(rule, Verdict.PARTIAL, "quality.forms_wrong", sure)
    if wrong:
        return _forms(rule, Verdict.UNVERIFIED, "quality.forms_waiting", wrong)
    right = [form for form in found if form.state is FormState.RIGHT]
    unseen = [form for form in found if form.state is FormState.UNKNOWN]
    if not right:
        return _forms(rule, Verdict.UNVERIFIED, "quality.forms_unseen", unseen, reason=unseen[0].reason)
    if unseen or facts.site.quality.pages_unread:  # what was not seen may be the one that is wrong
        pages = facts.site.quality.pages_unread
        some = {"count": len(right), "unknown": len(unseen), "pages": pages}
        return _forms(rule, Verdict.UNVERIFIED, "quality.forms_some", right, **some)
    return _forms(rule, Verdict.PASS, "quality.forms_right", right, count=len(right))


def _forms(rule: Criterion, verdict: Verdict, key: str, shown: list[FormFile], **fields: Any) -> Finding:
    proof = [EvidenceRef(form.url, form.fetched_at, form.detail) for form in shown[:_SHOWN]]
    proof += [EvidenceRef(url) for url in dict.fromkeys(form.page for form in shown[:_SHOWN])]
    said = [
        rule.say(
            f"quality.form.{form.state}",
            label=form.label,
            ending=form.ending,
            detail=form.detail,
            kind=rule.say(f"quality.file_kind.{form.kind}") if form.kind else "",
        )
        for form in shown[:_SHOWN]
    ]
    return rule.finding(verdict, key, evidence=proof, said="; ".join(said), **fields)


@check("f.quality.free_access")
def free_access(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The contents of Điều 28(2) are read without login and free of charge. Điều 28(3).

    What a procedure costs, and how it is paid, is no part of it.
    """
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    sections = [facts.site.section(name) for name in rule.parameters["detectors"]]
    walled = [one for section in sections if not section.usable for one in section.sections if one.why in _WALLS]
    if not walled:
        return rule.finding(Verdict.PASS, "quality.free", evidence=site_evidence(facts.site))
    proof = [EvidenceRef(one.url, one.fetched_at, one.excerpt) for one in walled[:_SHOWN]]
    labels = {wall: dict.fromkeys(f'"{one.label}"' for one in walled if one.why == wall) for wall in _WALLS}
    said = [rule.say(f"quality.{wall}", labels=", ".join([*names][:_SHOWN])) for wall, names in labels.items() if names]
    return rule.finding(Verdict.PARTIAL, "quality.walled", evidence=proof, said="; ".join(said))


@check("f.quality.contacts_agree")
def contacts_agree(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Footer and contact page give the same telephone, mailbox and house number of the office. Điều 28(1)(c).

    Several numbers are normal: only two places that have none in common contradict each other. Where the operator's
    registry says otherwise, it may be the one that is old: that is told, and is no fault of the site.
    """
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    quality = facts.site.quality
    known = {"footer": quality.footer, "contact_page": quality.contact_page, "registry": quality.registry}
    places = {name: place for name, place in known.items() if place is not None}
    compared = [
        (what, one, other)
        for what in _COMPARED
        for one, other in combinations(places, 2)
        if comparable(what, places[one], places[other], rule.parameters["most"])
    ]
    if not compared:
        return rule.finding(Verdict.UNVERIFIED, "quality.contacts_one_place", evidence=site_evidence(facts.site))
    named = [name for name in places if any(name in pair[1:] for pair in compared)]
    proof = [_proof(places[name], facts) for name in named if places[name].url]
    apart = [line for line in compared if not agree(line[0], places[line[1]], places[line[2]])]
    same = [line for line in compared if line not in apart]
    of_site = [line for line in apart if "registry" not in line[1:]]
    of_registry = _of_registry(apart, same)
    note = _note(rule, of_registry, places)
    if of_site:
        said = "; ".join(_difference(rule, what, one, other, places) for what, one, other in of_site[:_SHOWN])
        return rule.finding(Verdict.PARTIAL, "quality.contacts_differ", evidence=proof, said=said, note=note)
    if unread := _unread(facts, "contact"):
        return rule.finding(Verdict.UNVERIFIED, "quality.section_unread", evidence=proof, said=unread)
    settled = {what for what, *pair in same if "registry" not in pair}  # the site agrees with itself
    if any(what not in settled for what, *_ in of_registry):
        return rule.finding(Verdict.UNVERIFIED, "quality.contacts_unlike_registry", evidence=proof, note=note)
    named = [name for name in places if any(name in line[1:] for line in same)]
    return rule.finding(
        Verdict.PASS,
        "quality.contacts_agree",
        evidence=proof,
        places=", ".join(rule.say(f"quality.place.{name}") for name in named),
        what=", ".join(rule.say(f"quality.what.{what}") for what in dict.fromkeys(line[0] for line in same)),
        note=note,
    )


@check("f.quality.abolished_names")
def abolished_names(facts: AgencyFacts, rule: Criterion) -> Finding:
    """No body that was abolished, merged or renamed before the audit's date is named as current. Điều 28(1)(c).

    The days of grace are the operator's: no law says by when a site must have changed its names.
    """
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    grace = timedelta(days=rule.parameters["grace_days"])
    found = [one for one in facts.site.quality.abolished if facts.as_of > one.last_day + grace]
    if not found:
        evidence, unread = site_evidence(facts.site), _unread(facts, "contact", "organisation")
        if unread:
            return rule.finding(Verdict.UNVERIFIED, "quality.section_unread", evidence=evidence, said=unread)
        return rule.finding(Verdict.PASS, "quality.no_abolished", evidence=evidence, grace_days=grace.days)
    proof = [EvidenceRef(one.url, facts.site.looked_at, one.excerpt) for one in found[:_SHOWN]]
    said = [
        rule.say(
            "quality.abolished_one",
            name=one.name,
            place=rule.say(f"quality.place.{one.place}"),
            last_day=one.last_day,
            now=one.now,
            source=one.source,
        )
        for one in found[:_SHOWN]
    ]
    return rule.finding(Verdict.PARTIAL, "quality.abolished", evidence=proof, said="; ".join(said))


def _unread(facts: AgencyFacts, *detectors: str) -> str:
    """The labels of sections that did not answer tonight: what is not seen elsewhere may stand there."""
    unread = [section for name in detectors if (section := facts.site.section(name).unread) is not None]
    return ", ".join(f'"{section.label}"' for section in unread)


def comparable(what: str, one: PublishedContact, other: PublishedContact, most: int) -> bool:
    """True if both places say enough to contradict each other: no number without area code alone, no address without
    a house number, and not the numbers of a whole list of units."""
    for place in (one, other):
        values = getattr(place, what)
        if not values or len(values) > most:
            return False
        if what == "phones" and not any(len(number) >= _WHOLE_NUMBER for number in values):
            return False
        if what == "streets" and not all(street.numbers for street in values):
            return False
    return True


def agree(what: str, one: PublishedContact, other: PublishedContact) -> bool:
    """True if one of them mentions, wherever, what the other gives as the office's; a number without area code is the
    end of the whole one."""
    return any(
        _same(what, given, mentioned)
        for place, beside in ((one, other), (other, one))
        for given in _given(what, place)
        for mentioned in (*_given(what, beside), *_also(what, beside))
    )


def _given(what: str, place: PublishedContact) -> tuple[str, ...]:
    if what == "streets":
        return tuple(number for street in place.streets for number in street.numbers)
    return place.phones if what == "phones" else place.mailboxes


def _also(what: str, place: PublishedContact) -> tuple[str, ...]:
    """What stands beside it; of telephone numbers its own ones in today's spelling too."""
    return {"phones": place.also_phones, "mailboxes": place.also_mailboxes, "streets": place.also_houses}[what]


def _same(what: str, one: str, other: str) -> bool:
    return one == other or (what == "phones" and (one.endswith(other) or other.endswith(one)))


def _proof(place: PublishedContact, facts: AgencyFacts) -> EvidenceRef:
    words = (*(street.text for street in place.streets[:_SHOWN]), *place.phones[:_SHOWN], *place.mailboxes[:_SHOWN])
    return EvidenceRef(place.url, facts.site.looked_at, "; ".join(words))


def _of_registry(apart: list[tuple[str, str, str]], same: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Where the registry differs from every place of the site with which it could be compared."""
    agreed = {what for what, *pair in same if "registry" in pair}
    return [line for line in apart if "registry" in line[1:] and line[0] not in agreed]


def _note(rule: Criterion, apart: list[tuple[str, str, str]], places: dict[str, PublishedContact]) -> str:
    """What the operator should compare with his registry; "" for nothing."""
    if not apart:
        return ""
    said = "; ".join(_difference(rule, what, one, other, places) for what, one, other in apart[:_SHOWN])
    return rule.say("quality.registry_note", said=said)


def _difference(rule: Criterion, what: str, one: str, other: str, places: dict[str, PublishedContact]) -> str:
    def shown(name: str) -> str:
        values = getattr(places[name], what)
        texts = [f'"{street.text}"' for street in values] if what == "streets" else values
        return ", ".join(texts[:_SHOWN])

    return rule.say(
        "quality.differs",
        what=rule.say(f"quality.what.{what}"),
        one=rule.say(f"quality.place.{one}"),
        other=rule.say(f"quality.place.{other}"),
        here=shown(one),
        there=shown(other),
    )
