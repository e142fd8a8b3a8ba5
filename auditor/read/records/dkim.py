"""DKIM key records (RFC 6376 section 3.6.1; key sizes RFC 8301; Ed25519 RFC 8463)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from auditor.model import DkimFacts, DnsAnswer, Outcome, Reason
from auditor.read.records.outcomes import absence, blindness, texts
from auditor.read.records.problems import Problem
from auditor.read.records.tags import TagList, parse_tags

MIN_BITS = 1024  # RFC 8301 section 3.2: signatures with shorter keys are never valid
GOOD_BITS = 2048  # RFC 8301 section 3.2: signers SHOULD use at least this
ED25519_OCTETS = 32  # RFC 8463 section 4.2


@dataclass(frozen=True, slots=True)
class DkimKey:
    """One key record. `state`: valid, revoked, invalid. `bits` 0 where there is no readable key."""

    text: str
    kind: str
    bits: int
    state: str
    testing: bool = False
    problems: tuple[Problem, ...] = ()


def looks_like_key(text: str) -> bool:
    """True if a TXT record under `_domainkey` is meant as a key record: it has a p tag or says v=DKIM1."""
    tags = parse_tags(text)
    return tags.get("p") is not None or (tags.get("v") or "").upper() == "DKIM1"


def parse_dkim(text: str) -> DkimKey:
    """`text` as a key record. Never raises: what is not right is a problem."""
    tags = parse_tags(text)
    kind = (tags.get("k") or "rsa").lower()
    testing = "y" in _listed(tags, "t")
    notes = _remarks(tags, testing)
    fault = _tag_fault(tags, kind)
    if fault is not None:
        return DkimKey(text, kind, 0, "invalid", testing, (fault, *notes))
    value = "".join((tags.get("p") or "").split())
    if not value:
        return DkimKey(text, kind, 0, "revoked", testing, (Problem.DKIM_REVOKED, *notes))
    bits = _key_bits(kind, value)
    if bits == 0:
        return DkimKey(text, kind, 0, "invalid", testing, (Problem.DKIM_BAD_KEY, *notes))
    if kind == "rsa" and bits < MIN_BITS:
        return DkimKey(text, kind, bits, "invalid", testing, (Problem.DKIM_KEY_TOO_SHORT, *notes))
    short = (Problem.DKIM_KEY_SHORT,) if kind == "rsa" and bits < GOOD_BITS else ()
    return DkimKey(text, kind, bits, "valid", testing, (*short, *notes))


def _tag_fault(tags: TagList, kind: str) -> Problem | None:
    """What makes the whole record void: a broken tag list, another version, a key type that nobody knows."""
    if tags.malformed or tags.repeated or tags.get("p") is None:
        return Problem.DKIM_BAD_TAGS
    version = tags.get("v")
    if version is not None and (version != "DKIM1" or tags.names[0] != "v"):
        return Problem.DKIM_BAD_VERSION
    return None if kind in ("rsa", "ed25519") else Problem.DKIM_UNKNOWN_TYPE


def _remarks(tags: TagList, testing: bool) -> tuple[Problem, ...]:
    found: list[Problem] = []
    if testing:
        found.append(Problem.DKIM_TESTING)
    hashes = _listed(tags, "h")
    if hashes and "sha256" not in hashes:
        found.append(Problem.DKIM_SHA1_ONLY)
    services = _listed(tags, "s")
    if services and not {"*", "email"} & set(services):
        found.append(Problem.DKIM_NOT_FOR_MAIL)
    return tuple(found)


def _listed(tags: TagList, name: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in (tags.get(name) or "").split(":") if part.strip())


def _key_bits(kind: str, value: str) -> int:
    """The size of the public key in bits, 0 if it is none."""
    try:
        octets = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return 0
    if kind == "ed25519":
        return 256 if len(octets) == ED25519_OCTETS else 0
    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        return 0
    return key.key_size if isinstance(key, RSAPublicKey) else 0


def read_dkim_parent(outcome: Outcome[DnsAnswer] | None) -> str:
    """Whether the name above all selectors exists: "there", "absent", or "" if that was not answered. A hint only:
    some servers deny a name that has nothing but names below it, against RFC 8020."""
    if outcome is None or blindness(outcome):
        return ""
    return "absent" if absence(outcome) is Reason.DNS_NXDOMAIN else "there"


def read_selectors(
    answers: Sequence[tuple[str, Outcome[DnsAnswer]]], sources: Mapping[str, str]
) -> tuple[DkimFacts, ...]:
    """The facts of every selector asked for; a well-known one that has no key, or was not answered, says nothing."""
    found = (read_dkim(name, answer, sources.get(name, "configured")) for name, answer in answers)
    return tuple(one for one in found if one.source != "known" or one.state not in ("none", "unverifiable"))


def read_dkim(selector: str, outcome: Outcome[DnsAnswer], source: str = "configured") -> DkimFacts:
    """The DKIM facts of one selector. `none` means that this selector has no key, never that there is no DKIM."""
    blind, gone = blindness(outcome), absence(outcome)
    if blind:
        return DkimFacts(selector, "unverifiable", reason=blind, source=source)
    found = tuple(text for text in texts(outcome) if looks_like_key(text))
    if gone or not found:
        return DkimFacts(selector, "none", problems=(Problem.DKIM_MISSING,), reason=gone, source=source)
    if len(found) > 1:  # section 3.6.2.2: the result is undefined
        return DkimFacts(selector, "invalid", record=found[0], problems=(Problem.DKIM_MULTIPLE,), source=source)
    key = parse_dkim(found[0])
    return DkimFacts(
        selector, key.state, record=key.text, problems=key.problems, source=source, kind=key.kind, bits=key.bits
    )
