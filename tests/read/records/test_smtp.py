"""What is read from one connection to a mail server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, Failed, NotRun, Outcome, Reason, SmtpLook, TlsLook
from auditor.read.records import Problem
from auditor.read.records.smtp import read_smtp
from tests.read.records.certs import NOW, Issued, issue

HOST = "mail.tinh.example"
GOOD = issue(HOST)
EHLO = ("mail.tinh.example Hello", "SIZE 10240000", "8BITMIME", "SMTPUTF8")
LOOK = SmtpLook(HOST, "192.0.2.1", NOW, "mail.tinh.example ESMTP", EHLO, True)


def tls(issued: Issued = GOOD, version: str = "TLSv1.3", distrust: str = "") -> Outcome[TlsLook]:
    return Completed(TlsLook(version, issued.chain, distrust))


def problems(**changes: object) -> tuple[str, ...]:
    return read_smtp(((HOST, Completed(replace(LOOK, **{"tls": tls(), **changes}))),)).servers[0].problems  # type: ignore[arg-type]


def test_a_good_server() -> None:
    facts = read_smtp(((HOST, Completed(replace(LOOK, tls=tls()))),))
    server = facts.servers[0]
    assert (facts.state, facts.problems, server.name, server.tls_version) == ("tls", (), HOST, "TLSv1.3")
    assert (server.extensions, server.certificate_names) == (("SIZE", "8BITMIME", "SMTPUTF8"), (HOST,))


@pytest.mark.parametrize(
    ("why", "changes", "problem"),
    [
        ("RFC 3207", {"starttls": False}, Problem.SMTP_NO_STARTTLS),
        ("RFC 8996", {"tls": tls(version="TLSv1.1")}, Problem.SMTP_OLD_TLS),
        ("expired", {"tls": tls(issue(HOST, days=-1))}, Problem.SMTP_CERTIFICATE_EXPIRED),
        ("expires soon", {"tls": tls(issue(HOST, days=5))}, Problem.SMTP_CERTIFICATE_EXPIRING),
        ("RFC 9525", {"tls": tls(issue("other.example"))}, Problem.SMTP_CERTIFICATE_NAME),
        ("untrusted", {"tls": tls(distrust="no path")}, Problem.SMTP_CERTIFICATE_UNTRUSTED),
        ("RFC 1870", {"ehlo": ("mail.tinh.example", "8BITMIME")}, Problem.SMTP_NO_SIZE),
        ("RFC 6152", {"ehlo": ("mail.tinh.example", "SIZE")}, Problem.SMTP_NO_8BITMIME),
        ("RFC 5321 4.1.1.1", {"ehlo": ("localhost", "SIZE", "8BITMIME")}, Problem.SMTP_EHLO_NAME),
    ],
)
def test_each_problem(why: str, changes: dict[str, object], problem: Problem) -> None:
    assert problems(**changes) == (problem,), why


def test_a_handshake_that_failed_is_no_verdict() -> None:
    facts = read_smtp(((HOST, Completed(replace(LOOK, tls=Failed(Reason.TLS_FAILED)))),))
    assert (facts.state, facts.reason) == ("unverifiable", Reason.TLS_FAILED)


def test_servers_that_were_not_seen_say_nothing_of_the_others() -> None:
    seen, unseen = ("a.example", Completed(replace(LOOK, tls=tls()))), ("b.example", NotRun(Reason.PORT_25_BLOCKED))
    assert read_smtp((seen, unseen)).state == "tls"
    assert read_smtp((unseen,)).reason is Reason.PORT_25_BLOCKED
    assert read_smtp((seen, ("b.example", Completed(replace(LOOK, starttls=False))))).state == "mixed"


@given(st.lists(st.text(max_size=40), max_size=5), st.binary(max_size=60))
def test_nothing_that_a_server_says_crashes_the_reader(ehlo: list[str], certificate: bytes) -> None:
    read_smtp(((HOST, Completed(replace(LOOK, ehlo=tuple(ehlo), tls=Completed(TlsLook("", (certificate,)))))),))
