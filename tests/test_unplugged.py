"""Unplug things on the way to a site: its name server, the site itself, one of its pages, its certificate.

Whatever breaks, an agency is never failed for it: what could not be seen is unverified, with the reason. Real servers
on loopback, the real audit with the second look of a night.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.audit import audit_agency, second_look
from auditor.audit_context import open_context
from auditor.model import AgencyAudit, SectionState, SiteState, Verdict
from auditor.settings import load_settings
from tests.faulty import (
    AS_OF,
    DEAD_RESOLVER,
    Fault,
    Looks,
    Sites,
    agency,
    answer,
    cut_at_once,
    cut_in_the_body,
    dripping,
    everywhere,
    fails,
    findings,
    look_twice,
    on_path,
    section_findings,
    sites,
    status,
    verdicts,
)
from tests.gather.servers import Request, reply

SHORT = {"connect_timeout_seconds": 0.25, "read_timeout_seconds": 0.15, "total_timeout_seconds": 0.3}
FORMS = "f.quality.forms"
PROCEDURES = "/thu-tuc-hanh-chinh/"


def audited(folder: Path, fault: Fault | None = None, **how: Any) -> Looks:
    """Both looks at the demo's best site under `fault`; `limits`, `between` and settings of [audit] in `how`."""

    async def run() -> Looks:
        between = how.pop("between", lambda here: None)
        certificate = {name: how.pop(name) for name in ("until", "since") if name in how}
        async with sites(folder, fault, **certificate) as here:
            return await look_twice(here.settings(**how), between=lambda: between(here))

    return asyncio.run(run())


def recovers(here: Sites) -> None:
    """Between two looks: the fault ends."""
    here.fault = None


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> AgencyAudit:
    """The same site when nothing is wrong (its mail domain cannot be looked up)."""
    looks = audited(tmp_path_factory.mktemp("sound"))
    assert fails(looks.final) == set()
    return looks.final


def assert_nothing_fails_but(audit: AgencyAudit, *allowed: str) -> None:
    assert {f.id: f.seen for f in audit.findings if f.verdict is Verdict.FAIL and f.id not in allowed} == {}


def assert_sections_unverified(audit: AgencyAudit) -> None:
    states = {facts.state for facts in audit.site.detectors.values()}
    assert states == {SectionState.UNVERIFIABLE}
    wrong = {id: f.verdict for id, f in section_findings(audit).items() if f.verdict is not Verdict.UNVERIFIED}
    assert wrong == {}


#: where no selector is configured, no reports were handed in and no registry is named, nothing is asked
ASKS_NOTHING = ("mail.dkim", "mail.reports", "mail.registration")


# -- the resolver -----------------------------------------------------------------------------------------------------


def test_dead_resolver_leaves_all_unverified_and_asks_nobody_else(tmp_path: Path) -> None:
    settings = load_settings(None).with_audit(resolvers=(DEAD_RESOLVER,), delay_seconds=0.0)
    looks = asyncio.run(look_twice(settings))
    for audit in (looks.first, looks.final):
        assert audit.site.state is SiteState.UNREACHABLE and audit.site.state_reason == "resolver_down"
        assert audit.site.requests == 0
        assert set(verdicts(audit, "f", "g", "mail").values()) <= {"unverified", "needs_person", "not_applicable"}
        rest = [f for f in audit.findings if f.verdict is Verdict.UNVERIFIED and f.id not in ASKS_NOTHING]
        assert {f.reason for f in rest} == {"resolver_down"}
        assert all(f.seen for f in rest)
    assert looks.queries <= 10, "those that were on their way when the first one failed; the same at the second look"


def test_silent_resolver_costs_a_few_questions_for_the_whole_run(tmp_path: Path) -> None:
    async def run() -> tuple[list[AgencyAudit], int]:
        async with open_context(settings, as_of=AS_OF) as context:
            codes = ("sct", "sxd", "sgddt", "stp", "stc", "snv", "tanmau", "phumau")
            audits = [await audit_agency(agency(code), context) for code in codes]
            return audits, context.resolver.queries

    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        settings = load_settings(None).with_audit(
            resolvers=(f"127.0.0.1:{silent.getsockname()[1]}",), delay_seconds=0.0
        )
        limits = settings.limits.model_copy(update={"dns_timeout_seconds": 0.1})
        settings = settings.model_copy(update={"limits": limits})
        audits, queries = asyncio.run(run())
    assert queries <= 12, "eight agencies, but the resolver is given up after two time-outs"
    for audit in audits:
        assert fails(audit) == set()
        assert audit.site.state_reason in ("dns_timeout", "resolver_down")
    assert findings(audits[-1])["mail.mx"].reason in ("dns_timeout", "resolver_down")
    assert audits[-1].site.state_reason == "resolver_down"


def test_dead_resolver_with_known_addresses_judges_the_site_and_not_the_mail(sound: AgencyAudit) -> None:
    assert sound.site.state is SiteState.OK
    one_night = {key: said for key, said in verdicts(sound, "f", "g").items() if not key.startswith("f.deadline.")}
    assert set(one_night.values()) <= {"pass", "needs_person", "not_applicable"}
    asked = [f for f in sound.findings if f.item == "mail" and f.id not in ASKS_NOTHING]
    assert {(f.verdict, f.reason) for f in asked} == {("unverified", "resolver_down")}


# -- nobody answers ---------------------------------------------------------------------------------------------------


def closed_port() -> tuple[socket.socket, str]:
    """A bound port that never listens, and a --connect-to that leads everything there."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.bind(("127.0.0.1", 0))
    return held, f"::127.0.0.1:{held.getsockname()[1]}"


def test_refusing_site_fails_reachable_only_and_only_after_a_second_look(tmp_path: Path) -> None:
    held, rule = closed_port()
    with closing(held):
        looks = audited(tmp_path, connect_to=(rule,))
    first, final = looks.first, looks.final
    assert first.site.state is SiteState.UNREACHABLE and first.site.state_reason == "refused"
    assert_nothing_fails_but(first)
    assert findings(first)["f.access.reachable"].reason == "refused"
    assert first.relook
    assert_nothing_fails_but(final, "f.access.reachable")
    finding = findings(final)["f.access.reachable"]
    assert finding.verdict is Verdict.FAIL
    assert finding.evidence and finding.evidence[0].fetched_at is not None
    assert "sct.tinhmau.example" in finding.evidence[0].url
    assert {look.attempt for look in final.evidence.looks} == {1, 2}
    assert_sections_unverified(final)


def test_site_that_is_back_at_the_second_look_is_read_and_judged(tmp_path: Path, sound: AgencyAudit) -> None:
    looks = audited(tmp_path, everywhere(500), between=recovers)
    assert_nothing_fails_but(looks.first)
    assert looks.final.site.state is SiteState.OK
    assert verdicts(looks.final) == verdicts(sound)
    assert {name: facts.state for name, facts in looks.final.site.detectors.items()} == {
        name: facts.state for name, facts in sound.site.detectors.items()
    }


def test_site_that_never_accepts_is_a_connect_timeout(tmp_path: Path) -> None:
    with ExitStack() as stack:
        full = stack.enter_context(closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # the queue of a server that accepts nobody is full
            waiting = stack.enter_context(closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)))
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        looks = audited(tmp_path, connect_to=(f"::127.0.0.1:{full.getsockname()[1]}",), limits=SHORT)
    assert looks.first.site.state_reason == "connect_timeout"
    assert_nothing_fails_but(looks.first)
    assert_sections_unverified(looks.final)
    assert_nothing_fails_but(looks.final, "f.access.reachable")


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [
        (lambda request, time: dripping(request), {"read_timeout"}),
        (lambda request, time: cut_in_the_body(request), {"read_failed", "protocol_error"}),
        (lambda request, time: cut_at_once(request), {"read_failed", "protocol_error"}),
        (lambda request, time: b"", {"read_failed", "protocol_error"}),
        (lambda request, time: b"SSH-2.0-OpenSSH_9.2\r\n\r\n", {"protocol_error"}),
    ],
    ids=["head drips", "reset in the body", "reset at once", "closed without a word", "no HTTP"],
)
def test_site_that_does_not_finish_an_answer(tmp_path: Path, fault: Fault, reasons: set[str]) -> None:
    looks = audited(tmp_path, fault, limits=SHORT)
    assert looks.first.site.state is SiteState.UNREACHABLE
    assert looks.first.site.state_reason in reasons
    assert_nothing_fails_but(looks.first)
    assert_sections_unverified(looks.first)
    assert_nothing_fails_but(looks.final, "f.access.reachable")
    assert_sections_unverified(looks.final)


# -- answers with an error --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (everywhere(403), SiteState.BLOCKED),
        (everywhere(429), SiteState.BLOCKED),
        (everywhere(429, Retry_After="3600"), SiteState.UNREACHABLE),
        (everywhere(403, "<h1>Just a moment...</h1>", Cf_Mitigated="challenge"), SiteState.BLOCKED),
        (everywhere(500), SiteState.UNREACHABLE),
        (everywhere(502, "<h1>Bad Gateway</h1>"), SiteState.UNREACHABLE),
        (everywhere(503), SiteState.UNREACHABLE),
        (everywhere(503, "", Retry_After="3600"), SiteState.UNREACHABLE),
        (everywhere(503, "<h1>Hệ thống đang bảo trì</h1>"), SiteState.MAINTENANCE),
        (everywhere(200, "<h1>Hệ thống đang bảo trì, vui lòng quay lại sau</h1>"), SiteState.MAINTENANCE),
    ],
    ids=["403", "429", "429 later", "403 wall", "500", "502", "503", "503 later", "503 maintenance", "200 maintenance"],
)
def test_error_on_every_page_says_nothing_of_the_content(tmp_path: Path, fault: Fault, state: SiteState) -> None:
    looks = audited(tmp_path, fault)
    for audit in (looks.first, looks.final):
        assert audit.site.state is state
        assert_sections_unverified(audit)
    assert_nothing_fails_but(looks.first)
    asked_to_wait = looks.final.site.state_reason == "retry_later"
    allowed = ("f.access.reachable",) if state is SiteState.UNREACHABLE and not asked_to_wait else ()
    assert_nothing_fails_but(looks.final, *allowed)
    assert looks.final.scores.grade is None, "who blocks the auditor is not ranked"


@pytest.mark.parametrize("code", [403, 429, 500])
def test_host_that_says_no_is_left_alone(tmp_path: Path, code: int) -> None:
    async def run() -> int:
        async with sites(tmp_path, everywhere(code)) as here:
            async with open_context(here.settings(), as_of=AS_OF) as context:
                await audit_agency(agency(), context)
            return here.requests

    assert asyncio.run(run()) <= 10  # robots.txt and start page of both schemes, some of them twice


@pytest.mark.parametrize(
    "what",
    [
        lambda request: status(500, "<h1>Internal Server Error</h1>"),
        lambda request: status(403),
        lambda request: status(429),
        cut_in_the_body,
        cut_at_once,
        dripping,
    ],
    ids=["500", "403", "429", "reset in the body", "reset", "drips"],
)
def test_one_inner_page_in_trouble_touches_only_what_it_shows(
    tmp_path: Path, sound: AgencyAudit, what: Callable[..., Any]
) -> None:
    looks = audited(tmp_path, on_path(PROCEDURES, what), limits=SHORT)
    for audit in (looks.first, looks.final):
        assert_nothing_fails_but(audit)
        assert findings(audit)["f.content.procedures"].verdict is Verdict.UNVERIFIED
        changed = {id for id, verdict in verdicts(audit).items() if verdict != verdicts(sound)[id]}
        assert changed == {"f.content.procedures", FORMS}  # the forms are on this page
        assert findings(audit)[FORMS].verdict is Verdict.UNVERIFIED


def test_inner_page_that_is_back_at_the_second_look_is_judged(tmp_path: Path, sound: AgencyAudit) -> None:
    fault = on_path(PROCEDURES, lambda request: status(500))
    looks = audited(tmp_path, fault, between=recovers)
    assert findings(looks.first)["f.content.procedures"].verdict is Verdict.UNVERIFIED
    assert verdicts(looks.final) == verdicts(sound)


def test_page_not_found_counts_after_two_looks_that_agree(tmp_path: Path, sound: AgencyAudit) -> None:
    gone = on_path(PROCEDURES, lambda request: status(404))
    looks = audited(tmp_path, gone)
    assert findings(looks.first)["f.content.procedures"].verdict is Verdict.UNVERIFIED
    finding = findings(looks.final)["f.content.procedures"]
    assert finding.verdict is Verdict.FAIL
    assert any(PROCEDURES in ref.url for ref in finding.evidence)
    back = audited(tmp_path, gone, between=recovers)
    assert verdicts(back.final) == verdicts(sound)


@pytest.mark.parametrize("second", [500, 403])
def test_two_looks_that_disagree_are_no_verdict(tmp_path: Path, second: int) -> None:
    def other_trouble(here: Sites) -> None:
        here.fault = on_path(PROCEDURES, lambda request: status(second))

    gone = on_path(PROCEDURES, lambda request: status(404))
    looks = audited(tmp_path, gone, between=other_trouble)
    assert_nothing_fails_but(looks.final)
    assert findings(looks.final)["f.content.procedures"].verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize("first", [500, 503])
def test_not_found_at_the_second_look_only_is_one_observation(tmp_path: Path, first: int) -> None:
    def gone(here: Sites) -> None:
        here.fault = on_path(PROCEDURES, lambda request: status(404))

    looks = audited(tmp_path, on_path(PROCEDURES, lambda request: status(first)), between=gone)
    assert_nothing_fails_but(looks.final)
    assert findings(looks.final)["f.content.procedures"].verdict is Verdict.UNVERIFIED


def test_refusal_after_a_look_that_we_could_not_make_is_one_observation(tmp_path: Path) -> None:
    """The first look failed on our own side: the second one is the first that says anything of the site."""

    async def run() -> AgencyAudit:
        held, rule = closed_port()
        with closing(held):
            ours = load_settings(None).with_audit(resolvers=(DEAD_RESOLVER,), delay_seconds=0.0, allow_private=True)
            async with open_context(ours, as_of=AS_OF) as context:
                first = await audit_agency(agency(), context)
            theirs = ours.with_audit(connect_to=(rule,))
            async with open_context(theirs, as_of=AS_OF) as context:
                return await second_look(first, context)

    audit = asyncio.run(run())
    assert {(look.attempt, str(look.reason)) for look in audit.evidence.looks} >= {(1, "resolver_down"), (2, "refused")}
    assert_nothing_fails_but(audit)


def test_second_section_does_not_stand_in_for_the_one_that_could_not_be_read(tmp_path: Path) -> None:
    """The news list is in trouble; another list that counts as news too is older."""
    looks = audited(tmp_path, on_path("/tin-tuc/", lambda request: status(500)))
    assert findings(looks.final)["f.freshness.news"].verdict in (Verdict.PASS, Verdict.UNVERIFIED)
    assert_nothing_fails_but(looks.final)


# -- robots.txt -------------------------------------------------------------------------------------------------------


def robots(text: str) -> Fault:
    return on_path("/robots.txt", lambda request: status(200, text))


def test_closed_by_robots_is_unverified_and_not_entered(tmp_path: Path) -> None:
    async def run() -> tuple[Looks, set[str]]:
        async with sites(tmp_path, robots("User-agent: *\nDisallow: /\n")) as here:
            looks = await look_twice(here.settings())
            return looks, {path for server in here.servers for path in server.paths}

    looks, paths = asyncio.run(run())
    assert paths == {"/robots.txt"}
    for audit in (looks.first, looks.final):
        assert audit.site.state is SiteState.BLOCKED and audit.site.state_reason == "robots_disallowed"
        assert_sections_unverified(audit)
        assert_nothing_fails_but(audit)


def test_part_closed_by_robots_is_unverified(tmp_path: Path, sound: AgencyAudit) -> None:
    looks = audited(tmp_path, robots(f"User-agent: *\nDisallow: {PROCEDURES}\n"))
    assert findings(looks.final)["f.content.procedures"].verdict is Verdict.UNVERIFIED
    assert_nothing_fails_but(looks.final)
    changed = {id for id, verdict in verdicts(looks.final).items() if verdict != verdicts(sound)[id]}
    assert changed == {"f.content.procedures"}


def test_robots_file_in_trouble_is_no_fault_of_the_content(tmp_path: Path) -> None:
    """RFC 9309 section 2.3.1.4: 5xx means that nothing may be asked."""
    looks = audited(tmp_path, on_path("/robots.txt", lambda request: status(500)))
    for audit in (looks.first, looks.final):
        assert_nothing_fails_but(audit)
        assert findings(audit)["f.content.procedures"].verdict is Verdict.UNVERIFIED


# -- certificates -----------------------------------------------------------------------------------------------------


def test_expired_certificate_is_its_own_fault_and_the_content_is_read(tmp_path: Path, sound: AgencyAudit) -> None:
    ended = datetime.now(UTC) - timedelta(days=20)
    looks = audited(tmp_path, until=ended, since=ended - timedelta(days=365))
    finding = findings(looks.final)["f.access.https"]
    assert finding.verdict is Verdict.FAIL
    assert f"{ended:%d/%m/%Y}" in finding.seen
    assert_nothing_fails_but(looks.final, "f.access.https")
    expected = {**verdicts(sound), "f.access.https": "fail"}
    assert verdicts(looks.final) == expected


def test_certificate_that_holds_by_the_servers_clock_may_be_our_clocks_fault(tmp_path: Path) -> None:
    ended = datetime.now(UTC) - timedelta(days=20)
    earlier = format_datetime(ended - timedelta(days=1), usegmt=True)

    def dated(request: Request, time: int) -> bytes:
        if request.server_name is None:  # the host answers over plain HTTP too, and says what time it is there
            return reply("<p>Sở Công Thương</p>", Date=earlier, Content_Type="text/html")
        return answer(request)

    looks = audited(tmp_path, dated, until=ended, since=ended - timedelta(days=365))
    assert findings(looks.final)["f.access.https"].verdict is Verdict.UNVERIFIED
    assert_nothing_fails_but(looks.final)
