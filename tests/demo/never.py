"""What a fair auditor must never say of the demo province: each `never` of expected.yaml as a search for such words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from auditor.model import Verdict
from tests.demo.nights import AS_OF, OPERATOR, Night, entry, fails, findings, want
from tests.factories import rulebook

#: What was said of an agency that must not be said: empty where all is well
Said = Callable[[Night, str], Iterable[str]]


def _no_fail(*prefixes: str) -> Said:
    return lambda night, code: fails(night.audit(code), *prefixes)


def _no_content_fail_at_either_look(night: Night, code: str) -> Iterable[str]:
    prefixes = ("f.content", "f.freshness", "f.functions", "f.standards", "g.")
    return [*fails(night.first[code], *prefixes), *fails(night.final[code], *prefixes)]


def _contacts(*classes: str) -> Said:
    return lambda night, code: (
        fact.address for fact in night.audit(code).site.addresses if fact.agency_contact and fact.class_ in classes
    )


def _contact_is(address: str) -> Said:
    return lambda night, code: (
        fact.address for fact in night.audit(code).site.addresses if fact.agency_contact and fact.address == address
    )


def _citizens_as_contacts(night: Night, code: str) -> Iterable[str]:
    innocent = [address for address, (_, contact) in want(code)["addresses"].items() if contact is False]
    return (
        fact.address for fact in night.audit(code).site.addresses if fact.agency_contact and fact.address in innocent
    )


def _dated_today(night: Night, code: str) -> Iterable[str]:
    detectors = night.audit(code).site.detectors
    return (
        name
        for name, facts in detectors.items()
        if name != "work_schedule" and facts.newest and facts.newest.date >= AS_OF
    )


def _dates_that_no_item_has(night: Night, code: str) -> Iterable[str]:
    for name, value in want(code)["detectors"].items():
        newest = entry(value)[1]
        facts = night.audit(code).site.section(name)
        if facts.newest and (newest in (None, "undated") or facts.newest.date != night.province.day(newest)):
            yield f"{name} {facts.newest}"


def _states(wrong: str, wanted: str, *detectors: str) -> Said:
    """The detectors (or all those that are `wanted` by expected.yaml) in the state `wrong`."""
    return lambda night, code: (
        name
        for name, value in want(code)["detectors"].items()
        if (name in detectors or (not detectors and entry(value)[0] == wanted))
        and night.audit(code).site.section(name).state == wrong
    )


def _not_passed(*ids: str) -> Said:
    return lambda night, code: (
        name for name in ids if findings(night.audit(code))[name].verdict not in (Verdict.PASS, Verdict.UNVERIFIED)
    )


def _items_of_the_portal(night: Night, code: str) -> Iterable[str]:
    agency = night.audit(code).agency
    assert agency.scope is not None
    for name, facts in night.audit(code).site.detectors.items():
        for item in facts.items:
            path = urlsplit(item.url or "").path
            if facts.usable and item.url and path.startswith("/vi/") and not agency.scope.contains(item.url):
                yield f"{name}: {item.url}"


def _anything_of_another_host(night: Night, code: str) -> Iterable[str]:
    site = night.audit(code).site
    yield from (fact.address for fact in site.addresses)
    yield from (name for name, facts in site.detectors.items() if facts.newest or facts.items)


def _pinned_as_newest(night: Night, code: str) -> Iterable[str]:
    newest = night.audit(code).site.section("news").newest
    old = newest is None or newest.date <= night.province.day(240)
    return [str(newest)] if old else []


def _reachable_before_second_look(night: Night, code: str) -> Iterable[str]:
    first = findings(night.first[code])["f.access.reachable"]
    assert night.first[code].relook, "there is something to look at again"
    return [] if first.verdict is Verdict.UNVERIFIED else [first.seen]


def _no_points_for_mail(night: Night, code: str) -> Iterable[str]:
    scored = {row.id for row in rulebook().data.criteria if row.item == "mail" and row.points}
    for agency, audit in night.final.items():
        for finding in audit.findings:
            counts = finding.item == "mail" and (finding.max > 0 or finding.counts)
            if counts != (finding.id in scored and agency == OPERATOR):
                yield f"{agency} {finding.id}"


NEVER: Mapping[tuple[str, str], Said] = {
    ("sct", "any fail"): _no_fail(),
    ("sct", "gmail or yahoo as the agency's contact"): _contacts("free", "isp"),
    ("sct", "the vendor's address as a contact"): _contact_is("hotro@nhacungcap.example"),
    ("sct", "a newest date equal to as_of"): _dated_today,
    ("sct", "the pinned notice as the newest news"): _pinned_as_newest,
    ("sct", "a date of a cited decree or of a deadline"): _dates_that_no_item_has,
    ("sxd", "fresh news because of the header clock or the copyright year"): _dated_today,
    ("sxd", "news absent or f.content of an old section fail"): lambda night, code: [
        *_states("absent", "present")(night, code),
        *(name for name in fails(night.audit(code), "f.content") if name != "f.content.email_directory"),
    ],
    ("sxd", "projects empty"): _states("empty", "", "projects_procurement"),
    ("sgddt", "an empty section called absent"): _states("absent", "empty"),
    ("sgddt", "news or contact fail"): lambda night, code: [
        *fails(night.audit(code), "f.freshness.news", "g.official_address", "g.free_mail"),
        *_states("absent", "", "news", "contact")(night, code),
    ],
    ("stc", "official address or directory missing"): _not_passed(
        "g.official_address", "f.content.email_directory", "g.directory_addresses"
    ),
    ("stc", "citizens' addresses as contacts"): _citizens_as_contacts,
    ("stc", "the portal's news or documents as its own"): _items_of_the_portal,
    ("stc", "banbientap@tinhmau.example as its contact"): _contact_is("banbientap@tinhmau.example"),
    ("tanmau", "budget present"): _states("present", "", "budget_disclosure"),
    ("tanmau", "statistics present"): _states("present", "", "statistics"),
    ("tanmau", "a section that answers 200 with content called broken because of the soft 404"): _states(
        "broken", "present"
    ),
    ("stnmt", "any content fail"): _no_content_fail_at_either_look,
    ("snv", "legal documents fail because one row has no file"): _no_fail("f.content.legal_documents"),
    ("snv", "plans called out of date"): _dates_that_no_item_has,
    ("snv", "no address published"): _no_fail("g."),
    ("stttt", "any fail in f or g"): _no_fail(),
    ("stp", "a section absent because the budget went into the traps"): _states("absent", "present"),
    ("stp", "a date of the calendar as an update"): _dates_that_no_item_has,
    ("phumau", "any content fail"): _no_fail("f.content", "f.freshness", "g."),
    ("phumau", 'fresh because of "Hôm nay" in the header'): _dated_today,
    ("skhdt", "the new host's news or address as its own"): _anything_of_another_host,
    ("skhdt", "any content fail"): _no_content_fail_at_either_look,
    ("syt", "any content fail"): _no_content_fail_at_either_look,
    ("dongmau", "any content fail on the first night"): _no_content_fail_at_either_look,
    ("dongmau", "f.access.reachable fail without a second look"): _reachable_before_second_look,
    ("bqlkkt", "any fail"): _no_fail(),
    ("mail", "mail.mx fail"): lambda night, _: (
        code for code, audit in night.final.items() if findings(audit)["mail.mx"].verdict is Verdict.FAIL
    ),
    ("mail", "points taken from any agency but stttt"): _no_points_for_mail,
}
