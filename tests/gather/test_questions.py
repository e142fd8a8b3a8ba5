"""At most two questions more than the standards call for, and none twice: over several hundred domains of all kinds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from auditor.demo.signing import SignedTree
from auditor.gather.dns import Resolver
from auditor.gather.mail import NameServerDoor, Outside, Selectors, look_at_mail_domain
from auditor.model import MailEvidence
from auditor.read.records import read_mail
from tests.gather.derived_questions import Derived
from tests.gather.mail_world import World, WorldServer, make_world, sign

SELECTORS = ("selector1", "google", "default")
DOMAINS = 240


@dataclass(frozen=True)
class Made:
    world: World
    tree: SignedTree

    def derived(self, domain: str) -> Derived:
        return Derived(self.world, domain, selectors=SELECTORS)


@pytest.fixture(scope="module")
def made() -> Made:
    world = make_world(DOMAINS)
    return Made(world, sign(world, datetime.now(UTC)))


async def look(
    made: Made, server: WorldServer, domains: Sequence[str], door: NameServerDoor | None = None, at_once: int = 1
) -> list[MailEvidence]:
    """The evidence of every domain, with one resolver for all of them."""
    resolver, gate = Resolver([server.address], timeout=5), asyncio.Semaphore(at_once)
    outside = Outside(anchors=made.tree.anchors, nameservers=door)

    async def one(domain: str) -> MailEvidence:
        async with gate:
            return await look_at_mail_domain(domain, resolver, selectors=Selectors(known=SELECTORS), outside=outside)

    return await asyncio.gather(*map(one, domains))


@pytest.mark.parametrize(("validates", "every"), [(True, 1), (False, 4)], ids=["validating resolver", "plain resolver"])
def test_every_domain_is_looked_at_with_at_most_two_questions_more_than_the_standards_call_for(
    made: Made, validates: bool, every: int
) -> None:
    """Each with a resolver of its own, so that nothing is known from the one before."""
    states = Counter[str]()
    with WorldServer(made.world, made.tree, validates=validates) as server:
        for domain in made.world.domains[::every]:
            server.queries.clear()
            (evidence,) = asyncio.run(look(made, server, [domain]))
            asked, derived = Counter(server.queries), made.derived(domain)
            assert derived.core() <= set(asked), (domain, derived.core() - set(asked))
            beyond = asked - Counter(derived.questions())  # one that is put twice is one too many
            assert beyond.total() <= 2, (domain, beyond)
            facts = read_mail(evidence)
            assert facts.dnssec is not None
            states.update((facts.dnssec.state, f"mx {facts.mx.state}", f"spf {facts.spf.state}"))
    assert {"secure", "insecure", "unverifiable"} <= set(states)  # the last: a name that does not exist
    assert {f"mx {state}" for state in ("valid", "none", "null", "implicit")} <= set(states)
    assert {f"spf {state}" for state in ("valid", "none", "permerror")} <= set(states)


def test_a_run_over_many_domains_asks_nothing_twice(made: Made) -> None:
    """What domains share (zones above them, mail servers, included records, name servers) is asked for once."""
    domains = made.world.domains[: DOMAINS // 2]
    with WorldServer(made.world, made.tree, validates=True) as server:
        asyncio.run(look(made, server, domains, at_once=8))
        asked = Counter(server.queries)
    every = set().union(*(made.derived(domain).questions() for domain in domains))
    twice = {question for question, times in asked.items() if times > 1}
    assert {kind for _, kind in twice} == {"MX"}  # plainly and, in a signed zone, with its signatures
    assert all(made.world.zone_of(name) in made.world.signed and asked[name, "MX"] == 2 for name, _ in twice)
    probes = set(asked) - every
    assert {kind for _, kind in probes} == {"MX"}  # of a name below the domain that nobody has set up
    assert len(probes) <= len(domains)


def test_a_name_server_is_asked_two_questions_past_the_resolver(made: Made) -> None:
    """RFC 1912 section 2.8: whether it answers for the zone; and what it says of the domain."""
    seen = 0
    with WorldServer(made.world, made.tree, validates=True) as server:
        for domain in made.world.domains:
            zone = made.world.zone_of(domain)
            if made.world.records.get(f"ns1.{zone}", {}).get("A") != ["127.0.0.1"]:
                continue  # it stands elsewhere
            server.direct.clear()
            door = NameServerDoor(allow_private=True, port=server.address[1], timeout=2)
            asyncio.run(look(made, server, [domain], door))
            assert sorted(server.direct) == sorted([(zone, "SOA"), (domain, "MX")]), domain
            seen += 1
            if seen == 20:
                return
    raise AssertionError("no such domains")
