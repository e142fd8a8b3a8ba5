"""What the doctor says of machines and configurations, good and bad."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from auditor.commands.setup import to_do, what
from auditor.demo.dns import DnsServer
from auditor.demo.province import Province
from auditor.doctor import (
    Level,
    Line,
    Subject,
    browser,
    clock,
    delivery,
    examine,
    holidays,
    look_up,
    name_port,
    places,
    reach_port,
)
from auditor.doctor import agencies as registry_lines
from auditor.gather.browser import find_chromium
from auditor.gather.mail import NameServerDoor
from auditor.model import Calendar
from auditor.registry import load_agencies
from auditor.settings import load_settings

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
CALENDAR = Calendar(years=frozenset({2026, 2027}))


def subject(folder: Path, text: str = "", environment: Mapping[str, str] | None = None) -> Subject:
    (folder / "auditor.toml").write_text(text, encoding="utf-8")
    return Subject(load_settings(folder), load_agencies(folder), CALENDAR, NOW, environment or {})


def found(lines: list[Line]) -> dict[str, Level]:
    return {line.key: line.level for line in lines}


def test_a_dead_resolver_fails_and_dnssec_cannot_be_checked(tmp_path: Path) -> None:
    lines = found(asyncio.run(look_up(subject(tmp_path, '[audit]\nresolvers = ["127.0.0.1:9"]\n'))))
    assert lines["resolver_dead"] is Level.FAIL
    assert lines["dnssec_unknown"] is Level.NOT_RUN


def test_a_resolver_that_answers_is_no_failure(tmp_path: Path) -> None:
    with Province(date(2026, 3, 2), tmp_path / "p") as province:
        text = f'[audit]\nresolvers = ["{province.resolver}"]\nsecond_resolvers = ["{province.resolver}"]\n'
        lines = asyncio.run(look_up(subject(tmp_path, text)))
    assert Level.FAIL not in {line.level for line in lines}
    assert {line.check for line in lines} == {"resolver", "dnssec", "second_resolver"}


def test_port_25_is_tried_only_when_asked_for(tmp_path: Path) -> None:
    lines = asyncio.run(examine(subject(tmp_path, '[audit]\nresolvers = ["127.0.0.1:9"]\n')))
    assert found(list(lines))["port25_not_asked"] is Level.NOT_RUN
    asked = asyncio.run(examine(subject(tmp_path, '[audit]\nresolvers = ["127.0.0.1:9"]\n'), port25=True))
    assert found(list(asked))["port25_no_mx"] is Level.NOT_RUN


ZONE = "tinh.example"


def asked_past_the_resolver(folder: Path, fault: str, *, private: bool = True, gone: bool = False) -> Line:
    """port 53 of two name servers on loopback, both of them with `fault`."""
    zone: dict[str, dict[str, list[str]]] = {ZONE: {"NS": [f"ns{n}.{ZONE}." for n in (1, 2)]}}
    zone |= {f"ns{n}.{ZONE}": {"A": [f"127.0.{n}.1"]} for n in (1, 2)}
    faults = {("*", "*"): fault} if fault else {}
    with (
        DnsServer(zone) as resolver,
        DnsServer(zone, [ZONE], faults=faults, host="127.0.1.1") as first,
        DnsServer(zone, [ZONE], faults=faults, host="127.0.2.1", port=first.address[1]) as second,
    ):
        if gone:
            first.stop()
            second.stop()
        door = NameServerDoor(private, first.address[1], timeout=0.2)
        text = '[audit]\nresolvers = ["{}:{}"]\n[mail_domain]\ndomains = ["{}"]\n'.format(*resolver.address, ZONE)
        return asyncio.run(name_port(subject(folder, text), door))


@pytest.mark.parametrize(
    ("fault", "key", "level"),
    [
        ("", "port53_ok", Level.OK),
        ("refused", "port53_ok", Level.OK),  # a lame server, but the question went out and came back
        ("drop", "port53_blocked", Level.WARN),
        ("recursive", "port53_intercepted", Level.WARN),
    ],
)
def test_port_53_outward(tmp_path: Path, fault: str, key: str, level: Level) -> None:
    found_ = asked_past_the_resolver(tmp_path, fault)
    assert (found_.key, found_.level) == (key, level)
    assert f"ns1.{ZONE}, ns2.{ZONE}" in what(found_)
    assert bool(to_do(found_)) is (level is Level.WARN)


def test_port_53_that_is_closed_or_not_to_be_tried(tmp_path: Path) -> None:
    assert asked_past_the_resolver(tmp_path, "", gone=True).key == "port53_blocked"
    private = asked_past_the_resolver(tmp_path, "", private=False)
    assert (private.key, private.level) == ("port53_private", Level.NOT_RUN)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[mail_domain]\nnameserver_look = "off"\n', "port53_off"),
        ("[mail_domain]\ndomains = []\n", "port53_no_domain"),
        ('[audit]\nresolvers = ["127.0.0.1:9"]\n', "port53_overridden"),
    ],
)
def test_port_53_is_tried_only_where_an_audit_would(tmp_path: Path, text: str, key: str) -> None:
    said = asyncio.run(name_port(subject(tmp_path, text)))
    assert (said.key, said.level) == (key, Level.NOT_RUN)
    assert what(said)


def test_port_53_without_name_servers_to_ask(tmp_path: Path) -> None:
    with DnsServer({"other.example": {"A": ["203.0.113.1"]}}) as resolver:
        text = '[audit]\nresolvers = ["{}:{}"]\n'.format(*resolver.address)
        said = asyncio.run(name_port(subject(tmp_path, text), NameServerDoor(True)))
    assert (said.key, said.level) == ("port53_no_servers", Level.NOT_RUN)


def test_an_open_and_a_closed_port() -> None:
    async def both() -> tuple[Line, Line]:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mx ready\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        open_ = await reach_port("mx", "127.0.0.1", port, 5)
        server.close()
        await server.wait_closed()
        return open_, await reach_port("mx", "127.0.0.1", port, 5)

    open_, closed = asyncio.run(both())
    assert (open_.level, open_.fields["greeting"]) == (Level.OK, "220 mx ready")
    assert closed.level is Level.WARN


def test_the_clock(tmp_path: Path) -> None:
    good = subject(tmp_path)
    assert clock(good).level is Level.OK
    assert clock(replace(good, now=datetime(1970, 1, 2, tzinfo=UTC))).level is Level.FAIL
    good.settings.database.write_bytes(b"")  # written now, long after NOW if NOW is in the past
    behind = replace(good, now=datetime(2025, 6, 1, tzinfo=UTC))
    assert clock(behind).key == "clock_behind"


def test_delivery_that_is_not_configured_names_file_line_and_key(tmp_path: Path) -> None:
    lines = delivery(subject(tmp_path, '[delivery]\nrecipients = []\nsender = "a@b.vn"\n'))
    missing = {str(line.fields["field"]): line.fields for line in lines if line.key == "delivery_missing"}
    assert set(missing) == {"delivery.recipients", "delivery.smtp_host"}
    assert missing["delivery.recipients"]["line"] == 2


def test_a_password_that_is_missing(tmp_path: Path) -> None:
    text = (
        '[audit]\nuser_agent_contact = "mailto:a@b.vn"\n[delivery]\nrecipients = ["a@b.vn"]\nsender = "a@b.vn"\n'
        'smtp_host = "mail.b.vn"\nsmtp_username = "a"\nsmtp_password_env = "SECRET"\n'
    )
    assert found(delivery(subject(tmp_path, text)))["delivery_password"] is Level.FAIL
    assert found(delivery(subject(tmp_path, text, {"SECRET": "x"}))) == {"delivery_ok": Level.OK}


def test_agencies_without_address_are_counted(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(
        "agencies:\n  - {code: a, name: A, url: 'http://a.vn/', operates_mail: true}\n  - {code: b, name: B}\n",
        encoding="utf-8",
    )
    lines = registry_lines(subject(tmp_path))
    assert found(lines) == {"agencies_unknown": Level.WARN}
    assert lines[0].fields["codes"] == "b"


@pytest.mark.parametrize(
    ("month", "years", "expected"),
    [
        (3, {2026, 2027}, {"holidays_ok": Level.OK}),
        (3, {2026}, {"holidays_ok": Level.OK, "holidays_next": Level.OK}),
        (11, {2026}, {"holidays_ok": Level.OK, "holidays_next": Level.WARN}),
        (3, set(), {"holidays_missing": Level.WARN, "holidays_next": Level.OK}),
    ],
)
def test_holidays(tmp_path: Path, month: int, years: set[int], expected: dict[str, Level]) -> None:
    calendar = Calendar(years=frozenset(years))
    moment = datetime(2026, month, 2, tzinfo=UTC)
    assert found(holidays(replace(subject(tmp_path), calendar=calendar, now=moment))) == expected


def test_a_broken_ca_file_fails(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    lines = places(subject(tmp_path, '[audit]\nca_file = "ca.pem"\n'))
    assert found(lines)["ca_file_wrong"] is Level.FAIL


def test_the_folder_of_reports(tmp_path: Path) -> None:
    def said(text: str) -> dict[str, Level]:
        return {line.key: line.level for line in places(subject(tmp_path, text)) if line.check == "reports"}

    configured = '[mail_domain]\nreports_folder = "bao-cao"\n'
    assert said("") == {}
    assert said(configured) == {"reports_missing": Level.WARN}
    (tmp_path / "bao-cao").write_bytes(b"")
    assert said(configured) == {"reports_closed": Level.FAIL}
    (tmp_path / "bao-cao").unlink()
    (tmp_path / "bao-cao").mkdir()
    assert said(configured) == {"reports_ok": Level.OK}


def test_a_browser_that_is_switched_on_must_be_there(tmp_path: Path) -> None:
    def said(text: str) -> list[Line]:
        return asyncio.run(browser(subject(tmp_path, text)))

    assert said("") == []
    (missing,) = said('[browser]\nenabled = true\nexecutable = "/no/such/chromium"\n')
    assert (missing.key, missing.level, missing.fields["line"]) == ("browser_missing", Level.FAIL, 2)
    assert what(missing) and "auditor[browser]" in to_do(missing)
    (tmp_path / "false").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (tmp_path / "false").chmod(0o755)
    (broken,) = said(f'[browser]\nenabled = true\nexecutable = "{tmp_path / "false"}"\n')
    assert broken.key == "browser_missing"


@pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")
def test_a_browser_that_starts(tmp_path: Path) -> None:
    pytest.importorskip("playwright", reason="the extra [browser] is not installed")
    (line,) = asyncio.run(browser(subject(tmp_path, "[browser]\nenabled = true\n")))
    assert (line.key, line.level) == ("browser_ok", Level.OK)
    assert str(line.fields["version"]).split(".")[0].isdigit()


def test_every_line_can_be_said_and_trouble_comes_with_advice(tmp_path: Path) -> None:
    lines = asyncio.run(examine(subject(tmp_path, '[audit]\nresolvers = ["127.0.0.1:9"]\n')))
    for line in lines:
        assert what(line)
        assert to_do(line) or line.level in (Level.OK, Level.NOT_RUN), line.key
