"""MTA-STS, TLS-RPT and BIMI against checkdmarc's parsers, on generated records; every disagreement that is allowed is
explained with its section. Nothing is downloaded: what checkdmarc would fetch goes to a closed port of this machine.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.read.records.bimi import read_bimi
from auditor.read.records.mta_sts import Policy, announced, covers, parse_policy, record_problems
from auditor.read.records.tls_rpt import is_report_uri, read_tls_rpt
from tests.read.records.looks import txt

their_bimi: Any = pytest.importorskip("checkdmarc.bimi", reason="checkdmarc is not installed")
their_sts: Any = pytest.importorskip("checkdmarc.mta_sts", reason="checkdmarc is not installed")
their_tls_rpt: Any = pytest.importorskip("checkdmarc.smtp_tls_reporting", reason="checkdmarc is not installed")

_blank = st.sampled_from(["", "", "", " ", "\t"])
_delimiter = st.builds("{};{}".format, _blank, _blank)
_same = settings(max_examples=500, deadline=None, derandomize=True)  # the same examples every time


def _record(version: str, other_versions: list[str], field: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A version and fields, with a delimiter before each and perhaps one at the end."""

    def joined(head: str, fields: list[tuple[str, str]], end: str) -> str:
        return head + "".join(delimiter + one for delimiter, one in fields) + end

    heads = st.sampled_from([version] * 3 * len(other_versions) + other_versions)
    ends = st.sampled_from(["", ";", " ;", ";;"])
    return st.builds(joined, heads, st.lists(st.tuples(_delimiter, field), max_size=4), ends)


# -- MTA-STS ----------------------------------------------------------------------------------------------------------

_IDS = ["20240101000000", "a", "A1" * 16, "a" * 33, "", "a-b", "a b", "é"]
_STS = ["x=y", "id =1", "id= 1", "ID=1", "x", "x=", "=y", "a.b_c-d=1", "x=a=b", "v=STSv1", "é=1"]


@_same
@given(
    _record(
        "v=STSv1", ["v=STSv2", "V=STSv1", "v = STSv1", "v=stsv1"], st.sampled_from([f"id={i}" for i in _IDS] * 2 + _STS)
    )
)
def test_mta_sts_records(text: str) -> None:
    """No disagreement is allowed."""
    ours = bool(announced((text,))) and not record_problems(text)
    try:
        their_sts.parse_mta_sts_record(text)
    except their_sts.MTASTSError:
        assert not ours
    else:
        assert ours


_GOOD_LINES = [
    "version: STSv1",
    "mode: enforce",
    "mode: testing",
    "mode: none",
    "max_age: 604800",
    "mx: mail.example.com",
    "mx: *.example.com",
]
_BAD_LINES = [
    "mx: *", "mx: a.*.b", "mx: -a.b", "mx: MAIL.Example.com.", "mx: _a.b", "mx: gõ.vn", "mode: Enforce", "max_age: 1",
    "max_age: 31557601", "max_age: 1_0", "max_age: -1", "max_age: 99999999999", "version: STSv2", " mode: none", "mode : none",
    "mode:none", "x: y", "x: ", "x y: z", "nothing", "", "mx:", "version:STSv1 ", "# c", "mode: enforce # c", "\rmode: none", "é: 1",
]  # fmt: skip
_policy = st.builds(
    lambda lines, newline, end: newline.join(lines) + end,
    st.one_of(
        st.lists(st.sampled_from(_GOOD_LINES * 4 + _BAD_LINES), min_size=2, max_size=7),
        st.builds(lambda more: [*_GOOD_LINES[:2], *_GOOD_LINES[4:], *more], st.lists(st.sampled_from(_BAD_LINES), max_size=1)),
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n", "\r\n"]),
)  # fmt: skip


def _policy_explained(text: str, ours: Policy, error: str) -> bool:
    """Where we read a policy that checkdmarc refuses. None the other way round."""
    if ours.problems:
        return False
    return (
        # Section 3.2 has unknown fields ignored; a line that is none at all (blanks before the name or the colon, a stray
        # CR, an empty or odd extension) is a remark here: it hides no field that the policy needs.
        bool(re.search(r"Not a key|Whitespace is not|carriage return|extension field", error))
        # Section 3.2: mx is required unless the mode is "none"; what stands there then decides nothing.
        or ("Invalid mx value" in error and ours.mode == "none")
        # The final dot of an absolute name, and underscores, which RFC 5321's Domain has not and names in the DNS have:
        # they match what is meant and nothing else.
        or "Invalid mx value: MAIL.Example.com." in error
        or "Invalid mx value: _a.b" in error
    )  # fmt: skip


@_same
@given(_policy)
def test_mta_sts_policies(text: str) -> None:
    ours = parse_policy(text.encode())
    try:
        theirs = their_sts.parse_mta_sts_policy(text)["policy"]
    except their_sts.MTASTSPolicyError as error:
        assert ours.problems or _policy_explained(text, ours, str(error)), (text, str(error))
        return
    assert not ours.problems, (text, ours.problems)
    patterns = [pattern.lower() for pattern in dict.fromkeys(theirs["mx"])]  # a repeated one says nothing more
    assert (ours.mode, ours.max_age, list(ours.patterns)) == (theirs["mode"], theirs["max_age"], patterns)


_HOSTS = [
    "mail.example.com",
    "MAIL.example.com",
    "a.mail.example.com",
    "example.com",
    "bad-example.com",
    "mail.example.com.evil.com",
]


@pytest.mark.parametrize("host", _HOSTS)
@pytest.mark.parametrize("pattern", ["mail.example.com", "*.example.com", "*.mail.example.com", "example.com", "*.com"])
def test_mta_sts_patterns_cover_the_same_hosts(pattern: str, host: str) -> None:
    assert covers(pattern, host) == their_sts.mx_in_mta_sts_patterns(host, [pattern])


# -- TLS-RPT ----------------------------------------------------------------------------------------------------------

_URIS = ["mailto:a@example.com", "https://example.com/r", "mailto:b@example.com"] * 5 + [
    "MAILTO:a@example.com", "mailto:a", "mailto:@b", "mailto:a@", "https://", "https:/x", "http://example.com",
    "https://example.com/a%2Cb", "mailto:a!b@example.com", "mailto:a@b", "https://[::1]/x", "https://[::::]/", "ftp://x", "",
    "mailto:a@example.com?subject=x", "mailto:a..b@example.com", "https://ex ample.com", "mailto:gõ@example.com",
    "https://example.com:8443/x", "https://exa_mple.com/", "mailto:a%zz@example.com", "mailto:a@[192.0.2.1]",
]  # fmt: skip
_rua = st.builds(
    lambda uris, comma: "rua=" + comma.join(uris),
    st.lists(st.sampled_from(_URIS), max_size=3),
    st.sampled_from([",", ", ", " , "]),
)
_TLS = [
    "x=y",
    "rua =mailto:a@example.com",
    "rua= mailto:a@example.com",
    "RUA=mailto:a@example.com",
    "x",
    "x=a b",
    "x=a=b",
    "=y",
    "x=",
]


def _tls_rpt_explained(text: str, rua: tuple[str, ...]) -> bool:
    """Where we read a record that checkdmarc refuses. None the other way round."""
    written = [uri.strip() for part in re.findall(r"rua\s*=([^;]*)", text) for uri in part.split(",")]
    return (
        # Section 3: the reports go where they can: one URI that cannot be used is a remark beside one that can.
        len(rua) < len(written)
        # Section 3 has no blanks around "="; who wrote them is reported to by most, and is not told off here.
        or bool(re.search(r"rua(\s+=|=\s)", text))
        # Underscores in host names, and forms of an address that RFC 5321 or 6068 have beside the dot-atom
        # (a literal, empty atoms in old mailboxes, header fields): whether such a mailbox works is not ours to say.
        or bool({"https://exa_mple.com/", "mailto:a..b@example.com", "mailto:a@[192.0.2.1]", "mailto:a%zz@example.com",
                 "mailto:a@example.com?subject=x"} & set(rua))
    )  # fmt: skip


@_same
@given(
    _record("v=TLSRPTv1", ["v=TLSRPTv2", "V=TLSRPTv1", "v = TLSRPTv1"], st.one_of(_rua, _rua, st.sampled_from(_TLS)))
)
def test_tls_rpt_records(text: str) -> None:
    ours = read_tls_rpt(txt(text))
    try:
        theirs = their_tls_rpt.parse_smtp_tls_reporting_record(text)["tags"]["rua"]["value"]
    except their_tls_rpt.SMTPTLSReportingError as error:
        assert ours.state != "valid" or _tls_rpt_explained(text, ours.rua), (text, str(error))
        return
    assert (ours.state, list(ours.rua)) == ("valid", theirs), text
    assert all(map(is_report_uri, theirs))


# -- BIMI -------------------------------------------------------------------------------------------------------------

_LOGOS = ["https://example.com/l.svg"] * 5 + [
    "", "http://example.com/l.svg", "https://example.com/l.png", "https://[::1]/l.svg", "https://example.com/a,b.svg",
    "https://localhost/l.svg", "https://192.0.2.1/l.svg", "https://exa mple.com/l.svg", "HTTPS://EXAMPLE.COM/L.SVG", "https:///l.svg",
]  # fmt: skip
_BIMI = [
    "x=y",
    "L=https://example.com/l.svg",
    "l = https://example.com/l.svg",
    "avp=brand",
    "avp=x",
    "lps=a,b",
    "lps=",
    "lps=é",
]
_BIMI += ["x", "=y", "s=1", "1a=2"]
_bimi_field = st.one_of(
    st.sampled_from(_LOGOS).map("l={}".format),
    st.sampled_from(_LOGOS).map("l={}".format),
    st.sampled_from(_LOGOS).map("a={}".format),
    st.sampled_from(_BIMI),
)


def _bimi_explained(text: str, logo: str, document: str) -> bool:
    """Where we read a record that checkdmarc refuses. BIMI is shown, never judged."""
    return (
        # Sections 4.3 and 4.3.14 of the draft: the tags avp and lps are not read here.
        "avp=x" in text or "lps=é" in text
        # Section 4.3: commas and blanks in a URI, and a document at a host without a full name, are said nothing of.
        or any(mark in logo + document for mark in (",", " "))
        or any(host in document for host in ("localhost", "192.0.2.1", "[::1]"))
    )  # fmt: skip


@settings(_same, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_record("v=BIMI1", ["v=BIMI2", "V=BIMI1", "v = BIMI1", "v=bimi1"], _bimi_field))
def test_bimi_records(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    ours = read_bimi(txt(text))
    try:
        tags = their_bimi.parse_bimi_record(text, http_timeout=1)["tags"]
    except their_bimi.BIMIError as error:
        read = ours.state in ("valid", "declined")
        assert not read or _bimi_explained(text, ours.logo, ours.evidence_document), (text, str(error))
        return
    if any(
        text.count(tag) > 1 for tag in ("x=y", "s=1")
    ):  # RFC 6376 section 3.2, by which the draft goes: no tag twice, be it a known one or not
        assert ours.state == "invalid"
        return
    theirs = tags["l"]["value"], tags.get("a", {}).get("value", "")
    assert (ours.state in ("valid", "declined"), (ours.logo, ours.evidence_document)) == (True, theirs), text
