"""What is read of an RDAP answer (RFC 9083): expiry, states, and that nothing odd is ever held against a domain."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.model import (
    Completed,
    Failed,
    Look,
    LookKind,
    NotRun,
    Outcome,
    Reason,
    RegistrationFacts,
    RegistrationLook,
)
from auditor.read.records.rdap import is_trustworthy, parse_services, question, read_registration, reduced, service_for
from auditor.store.codec import from_json, to_json

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
DOMAIN = "tinhmau.example"
URL = f"https://rdap.example/domain/{DOMAIN}"


def answered(body: bytes | str, **changes: Any) -> RegistrationFacts:
    data = body.encode() if isinstance(body, str) else body
    look = Look(URL, LookKind.FILE, NOW, **{"final_url": URL, "status": 200, "body": data, **changes})
    return read_registration(RegistrationLook(DOMAIN, URL, Completed(look)), NOW)


def answer(expires: object = "2027-06-30T16:59:59Z", **changes: object) -> str:
    """An answer in the shape of RFC 9083 section 5.3."""
    return json.dumps({
        "rdapConformance": ["rdap_level_0"], "objectClassName": "domain", "ldhName": "TINHMAU.example",
        "status": ["active"],
        "events": [
            {"eventAction": "registration", "eventDate": "2010-01-01T00:00:00Z"},
            {"eventAction": "expiration", "eventDate": expires, "eventActor": "Nguyễn Văn A"},
        ],
        "entities": [{"objectClassName": "entity", "vcardArray": ["vcard", [["fn", {}, "text", "Nguyễn Văn A"]]]}],
        **changes,
    })  # fmt: skip


def test_the_question_is_that_of_rfc_9082() -> None:
    assert question("https://rdap.example/", DOMAIN) == URL
    assert (
        question("https://rdap.example/v1", "BÜCHER.example") == "https://rdap.example/v1/domain/xn--bcher-kva.example"
    )


@pytest.mark.parametrize("detail", ["", "no RDAP service is known for this suffix", "khác"])
def test_that_nobody_can_be_asked_is_known_by_its_reason_and_not_by_words(detail: str) -> None:
    def state(reason: Reason) -> str:
        stored = to_json(RegistrationLook(DOMAIN, URL, NotRun(reason, detail)))
        return read_registration(from_json(RegistrationLook, stored), NOW).state

    assert (state(Reason.NO_SERVICE), state(Reason.OUT_OF_SCOPE)) == ("no_service", "unverifiable")


def test_a_domain_in_force() -> None:
    facts = answered(answer())
    assert (facts.state, facts.expires_at) == ("valid", datetime(2027, 6, 30, 16, 59, 59, tzinfo=UTC))
    assert (facts.domain, facts.url, facts.statuses, facts.stopping) == (DOMAIN, URL, ("active",), ())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-01-31T00:00:00+07:00", datetime(2027, 1, 31, tzinfo=timezone(timedelta(hours=7)))),
        ("2027-01-31t00:00:00.1234567z", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31 00:00:00", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31", datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_forms_of_a_date(written: str, meant: datetime) -> None:
    assert answered(answer(written)).expires_at == meant


@pytest.mark.parametrize(
    "written",
    ["", "31/01/2027", "2027-02-30T00:00:00Z", "2027-01-31T25:00:00Z", "2027-W04-1", "٢٠٢٧-01-31", "0001-01-01T00:00:00+14:00", 1, None, {}],
)  # fmt: skip
def test_what_is_no_date_is_none(written: object) -> None:
    assert answered(answer(written)).state == "undated"


@pytest.mark.parametrize(
    ("ago", "state"), [(timedelta(hours=23), "valid"), (timedelta(hours=25), "expired"), (timedelta(-1), "valid")]
)
def test_expired_is_said_when_it_is_so_in_every_time_zone(ago: timedelta, state: str) -> None:
    assert answered(answer((NOW - ago).isoformat())).state == state


def test_of_several_expiry_dates_the_latest_counts_and_the_registrars_own_is_another_matter() -> None:
    events = [
        {"eventAction": "expiration", "eventDate": "2020-01-01T00:00:00Z"},
        {"eventAction": "Expiration", "eventDate": "2028-01-01T00:00:00Z"},
        {"eventAction": "registrar expiration", "eventDate": "2030-01-01T00:00:00Z"},
    ]
    facts = answered(answer(events=events))
    assert (facts.state, facts.expires_at) == ("valid", datetime(2028, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("status", "stopping"),
    [
        ("client hold", "client_hold"), ("server hold", "server_hold"), ("pending delete", "pending_delete"),
        ("redemption period", "redemption_period"), ("clientHold", "client_hold"), ("SERVER  HOLD", "server_hold"),
    ],
)  # fmt: skip
def test_states_that_end_a_names_use_rfc_8056(status: str, stopping: str) -> None:
    facts = answered(answer(status=["active", status]))
    assert (facts.state, facts.stopping) == ("held", (stopping,))
    assert facts.statuses[0] == "active"
    assert answered(answer(events=[], status=[status])).state == "held"  # also where no expiry is told


@pytest.mark.parametrize(
    "status", ["client transfer prohibited", "auto renew period", "pending restore", "inactive", "hold", "server hold soon"]
)  # fmt: skip
def test_other_states_are_shown_only(status: str) -> None:
    facts = answered(answer(status=[status]))
    assert (facts.state, facts.statuses) == ("valid", (status,))


def test_expired_and_held_is_expired() -> None:
    facts = answered(answer("2020-01-01T00:00:00Z", status=["client hold"]))
    assert (facts.state, facts.stopping) == ("expired", ("client_hold",))


@pytest.mark.parametrize(
    "changes",
    [{"ldhName": "gov.example"}, {"ldhName": ["x"]}, {"objectClassName": "entity"}, {"objectClassName": None}],
    ids=["other_name", "no_text", "entity", "null"],
)
def test_an_answer_about_something_else_says_nothing(changes: dict[str, object]) -> None:
    facts = answered(answer("2020-01-01T00:00:00Z", **changes))
    assert (facts.state, facts.reason) == ("unverifiable", Reason.PROTOCOL_ERROR)


def test_an_internationalized_name_is_the_same_in_both_forms() -> None:
    look = Look(URL, LookKind.FILE, NOW, URL, 200, body=answer(ldhName="xn--bcher-kva.example").encode())
    assert read_registration(RegistrationLook("bücher.example", URL, Completed(look)), NOW).state == "valid"


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (NotRun(Reason.BLOCKED_ADDRESS), "unverifiable", Reason.BLOCKED_ADDRESS),
        (Failed(Reason.DNS_TIMEOUT), "unverifiable", Reason.DNS_TIMEOUT),
        (Completed(Look(URL, LookKind.FILE, NOW, URL, 404, Reason.HTTP_404)), "not_found", Reason.HTTP_404),
        (Completed(Look(URL, LookKind.FILE, NOW, URL, 500, Reason.HTTP_5XX)), "unverifiable", Reason.HTTP_5XX),
        (Completed(Look(URL, LookKind.FILE, NOW, URL, 200, body=b"{}", truncated=True)), "unverifiable", Reason.TOO_LARGE),
        (Completed(Look(URL, LookKind.FILE, NOW, URL, 200, body=b"<p>")), "unverifiable", Reason.PROTOCOL_ERROR),
    ],
    ids=["not_run", "failed", "404", "500", "cut", "html"],
)  # fmt: skip
def test_could_not_look(outcome: Outcome[Look], state: str, reason: Reason) -> None:
    facts = read_registration(RegistrationLook(DOMAIN, URL, outcome), NOW)
    assert (facts.state, facts.reason, facts.expires_at) == (state, reason, None)


def test_an_answer_that_could_be_forged_on_its_way_is_none() -> None:
    facts = answered(answer("2020-01-01T00:00:00Z"), final_url="http://elsewhere.example/domain/tinhmau.example")
    assert (facts.state, facts.reason) == ("unverifiable", Reason.PROTOCOL_ERROR)
    assert answered(answer(), final_url="http://127.0.0.1:8080/domain/tinhmau.example").state == "valid"


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://a.vn/", True), ("http://a.vn/", False), ("http://localhost/", True), ("http://[::1]:8/", True),
        ("http://127.9.9.9/", True), ("http://10.0.0.1/", False), ("ftp://127.0.0.1/", False), ("https:///x", False),
        ("http://[", False), ("", False),
    ],
)  # fmt: skip
def test_trustworthy(url: str, trusted: bool) -> None:
    assert is_trustworthy(url) is trusted


def test_a_mail_domain_without_a_registration_above_it() -> None:
    assert read_registration(RegistrationLook("", "", NotRun(Reason.OUT_OF_SCOPE)), NOW) == RegistrationFacts("no_name")


def test_no_person_is_kept() -> None:
    kept = reduced(answer().encode())
    assert "Nguy" not in json.dumps(json.loads(kept), ensure_ascii=False)
    assert answered(kept) == answered(answer())


def test_bounded() -> None:
    many = reduced(
        answer(status=["s" * 500] * 500, events=[{"eventAction": "e" * 500, "eventDate": "d" * 500}] * 5000).encode()
    )
    assert len(many) < 40_000
    assert len(answered(answer(status=[f"s{n}" for n in range(500)])).statuses) == 20


SERVICES = {
    "version": "1.0",
    "services": [
        [["net", "COM"], ["https://rdap.net/v1/", "http://rdap.net/v1/"]],
        [["example", "test"], ["http://plain.example/", "https://safe.example/"]],
        [["inner.example"], ["https://inner.example/"]],
        [["lost"], ["http://plain.example/"]],
    ],
}


@pytest.mark.parametrize(
    ("domain", "base"),
    [
        ("tinh.net", "https://rdap.net/v1/"), ("tinh.com", "https://rdap.net/v1/"), ("tinh.example", "https://safe.example/"),
        ("tinh.inner.example", "https://inner.example/"), ("notinner.example", "https://safe.example/"),
        ("tinh.lost", ""), ("binhphuoc.gov.vn", ""),
    ],
)  # fmt: skip
def test_the_service_for_a_suffix_rfc_9224_section_4(domain: str, base: str) -> None:
    services = parse_services(json.dumps(SERVICES).encode())
    assert services is not None and service_for(domain, services) == base


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"services": {}}', b"<p>"])
def test_what_is_no_list_of_services(body: bytes) -> None:
    assert parse_services(body) is None


@given(st.lists(st.none() | st.integers() | st.text(max_size=9) | st.lists(st.lists(st.text(max_size=9) | st.none()))))
def test_odd_entries_are_left_out(entries: list[object]) -> None:
    services = parse_services(json.dumps({"services": [*entries, *SERVICES["services"]]}).encode())
    assert services is not None and service_for("tinh.inner.example", services) == "https://inner.example/"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["status", "events", "eventAction", "eventDate", "ldhName", "objectClassName", "x"]), inner, max_size=5
    ),
    max_leaves=30,
)  # fmt: skip
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"eventAction": st.just("expiration"), "eventDate": st.text("0123456789-:TZ+. ", max_size=30) | JSON}
    ),
    max_size=3,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"events":' + b"9" * 5000 + b"}")
@example(b'{"ldhName":"\\ud800","status":["\\ud800 client hold\\u0000"]}')
def test_nothing_crashes_and_nothing_odd_accuses(body: bytes) -> None:
    for data in (body, reduced(body)):
        facts = answered(data)
        assert facts.state in ("valid", "held", "undated", "expired", "unverifiable")
        assert facts.state != "expired" or facts.expires_at is not None
        assert all(text.isprintable() and len(text) <= 100 for text in facts.statuses)


@given(EVENTS, st.lists(st.text(max_size=30) | st.integers(), max_size=4))
def test_reducing_changes_nothing_that_is_judged(events: list[object], statuses: list[object]) -> None:
    body = json.dumps({"events": events, "status": statuses}).encode()
    assert answered(reduced(body)) == answered(body)
