"""The DMARC policy that applies to mail of a domain, looked up and read in one call (RFC 9989 section 4.10.1)."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.gather.mail.dmarc import look_at_dmarc
from auditor.gather.mail.lookups import Lookups
from auditor.model import DmarcFacts, Failed, Reason
from auditor.read.records.dmarc import read_dmarc
from auditor.read.records.outcomes import fold_name


@dataclass(frozen=True, slots=True)
class PolicyFound:
    """The facts (state, location of the record, effective policy, problems) and the names asked, in order."""

    facts: DmarcFacts
    queries: tuple[str, ...]


async def discover_policy(domain: str, resolver: Lookups) -> PolicyFound:
    """The DMARC policy for `domain` as the author domain of a message.

    Whether the domain exists is asked only if an inherited record makes the difference between sp and np. Raises
    nothing for what the network does.
    """
    domain = fold_name(domain)
    walk = await look_at_dmarc(domain, resolver)
    facts = read_dmarc(domain, walk)
    absent = read_dmarc(domain, walk, domain_exists=False)
    if absent.effective_policy != facts.effective_policy:
        address = await resolver.addresses(domain)
        if isinstance(address, Failed) and address.reason is Reason.DNS_NXDOMAIN:
            facts = absent
    return PolicyFound(facts, tuple(name for name, _ in walk))
