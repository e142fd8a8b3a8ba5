"""check_host(): what SPF says of one sender (RFC 7208 section 4). The static reading is in auditor/read/records/spf."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from auditor.gather.mail.lookups import AnyResolver, Asks, adapt
from auditor.model import Completed, DnsAnswer, Outcome
from auditor.read.records.mx import parse_mx
from auditor.read.records.outcomes import absence, ascii_name, fold_name
from auditor.read.records.spf import MAX_LOOKUPS, MAX_MX, MAX_VOIDS, is_resolvable
from auditor.read.records.spf_syntax import (
    Macro,
    MacroString,
    Mechanism,
    SpfError,
    SpfRecord,
    expand,
    expand_domain,
    parse_macro_string,
    parse_spf,
    spf_records,
)

MAX_PTR = 10  # section 4.6.4: names of the reverse zone that are looked at

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class SpfResult(StrEnum):
    """Section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_OF_QUALIFIER = {"+": SpfResult.PASS, "-": SpfResult.FAIL, "~": SpfResult.SOFTFAIL, "?": SpfResult.NEUTRAL}


@dataclass(frozen=True, slots=True)
class SpfCheck:
    """The result for one sender; unpacks as `result, explanation`.

    `explanation` is the domain's own text for a fail (the caller's default if it has none), `because` the term that
    decided or what went wrong (technical text), `domain` whose record it stands in.
    """

    result: SpfResult
    explanation: str = ""
    because: str = ""
    domain: str = ""
    lookups: int = 0
    void_lookups: int = 0

    def __iter__(self) -> Iterator[str]:
        yield self.result
        yield self.explanation


class _Stop(Exception):
    """Evaluation ends here with temperror or permerror, however deep it is."""

    def __init__(self, result: SpfResult, because: str) -> None:
        super().__init__(because)
        self.result = result
        self.because = because


@dataclass(frozen=True, slots=True)
class _Found:
    """What one record came to; `exp` is the explanation's name where a fail stands in it."""

    result: SpfResult
    because: str = ""
    domain: str = ""
    exp: MacroString | None = None


async def check_host(
    ip: str, sender: str, helo: str, resolver: AnyResolver, *, receiver: str = "unknown", default_explanation: str = ""
) -> SpfCheck:
    """SPF for the client `ip`, the MAIL FROM address `sender` ("" or a bare domain where it has none) and the name
    that the client gave in HELO. `receiver` fills %{r} of an explanation; `default_explanation` stands in where the
    domain publishes none (RFC 7208 section 6.2).

    An empty `sender` means postmaster at `helo` (section 2.4). What `resolver` may be: see lookups.adapt(). Raises
    ValueError if `ip` is no address; for what the network does there is temperror.
    """
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or ipaddress.IPv6Address(int(address))  # without a zone ("%eth0")
    local, _, written = (sender or helo).rpartition("@")
    found = await _Evaluation(address, local or "postmaster", written, helo, adapt(resolver), receiver).run()
    if found.result is SpfResult.FAIL and not found.explanation:
        return replace(found, explanation=default_explanation)
    return found


class _Evaluation:
    """One call of check_host(): the sender, and the limits used up so far, shared by all records below."""

    def __init__(self, address: Address, local: str, written: str, helo: str, resolver: Asks, receiver: str) -> None:
        self._address = address
        self._local = local
        self._domain = ascii_name(written)
        # The sender's domain as an explanation shows it: in its own case, but as A-labels (RFC 8616 section 4).
        self._written = written.rstrip(".") if written.isascii() else self._domain
        self._helo = helo.rstrip(".")
        self._resolver = resolver
        self._receiver = receiver
        self._lookups = 0
        self._voids = 0
        self._void = False  # whether the term in work has had a void answer
        self._pointers: Outcome[DnsAnswer] | None = None
        self._validated: tuple[str, ...] | None = None

    async def run(self) -> SpfCheck:
        explanation = ""
        try:
            found = await self._check(self._domain)
            if found.result is SpfResult.FAIL and found.exp is not None:
                explanation = await self._explain(found)
        except _Stop as stop:
            found = _Found(stop.result, stop.because, self._domain)
        return SpfCheck(found.result, explanation, found.because, found.domain, self._lookups, self._voids)

    # -- records ----------------------------------------------------------------------------------------------------

    async def _check(self, domain: str) -> _Found:
        """The record of `domain`, from its look-up to its result (sections 4.3 to 4.7)."""
        if not is_resolvable(domain):
            return _Found(SpfResult.NONE, "no domain name", domain)
        outcome = await self._resolver.lookup(domain, "TXT")
        if not isinstance(outcome, Completed):
            if absence(outcome):
                return _Found(SpfResult.NONE, str(outcome.reason), domain)
            raise _Stop(SpfResult.TEMPERROR, f"{domain} TXT: {outcome.reason}")
        found = spf_records(outcome.value.records)
        if not found:
            return _Found(SpfResult.NONE, "no SPF record", domain)
        if len(found) > 1:
            raise _Stop(SpfResult.PERMERROR, f"{domain}: more than one SPF record")
        try:
            record = parse_spf(found[0])
        except SpfError as error:
            raise _Stop(SpfResult.PERMERROR, f"{domain}: {error}") from error
        return await self._evaluate(record, domain)

    async def _evaluate(self, record: SpfRecord, domain: str) -> _Found:
        for term in record.mechanisms:
            if await self._matches(term, domain):
                return _Found(_OF_QUALIFIER[term.qualifier], term.text, domain, record.exp)
        if record.redirect is None:
            return _Found(SpfResult.NEUTRAL, "no term matched", domain)
        self._count(f"redirect in {domain}")
        target = await self._name(record.redirect, domain)
        found = await self._check(target)
        if found.result is SpfResult.NONE:
            raise _Stop(SpfResult.PERMERROR, f"redirect to {target}: no SPF record")
        return found

    # -- terms ------------------------------------------------------------------------------------------------------

    async def _matches(self, term: Mechanism, domain: str) -> bool:
        match term.name:
            case "all":
                return True
            case "ip4" | "ip6":
                return self._inside(ipaddress.ip_address(term.network), term)
        self._count(term.text)
        self._void = False
        target = await self._name(term.domain, domain) if term.domain else domain
        match term.name:
            case "include" if target.isascii():
                return await self._included(target)
            case "include":
                return False  # RFC 8616 section 4, as in _ask()
            case "exists":
                return bool(await self._ask(target, "A"))
            case "a":
                return await self._host_matches(target, term)
            case "mx":
                return await self._mx_matches(target, term)
        return await self._ptr_matches(target)

    async def _included(self, target: str) -> bool:
        """Section 5.2: pass matches; fail, softfail and neutral do not; none is a permerror."""
        found = await self._check(target)
        if found.result is SpfResult.NONE:
            raise _Stop(SpfResult.PERMERROR, f"include of {target}: no SPF record")
        return found.result is SpfResult.PASS

    async def _host_matches(self, host: str, term: Mechanism) -> bool:
        records = await self._ask(host, "A" if self._address.version == 4 else "AAAA")
        return any(self._inside(address, term) for address in _addresses(records))

    async def _mx_matches(self, target: str, term: Mechanism) -> bool:
        records = sorted(parsed for text in await self._ask(target, "MX") if (parsed := parse_mx(text)))
        if len(records) > MAX_MX:
            raise _Stop(SpfResult.PERMERROR, f"{term.text}: more than {MAX_MX} mail servers")
        for _, host in records:
            if host != "." and await self._host_matches(host, term):
                return True
        return False

    async def _ptr_matches(self, target: str) -> bool:
        if absence(await self._reverse()):
            self._count_void(f"{self._address} PTR")
        return any(name == target or name.endswith("." + target) for name in await self._validated_names())

    async def _validated_names(self) -> tuple[str, ...]:
        """Names of the client that lead back to its address (section 5.5). Trouble with them is no match, no error."""
        if self._validated is None:
            names = [fold_name(text) for text in _records(await self._reverse())][:MAX_PTR]
            kind = "A" if self._address.version == 4 else "AAAA"
            answers = [await self._resolver.lookup(name, kind) for name in names]
            self._validated = tuple(
                name
                for name, answer in zip(names, answers, strict=True)
                if self._address in _addresses(_records(answer))
            )
        return self._validated

    async def _reverse(self) -> Outcome[DnsAnswer]:
        if self._pointers is None:
            self._pointers = await self._resolver.lookup(self._address.reverse_pointer, "PTR")
        return self._pointers

    def _inside(self, network: Address, term: Mechanism) -> bool:
        if network.version != self._address.version:
            return False
        written = term.prefix4 if network.version == 4 else term.prefix6
        prefix = network.max_prefixlen if written is None else written
        return self._address in ipaddress.ip_network((network, prefix), strict=False)

    # -- look-ups, limits, names ------------------------------------------------------------------------------------

    def _count(self, what: str) -> None:
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            raise _Stop(SpfResult.PERMERROR, f"{what}: more than {MAX_LOOKUPS} look-ups")

    async def _ask(self, name: str, rdtype: str) -> tuple[str, ...]:
        """The records at `name`; none for a name that cannot exist (section 4.8). A void answer is counted."""
        if not name.isascii() or not all(0 < len(label) <= 63 for label in name.split(".")):
            return ()  # RFC 8616 section 4: nor does a term match whose macros bring in other characters
        outcome = await self._resolver.lookup(name, rdtype)
        if isinstance(outcome, Completed):
            return outcome.value.records
        if absence(outcome) is None:
            raise _Stop(SpfResult.TEMPERROR, f"{name} {rdtype}: {outcome.reason}")
        self._count_void(f"{name} {rdtype}")
        return ()

    def _count_void(self, what: str) -> None:
        """Section 4.6.4 limits the terms whose queries are answered by nothing: one term counts once."""
        self._voids += not self._void
        self._void = True
        if self._voids > MAX_VOIDS:
            raise _Stop(SpfResult.PERMERROR, f"{what}: more than {MAX_VOIDS} void look-ups")

    async def _name(self, spec: MacroString, domain: str) -> str:
        name = expand_domain(spec, await self._values(spec, domain))
        assert name is not None  # _values fills every letter that a domain may use
        return name

    async def _values(self, spec: MacroString, domain: str) -> Mapping[str, str]:
        """What the macros mean (section 7.2). The client's name is looked up only if %{p} asks for it."""
        address = self._address
        readable = str(address)
        # Upper-case digits, as other evaluators show them; where it is part of a name, case makes no difference.
        dotted = readable if address.version == 4 else ".".join(address.exploded.replace(":", "")).upper()
        values = {
            "s": f"{self._local}@{self._written}",
            "l": self._local,
            "o": self._written,
            "d": self._written if domain == self._domain else domain,
            "i": dotted,
            "v": "in-addr" if address.version == 4 else "ip6",
            "h": self._helo,
            "c": readable,
            "r": self._receiver,
            "t": str(int(time.time())),
        }
        if any(isinstance(part, Macro) and part.letter.lower() == "p" for part in spec):
            values["p"] = await self._client_name(domain)
        return values

    async def _client_name(self, domain: str) -> str:
        """%{p}: the domain itself, else a name below it, else any validated name, else "unknown" (section 7.3)."""
        names = await self._validated_names()
        below = (name for name in names if name.endswith("." + domain))
        return domain if domain in names else next(below, next(iter(names), "unknown"))

    async def _explain(self, found: _Found) -> str:
        """The explanation of a fail (section 6.2): "" if anything about it is not in order."""
        assert found.exp is not None
        name = await self._name(found.exp, found.domain)
        texts = _records(await self._resolver.lookup(name, "TXT"))
        if len(texts) != 1 or not texts[0].isascii():
            return ""
        try:
            parts = parse_macro_string(texts[0], explanation=True)
        except SpfError:
            return ""
        return expand(parts, await self._values(parts, found.domain)) or ""


def _records(outcome: Outcome[DnsAnswer]) -> tuple[str, ...]:
    return outcome.value.records if isinstance(outcome, Completed) else ()


def _addresses(records: tuple[str, ...]) -> tuple[Address, ...]:
    """The records that are addresses."""
    found: list[Address] = []
    for record in records:
        try:
            found.append(ipaddress.ip_address(record))
        except ValueError:
            continue
    return tuple(found)
