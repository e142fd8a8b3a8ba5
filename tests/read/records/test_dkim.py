"""DKIM key records: each rule passing, failing and not looked at."""

from __future__ import annotations

import base64
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, DnsAnswer, Outcome, Reason
from auditor.read.records.dkim import parse_dkim, read_dkim
from auditor.read.records.problems import Problem
from tests.read.records.looks import DOWN, NODATA, NXDOMAIN, SERVFAIL, TIMEOUT, txt

# RFC 6376 section 3.6.1 shows no whole key; this is the Ed25519 key of RFC 8463 appendix A.2.
ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@cache
def rsa_key(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


def short_key() -> str:
    """The public half of a 512 bit key; libraries no longer make such keys."""
    key = rsa.RSAPublicNumbers(65537, (1 << 511) + 187).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def ec_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_a_good_key() -> None:
    facts = read_dkim("s1", txt(f"v=DKIM1; k=rsa; h=sha256; s=email; n=x; p={rsa_key(2048)}"))
    assert (facts.selector, facts.state, facts.problems) == ("s1", "valid", ())


@pytest.mark.parametrize(
    ("record", "kind", "bits"),
    [
        pytest.param(ED25519, "ed25519", 256, id="8463-A.2"),
        pytest.param(f"p={rsa_key(2048)}", "rsa", 2048, id="3.6.1-defaults"),
        pytest.param(f"v=DKIM1; p={rsa_key(2048)[:80]} {rsa_key(2048)[80:]};", "rsa", 2048, id="3.6.1-white-space"),
        pytest.param(f"p={rsa_key(2048, PublicFormat.PKCS1)}", "rsa", 2048, id="3.6.1-rsapublickey"),
    ],
)
def test_keys_that_work(record: str, kind: str, bits: int) -> None:
    key = parse_dkim(record)
    assert (key.state, key.kind, key.bits, key.problems) == ("valid", kind, bits, ())


@pytest.mark.parametrize(
    ("record", "state", "problem"),
    [
        pytest.param(f"v=DKIM1; p={rsa_key(1024)}", "valid", Problem.DKIM_KEY_SHORT, id="8301-3.2-should"),
        pytest.param(f"v=DKIM1; t=y:s; p={rsa_key(2048)}", "valid", Problem.DKIM_TESTING, id="3.6.1-t"),
        pytest.param(f"v=DKIM1; h=sha1; p={rsa_key(2048)}", "valid", Problem.DKIM_SHA1_ONLY, id="8301-3.1"),
        pytest.param(f"v=DKIM1; s=tlsrpt; p={rsa_key(2048)}", "valid", Problem.DKIM_NOT_FOR_MAIL, id="3.6.1-s"),
        pytest.param("v=DKIM1; p=", "revoked", Problem.DKIM_REVOKED, id="3.6.1-revoked"),
        pytest.param("v=DKIM1; k=rsa", "invalid", Problem.DKIM_BAD_TAGS, id="3.6.1-no-p"),
        pytest.param("v=DKIM1; p=a; p=b", "invalid", Problem.DKIM_BAD_TAGS, id="3.2-duplicate"),
        pytest.param("v=DKIM1; p=a; nonsense", "invalid", Problem.DKIM_BAD_TAGS, id="3.2-no-equals"),
        pytest.param(f"v=DKIM2; p={rsa_key(2048)}", "invalid", Problem.DKIM_BAD_VERSION, id="3.6.1-version"),
        pytest.param(f"p={rsa_key(2048)}; v=DKIM1", "invalid", Problem.DKIM_BAD_VERSION, id="3.6.1-version-first"),
        pytest.param("v=DKIM1; k=dsa; p=AAAA", "invalid", Problem.DKIM_UNKNOWN_TYPE, id="3.6.1-k"),
        pytest.param("v=DKIM1; p=AAAA", "invalid", Problem.DKIM_BAD_KEY, id="3.6.1-no-key"),
        pytest.param("v=DKIM1; p=***", "invalid", Problem.DKIM_BAD_KEY, id="3.6.1-no-base64"),
        pytest.param(f"v=DKIM1; p={ec_key()}", "invalid", Problem.DKIM_BAD_KEY, id="3.6.1-other-key"),
        pytest.param("v=DKIM1; k=ed25519; p=AAAA", "invalid", Problem.DKIM_BAD_KEY, id="8463-4.2"),
    ],
)
def test_keys_with_a_problem(record: str, state: str, problem: Problem) -> None:
    facts = read_dkim("s1", txt(record))
    assert (facts.state, facts.problems) == (state, (problem,))


def test_a_key_under_1024_bits_is_never_accepted_rfc_8301_section_3_2() -> None:
    assert parse_dkim(f"p={short_key()}").state == "invalid"


def test_two_keys_are_undefined_section_3_6_2_2() -> None:
    facts = read_dkim("s1", txt(ED25519, f"v=DKIM1; p={rsa_key(2048)}"))
    assert (facts.state, facts.problems) == ("invalid", (Problem.DKIM_MULTIPLE,))


def test_other_text_beside_the_key_is_left_out() -> None:
    assert read_dkim("s1", txt("hello", ED25519)).state == "valid"


@pytest.mark.parametrize("answer", [NXDOMAIN, NODATA, txt("hello")], ids=["nxdomain", "nodata", "other-text"])
def test_no_key(answer: Outcome[DnsAnswer]) -> None:
    facts = read_dkim("s1", answer)
    assert (facts.state, facts.problems) == ("none", (Problem.DKIM_MISSING,))


@pytest.mark.parametrize("answer", [TIMEOUT, SERVFAIL, DOWN], ids=["time-out", "servfail", "resolver-down"])
def test_could_not_look(answer: Outcome[DnsAnswer]) -> None:
    facts = read_dkim("s1", answer)
    assert not isinstance(answer, Completed)
    assert (facts.state, facts.reason) == ("unverifiable", Reason(answer.reason))


@given(
    st.one_of(st.text(), st.text().map("v=DKIM1; p=".__add__), st.binary().map(lambda b: base64.b64encode(b).decode()))
)
def test_no_record_crashes_the_reader(text: str) -> None:
    assert read_dkim("s1", txt(text)).state in {"valid", "revoked", "invalid", "none"}
    assert parse_dkim("p=" + text).state in {"valid", "revoked", "invalid"}
