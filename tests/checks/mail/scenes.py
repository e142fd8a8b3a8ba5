"""A mail domain with all that surrounds it, each part as a real server on loopback: the DNS (plain, or really signed), a
host for the MTA-STS policy, a registry, a mail server. A scene says what is not as it should be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from auditor.demo.dns import DnsServer
from auditor.demo.signing import Plan, SignedDnsServer, sign_tree
from auditor.gather.dns import Resolver
from auditor.gather.mail import Outside, SmtpDoor, look_at_mail_domain
from auditor.gather.mail.rdap import RegistryDoor
from auditor.gather.mail.smtp import PORT
from auditor.gather.mail.web_host import look_at_host_mail
from auditor.model import HostLook, HostMailFacts, MailEvidence, MailFacts, NotRun, Reason
from auditor.read.host_mail import read_host_mail
from auditor.read.records import read_mail
from tests.gather.servers import Authority, HttpServer, Request, reply
from tests.gather.test_transport import RecordingServer, network
from tests.read.records.certs import tlsa

DOMAIN = "tinh.gov.example"
HOST = f"mail.{DOMAIN}"
WEB = f"sotp.{DOMAIN}"
RDAP = "rdap.example"
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
Records = Mapping[str, Sequence[str]]

#: Addresses of name servers that nobody is asked at: in different networks, and public.
SOUND: dict[str, Records] = {
    "gov.example": {"A": ["203.0.113.1"]},
    DOMAIN: {
        "MX": [f"10 {HOST}."],
        "TXT": ["v=spf1 mx -all"],
        "NS": [f"ns1.{DOMAIN}.", f"ns2.{DOMAIN}."],
        "CAA": ['0 issue "ca.example"'],
    },
    HOST: {"A": ["203.0.113.5"]},  # never connected to: port 25 is always led to this machine
    "5.113.0.203.in-addr.arpa": {"PTR": [f"{HOST}."]},
    f"ns1.{DOMAIN}": {"A": ["198.52.0.1"]},
    f"ns2.{DOMAIN}": {"A": ["203.1.0.1"]},
    f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject; rua=mailto:bc@tinh.gov.example"]},
    f"s1._domainkey.{DOMAIN}": {"TXT": [KEY]},
    f"_mta-sts.{DOMAIN}": {"TXT": ["v=STSv1; id=1"]},
    f"mta-sts.{DOMAIN}": {"A": ["127.0.0.1"]},
    f"_smtp._tls.{DOMAIN}": {"TXT": [f"v=TLSRPTv1; rua=mailto:bc@{DOMAIN}"]},
    f"default._bimi.{DOMAIN}": {"TXT": [f"v=BIMI1; l=https://{DOMAIN}/l.svg; a=https://{DOMAIN}/l.pem"]},
    f"_imaps._tcp.{DOMAIN}": {"SRV": [f"0 1 993 {HOST}."]},
    RDAP: {"A": ["127.0.0.1"]},
    WEB: {"A": ["203.0.113.9"]},
}
POLICY = f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 1209600\n"


@dataclass(frozen=True)
class Scene:
    """What differs from the sound domain. `zone`: records by name, in place of the sound ones ({}: none). `plan`: the
    zone is really signed below a signed root, with these records instead, in which PINNED stands for the TLSA record of
    the mail server's certificate. `policy`, `days` to the end of the
    registration (None: the registry does not answer), `tls` of the mail server (None: nobody listens at port 25). `looks`:
    how many are made; what rests on the network needs two."""

    zone: Mapping[str, Records] = field(default_factory=dict)
    faults: Mapping[tuple[str, str], str] = field(default_factory=dict)
    plan: Plan | None = None
    policy: str = POLICY
    days: float | None = 300
    tls: bool | None = True
    selectors: Sequence[str] = ("s1",)
    looks: int = 1

    @property
    def records(self) -> dict[str, Records]:
        return {name: records for name, records in {**SOUND, **self.zone}.items() if records}


@contextmanager
def dns_server(scene: Scene, leaf: bytes = b"") -> Iterator[tuple[DnsServer, tuple[str, ...]]]:
    """The scene's DNS, and the root's trust anchors. `leaf`: the mail server's certificate."""
    if scene.plan is None:
        with DnsServer(scene.records, faults=scene.faults) as server:
            yield server, ()
        return
    plan = replace(scene.plan, records=scene.plan.records.replace("PINNED", tlsa(3, 1, 1, leaf)))
    plans = {".": Plan(), "example": Plan(), "gov.example": Plan(), DOMAIN: plan}
    tree = sign_tree(plans, datetime.now(UTC))
    with SignedDnsServer(tree, faults=scene.faults) as server:
        yield server, tree.anchors


def mail_facts(scene: Scene, authority: Authority) -> MailFacts:
    """What is read of the scene's domain, after the last of its looks."""
    context, leaf = authority.certified(HOST)
    smtp = RecordingServer(context=context if scene.tls else None)
    with dns_server(scene, leaf) as (dns, anchors):
        looks = asyncio.run(_look(scene, dns, anchors, authority, smtp))
    return read_mail(looks[-1], looks[0] if len(looks) > 1 else None)


async def _look(
    scene: Scene, dns: DnsServer, anchors: tuple[str, ...], authority: Authority, smtp: RecordingServer
) -> list[MailEvidence]:
    names = f"mta-sts.{DOMAIN}", RDAP
    async with HttpServer(lambda request: _page(scene, request), authority.context(*names)) as web, smtp.run():
        rules = [f"{name}:443:127.0.0.1:{web.port}" for name in names]
        if scene.tls is not None:
            rules.append(f"{HOST}:{PORT}:127.0.0.1:{smtp.port}")
        async with network(dns, authority.ca_file, *rules, f"{HOST}:{PORT}:127.0.0.1:9") as client:
            resolver, registry = Resolver([dns.address], timeout=1), RegistryDoor(client, f"https://{RDAP}/")
            found = list[MailEvidence]()
            for attempt in range(1, scene.looks + 1):
                outside = Outside(client, SmtpDoor(client, authority.ca_file), anchors, registry=registry)
                found.append(
                    await look_at_mail_domain(
                        DOMAIN, resolver, selectors=scene.selectors, attempt=attempt, outside=outside, web_hosts=[WEB]
                    )
                )
                resolver.forget_failures()
            return found


def _page(scene: Scene, request: Request) -> bytes:
    if request.host.partition(":")[0] != RDAP:
        return reply(scene.policy, Content_Type="text/plain")
    if scene.days is None:
        return reply("", 503)
    ends = (datetime.now(UTC) + timedelta(days=scene.days)).isoformat()
    name = request.path.rpartition("/")[2]
    events = [{"eventAction": "expiration", "eventDate": ends}]
    body = {"objectClassName": "domain", "ldhName": name, "status": ["active"], "events": events}
    return reply(json.dumps(body), Content_Type="application/rdap+json")


def web_host_facts(scene: Scene) -> HostMailFacts | None:
    """What is read of an agency's web host below the domain."""
    with dns_server(scene) as (dns, _):
        mail = asyncio.run(look_at_host_mail(WEB, Resolver([dns.address], timeout=1)))
    return read_host_mail(HostLook(WEB, datetime.now(UTC), NotRun(Reason.OVERRIDDEN), mail=mail))
