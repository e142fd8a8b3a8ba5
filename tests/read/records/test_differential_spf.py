"""SPF and MX against checkdmarc, which resolves what a record names: both ask one name server on loopback.

Every disagreement that is allowed is explained with its section; pyspf, another evaluator, is in
tests/gather/test_differential.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dns.nameserver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.mail.lookups import Counted
from auditor.gather.mail.mx import look_at_mx
from auditor.gather.mail.spf import look_at_spf
from auditor.model import Completed, DnsAnswer, MxFacts, NotRun, Outcome, Reason, SpfFacts
from auditor.read.records import Problem
from auditor.read.records.mx import read_mx
from auditor.read.records.spf import read_spf

their_spf: Any = pytest.importorskip("checkdmarc.spf", reason="checkdmarc is not installed")
their_utils: Any = pytest.importorskip("checkdmarc.utils", reason="checkdmarc is not installed")

DOMAIN = "a.example"
ZONE = {
    DOMAIN: {"A": ["192.0.2.1"], "MX": ["10 m.a.example."]},
    "m.a.example": {"A": ["192.0.2.2"]},
    "lone.example": {"A": ["192.0.2.9"]},
    "inc.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 ~all"]},
    "deep.example": {"TXT": ["v=spf1 include:inc.example a:m.a.example ?all"]},
    "many.example": {"TXT": ["v=spf1 " + "a:m.a.example " * 6 + "-all"]},
    "two.example": {"TXT": ["v=spf1 -all", "v=spf1 ~all"]},
    "bad.example": {"TXT": ["v=spf1 ip4:1.2.3 -all"]},
    "none.example": {"TXT": ["hello"]},
    "loop.example": {"TXT": ["v=spf1 include:loop.example -all"]},
    "red.example": {"TXT": ["v=spf1 redirect=inc.example"]},
    "redbad.example": {"TXT": ["v=spf1 redirect=gone.example"]},
    "open.example": {"TXT": ["v=spf1 +all"]},
    "void.example": {"TXT": ["v=spf1 a:gone.example -all"]},
}
_SIGNS = {"pass": "+", "fail": "-", "softfail": "~", "neutral": "?"}


@dataclass
class Asked:
    """One server, our resolver and checkdmarc's name server; `loop` runs what is ours."""

    server: DnsServer
    loop: asyncio.Runner

    def __post_init__(self) -> None:
        self.theirs = [dns.nameserver.Do53Nameserver(*self.server.address)]
        self.forget()

    def forget(self) -> None:
        """Ask again: the zone has changed. checkdmarc keeps answers by name, whoever gave them."""
        their_utils.DNS_CACHE.clear()
        self.resolver = self.loop.run(_resolver(self.server))

    def spf(self, record: str) -> SpfFacts:
        return self.loop.run(self._spf(record))

    async def _spf(self, record: str) -> SpfFacts:
        txt: Outcome[DnsAnswer] = Completed(DnsAnswer(DOMAIN, "TXT", (record,)))
        look = await look_at_spf(DOMAIN, txt, Counted(self.resolver))
        return read_spf(DOMAIN, txt, dict(look.tree), {(name, kind): answer for name, kind, answer in look.hosts})

    def mx(self) -> MxFacts:
        return read_mx(self.loop.run(look_at_mx(DOMAIN, self.resolver)), NotRun(Reason.OUT_OF_SCOPE))


async def _resolver(server: DnsServer) -> Resolver:
    return Resolver([server.address], timeout=3)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with DnsServer(ZONE) as server, asyncio.Runner() as loop:
        yield Asked(server, loop)


# -- SPF --------------------------------------------------------------------------------------------------------------


_HOSTS = [
    DOMAIN,
    "m.a.example",
    "gone.example",
    "lone.example",
    "%{d}",
    "%{i}.example",
    "%{x}.example",
    "nodot",
    "a.example.",
]
_RECORDS = [name for name in ZONE if name not in _HOSTS] + ["gone.example", "%{d}", "%{i}.x.example", "nodot"]
_mechanism = st.one_of(
    st.sampled_from(
        [
            "ip4:192.0.2.0/24",
            "ip4:192.0.2.1",
            "ip6:2001:db8::/32",
            "ip4:192.0.2.1/33",
            "ip4:1.2.3",
            "ip4:",
            "ip6:zz",
            "ip4:192.0.2.0/024",
            "ip6:::/0",
            "ip4:2001:db8::1",
            "ip6:192.0.2.1",
        ]
    ),
    st.builds(
        "{}{}".format,
        st.sampled_from(["a", "mx"]),
        st.sampled_from(["", "", "/24", "//64", "/24//64", "/33", "/", "/024", ":"]),
    ),
    st.builds(
        "{}:{}{}".format, st.sampled_from(["a", "mx"]), st.sampled_from(_HOSTS), st.sampled_from(["", "/24", "/33"])
    ),
    st.builds("{}:{}".format, st.sampled_from(["include", "include", "exists", "ptr"]), st.sampled_from(_RECORDS)),
    st.sampled_from(["all", "all", "ALL", "ptr", "all:x", "foo", "A", "include", "exists", "ptr/24", "mx/24", "a..b"]),
)
_modifier = st.builds(
    "{}={}".format, st.sampled_from(["redirect", "exp", "moo", "rr", "ra"]), st.sampled_from([*_RECORDS, ""])
)
_directive = st.builds("{}{}".format, st.sampled_from(["", "", "-", "~", "?", "+"]), _mechanism)
_term = st.builds(
    "{}{}".format, st.sampled_from([" ", " ", "  "]), st.one_of(_directive, _directive, _directive, _modifier)
)
_record = st.builds(
    lambda version, terms, end: version + "".join(terms) + end,
    st.sampled_from(["v=spf1"] * 8 + ["V=SPF1"]),
    st.lists(_term, max_size=5),
    st.sampled_from(["", " "]),
)

#: What only we find wrong. Each is permerror by the letter of RFC 7208.
_WE_REFUSE = {
    Problem.SPF_BAD_DOMAIN: r"\bnodot\b",  # section 12: a domain-spec has at least two labels, or ends in a macro
    Problem.SPF_BAD_PREFIX: r"%\{\w+\}\S*/33",  # section 12: a prefix is one behind macros, too
    Problem.SPF_LOOP: r"%\{d\}",  # section 7.2: %{d} is the record's own domain, whoever sends; it is not expanded there
    Problem.SPF_TOO_MANY_VOIDS: r"\bexists:",  # section 5.7: checkdmarc does not look exists terms up
    Problem.SPF_REPEATED_MODIFIER: r"\ball\b|\bALL\b",  # section 6: twice is an error wherever they stand; see below
}


def _refused_explained(record: str, ours: SpfFacts) -> bool:
    """Where we find a permanent error and checkdmarc none."""
    if re.search(r" [-~?+]?all .*\S", record, re.IGNORECASE):
        # Section 4.6: "syntax errors anywhere in the record" count, also behind `all`, where checkdmarc lets them pass.
        return True
    return any(problem in ours.problems and re.search(pattern, record) for problem, pattern in _WE_REFUSE.items())


def _accepted_explained(record: str, ours: SpfFacts, error: str) -> bool:
    """Where checkdmarc finds a permanent error and we none."""
    return (
        # Section 12: literals of the grammar are case-insensitive (RFC 5234 section 2.3), the version is one.
        record.startswith("V=SPF1")
        # Section 5.5: ptr looks the client's address up, not the name that it compares with.
        or ("void" in error and "ptr:" in record)
        # Section 4.6.2: what passes everybody ends the evaluation; terms behind it cost nothing.
        or "open.example" in record
    )  # fmt: skip


@settings(max_examples=1200, deadline=None, derandomize=True)
@given(record=_record)
def test_spf_records(record: str, asked: Asked) -> None:
    ours = asked.spf(record)
    try:
        theirs = their_spf.parse_spf_record(record, DOMAIN, nameservers=asked.theirs, timeout=3, syntax_error_marker="")
    except their_spf.SPFError as error:
        assert ours.state == "permerror" or _accepted_explained(record, ours, str(error)), (record, str(error))
        return
    if ours.state == "unverifiable":  # section 6.1: where only a sender says to which record a redirect leads
        assert re.search(r"redirect=%\{i\}", record)
        return
    assert ours.state == "valid" or _refused_explained(record, ours), (record, ours)
    if ours.state != "valid":
        return
    assert (ours.all_qualifier or "?") == _SIGNS.get(theirs["parsed"]["all"], ""), record
    if "open.example" not in record:  # section 4.6.2, as above
        assert ours.lookups == theirs["dns_lookups"], record
    if not re.search("ptr:|exists:|open.example", record):  # sections 5.5, 5.7 and 4.6.2, as above
        assert ours.void_lookups == theirs["void_dns_lookups"], record


# -- MX ---------------------------------------------------------------------------------------------------------------

_MX = [
    "0 .",
    "5 .",
    "10 m.a.example.",
    "10 M.A.Example.",
    "20 lone.example.",
    "0 m.a.example.",
    "30 192.0.2.7.",
    "40 gone.example.",
    "50 _x.a.example.",
]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(texts=st.lists(st.sampled_from(_MX), max_size=4, unique=True))
def test_mx_records(texts: list[str], asked: Asked) -> None:
    asked.server.update({**ZONE, DOMAIN: {"A": ["192.0.2.1"], "MX": texts}})
    asked.forget()
    ours = asked.mx()
    theirs = their_utils.get_mx_record_set(DOMAIN, nameservers=asked.theirs, timeout=3)
    warnings = " ".join(theirs["warnings"])
    hosts = [(preference, host) for preference, host, _ in ours.targets if host != "."]
    assert hosts == [(one["preference"], one["hostname"]) for one in theirs["hosts"]]
    # RFC 7505 section 3 writes a null MX with preference 0. A root target names no host at any preference: ours calls
    # "5 ." a null MX, too, as no mail can be delivered by either.
    assert (ours.state == "null") == (theirs["null_mx"] or (bool(texts) and {*texts} <= {"0 .", "5 ."}))
    assert (Problem.MX_TARGET_IS_ADDRESS in ours.problems) == ("IP address" in warnings)  # RFC 5321 section 5.1
    beside = "0 ." in texts and bool(hosts)
    assert (Problem.MX_NULL_WITH_OTHERS in ours.problems) == (beside or ("5 ." in texts and bool(hosts)))
    assert not beside or "null MX record (0 .) alongside" in warnings  # RFC 7505 section 3
