"""Several hundred mail domains of many kinds, made from one seed, below a signed root; and a server that answers for all
of it as a resolver would. Who derives what must be asked reads the same data as the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from random import Random

import dns.flags
import dns.message

from auditor.demo.dns import DnsServer
from auditor.demo.signing import Plan, SignedTree, sign_tree

Types = dict[str, list[str]]
SEED = 7672
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@dataclass
class World:
    """`records`: all that any zone holds. `signed`: apexes of the zones with a chain of DNSSEC from the root,
    `unsigned`: those of the others."""

    records: dict[str, Types] = field(default_factory=dict)
    signed: set[str] = field(default_factory=lambda: {".", "vn", "gov.vn", "example"})
    unsigned: set[str] = field(default_factory=set)
    domains: list[str] = field(default_factory=list)

    def add(self, name: str, kind: str, *texts: str) -> None:
        self.records.setdefault(name, {}).setdefault(kind, []).extend(texts)

    @cached_property
    def existing(self) -> frozenset[str]:
        """The names that exist: with records, or with such a name below them (RFC 8020). Asked once all is added."""
        owners = {*self.records, *self.signed, *self.unsigned} - {"."}
        labels = [owner.split(".") for owner in owners]
        return frozenset(".".join(one[at:]) for one in labels for at in range(len(one)))

    def zone_of(self, name: str) -> str:
        """The closest apex at or above `name`."""
        while name and name not in self.signed and name not in self.unsigned:
            name = name.partition(".")[2]
        return name or "."


class WorldServer(DnsServer):
    """Questions for signatures (DO) are answered from signed zones, all others from the plain records with aliases
    followed. `validates`: the AD bit on what a validating resolver would authenticate."""

    def __init__(self, world: World, tree: SignedTree, *, validates: bool) -> None:
        super().__init__(world.records, sorted(world.signed | world.unsigned))
        self.world, self.tree, self.validates = world, tree, validates
        self.direct: list[tuple[str, str]] = []  # questions without RD: put to a name server, not to a resolver

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        asked = query.question[0]
        if query.ednsflags & dns.flags.DO:
            return self.tree.answer(query)
        if not query.flags & dns.flags.RD:
            self.direct.append(self.queries.pop())
        reply = super()._answer(query)
        owners = {asked.name, *(records.name for records in reply.answer)}
        safe = all(self.world.zone_of(one.to_text(omit_final_dot=True).lower()) in self.world.signed for one in owners)
        reply.flags |= dns.flags.AD if self.validates and safe and query.flags & dns.flags.AD else 0
        return reply


def sign(world: World, now: datetime) -> SignedTree:
    """The world's zones, each handed over by the closest one above it, with their signatures."""
    lines = {apex: list[str]() for apex in (*world.signed, *world.unsigned)}
    for name, types in world.records.items():
        for kind, texts in types.items():
            quoted = (f'"{text}"' if kind == "TXT" else text for text in texts)
            lines[world.zone_of(name)] += [f"{name}. 300 {kind} {text}\n" for text in quoted]
    return sign_tree({apex: Plan("".join(text), signed=apex in world.signed) for apex, text in lines.items()}, now)


def make_world(domains: int) -> World:
    random, world = Random(SEED), World()
    _shared(world)
    for number in range(domains):
        _domain(world, number, random)
    return world


def _shared(world: World) -> None:
    """What several domains use: two providers, of which one has a signed zone, and a receiver of reports."""
    for base, octet in (("nha-cung-cap.example", 10), ("dich-vu.example", 20)):
        (world.signed if octet == 10 else world.unsigned).add(base)
        for place, host in enumerate(("mx1", "mx2", "ns1", "ns2")):
            address = f"203.0.{octet + place}.5"
            world.add(f"{host}.{base}", "A", address)
            world.add(f"{host}.{base}", "AAAA", f"2001:db8:{octet + place}::5")
            world.add(f"5.{octet + place}.0.203.in-addr.arpa", "PTR", f"{host}.{base}.")
        world.add(base, "NS", f"ns1.{base}.", f"ns2.{base}.")
        world.add(f"_25._tcp.mx1.{base}", "TLSA", "3 1 1 " + "ab" * 32)
        world.add(f"_spf.{base}", "TXT", f"v=spf1 include:_a.{base} include:_b.{base} ~all")
        world.add(f"_a.{base}", "TXT", "v=spf1 ip4:203.0.0.0/18 a:mx1.nha-cung-cap.example ~all")
        world.add(f"_b.{base}", "TXT", f"v=spf1 include:_a.{base} exists:%{{i}}._x.{base} ~all")
    world.add("vn", "CAA", '0 issue "ca.example"')
    world.add("bao-cao.example", "TXT", "other")
    world.unsigned.add("bao-cao.example")


def _domain(world: World, number: int, random: Random) -> None:
    """One domain; every kind of record is drawn by itself, so that all sorts meet."""
    top = random.choice(["vn", "gov.vn", "gov.vn", "example"])
    zone = f"tinh{number}.{top}"
    name = random.choice([zone, zone, zone, f"thu.{zone}", f"a.b.c.d.e.f.g.so.{zone}"])
    world.domains.append(name)
    cut = random.random()
    if cut < 0.15:
        world.signed.add(zone)
    elif cut < 0.95:
        world.unsigned.add(zone)
    if random.random() < 0.04 or cut >= 0.95:
        return  # the name does not exist, or is not handed over to anybody
    servers = random.choice(["nha-cung-cap.example", "dich-vu.example", zone])
    world.add(zone, "NS", f"ns1.{servers}.", f"ns2.{servers}.")
    if servers == zone:
        world.add(f"ns1.{zone}", "A", "127.0.0.1")
    alias = zone in world.unsigned and random.random() < 0.1
    _receivers(world, name, number, random)
    _senders(world, name, alias, random)
    _policies(world, name, zone, alias, random)


def _receivers(world: World, name: str, number: int, random: Random) -> None:
    kind = random.choice(["own", "own", "hosted", "other", "null", "implicit", "bare", "mixed"])
    if kind == "own":
        address = f"198.51.{number // 250}.{number % 250 + 1}"
        world.add(name, "MX", f"10 mail.{name}.", f"20 mail.{name}.")
        world.add(f"mail.{name}", "A", address)
        owner = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        world.add(owner, "PTR", random.choice([f"mail.{name}.", f"static-{number}.dich-vu.example."]))
        if random.random() < 0.5:
            world.add(f"_25._tcp.mail.{name}", "TLSA", "3 1 1 " + "cd" * 32)
    if kind in ("hosted", "mixed"):
        world.add(name, "MX", "10 mx1.nha-cung-cap.example.", "20 mx2.nha-cung-cap.example.")
    if kind in ("other", "mixed"):
        world.add(name, "MX", "30 mx1.dich-vu.example.", "40 gone.dich-vu.example.", "50 192.0.2.7.")
    if kind == "null":
        world.add(name, "MX", "0 .")
    if kind == "implicit":
        world.add(name, "A", "198.51.100.77")
    if kind == "bare":
        world.add(name, "TXT", "nothing of mail")


def _senders(world: World, name: str, alias: bool, random: Random) -> None:
    kind = random.choice(["mx", "tree", "redirect", "macro", "hosts", "closed", "none", "broken", "loop"])
    texts = {
        "mx": "v=spf1 mx a -all",
        "tree": "v=spf1 include:_spf.nha-cung-cap.example include:_spf.dich-vu.example mx -all",
        "redirect": f"v=spf1 redirect=_spf2.{name}",
        "macro": "v=spf1 include:%{d2}._s.dich-vu.example include:%{i}._s.dich-vu.example exists:%{l}.dich-vu.example ~all",
        "hosts": f"v=spf1 a:mail.{name} mx:nha-cung-cap.example exists:e1.dich-vu.example exists:e2.dich-vu.example "
        "exists:e3.dich-vu.example ptr -all a:after.dich-vu.example redirect=never.dich-vu.example",
        "closed": "v=spf1 -all",
        "broken": "v=spf1 include:_spf.dich-vu.example ip4:1.2.3 -all",
        "loop": f"v=spf1 include:_spf2.{name} -all",
    }
    if kind in texts:
        world.add(name, "TXT", texts[kind], "xac-minh=1")
    if kind == "redirect":
        world.add(f"_spf2.{name}", "TXT", "v=spf1 include:_spf.dich-vu.example ~all")
    if kind == "loop":
        world.add(f"_spf2.{name}", "TXT", f"v=spf1 include:{name} a ~all")
    if random.random() < 0.5:
        selector = f"selector1._domainkey.{name}"
        world.add(selector, *(("CNAME", "key.dich-vu.example.") if alias else ("TXT", KEY)))


def _policies(world: World, name: str, zone: str, alias: bool, random: Random) -> None:
    policy = random.choice([
        "v=DMARC1; p=reject", "v=DMARC1; p=none; rua=mailto:a@bao-cao.example,mailto:b@" + name, "v=DMARC1; p=none; psd=n",
    ])  # fmt: skip
    place = random.choice(["own", "own", "zone", "none"])
    if place == "own" and alias:
        world.add(f"_dmarc.{name}", "CNAME", "_dmarc.dich-vu.example.")
    elif place == "own" or (place == "zone" and zone != name):
        world.add(f"_dmarc.{name if place == 'own' else zone}", "TXT", policy)
    if random.random() < 0.3:
        world.add(f"_mta-sts.{name}", "TXT", "v=STSv1; id=1")
        world.add(f"_smtp._tls.{name}", "TXT", "v=TLSRPTv1; rua=mailto:a@" + name)
    if random.random() < 0.3:
        world.add(f"default._bimi.{name}", "TXT", f"v=BIMI1; l=https://{name}/logo.svg")
        world.add(random.choice([name, zone]), "CAA", '0 issue "ca.example"')
    if random.random() < 0.3:
        world.add(f"_imaps._tcp.{name}", "SRV", f"0 1 993 mail.{name}.")
    if alias:
        world.add(f"*.{name}", "MX", "10 mx1.dich-vu.example.")
