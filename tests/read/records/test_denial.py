"""NSEC and NSEC3: what they prove, against the zones that they were made from (RFC 4035 section 5.4, RFC 5155 section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from dns.name import Name
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.records.denial import lacks, read_proofs

APEX = dns.name.from_text("vn")
MX, DS, NS, CNAME = dns.rdatatype.MX, dns.rdatatype.DS, dns.rdatatype.NS, dns.rdatatype.CNAME
Zone = Mapping[Name, frozenset[str]]


def nsec(zone: Zone) -> list[dns.rrset.RRset]:
    """The chain of RFC 4034 section 4: names with records, in their order, the last one leads back."""
    names = sorted(zone)
    return [
        dns.rrset.from_text(owner, 300, "IN", "NSEC", f"{following} {' '.join(sorted(zone[owner]))} RRSIG NSEC")
        for owner, following in pairwise([*names, names[0]])
    ]


def nsec3(zone: Zone, *, flags: int = 0, algorithm: int = 1, iterations: int = 2) -> list[dns.rrset.RRset]:
    """The chain of RFC 5155 section 7.1: all names that exist, those without records too, in the order of their hashes.
    With opt-out, those that are handed over unsigned are left out."""
    shown = {name: types for name, types in zone.items() if not (flags and cut(types) and "DS" not in types)}
    existing = {name: shown.get(name, frozenset()) for owner in shown for name in ancestors(owner)}
    hashes = {dns.dnssec.nsec3_hash(name, "AB", iterations, 1): types for name, types in existing.items()}
    order = sorted(hashes)
    return [
        dns.rrset.from_text(
            dns.name.from_text(owner, APEX), 300, "IN", "NSEC3",
            f"{algorithm} {flags} {iterations} AB {following} {' '.join(sorted(hashes[owner]))}",
        )
        for owner, following in pairwise([*order, order[0]])
    ]  # fmt: skip


def ancestors(name: Name) -> list[Name]:
    """The name and those above it, down to the apex."""
    found = [name]
    while found[-1] != APEX:
        found.append(found[-1].parent())
    return found


def cut(types: frozenset[str]) -> bool:
    return "NS" in types and "SOA" not in types


def answers_none(zone: Zone, name: Name, kind: str) -> bool:
    """RFC 1034 section 4.3.2 over the zone's data: no records of `kind`, no alias, and no other zone's business."""
    for above in ancestors(name):
        if cut(zone.get(above, frozenset())) and not (above == name and kind == "DS"):
            return False
    existing = {one for owner in zone for one in ancestors(owner)}
    if name not in existing:
        encloser = next(above for above in ancestors(name) if above in existing)
        name = Name((b"*", *encloser.labels))
        if cut(zone.get(name, frozenset())):
            return False
    return not {kind, "CNAME"} & zone.get(name, frozenset())


labels = st.sampled_from(["a", "b", "*"])
names = st.lists(labels, max_size=3).map(lambda parts: dns.name.from_text(".".join([*parts, "vn"])))
types = st.sampled_from([{"A"}, {"MX"}, {"TXT", "MX"}, {"CNAME"}, {"NS"}, {"NS", "DS"}, {"TXT"}]).map(frozenset)


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    """Names with records below the apex; nothing below a cut, and no wildcard cut, whose meaning is undefined."""
    drawn = draw(st.dictionaries(names, types, max_size=6))
    zone = {name: kinds for name, kinds in drawn.items() if not (name.is_wild() and cut(kinds))}
    zone[APEX] = frozenset({"SOA", "NS", "DNSKEY"})
    return {
        name: kinds
        for name, kinds in zone.items()
        if not any(cut(zone.get(up, frozenset())) for up in ancestors(name)[1:])
    }


@settings(max_examples=800)
@given(zones(), names, st.sampled_from(["MX", "DS"]), st.sampled_from(["NSEC", "NSEC3", "opt-out"]), st.randoms())
def test_a_zones_records_prove_what_is_so_and_any_of_them_nothing_else(
    zone: Zone, name: Name, kind: str, how: str, random: object
) -> None:
    chain = nsec(zone) if how == "NSEC" else nsec3(zone, flags=int(how == "opt-out"))
    rdtype, so = dns.rdatatype.from_text(kind), answers_none(zone, name, kind)
    whole = any(lacks(proofs, name, rdtype) for proofs in read_proofs(chain, APEX))
    if how != "opt-out":
        assert whole == so
    few = [one for one in chain if random.random() < 0.5]  # type: ignore[attr-defined]
    for part in (few, chain if how == "opt-out" else few):
        if any(lacks(proofs, name, rdtype) for proofs in read_proofs(part, APEX)):
            assert so


@settings(max_examples=300)
@given(zones(), names, st.booleans())
def test_expansions_of_wildcards_are_proven_by_the_names_that_are_not_there(
    zone: Zone, name: Name, hashed: bool
) -> None:
    """RFC 4035 section 5.3.4: the wildcard that answers stands directly below the closest encloser."""
    chain = nsec3(zone) if hashed else nsec(zone)
    existing = {one for owner in zone for one in ancestors(owner)}
    inside_a_cut = any(cut(zone.get(above, frozenset())) for above in ancestors(name))
    encloser = next(above for above in ancestors(name) if above in existing)
    for labels_of_parent in range(len(APEX) - 1, len(name) - 1):
        proven = any(proofs.is_expanded(name, labels_of_parent) for proofs in read_proofs(chain, APEX))
        expected = name not in existing and len(encloser) - 1 <= labels_of_parent
        exact = expected and len(encloser) - 1 == labels_of_parent and not inside_a_cut
        assert proven or not exact
        assert expected or not proven


A, B, ANY = (dns.name.from_text(name) for name in ("a.vn", "b.vn", "*.vn"))
ZONE = {APEX: frozenset({"SOA"}), A: frozenset({"A"}), ANY: frozenset({"MX"})}


@pytest.mark.parametrize("chain", [nsec(ZONE), nsec3(ZONE)], ids=["NSEC", "NSEC3"])
def test_a_wildcard_that_was_left_out_is_not_proven_away(chain: list[dns.rrset.RRset]) -> None:
    """RFC 4035 section 5.4: that a name is not there is half of the proof."""
    for part in (chain, chain[:1], chain[1:], chain[:2], chain[::2], chain[2:]):
        assert not any(lacks(proofs, B, MX) for proofs in read_proofs(part, APEX))


def test_behind_an_opt_out_there_may_be_a_zone() -> None:
    """RFC 5155 section 6: an unsigned delegation has no record of its own."""
    chain = nsec3({APEX: frozenset({"SOA"}), A: frozenset({"NS"})}, flags=1)
    (proofs,) = read_proofs(chain, APEX)
    assert proofs.is_opted_out(A) and not proofs.is_opted_out(APEX)
    assert not lacks(proofs, A, MX) and not lacks(proofs, dns.name.from_text("thu.a.vn"), MX)


@pytest.mark.parametrize(
    "chain",
    [
        nsec3({APEX: frozenset({"SOA"})}, algorithm=2),
        nsec3({APEX: frozenset({"SOA"})}, iterations=151),
        [],
    ],
    ids=["RFC 5155 8.1: unknown hash", "RFC 9276 3.2: too many iterations", "none"],
)
def test_records_that_are_not_understood_are_none(chain: list[dns.rrset.RRset]) -> None:
    assert read_proofs(chain, APEX) == ()


def test_a_proof_of_the_zone_above_says_nothing_of_the_zone_below() -> None:
    """RFC 6840 section 4.1: the NSEC at a cut belongs to the parent."""
    name = dns.name.from_text("tinh.vn")
    above = [dns.rrset.from_text(name, 300, "IN", "NSEC", "vn. NS RRSIG NSEC")]
    (proofs,) = read_proofs(above, APEX)
    assert lacks(proofs, name, DS) and not lacks(proofs, name, MX)
    assert not lacks(proofs, dns.name.from_text("thu.tinh.vn"), MX)


def salted(salts: int, iterations: int = 150) -> list[dns.rrset.RRset]:
    """The apex's NSEC3 by so many salts, each a set of its own."""
    found = []
    for n in range(salts):
        salt = f"{n + 1:04X}"
        owner = dns.name.from_text(dns.dnssec.nsec3_hash(APEX, salt, iterations, 1), APEX)
        found.append(dns.rrset.from_text(owner, 300, "IN", "NSEC3", f"1 0 {iterations} {salt} {'V' * 32} SOA"))
    return found


def crowded(records: int) -> dns.rrset.RRset:
    """One set of so many records, each of another salt."""
    texts = (f"1 0 150 {n:04X} {'V' * 32} SOA" for n in range(records))
    return dns.rrset.from_text(dns.name.from_text("0" * 32, APEX), 300, "IN", "NSEC3", *texts)


def test_hashes_are_made_for_few_salts_only() -> None:
    """RFC 5155 section 8.2: one answer has one salt, two while it changes. Each costs all iterations for every label."""
    assert [len(read_proofs(salted(n), APEX)) for n in (1, 2, 3, 8)] == [1, 2, 0, 0]
    assert all(lacks(proofs, APEX, MX) for proofs in read_proofs(salted(2), APEX))
    assert len(read_proofs([*salted(3), *nsec(ZONE)], APEX)) == 1  # what costs nothing is judged as ever


def test_a_set_of_more_records_than_a_zone_makes_is_no_proof() -> None:
    """RFC 5155 section 3: one record at each name, for each salt; hostile ones hold thousands."""
    assert [len(read_proofs([crowded(n)], APEX)) for n in (1, 2, 3, 1000)] == [1, 2, 0, 0]


def test_iterations_count_by_the_group() -> None:
    """The same salt with other iterations is other work (RFC 5155 section 8.2)."""
    mixed = [one for iterations in (0, 1, 2) for one in salted(1, iterations)]
    assert (len(read_proofs(mixed[:2], APEX)), read_proofs(mixed, APEX)) == (2, ())
