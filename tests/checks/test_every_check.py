"""What must hold for all checks at once: a sound site passes, an unread one accuses nobody, no site fails item f."""

from __future__ import annotations

import pytest

from auditor.model import (
    History,
    Reason,
    SectionState,
    SiteState,
    Verdict,
)
from tests.factories import (
    DETECTORS,
    criterion,
    judge,
    judge_all,
    make_agency,
    make_facts,
    make_section,
    make_site,
    rulebook,
)

PERSON = {row.id for row in rulebook().data.criteria if row.by == "person"}
F_SCORED = [row.id for row in rulebook().data.criteria if row.item == "f" and row.points]
#: criteria that do not read pages
OF_HOST_OR_DOMAIN = {
    "f.access.https",
    "g.web_host",
    *(row.id for row in rulebook().data.criteria if row.item == "mail"),
}
#: what one night alone cannot tell
OF_SEVERAL_NIGHTS = {row.id for row in rulebook().data.criteria if row.id.startswith("f.deadline.")}

UNREAD = [
    SiteState.MOVED,
    SiteState.PARKED,
    SiteState.MAINTENANCE,
    SiteState.NEEDS_JAVASCRIPT,
    SiteState.BLOCKED,
    SiteState.UNREACHABLE,
    SiteState.NOT_DECLARED,
]


def test_a_sound_site_passes_everything_that_a_program_can_judge() -> None:
    findings = judge_all(make_facts(agency=make_agency(operates_mail=True)))
    judged = {f.id: f.verdict for f in findings if f.id not in PERSON and f.id not in OF_SEVERAL_NIGHTS}
    assert judged == dict.fromkeys(judged, Verdict.PASS)
    assert all(f.points == f.max for f in findings)


def test_person_criteria_are_never_judged() -> None:
    findings = [f for f in judge_all(make_facts()) if f.id in PERSON]
    assert {f.verdict for f in findings} == {Verdict.NEEDS_PERSON}
    assert not any(f.counts or f.points or f.max for f in findings)
    assert len(findings) == 5


@pytest.mark.parametrize("state", UNREAD)
def test_a_site_that_was_not_read_fails_nothing(state: SiteState) -> None:
    site = make_site(state, state_reason=Reason.CONNECT_TIMEOUT, state_confirmed=False, final_url="https://x.invalid/")
    findings = judge_all(make_facts(site, host=None))
    assert [f.id for f in findings if f.verdict is Verdict.FAIL] == []
    for finding in findings:
        if finding.id in PERSON | OF_HOST_OR_DOMAIN or finding.id.startswith("f.access."):
            continue
        assert finding.verdict is Verdict.UNVERIFIED, finding.id
        assert finding.seen_key.startswith("site."), finding.id


def test_unread_sections_fail_nothing() -> None:
    unread = {n: make_section(n, SectionState.UNVERIFIABLE, reason=Reason.READ_TIMEOUT) for n in DETECTORS}
    findings = judge_all(make_facts(make_site(addresses=(), **unread)))
    assert [f.id for f in findings if f.verdict in (Verdict.FAIL, Verdict.PARTIAL)] == []


GONE = [
    ("none", {"state": SiteState.NONE}, History()),
    (
        "nxdomain",
        {"state": SiteState.UNREACHABLE, "state_reason": Reason.DNS_NXDOMAIN},
        History(nxdomain_confirmed=True),
    ),
    (
        "unreachable",
        {"state": SiteState.UNREACHABLE, "state_reason": Reason.REFUSED},
        History(nights_unreachable=2),
    ),
    ("parked", {"state": SiteState.PARKED}, History(nights_parked=2)),
]


@pytest.mark.parametrize(("why", "site", "history"), GONE, ids=[row[0] for row in GONE])
def test_no_site_at_all_fails_all_of_item_f(why: str, site: dict[str, object], history: History) -> None:
    findings = judge_all(make_facts(make_site(**site), history=history))
    f_lines = [f for f in findings if f.id in F_SCORED]
    assert {f.verdict for f in f_lines} == {Verdict.FAIL}
    assert {f.seen_key for f in f_lines} == {f"gone.{why}"}
    assert all(f.evidence for f in f_lines)
    assert {f.verdict for f in findings if f.item == "g" and f.id not in PERSON | {"g.web_host"}} == {
        Verdict.UNVERIFIED
    }


NOT_YET = [
    ({"state": SiteState.UNREACHABLE, "state_reason": Reason.REFUSED}, History(nights_unreachable=1)),
    (
        {"state": SiteState.UNREACHABLE, "state_reason": Reason.REFUSED, "state_confirmed": False},
        History(nights_unreachable=9),
    ),
    ({"state": SiteState.UNREACHABLE, "state_reason": Reason.RESOLVER_DOWN}, History(nights_unreachable=9)),
    ({"state": SiteState.UNREACHABLE, "state_reason": Reason.DNS_NXDOMAIN}, History()),
    ({"state": SiteState.PARKED}, History(nights_parked=1)),
    ({"state": SiteState.NOT_DECLARED}, History(nights_unreachable=9, nights_parked=9)),
    ({"state": SiteState.BLOCKED}, History(nights_unreachable=9)),
]


@pytest.mark.parametrize(("site", "history"), NOT_YET)
def test_less_than_that_is_not_no_site(site: dict[str, object], history: History) -> None:
    finding = judge("f.content.organisation", make_facts(make_site(**site), history=history))
    assert finding.verdict is Verdict.UNVERIFIED


def test_findings_carry_the_rule() -> None:
    finding = judge("f.content.organisation", make_facts())
    rule = criterion("f.content.organisation")
    assert finding.basis == rule.citations
    assert finding.basis[0] == "Chỉ thị 12/2014/CT-UBND, mục 1 điểm f"
    assert (finding.expected, finding.advice, finding.title) == (rule.passes_when, rule.advice, rule.title)
