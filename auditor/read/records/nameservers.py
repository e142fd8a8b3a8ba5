"""Name servers of a zone: at least two, with addresses, in different networks (RFC 1034 section 4.1, RFC 2182); and
what each says of it when asked directly."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from auditor.model import Completed, NameServerFacts, NameServersLook, Reason
from auditor.read.records.direct import read_direct
from auditor.read.records.outcomes import NEGATIVE, absence, blindness
from auditor.read.records.problems import Problem

_NETWORK = {4: 24, 6: 48}  # bits: what one failure of a line or a router takes along


def read_nameservers(look: NameServersLook, domain: str = "") -> NameServerFacts:
    """The facts of one look at the zone that holds `domain` (its top if not given)."""
    facts = _placed(look)
    replies, problems, unasked = read_direct(look.zone, domain or look.zone, look.direct)
    return replace(facts, problems=(*facts.problems, *problems), replies=replies, direct_reason=unasked)


def _placed(look: NameServersLook) -> NameServerFacts:
    """How many there are, and where. A server whose addresses could not be looked at leaves the networks unknown."""
    if blind := blindness(look.answer):
        return NameServerFacts("unverifiable", look.zone, reason=blind)
    if missing := absence(look.answer):
        return NameServerFacts("unverifiable", look.zone, reason=missing)  # a name that lives has them somewhere above
    servers = tuple((host, found.value if isinstance(found, Completed) else ()) for host, found in look.servers)
    unseen = any(blindness(found) for _, found in look.servers)
    problems = [Problem.NS_SINGLE] if len(servers) < 2 else []
    if any(not isinstance(found, Completed) and found.reason in NEGATIVE for _, found in look.servers):
        problems.append(Problem.NS_UNRESOLVED)
    addresses = [ipaddress.ip_address(text) for _, found in servers for text in found]
    if any(not address.is_global for address in addresses):
        problems.append(Problem.NS_PRIVATE_ADDRESS)
    networks = {ipaddress.ip_network((address, _NETWORK[address.version]), strict=False) for address in addresses}
    apart = {version: sum(net.version == version for net in networks) for version in (4, 6)}
    together = len(servers) >= 2 and max(apart.values()) < 2
    if together and unseen:  # those that were not seen may stand elsewhere
        return NameServerFacts("unverifiable", look.zone, servers, reason=_why_unseen(look))
    if together and addresses:
        problems.append(Problem.NS_SAME_NETWORK)
    return NameServerFacts("valid", look.zone, servers, tuple(problems))


def _why_unseen(look: NameServersLook) -> Reason:
    return next(reason for _, found in look.servers if (reason := blindness(found)) is not None)
