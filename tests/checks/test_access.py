from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from auditor.model import OUR_SIDE, Completed, Failed, HostLook, MailDomainUse, NotRun, Reason, SiteState, Verdict
from tests.factories import (
    AS_OF,
    HOST,
    NOW,
    SITE,
    judge,
    make_agency,
    make_certificate,
    make_facts,
    make_host,
    make_look,
    make_site,
)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (SiteState.OK, Verdict.PASS),
        (SiteState.SPLASH, Verdict.PASS),
        (SiteState.MAINTENANCE, Verdict.PASS),
        (SiteState.NEEDS_JAVASCRIPT, Verdict.PASS),
        (SiteState.BLOCKED, Verdict.UNVERIFIED),
        (SiteState.PARKED, Verdict.UNVERIFIED),
        (SiteState.UNREACHABLE, Verdict.UNVERIFIED),
        (SiteState.NOT_DECLARED, Verdict.UNVERIFIED),
        (SiteState.NONE, Verdict.FAIL),
    ],
)
def test_existence(state: SiteState, verdict: Verdict) -> None:
    assert judge("f.access.existence", make_facts(make_site(state))).verdict is verdict


MOVES = [
    ("https://snv.dongnai.gov.vn/", Verdict.PARTIAL, Verdict.PASS),
    ("https://www.example.gov.vn/vi/snv/", Verdict.PARTIAL, Verdict.PASS),
    ("https://other.com/", Verdict.UNVERIFIED, Verdict.UNVERIFIED),
    ("https://notexample.gov.vn/", Verdict.UNVERIFIED, Verdict.UNVERIFIED),
]


@pytest.mark.parametrize(("target", "existence", "reachable"), MOVES)
def test_moved_within_and_out_of_the_agencys_names(target: str, existence: Verdict, reachable: Verdict) -> None:
    agency = make_agency(accepted_mail_domains=(MailDomainUse("dongnai.gov.vn", successor=True),))
    facts = make_facts(make_site(SiteState.MOVED, final_url=target, state_detail=target), agency=agency)
    assert judge("f.access.existence", facts).verdict is existence
    assert judge("f.access.reachable", facts).verdict is reachable


def test_a_successors_name_counts_only_within_its_dates() -> None:
    later = MailDomainUse("dongnai.gov.vn", from_=AS_OF + timedelta(days=1), successor=True)
    agency = make_agency(accepted_mail_domains=(later,))
    facts = make_facts(make_site(SiteState.MOVED, final_url="https://snv.dongnai.gov.vn/"), agency=agency)
    assert judge("f.access.existence", facts).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (SiteState.OK, Verdict.PASS),
        (SiteState.SPLASH, Verdict.PASS),
        (SiteState.NEEDS_JAVASCRIPT, Verdict.PASS),
        (SiteState.MAINTENANCE, Verdict.UNVERIFIED),
        (SiteState.BLOCKED, Verdict.UNVERIFIED),
        (SiteState.PARKED, Verdict.UNVERIFIED),
        (SiteState.NOT_DECLARED, Verdict.UNVERIFIED),
        (SiteState.NONE, Verdict.FAIL),
    ],
)
def test_reachable(state: SiteState, verdict: Verdict) -> None:
    assert judge("f.access.reachable", make_facts(make_site(state))).verdict is verdict


def test_unreachable_counts_after_the_second_look() -> None:
    site = make_site(SiteState.UNREACHABLE, state_reason=Reason.CONNECT_TIMEOUT)
    assert judge("f.access.reachable", make_facts(site)).verdict is Verdict.FAIL
    first = judge("f.access.reachable", make_facts(replace(site, state_confirmed=False)))
    assert first.verdict is Verdict.UNVERIFIED
    assert first.seen_key == "site.unreachable_unconfirmed"


@pytest.mark.parametrize("reason", sorted(OUR_SIDE))
def test_trouble_on_our_side_is_never_a_fail(reason: Reason) -> None:
    site = make_site(SiteState.UNREACHABLE, state_reason=reason)
    finding = judge("f.access.reachable", make_facts(site))
    assert finding.verdict is Verdict.UNVERIFIED
    assert finding.reason == reason
    host = make_host(https=NotRun(reason), certificate=NotRun(reason), http=NotRun(reason), attempt=2)
    assert judge("f.access.https", make_facts(host=host)).verdict is Verdict.UNVERIFIED


def tls_fault(problem: str, **certificate: object) -> HostLook:
    look = make_look(reason=Reason.TLS_INVALID)
    return make_host(https=Completed(look), certificate=Completed(make_certificate(problem, **certificate)))


EXPIRED = {"not_before": NOW - timedelta(days=90), "not_after": NOW - timedelta(days=2)}
FUTURE = {"not_before": NOW + timedelta(days=2), "not_after": NOW + timedelta(days=90)}


@pytest.mark.parametrize(
    ("host", "verdict", "key"),
    [
        (make_host(), Verdict.PASS, "https.pass"),
        (make_host(certificate=NotRun(Reason.OVERRIDDEN)), Verdict.PASS, "https.pass_no_certificate"),
        (make_host(https=Failed(Reason.HTTP_403)), Verdict.PASS, "https.pass"),
        (make_host(https=Completed(make_look(reason=Reason.HTTP_5XX))), Verdict.PASS, "https.pass"),
        (
            make_host(https=Completed(make_look(final_url=f"http://{HOST}/"))),
            Verdict.PARTIAL,
            "https.downgraded",
        ),
        (tls_fault("expired", **EXPIRED), Verdict.FAIL, "https.expired"),
        (tls_fault("not_yet_valid", **FUTURE), Verdict.FAIL, "https.not_yet_valid"),
        (tls_fault("name_mismatch", names=("other.vn",)), Verdict.FAIL, "https.name_mismatch"),
        (tls_fault("untrusted"), Verdict.PARTIAL, "https.untrusted"),
        (tls_fault("other"), Verdict.UNVERIFIED, "https.other_problem"),
    ],
)
def test_https(host: HostLook, verdict: Verdict, key: str) -> None:
    finding = judge("f.access.https", make_facts(host=host))
    assert (finding.verdict, finding.seen_key) == (verdict, key)
    assert finding.evidence[0].url == f"https://{HOST}/"


@pytest.mark.parametrize("reason", [Reason.REFUSED, Reason.CONNECT_TIMEOUT, Reason.TLS_FAILED])
def test_no_https_counts_after_a_second_look_while_http_answers(reason: Reason) -> None:
    host = make_host(https=Failed(reason), certificate=Failed(reason))
    assert judge("f.access.https", make_facts(host=host)).verdict is Verdict.UNVERIFIED
    assert judge("f.access.https", make_facts(host=replace(host, attempt=2))).verdict is Verdict.FAIL
    deaf = replace(host, attempt=2, http=Failed(Reason.CONNECT_TIMEOUT))
    assert judge("f.access.https", make_facts(host=deaf)).verdict is Verdict.UNVERIFIED


def test_clocks_that_disagree_do_not_expire_a_certificate() -> None:
    def with_server_clock(text: str) -> HostLook:
        http = Completed(make_look(f"http://{HOST}/", headers=(("Date", text),)))
        return replace(tls_fault("expired", **EXPIRED), http=http)

    agrees = with_server_clock("Wed, 12 Mar 2025 20:00:05 GMT")
    assert judge("f.access.https", make_facts(host=agrees)).verdict is Verdict.FAIL
    disagrees = with_server_clock("Sat, 01 Mar 2025 20:00:00 GMT")
    assert judge("f.access.https", make_facts(host=disagrees)).seen_key == "https.clock"
    nonsense = with_server_clock("hôm nay")
    assert judge("f.access.https", make_facts(host=nonsense)).verdict is Verdict.FAIL


def test_without_a_host_look_https_is_unverified() -> None:
    assert judge("f.access.https", make_facts(host=None)).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ((100, 1500, 9000), Verdict.PASS),
        ((1600, 1601, 1602), Verdict.PARTIAL),
        ((8000, 8000, 8000), Verdict.PARTIAL),
        ((8001, 8001, 8001), Verdict.FAIL),
        ((9000, 9000), Verdict.UNVERIFIED),
        ((), Verdict.UNVERIFIED),
    ],
)
def test_response_time(times: tuple[int, ...], verdict: Verdict) -> None:
    finding = judge("f.access.response_time", make_facts(make_site(response_ms=times)))
    assert finding.verdict is verdict
    assert "do đơn vị vận hành đặt" in finding.expected
    assert finding.evidence[0].url == SITE
