"""Where mail for a domain goes (RFC 5321 section 5.1, RFC 7505, RFC 2181 section 10.3)."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from auditor.model import Completed, DnsAnswer, MxFacts, MxTarget, Outcome, Reason, ReverseLook
from auditor.read.records.outcomes import absence, blindness
from auditor.read.records.problems import Problem

#: Address blocks that no mail server on the Internet can reach (RFC 6890, RFC 4193, RFC 6598). Blocks set aside for
#: documentation are left out: nobody routes them, and nobody uses them by mistake either.
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


def parse_mx(text: str) -> tuple[int, str] | None:
    """`"10 mail.example.vn."` as (preference, host in lower case without trailing dot; "." for a null MX); None if it
    is no MX record."""
    preference, _, host = text.strip().partition(" ")
    host = host.strip().lower()
    if not (preference.isascii() and preference.isdigit()) or int(preference[:6]) > 65535 or not host or " " in host:
        return None
    return int(preference), host.rstrip(".") or "."


def is_address(host: str) -> bool:
    """True if `host` is an IP address; an MX record must name a host (RFC 5321 section 5.1)."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_private(address: str) -> bool:
    """True if `address` cannot be reached over the Internet; False also for text that is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in block for block in _PRIVATE if block.version == parsed.version)


def read_mx(
    mx: Outcome[tuple[MxTarget, ...]],
    address: Outcome[tuple[str, ...]],
    wildcard: Outcome[DnsAnswer] | None = None,
) -> MxFacts:
    """The MX facts of a domain from its MX records and its own addresses (the implicit MX).

    `wildcard`: the MX answer for a name below it that nobody has set up.
    """
    blind, gone = blindness(mx), absence(mx)
    if blind:
        return MxFacts("unverifiable", reason=blind)
    if isinstance(mx, Completed) and mx.value:
        facts = _targets(mx.value)
        everywhere = wildcard is not None and isinstance(wildcard, Completed) and bool(wildcard.value.records)
        return replace(facts, problems=(*facts.problems, Problem.MX_WILDCARD)) if everywhere else facts
    if isinstance(mx, Completed):
        return MxFacts("invalid", problems=(Problem.MX_UNREADABLE,))
    return _implicit(address, gone or Reason.DNS_NODATA)


def _implicit(address: Outcome[tuple[str, ...]], gone: Reason) -> MxFacts:
    """A domain without MX records receives at its own address (RFC 5321 section 5.1)."""
    if gone is Reason.DNS_NXDOMAIN:
        return MxFacts("none", problems=(Problem.MX_MISSING,), reason=gone)
    blind = blindness(address)
    if blind:
        return MxFacts("unverifiable", problems=(Problem.MX_MISSING,), reason=blind)
    if not isinstance(address, Completed) or not address.value:
        return MxFacts("none", problems=(Problem.MX_MISSING,), reason=gone)
    private = (Problem.MX_PRIVATE_ADDRESS,) if all(map(is_private, address.value)) else ()
    return MxFacts("implicit", problems=(Problem.MX_IMPLICIT, *private), reason=gone)


def _targets(targets: tuple[MxTarget, ...]) -> MxFacts:
    hosts = tuple(target for target in targets if target.host != ".")
    listed = tuple(
        (target.preference, target.host, target.addresses.value if isinstance(target.addresses, Completed) else ())
        for target in sorted(targets, key=lambda target: (target.preference, target.host))
    )
    if not hosts:
        return MxFacts("null", listed, (Problem.MX_NULL,))
    problems = [Problem.MX_NULL_WITH_OTHERS] if len(hosts) < len(targets) else []
    for target in hosts:
        problems += _target_problems(target)
    reachable = any(_usable(target) for target in hosts)
    unknown = next((reason for target in hosts if (reason := blindness(target.addresses))), None)
    state = "valid" if reachable else "unverifiable" if unknown else "invalid"
    # What is said of a host without address rests on that negative answer, also where another host works.
    negative = next((why for target in hosts if (why := absence(target.addresses))), None)
    reason = unknown if state == "unverifiable" else negative
    return MxFacts(state, listed, tuple(dict.fromkeys(problems)), reason)


def _usable(target: MxTarget) -> bool:
    addresses = target.addresses
    return isinstance(addresses, Completed) and any(not is_private(address) for address in addresses.value)


def _target_problems(target: MxTarget) -> list[Problem]:
    if is_address(target.host):
        return [Problem.MX_TARGET_IS_ADDRESS]
    found = [Problem.MX_TARGET_ALIAS] if target.is_alias else []
    if blindness(target.addresses):
        found.append(Problem.MX_TARGET_UNCHECKED)
    elif not isinstance(target.addresses, Completed) or not target.addresses.value:
        found.append(Problem.MX_TARGET_UNRESOLVED)
    elif any(map(is_private, target.addresses.value)):
        found.append(Problem.MX_PRIVATE_ADDRESS)
    return found + [problem for look in target.reverse if (problem := _reverse_problem(look)) is not None]


def _reverse_problem(look: ReverseLook) -> Problem | None:
    """Many receivers refuse mail from an address without a name that leads back to it (RFC 1912 section 2.1)."""
    if absence(look.name):
        return Problem.MX_NO_PTR
    if look.addresses is None or blindness(look.name) or blindness(look.addresses):
        return None
    found = look.addresses.value if isinstance(look.addresses, Completed) else ()
    same = any(ipaddress.ip_address(text) == ipaddress.ip_address(look.address) for text in found)
    return None if same else Problem.MX_PTR_UNCONFIRMED
