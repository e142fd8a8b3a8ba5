"""Item g: which addresses the agency publishes as its own. Chỉ thị 12/2014 mục 1(g), Luật CNTT Điều 28(2)(đ)."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model import (
    AddressClass,
    AddressFact,
    AddressPlace,
    AgencyFacts,
    Criterion,
    DetectorFacts,
    EvidenceRef,
    Finding,
    Reason,
    SectionState,
    Verdict,
    check,
)
from checks.site_state import site_evidence, unreadable

_FREE = frozenset({AddressClass.FREE, AddressClass.ISP})
_AROUND = frozenset({"footer", "header", "meta"})  # on every page, the directory's too, and of nobody in it
_AS_CONTACT = ("contact_page", "footer", "introduction", "header", "meta")  # the places that speak for the agency


@check("g.official_address")
def official_address(facts: AgencyFacts, rule: Criterion) -> Finding:
    """At least one official address is published as the agency's own contact."""
    blocked = unreadable(facts, rule) or _no_domain(facts, rule)
    if blocked is not None:
        return blocked
    official = [fact for fact in facts.site.addresses if _is_official(fact, facts)]
    own = [fact for fact in official if fact.agency_contact]
    if own:
        return _about(rule, Verdict.PASS, "addresses.official", own, facts)
    if official:
        unread = unread_addresses(facts, rule)  # the contact page may publish it
        return unread or _about(rule, Verdict.PARTIAL, "addresses.official_only_elsewhere", official, facts)
    return unread_addresses(facts, rule) or _looked_everywhere(rule, Verdict.FAIL, "addresses.no_official", facts)


@check("g.free_mail")
def free_mail(facts: AgencyFacts, rule: Criterion) -> Finding:
    """No mailbox of a free provider or an access provider stands as the agency's contact. CT 15/CT-TTg 2012."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    free = [fact for fact in facts.site.addresses if fact.class_ in _FREE]
    own = [fact for fact in free if fact.agency_contact]
    if own:
        return _about(rule, Verdict.FAIL, "addresses.free", own, facts)
    key = "addresses.free_elsewhere" if free else "addresses.no_free"
    return _unless_unread(facts, rule) or _looked_everywhere(rule, Verdict.PASS, key, facts)


@check("g.other_domains")
def other_domains(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Contact addresses under other names: a warning, since vertical bodies may use their ministry's mail."""
    blocked = unreadable(facts, rule) or _no_domain(facts, rule)
    if blocked is not None:
        return blocked
    own = [fact for fact in facts.site.addresses if fact.agency_contact and not _is_official(fact, facts)]
    strange = [fact for fact in own if fact.class_ is AddressClass.OTHER]
    if strange:
        return _about(rule, Verdict.PARTIAL, "addresses.other", strange, facts)
    state_body = [fact for fact in own if fact.class_ not in _FREE]
    if state_body:
        return _about(rule, Verdict.PARTIAL, "addresses.other_gov", state_body, facts)
    return _unless_unread(facts, rule) or _looked_everywhere(rule, Verdict.PASS, "addresses.no_other", facts)


@check("g.directory_addresses")
def directory_addresses(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The share of the directory's rows that give an official address."""
    blocked = unreadable(facts, rule) or _no_domain(facts, rule)
    if blocked is not None:
        return blocked
    section = facts.site.section(rule.parameters["detector"])
    if not section.usable:
        return rule.from_section(section)
    rows, official = _directory_rows(facts, section)
    url = section.best.url if section.best else ""
    if rows and official >= rule.parameters["pass_share"] * rows:
        verdict = Verdict.PASS
    elif any(place.where == "directory" for place in facts.site.image_addresses):
        return _images(rule, facts)
    elif not rows:
        return rule.finding(Verdict.UNVERIFIED, "addresses.directory_unread", section=section, url=url)
    else:
        verdict = Verdict.PARTIAL if official else Verdict.FAIL
    return rule.finding(verdict, "addresses.directory", section=section, official=official, rows=rows, url=url)


def _directory_rows(facts: AgencyFacts, section: DetectorFacts) -> tuple[int, int]:
    """How many rows the directory has, and how many of them give an official address.

    Where the rows could not be told apart, each address that stands in the directory is one.
    """
    rows = [item for item in section.items if item.attributes]
    pages = {part.url for part in section.sections}
    listed = [
        fact
        for fact in facts.site.addresses
        if any(
            place.where == "directory" or (place.url in pages and place.where not in _AROUND) for place in fact.places
        )
    ]
    on_pages = sum(_is_official(fact, facts) for fact in listed)
    if not rows:
        return len(listed), on_pages
    marked = sum("official_email" in item.attributes for item in rows)
    return len(rows), min(len(rows), max(marked, on_pages))


def _is_official(fact: AddressFact, facts: AgencyFacts) -> bool:
    """Official on the audit's date: a successor's domain counts only within the dates of the registry."""
    if fact.class_ is not AddressClass.SUCCESSOR:
        return fact.class_.is_official
    domain = fact.address.rpartition("@")[2].lower()
    uses = [
        use
        for use in facts.agency.accepted_mail_domains
        if domain == use.domain.lower() or domain.endswith("." + use.domain.lower())
    ]
    return not uses or any(use.valid_on(facts.as_of) for use in uses)


def _no_domain(facts: AgencyFacts, rule: Criterion) -> Finding | None:
    """Without a configured mail domain no address can be called official or foreign."""
    if facts.agency.mail_domain or facts.agency.accepted_mail_domains:
        return None
    return rule.finding(Verdict.UNVERIFIED, "addresses.no_domain", reason=Reason.NOT_CONFIGURED)


def unread_addresses(facts: AgencyFacts, rule: Criterion) -> Finding | None:
    """Unverified where an address may stand that could not be read: in an image, or on an unread contact page."""
    if facts.site.image_addresses:
        return _images(rule, facts)
    contact = facts.site.section("contact")
    unconfirmed = not contact.confirmed and not contact.usable
    if contact.state is SectionState.UNVERIFIABLE or unconfirmed or facts.site.pages == 0:
        text = rule.say(f"reason.{contact.reason}") if contact.reason else ""
        return rule.finding(
            Verdict.UNVERIFIED, "addresses.contact_unread", section=contact, reason=contact.reason, reason_text=text
        )
    return None


def _unless_unread(facts: AgencyFacts, rule: Criterion) -> Finding | None:
    """The same for a criterion that one readable contact address is enough to answer."""
    return None if any(fact.agency_contact for fact in facts.site.addresses) else unread_addresses(facts, rule)


def _images(rule: Criterion, facts: AgencyFacts) -> Finding:
    places = facts.site.image_addresses
    return rule.finding(
        Verdict.UNVERIFIED,
        "addresses.images",
        evidence=[EvidenceRef(place.url, facts.site.looked_at, place.excerpt) for place in places[:3]],
        url=places[0].url,
    )


def _about(
    rule: Criterion, verdict: Verdict, key: str, addresses: Iterable[AddressFact], facts: AgencyFacts
) -> Finding:
    """A finding that names the first of `addresses` and cites where each of the first three stands."""
    named = list(addresses)
    places = [(fact, _speaking_place(fact)) for fact in named[:3]]
    first = places[0][1]
    return rule.finding(
        verdict,
        key,
        evidence=[
            EvidenceRef(
                place.url, facts.site.looked_at, f"{fact.address}: {place.excerpt}" if place.excerpt else fact.address
            )
            for fact, place in places
            if place is not None
        ],
        address=", ".join(fact.address for fact in named[:3]),
        place=rule.messages.get(f"place.{first.where}", first.where) if first else rule.say("place.other"),
        url=first.url if first else "",
    )


def _speaking_place(fact: AddressFact) -> AddressPlace | None:
    """The place to show: contact page and footer before articles."""
    order = {where: rank for rank, where in enumerate(_AS_CONTACT)}
    return min(fact.places, key=lambda place: order.get(place.where, len(order)), default=None)


def _looked_everywhere(rule: Criterion, verdict: Verdict, key: str, facts: AgencyFacts) -> Finding:
    """A finding about what was not found, with the contact page and the start page as the places looked at."""
    contact = facts.site.section("contact")
    proof = [EvidenceRef(s.url, s.fetched_at, s.excerpt) for s in contact.sections[:2]]
    return rule.finding(
        verdict, key, section=contact, evidence=[*proof, *site_evidence(facts.site)], pages=facts.site.pages
    )
