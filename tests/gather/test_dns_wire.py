"""Questions as bytes, and the outside of answers, held against the library that does both in general."""

from __future__ import annotations

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.gather.dns_wire import Question, Reply, make_question, read_reply

NAME = "Mail.Example.vn"
AD = dns.flags.RD | dns.flags.AD


@pytest.mark.parametrize(("edns", "dnssec"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize(
    "name",
    [".", "", "vn", "_dmarc.Tỉnh.gov.vn", "a" * 63 + ".vn", r"x\.y.vn", "*.vn", "1.2.0.192.in-addr.arpa", "vn."],
)
def test_questions_are_written_as_the_library_writes_them(name: str, edns: bool, dnssec: bool) -> None:
    ours = make_question(name, "TLSA", AD, edns=edns, dnssec=dnssec)
    theirs = dns.message.make_query(
        name or ".", "TLSA", use_edns=0 if edns else False, payload=1232, want_dnssec=dnssec, flags=AD,
        id=int.from_bytes(ours.wire[:2], "big"),
    )  # fmt: skip
    assert ours.wire == theirs.to_wire()


@pytest.mark.parametrize("name", ["a" * 64 + ".vn", "a..vn", ".vn", ".".join(["a" * 60] * 5)])
def test_what_is_no_name_is_refused_as_by_the_library(name: str) -> None:
    with pytest.raises((dns.exception.DNSException, UnicodeError)):
        make_question(name, "A")


def test_no_two_questions_are_numbered_alike() -> None:
    assert len({make_question(NAME, "A").wire[:2] for _ in range(200)}) > 150


def answer(question: Question, *, code: int = 0, records: str = "", opt: bool = True) -> dns.message.Message:
    reply = dns.message.make_response(dns.message.from_wire(question.wire))
    if not opt:
        reply.use_edns(False)
    reply.set_rcode(dns.rcode.Rcode.make(code))
    if records:
        reply.answer.append(dns.rrset.from_text(f"{NAME}.", 300, "IN", "A", *records.split()))
    reply.authority.append(dns.rrset.from_text("vn.", 300, "IN", "SOA", "ns.vn. host.vn. 1 2 3 4 5"))
    return reply


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 9, 16, 23])  # 16: BADVERS, whose lower bits are those of "no error"
@pytest.mark.parametrize("records", ["", "192.0.2.1", "192.0.2.1 192.0.2.2"])
def test_the_outside_of_an_answer_is_what_the_library_reads(code: int, records: str) -> None:
    question = make_question(NAME, "A", AD)
    wire = answer(question, code=code, records=records).to_wire()
    reply = read_reply(wire, question)
    assert reply is not None
    assert (reply.rcode, reply.records) == (code, len(records.split()))
    assert reply.message() == dns.message.from_wire(wire)
    assert [str(one) for one in reply.message(answers_only=True).answer] == [
        str(one) for one in dns.message.from_wire(wire).answer
    ]


def test_an_answer_may_write_the_name_in_another_case_and_nothing_else() -> None:
    question, other = make_question(NAME, "A"), make_question("nail.example.vn", "A")
    wire = answer(question, opt=False).to_wire()
    assert read_reply(question.wire[:2] + wire[2:].replace(b"Mail", b"mAIL"), question) is not None
    assert read_reply(question.wire[:2] + wire[2:].replace(b"Mail", b"nail"), question) is None
    assert read_reply(other.wire[:2] + wire[2:], question) is None or other.wire[:2] == question.wire[:2]
    assert read_reply(answer(make_question(NAME, "AAAA")).to_wire(), question) is None
    assert read_reply(question.wire, question) is None  # a question is no answer


def test_a_type_is_not_folded_like_a_letter() -> None:
    """Type 65 (HTTPS) and type 97 differ by the bit by which "A" and "a" do."""
    question = make_question(NAME, "HTTPS")
    bent = bytearray(answer(question).to_wire())
    at = 12 + len(question.asked) - 3
    assert (bent[at], read_reply(bytes(bent), question) is not None) == (65, True)
    bent[at] = 97
    assert read_reply(bytes(bent), question) is None


@pytest.mark.parametrize("code", [dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP])
def test_a_server_that_cannot_or_will_not_answer_may_leave_out_the_question(code: int) -> None:
    question = make_question(NAME, "A")
    head = question.wire[:2] + (0x8000 | code).to_bytes(2, "big")
    assert read_reply(head + b"\0" * 8, question) == Reply(head + b"\0" * 8, 0x8000 | code, code, 0)
    assert read_reply(question.wire[:2] + b"\x80\0" + b"\0" * 8, question) is None


@given(st.data())
def test_bytes_that_are_bent_or_cut_never_break_the_reader(data: st.DataObject) -> None:
    """What it takes for an answer, the library does too, with the same code; or it finds the records malformed."""
    question = make_question(NAME, "A")
    wire = bytearray(answer(question, records="192.0.2.1").to_wire())
    for at, value in data.draw(st.lists(st.tuples(st.integers(2, len(wire) - 1), st.integers(0, 255)), max_size=5)):
        wire[at] = value
    whole = bytes(wire[: data.draw(st.one_of(st.none(), st.integers(0, len(wire))))])
    reply = read_reply(whole, question)
    try:
        theirs = dns.message.from_wire(whole, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return
    if reply is None:
        return
    assert reply.flags & dns.flags.TC or reply.rcode == theirs.rcode()


@given(st.binary(max_size=80))
def test_noise_never_breaks_the_reader(noise: bytes) -> None:
    question = make_question(NAME, "A")
    for wire in (noise, question.wire[:2] + b"\x80\0" + noise, question.wire[:2] + noise):
        read_reply(wire, question)
