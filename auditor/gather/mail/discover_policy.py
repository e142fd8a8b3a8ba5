"""The DMARC policy that applies to mail of a domain, looked up and read in one call (RFC 9989 section 4.10.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.gather.mail.dmarc import look_at_dmarc
from auditor.gather.mail.lookups import AnyResolver, adapt
from auditor.model import DmarcFacts, Reason
from auditor.read.records.dmarc import read_dmarc
from auditor.read.records.outcomes import absence, ascii_name, blindness


@dataclass(frozen=True, slots=True)
class PolicyFound:
    """What applies to a domain; unpacks as `location, effective_policy, queries`.

    `facts` holds all that was read (state, record, problems); `queries` the names asked for a record, in order.
    """

    facts: DmarcFacts
    queries: tuple[str, ...]

    @property
    def location(self) -> str:
        """The name at which the record that applies stands, such as `_dmarc.example.com`; "" if there is none."""
        return self.facts.location

    @property
    def effective_policy(self) -> str:
        """none, quarantine or reject: p, sp or np as it applies to the domain, one level lower under t=y; "" if no
        DMARC processing follows, or if an answer that decides could not be got (`facts.state` says which)."""
        return self.facts.effective_policy

    def __iter__(self) -> Iterator[str | tuple[str, ...]]:
        yield self.location
        yield self.effective_policy
        yield self.queries


async def discover_policy(domain: str, resolver: AnyResolver) -> PolicyFound:
    """The DMARC policy for `domain` as the author domain of a message.

    Whether the domain exists (section 3.2.11, RFC 8020: not if a query for it is answered by NXDOMAIN) is asked only
    if an inherited record makes the difference between sp and np; that question is none of `queries`. What `resolver`
    may be: see lookups.adapt(). Raises nothing for what the network does.
    """
    domain, asks = ascii_name(domain), adapt(resolver)
    if not domain.strip("."):
        return PolicyFound(DmarcFacts("none"), ())
    walk = await look_at_dmarc(domain, asks)
    facts = read_dmarc(domain, walk)
    absent = read_dmarc(domain, walk, domain_exists=False)
    if absent.effective_policy != facts.effective_policy:
        outcome = await asks.lookup(domain, "A")
        if absence(outcome) is Reason.DNS_NXDOMAIN:
            facts = absent
        elif blindness(outcome):
            facts = replace(facts, state="unverifiable", effective_policy="", reason=blindness(outcome))
    return PolicyFound(facts, tuple(name for name, _ in walk))
