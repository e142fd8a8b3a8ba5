"""SPF: every rule of RFC 7208 that can be judged without a sender, each passing, failing and not looked at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, DnsAnswer, Outcome, Reason, SpfFacts
from auditor.read.records.problems import Problem
from auditor.read.records.spf import read_spf, spf_targets
from auditor.read.records.spf_syntax import (
    Macro,
    SpfError,
    expand,
    expand_domain,
    near_misses,
    parse_macro_string,
    parse_spf,
    spf_records,
)
from tests.read.records.looks import DOWN, NODATA, NXDOMAIN, SERVFAIL, TIMEOUT, tree, txt

DOMAIN = "tinh.example"


def read(record: str, hosts: dict[tuple[str, str], Outcome[DnsAnswer]] | None = None, **others: str) -> SpfFacts:
    return read_spf(DOMAIN, txt(record), tree(**others), hosts)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param("v=spf1 +mx a:colo.example.com/28 -all", id="3"),
        pytest.param("v=spf1 a -all", id="4.6.4-a"),
        pytest.param("v=spf1", id="4.5-version-only"),
        pytest.param("V=SPF1 -ALL", id="12-literals-case-insensitive"),
        pytest.param("v=spf1   -all  ", id="4.6.1-more-spaces"),
        pytest.param("v=spf1 include:example.com -all", id="5.2"),
        pytest.param("v=spf1 mx -all", id="5.4"),
        pytest.param("v=spf1 mx/30 mx:example.org/30 -all", id="5.4-prefix"),
        pytest.param("v=spf1 ip4:192.0.2.128/28 -all", id="5.6"),
        pytest.param("v=spf1 ip6:2001:db8::cb01/96 ~all", id="5.6-ip6"),
        pytest.param("v=spf1 a/24//64 a//128 mx:x.example//0 -all", id="5.6-dual-prefix"),
        pytest.param("v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all", id="7.1"),
        pytest.param("v=spf1 exists:%{l1r-}.%{ir}.sbl.spamhaus.example.org -all", id="5.7"),
        pytest.param("v=spf1 redirect=_spf.example.com", id="6.1"),
        pytest.param("v=spf1 mx -all exp=explain._spf.%{d}", id="6.2"),
        pytest.param("v=spf1 moo.cow-far_out=man:dog/cat ip4:1.2.3.4 -all", id="12-unknown-modifier"),
        pytest.param("v=spf1 a:foo.xn--zckzah -all", id="7.1-toplabel-with-dash"),
        pytest.param("v=spf1 a:_x.example.com. -all", id="7.1-trailing-dot"),
        pytest.param("v=spf1 a:foo:bar/baz.example.com -all", id="7.1-odd-literals"),
        pytest.param("v=spf1 include:%{d} -all", id="7.1-ends-in-macro"),
    ],
)
def test_sound_records_have_no_syntax_error(record: str) -> None:
    assert parse_spf(record).text == record


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param("v=spf1 a -all moo", Problem.SPF_UNKNOWN_MECHANISM, id="4.6-error-anywhere"),
        pytest.param("v=spf1 ipv4:192.0.2.1 -all", Problem.SPF_UNKNOWN_MECHANISM, id="4.6-ipv4"),
        pytest.param("v=spf1 mx~all", Problem.SPF_SYNTAX, id="4.6-mx~all"),
        pytest.param("v=spf1 -all.", Problem.SPF_UNKNOWN_MECHANISM, id="5.1-all-dot"),
        pytest.param("v=spf1 -all/8", Problem.SPF_SYNTAX, id="5.1-all-prefix"),
        pytest.param("v=spf1 all:example.com", Problem.SPF_SYNTAX, id="5.1-all-domain"),
        pytest.param("v=spf1 include -all", Problem.SPF_SYNTAX, id="5.2-no-domain"),
        pytest.param("v=spf1 include: -all", Problem.SPF_BAD_DOMAIN, id="5.2-empty-domain"),
        pytest.param("v=spf1 a: -all", Problem.SPF_BAD_DOMAIN, id="5.3-empty-domain"),
        pytest.param("v=spf1 a:museum -all", Problem.SPF_BAD_DOMAIN, id="7.1-one-label"),
        pytest.param("v=spf1 a:111.222.33.44 -all", Problem.SPF_BAD_DOMAIN, id="7.1-numeric-toplabel"),
        pytest.param("v=spf1 a:x.example/33 -all", Problem.SPF_BAD_PREFIX, id="5.3-prefix"),
        pytest.param("v=spf1 a//129 -all", Problem.SPF_BAD_PREFIX, id="5.3-prefix6"),
        pytest.param("v=spf1 a/08 -all", Problem.SPF_BAD_PREFIX, id="12-leading-zero"),
        pytest.param("v=spf1 ip4:1.2.3.4/ -all", Problem.SPF_BAD_PREFIX, id="5.6-empty-prefix"),
        pytest.param("v=spf1 ip4:1.2.3.4//32 -all", Problem.SPF_BAD_PREFIX, id="5.6-ip4-dual"),
        pytest.param("v=spf1 ip4:1.2.3 -all", Problem.SPF_BAD_ADDRESS, id="5.6-short"),
        pytest.param("v=spf1 ip4:1.2.3.256 -all", Problem.SPF_BAD_ADDRESS, id="5.6-octet"),
        pytest.param("v=spf1 ip6:1.2.3.4 -all", Problem.SPF_BAD_ADDRESS, id="5.6-family"),
        pytest.param("v=spf1 ip6:fe80::1%eth0 -all", Problem.SPF_BAD_ADDRESS, id="5.6-scope"),
        pytest.param("v=spf1 exists:%{x}.example -all", Problem.SPF_BAD_MACRO, id="7.1-letter"),
        pytest.param("v=spf1 exists:%{d0}.example -all", Problem.SPF_BAD_MACRO, id="7.1-zero"),
        pytest.param("v=spf1 exists:%(d).example -all", Problem.SPF_BAD_MACRO, id="7.1-percent"),
        pytest.param("v=spf1 exists:%{c}.example -all", Problem.SPF_BAD_MACRO, id="7.2-explanation-only"),
        pytest.param("v=spf1 foo=%{q} -all", Problem.SPF_BAD_MACRO, id="6-unknown-modifier-macro"),
        pytest.param("v=spf1 redirect=a.example redirect=b.example", Problem.SPF_REPEATED_MODIFIER, id="6"),
        pytest.param("v=spf1 ~redirect=a.example", Problem.SPF_UNKNOWN_MECHANISM, id="6-qualified-modifier"),
        pytest.param("v=spf1 a:café.example -all", Problem.SPF_NON_ASCII, id="3.1-ascii"),
        pytest.param("v=spf1 a\t-all", Problem.SPF_SYNTAX, id="4.6.1-tab"),
    ],
)
def test_a_syntax_error_is_permerror(record: str, problem: Problem) -> None:
    facts = read(record)
    assert (facts.state, facts.problems, facts.reason) == ("permerror", (problem,), None)


@pytest.mark.parametrize(
    ("record", "is_spf", "is_near"),
    [
        pytest.param("v=spf1 -all", True, False, id="4.5"),
        pytest.param("v=spf10 -all", False, True, id="4.5-other-version"),
        pytest.param("v=spf1,a -all", False, True, id="4.5-comma"),
        pytest.param("spf1 a -all", False, True, id="4.5-no-v"),
        pytest.param(" v=spf1 -all", False, True, id="4.5-leading-space"),
        pytest.param("spf2.0/pra -all", False, False, id="4.5-sender-id"),
        pytest.param("google-site-verification=x", False, False, id="4.5-other"),
    ],
)
def test_which_text_records_are_spf(record: str, is_spf: bool, is_near: bool) -> None:
    assert bool(spf_records([record])) is is_spf
    assert bool(near_misses([record])) is is_near


def test_a_sound_record_is_valid_with_its_cost() -> None:
    facts = read("v=spf1 a mx ip4:203.0.113.0/24 include:x.example ~all", x_example="v=spf1 a -all")
    assert (facts.state, facts.all_qualifier, facts.lookups, facts.void_lookups) == ("valid", "~", 4, 0)
    assert facts.problems == ()


@pytest.mark.parametrize("answer", [TIMEOUT, SERVFAIL, DOWN], ids=["time-out", "servfail", "resolver-down"])
def test_without_an_answer_for_the_domain_it_is_unverifiable(answer: Outcome[DnsAnswer]) -> None:
    facts = read_spf(DOMAIN, answer, {})
    assert facts.state == "unverifiable"
    assert not isinstance(answer, Completed) and facts.reason is answer.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(NXDOMAIN, Reason.DNS_NXDOMAIN), (NODATA, Reason.DNS_NODATA), (txt("hello"), None), (txt(), None)],
    ids=["4.3-nxdomain", "4.4-nodata", "4.5-other-text", "4.5-empty"],
)
def test_none(answer: Outcome[DnsAnswer], reason: Reason | None) -> None:
    facts = read_spf(DOMAIN, answer, {})
    assert (facts.state, facts.problems, facts.reason) == ("none", (Problem.SPF_MISSING,), reason)


def test_a_near_miss_is_told() -> None:
    assert read_spf(DOMAIN, txt("v=spf1;a;-all"), {}).problems == (Problem.SPF_MISSING, Problem.SPF_NEAR_MISS)


def test_multiple_records_section_4_5() -> None:
    facts = read_spf(DOMAIN, txt("v=spf1 -all", "other", "v=spf1 a -all"), {})
    assert (facts.state, facts.problems) == ("multiple", (Problem.SPF_MULTIPLE,))


@pytest.mark.parametrize(("count", "state"), [(10, "valid"), (11, "permerror")], ids=["10", "11"])
def test_lookup_limit_section_4_6_4(count: int, state: str) -> None:
    facts = read("v=spf1 " + " ".join(f"a:h{n}.example" for n in range(count)) + " -all")
    assert (facts.state, facts.lookups) == (state, count)
    assert (Problem.SPF_TOO_MANY_LOOKUPS in facts.problems) is (state == "permerror")


def test_lookups_are_counted_through_the_tree_and_for_each_include() -> None:
    facts = read(
        "v=spf1 include:a.example include:a.example redirect=b.example",
        a_example="v=spf1 mx exists:%{i}.example ptr ip4:192.0.2.1 -all",
        b_example="v=spf1 a -all",
    )
    assert (facts.lookups, facts.state, facts.all_qualifier) == (10, "valid", "-")


@pytest.mark.parametrize(
    "record", ["v=spf1 -all a:x.example include:y.example", "v=spf1 -all redirect=y.example"], ids=["5.1", "6.1"]
)
def test_what_all_hides_is_not_counted(record: str) -> None:
    facts = read(record)
    assert (facts.state, facts.lookups) == ("valid", 0)
    assert {Problem.SPF_TERMS_AFTER_ALL, Problem.SPF_REDIRECT_IGNORED} & set(facts.problems)


@pytest.mark.parametrize(("count", "state"), [(2, "valid"), (3, "permerror")], ids=["2", "3"])
def test_void_limit_section_4_6_4(count: int, state: str) -> None:
    names = [f"h{n}.example" for n in range(count)]
    hosts = {(name, "A"): NXDOMAIN if n else NODATA for n, name in enumerate(names)}
    facts = read("v=spf1 " + " ".join(f"a:{name}" for name in names) + " -all", hosts)
    assert (facts.state, facts.void_lookups) == (state, count)
    assert (Problem.SPF_TOO_MANY_VOIDS in facts.problems) is (state == "permerror")


def test_an_exists_term_is_void_by_its_own_answer_section_5_7() -> None:
    """It asks for A whatever the client's address is: AAAA records of the name are nothing to it."""
    both: Outcome[DnsAnswer] = Completed(DnsAnswer("h.example", "A", ("2001:db8::1",)))
    hosts = {("h.example", "A"): both, ("h.example", "EXISTS"): NODATA}
    assert read("v=spf1 a:h.example exists:h.example -all", hosts=hosts).void_lookups == 1
    assert read("v=spf1 exists:h.example -all", hosts={("h.example", "A"): NODATA}).void_lookups == 1  # older audits


def test_a_host_that_could_not_be_looked_up_is_temperror_not_void() -> None:
    facts = read("v=spf1 a:x.example -all", {("x.example", "A"): TIMEOUT})
    assert (facts.state, facts.void_lookups, facts.reason) == ("temperror", 0, Reason.DNS_TIMEOUT)


@pytest.mark.parametrize(("count", "state"), [(10, "valid"), (11, "permerror")], ids=["10", "11"])
def test_mx_limit_section_4_6_4(count: int, state: str) -> None:
    answer = Completed(DnsAnswer(DOMAIN, "MX", tuple(f"10 mx{n}.example." for n in range(count))))
    facts = read("v=spf1 mx -all", {(DOMAIN, "MX"): answer})
    assert facts.state == state


@pytest.mark.parametrize(
    ("record", "target", "problem", "reason"),
    [
        ("v=spf1 include:x.example -all", NXDOMAIN, Problem.SPF_INCLUDE_MISSING, Reason.DNS_NXDOMAIN),
        ("v=spf1 include:x.example -all", NODATA, Problem.SPF_INCLUDE_MISSING, Reason.DNS_NODATA),
        ("v=spf1 include:x.example -all", txt("other"), Problem.SPF_INCLUDE_MISSING, None),
        ("v=spf1 include:x.example -all", txt("v=spf1 -all", "v=spf1"), Problem.SPF_INCLUDE_MULTIPLE, None),
        ("v=spf1 include:x.example -all", txt("v=spf1 ipv4:x -all"), Problem.SPF_INCLUDE_INVALID, None),
        ("v=spf1 redirect=x.example", txt("other"), Problem.SPF_REDIRECT_MISSING, None),
        ("v=spf1 redirect=x.example", NXDOMAIN, Problem.SPF_REDIRECT_MISSING, Reason.DNS_NXDOMAIN),
        ("v=spf1 redirect=x.example", txt("v=spf1 a:b"), Problem.SPF_BAD_DOMAIN, None),
        ("v=spf1 include:x.example -all", txt("v=spf1 redirect=y..example"), Problem.SPF_INCLUDE_MISSING, None),
    ],
    ids=[
        "5.2-nxdomain",
        "5.2-nodata",
        "5.2-none",
        "5.2-two",
        "5.2-syntax",
        "6.1-none",
        "6.1-nxdomain",
        "6.1-syntax",
        "4.3-empty-label",
    ],
)
def test_permerror_from_a_target(
    record: str, target: Outcome[DnsAnswer], problem: Problem, reason: Reason | None
) -> None:
    facts = read_spf(DOMAIN, txt(record), {"x.example": target})
    assert (facts.state, facts.reason) == ("permerror", reason)
    assert problem in facts.problems


@pytest.mark.parametrize("record", ["v=spf1 a include:x.example -all", "v=spf1 redirect=x.example"])
@pytest.mark.parametrize("answer", [TIMEOUT, SERVFAIL, DOWN], ids=["time-out", "servfail", "resolver-down"])
def test_a_target_without_an_answer_is_temperror_never_permerror(record: str, answer: Outcome[DnsAnswer]) -> None:
    facts = read_spf(DOMAIN, txt(record), {"x.example": answer})
    assert facts.state == "temperror"
    assert facts.reason is not None
    assert Problem.SPF_INCLUDE_UNCHECKED in facts.problems


def test_a_target_that_was_not_looked_at_is_temperror() -> None:
    assert read("v=spf1 include:x.example -all").reason is Reason.BUDGET_SPENT


def test_a_proven_fault_stands_beside_a_time_out() -> None:
    facts = read_spf(
        DOMAIN, txt("v=spf1 include:x.example include:y.example -all"), {"x.example": TIMEOUT, "y.example": txt("no")}
    )
    assert (facts.state, facts.reason) == ("permerror", None)


def test_loops_end_and_are_permerror() -> None:
    facts = read("v=spf1 include:a.example -all", a_example=f"v=spf1 include:{DOMAIN} -all")
    assert facts.state == "permerror"
    assert Problem.SPF_LOOP in facts.problems


def test_a_very_deep_tree_ends() -> None:
    deep = {f"n{n}.example": txt(f"v=spf1 include:n{n + 1}.example -all") for n in range(3000)}
    facts = read_spf(DOMAIN, txt("v=spf1 include:n0.example -all"), deep)
    assert facts.state == "permerror"
    assert Problem.SPF_TOO_MANY_LOOKUPS in facts.problems


def test_a_doubling_tree_ends() -> None:
    wide = {f"n{n}.example": txt(f"v=spf1 include:n{n + 1}.example include:n{n + 1}.example") for n in range(40)}
    assert read_spf(DOMAIN, txt("v=spf1 include:n0.example -all"), wide).state == "permerror"


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param("v=spf1 +all", Problem.SPF_PLUS_ALL, id="plus-all"),
        pytest.param("v=spf1 all", Problem.SPF_PLUS_ALL, id="plus-is-the-default"),
        pytest.param("v=spf1 a ?all", Problem.SPF_NEUTRAL_ALL, id="neutral-all"),
        pytest.param("v=spf1 a", Problem.SPF_NO_ALL, id="no-all"),
        pytest.param("v=spf1 ptr -all", Problem.SPF_PTR, id="5.5"),
        pytest.param("v=spf1 exists:%{p}.x.example -all", Problem.SPF_PTR, id="7.3-p"),
        pytest.param("v=spf1 ip4:0.0.0.0/0 -all", Problem.SPF_OPEN_RANGE, id="open-range"),
        pytest.param("v=spf1 ip6:::/0 -all", Problem.SPF_OPEN_RANGE, id="open-range6"),
        pytest.param("v=spf1 include:open.example -all", Problem.SPF_INCLUDE_OPEN, id="include-open"),
        pytest.param("v=spf1 redirect=open.example", Problem.SPF_PLUS_ALL, id="redirect-open"),
        pytest.param("v=spf1 include:%{i}.x.example -all", Problem.SPF_MACRO_TARGET, id="sender-macro"),
        pytest.param("v=spf1 " + "ip4:192.0.2.1 " * 33 + "-all", Problem.SPF_LONG_RECORD, id="3.4"),
    ],
)
def test_remarks_on_a_valid_record(record: str, problem: Problem) -> None:
    facts = read(record, open_example="v=spf1 +all")
    assert facts.state == "valid"
    assert problem in facts.problems


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 -ip4:0.0.0.0/0 ~all",
        "v=spf1 ?include:open.example ~all",
        "v=spf1 -include:open.example ~all",
        "v=spf1 " + "ip4:192.0.2.1 " * 31 + "~all",
    ],
)
def test_no_remark_where_nothing_is_wrong(record: str) -> None:
    assert read(record, open_example="v=spf1 +all").problems == ()


def test_macros_that_need_no_sender_are_followed() -> None:
    facts = read("v=spf1 include:_spf.%{d} redirect=%{d1r}.%{o}")
    assert spf_targets(DOMAIN, (facts.record,), DOMAIN).records == (f"_spf.{DOMAIN}", f"tinh.{DOMAIN}")


def test_a_redirect_that_only_a_sender_decides_is_unverifiable() -> None:
    facts = read("v=spf1 a redirect=%{i}.x.example")
    assert (facts.state, facts.reason, facts.lookups) == ("unverifiable", Reason.OUT_OF_SCOPE, 2)


def test_targets_steer_the_look() -> None:
    record = (
        "v=spf1 a a:h.example mx exists:%{i}.x.example exists:e.example include:I.example ptr -all include:late.example"
    )
    targets = spf_targets(DOMAIN, ("other", record), DOMAIN)
    assert targets.records == ("i.example",)
    assert targets.hosts == ((DOMAIN, "A"), ("h.example", "A"), (DOMAIN, "MX"), ("e.example", "EXISTS"))


@pytest.mark.parametrize(
    "texts", [(), ("v=spf1 a", "v=spf1 b.example"), ("v=spf1 include:a.example moo",)], ids=["none", "two", "broken"]
)
def test_no_targets_without_one_sound_record(texts: tuple[str, ...]) -> None:
    assert spf_targets(DOMAIN, texts, DOMAIN).records == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%%%_%-", "% %20"),
        ("%{S}", "strong-bad%40email.example.com"),
    ],
    ids=lambda text: f"7.4:{text}",
)
def test_expansion_examples_section_7_4(text: str, value: str) -> None:
    values = {
        "s": "strong-bad@email.example.com",
        "o": "email.example.com",
        "d": "email.example.com",
        "l": "strong-bad",
        "i": "192.0.2.3",
        "v": "in-addr",
    }
    assert expand(parse_macro_string(text), values) == value


def test_an_unknown_value_makes_the_name_unknown() -> None:
    assert expand((Macro("i"), ".example"), {"d": "x.example"}) is None


def test_long_names_are_cut_from_the_left_section_7_3() -> None:
    name = expand_domain((Macro("d"),), {"d": ".".join(["a" * 60] * 5)})
    assert name == ".".join(["a" * 60] * 4)


_TERMS = st.sampled_from([
    "a", "mx", "ptr", "-all", "+all", "include:a.example", "include:b.example", "redirect=a.example", "exists:%{i}.x.y",
    "ip4:1.2.3.4/8", "ip6::1", "a:%{d}/24", "include:%{o}", "exp=x.y", "mx:a.example//3", "%{", "=", ":", "/", "é",
])  # fmt: skip
_RECORDS = st.one_of(
    st.text(),
    st.text().map("v=spf1 ".__add__),
    st.lists(_TERMS, max_size=9).map(lambda terms: "v=spf1 " + " ".join(terms)),
)


@given(_RECORDS, _RECORDS, _RECORDS)
def test_no_record_crashes_the_reader(own: str, a: str, b: str) -> None:
    facts = read(own, a_example=a, b_example=b)
    assert facts.state in {"valid", "none", "permerror", "temperror"}
    assert all(problem in set(Problem) for problem in facts.problems)
    spf_targets(DOMAIN, (own,), DOMAIN)


@given(st.text())
def test_the_parser_raises_nothing_but_its_own_error(text: str) -> None:
    try:
        parse_spf("v=spf1 " + text)
    except SpfError as error:
        assert error.problem in set(Problem)
