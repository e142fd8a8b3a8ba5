"""The conformance files: cases written from the text of the standards, each naming its section."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from auditor.api import ZoneResolver, check_host, discover_policy
from auditor.read.records.dkim import parse_dkim

HERE = Path(__file__).parent / "conformance"


def cases(file: str) -> list[Any]:
    """(zone, case) of every scenario of a conformance file."""
    return [
        pytest.param(scenario["zone"], case, id=f"{scenario['section']}-{case['about']}")
        for scenario in yaml.safe_load((HERE / file).read_text("utf-8"))
        for case in scenario["cases"]
    ]


@pytest.mark.parametrize(("zone", "case"), cases("spf.yaml"))
def test_spf(zone: dict[str, Any], case: dict[str, Any]) -> None:
    found = check_host(case["ip"], case["sender"], case.get("helo", "h.example"), ZoneResolver(zone))
    result, explanation = found
    assert result == case["result"], found.because
    assert explanation == case.get("explanation", explanation)


@pytest.mark.parametrize(("zone", "case"), cases("dmarc.yaml"))
def test_dmarc(zone: dict[str, Any], case: dict[str, Any]) -> None:
    found = discover_policy(case["domain"], ZoneResolver(zone))
    location, policy, queries = found
    assert (location, policy) == (case["location"], case["policy"])
    assert list(queries) == case.get("queries", list(queries))
    assert found.facts.state == case.get("state", found.facts.state)


@cache
def key(name: str) -> str:
    """The public key that `{name}` stands for in a record, as base64."""
    if name == "ed25519":
        raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()
    bits = int(name.removeprefix("rsa"))
    if bits < 1024:  # no library makes one any more: a modulus of that size with the usual exponent
        return base64.b64encode(_short_key(bits)).decode()
    public = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _short_key(bits: int) -> bytes:
    public = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    loaded = load_der_public_key(octets)
    assert isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size == bits
    return octets


def folded(text: str) -> str:
    return " ".join(text[start : start + 60] for start in range(0, len(text), 60))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{case['section']}-{case['about']}")
        for case in yaml.safe_load((HERE / "dkim.yaml").read_text("utf-8"))
    ],
)
def test_dkim(case: dict[str, Any]) -> None:
    def written(match: re.Match[str]) -> str:
        return folded(key(match[1])) if match[2] else key(match[1])

    found = parse_dkim(re.sub(r"\{(\w+)( folded)?\}", written, case["record"]))
    assert (found.state, [str(problem) for problem in found.problems]) == (case["state"], case["problems"])


@pytest.mark.parametrize("file", ["spf.yaml", "dmarc.yaml"])
def test_every_section_has_cases(file: str) -> None:
    assert all(s["section"] and s["cases"] for s in yaml.safe_load((HERE / file).read_text("utf-8")))
