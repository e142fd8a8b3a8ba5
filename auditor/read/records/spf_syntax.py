"""The grammar of SPF records: terms, modifiers, macros (RFC 7208 sections 4.5, 4.6.1, 5, 6, 7 and 12)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from auditor.read.records.problems import Problem

_VERSION = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_NEAR_VERSION = re.compile(r"[\s\"']*(?:v\s*=\s*spf|spf1\b)", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)\Z", re.DOTALL)
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9._-]*)(.*)\Z", re.DOTALL)
_MACRO = re.compile(r"%(?:\{([A-Za-z])(\d*)(r?)([.\-+,/_=]*)\}|([%_-]))", re.IGNORECASE)
_LITERAL = re.compile(r"[\x21-\x24\x26-\x7e]+")
_DUAL_PREFIX = re.compile(r"(.*?)(?:/(\d+))?(?://(\d+))?\Z", re.DOTALL)
_TOP_LABEL = re.compile(r"\.(?:[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9])\.?\Z")
_MAX_NAME = 253


class SpfError(ValueError):
    """A syntax error that makes the whole record a permerror (RFC 7208 section 4.6)."""

    def __init__(self, problem: Problem, term: str) -> None:
        super().__init__(f"{problem}: {term}")
        self.problem = problem
        self.term = term


@dataclass(frozen=True, slots=True)
class Macro:
    """`%{letter digits r delimiters}` (RFC 7208 section 7.1). `keep` 0 means all parts; an upper-case letter asks for
    URL escaping."""

    letter: str
    keep: int = 0
    reverse: bool = False
    delimiters: str = "."


MacroString = tuple[str | Macro, ...]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One directive. `domain` is empty where the current domain is meant; prefixes are None where none is written."""

    qualifier: str
    name: str
    text: str
    domain: MacroString = ()
    network: str = ""  # ip4 and ip6 only: the address as written
    prefix4: int | None = None
    prefix6: int | None = None


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record without syntax errors. Mechanisms in the order written; `redirect` and `exp` None if not written."""

    text: str
    mechanisms: tuple[Mechanism, ...]
    redirect: MacroString | None = None
    exp: MacroString | None = None
    unknown_modifiers: tuple[str, ...] = ()

    @property
    def all(self) -> Mechanism | None:
        """The first `all`: nothing after it is ever evaluated (section 5.1)."""
        return next((term for term in self.mechanisms if term.name == "all"), None)

    @property
    def evaluated(self) -> tuple[Mechanism, ...]:
        """The mechanisms before `all`, without it."""
        names = [term.name for term in self.mechanisms]
        return self.mechanisms[: names.index("all")] if "all" in names else self.mechanisms


def spf_records(texts: Iterable[str]) -> tuple[str, ...]:
    """Those TXT records that are SPF records: `v=spf1` followed by a space or the end (RFC 7208 section 4.5)."""
    return tuple(text for text in texts if _VERSION.match(text))


def near_misses(texts: Iterable[str]) -> tuple[str, ...]:
    """TXT records that look as if meant as SPF but are not, such as `v=spf1,include:…` or `spf1 a -all`."""
    return tuple(text for text in texts if _NEAR_VERSION.match(text) and not _VERSION.match(text))


@lru_cache(maxsize=4096)  # a record is read for several questions, and that of a provider for all its customers
def parse_spf(text: str) -> SpfRecord:
    """`text` as an SPF record. Raises SpfError at the first syntax error.

    Macros are checked for syntax, not expanded. Unknown modifiers are kept by name; they are no error (section 6).
    """
    if not _VERSION.match(text):
        raise SpfError(Problem.SPF_SYNTAX, text[:40])
    if not text.isascii():
        raise SpfError(Problem.SPF_NON_ASCII, text[:40])
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, MacroString] = {}
    for term in filter(None, text[len("v=spf1") :].split(" ")):
        found = _MODIFIER.match(term)
        if found is None:
            mechanisms.append(_mechanism(term))
            continue
        name = found[1].lower()
        if name in ("redirect", "exp"):
            if name in modifiers:
                raise SpfError(Problem.SPF_REPEATED_MODIFIER, term)
            modifiers[name] = _domain_spec(found[2], term)
        else:
            modifiers.setdefault(name, parse_macro_string(found[2], term))
    unknown = tuple(name for name in modifiers if name not in ("redirect", "exp"))
    return SpfRecord(text, tuple(mechanisms), modifiers.get("redirect"), modifiers.get("exp"), unknown)


def _mechanism(term: str) -> Mechanism:
    found = _MECHANISM.match(term)
    if found is None:
        raise SpfError(Problem.SPF_SYNTAX, term)
    qualifier, name, rest = found[1] or "+", found[2].lower(), found[3]
    if name == "all":
        if rest:
            raise SpfError(Problem.SPF_SYNTAX, term)
        return Mechanism(qualifier, name, term)
    if name in ("include", "exists"):
        return Mechanism(qualifier, name, term, domain=_domain_spec(_after_colon(rest, term), term))
    if name in ("a", "mx"):
        return _host_mechanism(qualifier, name, rest, term)
    if name == "ptr":
        return Mechanism(qualifier, name, term, domain=_domain_spec(_after_colon(rest, term), term) if rest else ())
    if name in ("ip4", "ip6"):
        return _address_mechanism(qualifier, name, _after_colon(rest, term), term)
    raise SpfError(Problem.SPF_UNKNOWN_MECHANISM, term)


def _after_colon(rest: str, term: str) -> str:
    if not rest.startswith(":"):
        raise SpfError(Problem.SPF_SYNTAX, term)
    return rest[1:]


def _host_mechanism(qualifier: str, name: str, rest: str, term: str) -> Mechanism:
    found = _DUAL_PREFIX.match(rest)
    assert found is not None  # every part of the pattern is optional
    spec = found[1]
    prefix4, prefix6 = _prefix(found[2], 32, term), _prefix(found[3], 128, term)
    domain = _domain_spec(_after_colon(spec, term), term) if spec else ()
    return Mechanism(qualifier, name, term, domain=domain, prefix4=prefix4, prefix6=prefix6)


def _address_mechanism(qualifier: str, name: str, rest: str, term: str) -> Mechanism:
    network, slash, digits = rest.partition("/")
    prefix = _prefix(digits, 32 if name == "ip4" else 128, term) if slash else None
    try:
        if name == "ip4":
            ipaddress.IPv4Address(network)
        elif "%" in network:
            raise SpfError(Problem.SPF_BAD_ADDRESS, term)
        else:
            ipaddress.IPv6Address(network)
    except ipaddress.AddressValueError:
        raise SpfError(Problem.SPF_BAD_ADDRESS, term) from None
    prefixes = (prefix, None) if name == "ip4" else (None, prefix)
    return Mechanism(qualifier, name, term, network=network, prefix4=prefixes[0], prefix6=prefixes[1])


def _prefix(digits: str | None, most: int, term: str) -> int | None:
    if digits is None:
        return None
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", digits) or int(digits) > most:
        raise SpfError(Problem.SPF_BAD_PREFIX, term)
    return int(digits)


def _domain_spec(text: str, term: str) -> MacroString:
    """A domain-spec: a macro string that ends in a dot and a top label, or in a macro (section 7.1)."""
    parts = parse_macro_string(text, term)
    ends_in_escape = text.endswith(("%%", "%_", "%-"))
    if not parts or (isinstance(parts[-1], str) and not ends_in_escape and not _TOP_LABEL.search(_tail(text))):
        raise SpfError(Problem.SPF_BAD_DOMAIN, term)
    return parts


def _tail(text: str) -> str:
    """The literal text after the last macro."""
    last = 0
    for found in _MACRO.finditer(text):
        last = found.end()
    return text[last:]


def parse_macro_string(text: str, term: str = "", *, explanation: bool = False) -> MacroString:
    """`text` cut into literals and macros. Raises SpfError (section 7.1).

    The letters c, r and t are allowed only in an explanation string (section 7.2), which may also hold spaces.
    """
    parts: list[str | Macro] = []
    position = 0
    while position < len(text):
        if text[position] == "%":
            found = _MACRO.match(text, position)
            if found is None:
                raise SpfError(Problem.SPF_BAD_MACRO, term or text)
            parts.append(_macro(found, term or text, explanation))
        else:
            found = _LITERAL.match(text, position)
            if found is None and explanation and text[position] == " ":
                parts.append(" ")
                position += 1
                continue
            if found is None:
                raise SpfError(Problem.SPF_SYNTAX, term or text)
            parts.append(found[0])
        position = found.end()
    return tuple(parts)


def _macro(found: re.Match[str], term: str, explanation: bool) -> str | Macro:
    if found[5]:
        return {"%": "%", "_": " ", "-": "%20"}[found[5]]
    letter, digits = found[1], found[2]
    allowed = "slodiphvcrt" if explanation else "slodiphv"
    if letter.lower() not in allowed or (digits and int(digits[:4]) == 0):
        raise SpfError(Problem.SPF_BAD_MACRO, term)
    return Macro(letter, int(digits[:4] or 0), bool(found[3]), found[4] or ".")


def expand(parts: MacroString, values: Mapping[str, str]) -> str | None:
    """`parts` with macros replaced by `values` (by lower-case letter); None if a value is not known (section 7.3)."""
    out: list[str] = []
    for part in parts:
        if isinstance(part, str):
            out.append(part)
            continue
        value = values.get(part.letter.lower())
        if value is None:
            return None
        pieces = re.split("[" + re.escape(part.delimiters) + "]", value)
        if part.reverse:
            pieces.reverse()
        value = ".".join(pieces[-part.keep :] if part.keep else pieces)
        out.append(quote(value, safe="-._~") if part.letter.isupper() else value)
    return "".join(out)


def expand_domain(parts: MacroString, values: Mapping[str, str]) -> str | None:
    """`parts` as a lower-case domain name without trailing dot, cut from the left to 253 octets (section 7.3)."""
    name = expand(parts, values)
    if name is None:
        return None
    name = name.lower().rstrip(".")
    while len(name) > _MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name
