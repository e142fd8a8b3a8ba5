"""`auditor mail --file`: a list of any length, one bad line beside the good ones, results as they come. How many
questions a domain costs: gather/test_questions.py."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from auditor.audit_context import open_context
from auditor.cli import cli
from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.mail_domains import KEPT_ANSWERS, ListLine, MailJudge, read_list
from auditor.model import Verdict
from auditor.settings import load_settings, looks_like_domain

Zone = Mapping[str, Mapping[str, Sequence[str]]]


def lines(data: bytes) -> list[ListLine]:
    return list(read_list(io.BytesIO(data)))


def test_a_list_is_read_line_by_line() -> None:
    text = "\ufeff# tỉnh\nBinhPhuoc.gov.vn.\r\n\n  stttt.gov.vn ; ghi chú\nkhông phải\nbinhphuoc.gov.vn\nbánh.vn,x"
    assert lines(text.encode()) == [
        ListLine(2, "BinhPhuoc.gov.vn.", "binhphuoc.gov.vn"),
        ListLine(4, "stttt.gov.vn ; ghi chú", "stttt.gov.vn"),
        ListLine(5, "không phải", ""),
        ListLine(7, "bánh.vn,x", "bánh.vn"),  # line 6 is a repetition
    ]


def test_lines_without_end_and_names_too_long_are_bad_lines() -> None:
    found = lines(b"a" * 5_000 + b".vn\nok.vn\n" + b"\xff\xfe.vn\n" + b".".join([b"a" * 60] * 5) + b"\n")
    assert [(line.line, line.domain) for line in found] == [(1, ""), (2, "ok.vn"), (3, ""), (4, "")]


@given(st.binary(max_size=300))
def test_no_list_crashes_the_reader(data: bytes) -> None:
    assert all(not line.domain or looks_like_domain(line.domain) for line in lines(data))


# -- the command ------------------------------------------------------------------------------------------------------


def domain(number: int) -> str:
    return f"co-quan-{number}.example"


def records(count: int) -> Zone:
    zone: dict[str, Mapping[str, Sequence[str]]] = {"_spf.chung.example": {"TXT": ["v=spf1 ip4:203.0.113.0/24 -all"]}}
    for number in range(count):
        name = domain(number)
        zone[name] = {"MX": [f"10 mail.{name}."], "TXT": ["v=spf1 include:_spf.chung.example -all"]}
        zone[f"mail.{name}"] = {"A": ["203.0.113.5"]}
        zone[f"_dmarc.{name}"] = {"TXT": ["v=DMARC1; p=reject"]}
    return zone


def mail(server: DnsServer, path: Path | str, *options: str, stdin: bytes | None = None) -> Result:
    address = f"{server.address[0]}:{server.address[1]}"
    return CliRunner().invoke(cli, ["mail", "--file", str(path), "--resolver", address, *options], input=stdin)


def test_json_lines_for_every_domain_and_one_bad_line_stops_nothing(tmp_path: Path) -> None:
    names = [domain(number) for number in range(150)]  # more than are in work at once
    path = tmp_path / "list.txt"
    path.write_text("\n".join([*names[:70], "không phải tên miền", *names[70:], "gone.example"]))
    with DnsServer(records(150)) as server:
        result = mail(server, path, "--json")
        shared = server.queries.count(("_spf.chung.example", "TXT"))
    found = [json.loads(line) for line in result.stdout.splitlines()]
    good = {one["domain"]: one for one in found if "domain" in one}
    assert set(good) == {*names, "gone.example"}
    assert [one for one in found if "error" in one] == [
        {"schema": 1, "line": 71, "input": "không phải tên miền", "error": "bad_domain"}
    ]
    assert all(
        one["spf"]["state"] == "valid" and one["findings"] for name, one in good.items() if name != "gone.example"
    )
    assert good[domain(149)]["line"] == 151
    assert good["gone.example"]["mx"]["state"] == "none"
    assert result.exit_code == 1
    assert "Dòng 71" in result.stderr and "151 tên miền" in result.stderr
    assert shared == 1


def test_for_a_reader_and_from_standard_input() -> None:
    with DnsServer(records(2)) as server:
        result = mail(server, "-", stdin=f"{domain(0)}\n{domain(1)}\n".encode())
    assert result.exit_code == 0
    assert {f"Tên miền {domain(number)}" for number in (0, 1)} <= set(result.stdout.splitlines())
    assert "Đạt" in result.stdout


def test_what_spf_says_of_given_senders() -> None:
    with DnsServer(records(1)) as server:
        resolver = ("--resolver", f"{server.address[0]}:{server.address[1]}")
        call = ["mail", domain(0), "--from", "203.0.113.9", "--from", "2001:db8::1", *resolver]
        shown, plain = CliRunner().invoke(cli, call), CliRunner().invoke(cli, [*call, "--json"])
        assert CliRunner().invoke(cli, ["mail", domain(0), "--from", "203.0.113"]).exit_code != 0
    assert "203.0.113.9: pass" in shown.stdout and "2001:db8::1: fail" in shown.stdout
    senders = json.loads(plain.stdout)["domains"][0]["senders"]
    assert [(one["ip"], one["result"], one["because"]) for one in senders] == [
        ("203.0.113.9", "pass", "include:_spf.chung.example"), ("2001:db8::1", "fail", "-all"),
    ]  # fmt: skip


def on_demand(server: DnsServer, *options: str) -> tuple[dict[str, str], Result]:
    """Verdict by criterion of a domain named on the command line, and how the call went."""
    resolver = ("--resolver", f"{server.address[0]}:{server.address[1]}")
    result = CliRunner().invoke(cli, ["mail", domain(0), domain(1), "--json", *resolver, *options])
    first = json.loads(result.stdout)["domains"][0]
    return {one["id"]: one["verdict"] for one in first["findings"]}, result


def test_a_domain_on_the_command_line_is_looked_at_twice_as_in_an_audit() -> None:
    without_dmarc = {name: by_type for name, by_type in records(2).items() if name != f"_dmarc.{domain(0)}"}
    with DnsServer(without_dmarc) as server:
        (once, told_once), asked = on_demand(server, "--second-look", "0"), list(server.queries)
        server.queries.clear()
        (twice, told_twice), again = on_demand(server, "--second-look", "0.05"), list(server.queries)
    assert (once["mail.dmarc"], twice["mail.dmarc"]) == ("unverified", "fail")
    assert once["mail.spf"] == twice["mail.spf"] == "pass"
    assert "Chờ" not in told_once.stderr
    assert "Chờ 0.05 giây" in told_twice.stderr and "1 tên miền" in told_twice.stderr
    assert again.count((f"_dmarc.{domain(0)}", "TXT")) == 2 * asked.count((f"_dmarc.{domain(0)}", "TXT"))
    assert again.count((f"_dmarc.{domain(1)}", "TXT")) == 1  # what is not in doubt is left alone


def test_the_wait_is_that_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "auditor.toml").write_text("[audit]\nsecond_look_seconds = 0.04\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with DnsServer({domain(0): {"A": ["203.0.113.7"]}, domain(1): {"A": ["203.0.113.8"]}}) as server:
        _, result = on_demand(server)
    assert "Chờ 0.04 giây" in result.stderr and "2 tên miền" in result.stderr


def test_what_the_second_look_does_not_see_again_is_no_fault() -> None:
    """A record that was missing for a moment: the second look finds it."""
    zone = records(1)
    missing = {name: by_type for name, by_type in zone.items() if name != f"_dmarc.{domain(0)}"}

    async def run(server: DnsServer) -> dict[str, Verdict]:
        settings = load_settings(None).with_audit(resolvers=("{}:{}".format(*server.address),))
        async with open_context(settings, as_of=date(2026, 3, 2)) as context:
            judge = MailJudge(context)
            (judged,) = await judge.judge_few([domain(0)], 0.01, lambda *_: server.update(zone))
        return {one.id: one.verdict for one in judged.findings}

    with DnsServer(missing) as server:
        assert asyncio.run(run(server))["mail.dmarc"] is Verdict.PASS


def test_memory_is_bounded_by_the_answers_kept() -> None:
    """Every answer beyond the bound is let go of: the resolver's store cannot grow with the list."""

    async def ask(server: DnsServer) -> int:
        resolver = Resolver([server.address])
        resolver.keep_at_most(10)
        for number in range(50):
            await resolver.lookup(domain(number), "MX")
        return len(resolver._cache)

    with DnsServer(records(50)) as server:
        assert asyncio.run(ask(server)) == 10
    assert KEPT_ANSWERS < 100_000
