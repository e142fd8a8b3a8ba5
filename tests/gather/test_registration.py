"""The RDAP service asked over HTTPS on loopback: what is sent, how often, what is kept, and what is no answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.audit_context import AuditContext, open_context
from auditor.demo.dns import DnsServer
from auditor.mail_domains import JudgedDomain, ListLine, MailJudge
from auditor.model import Completed, MailEvidence, Reason, Verdict
from auditor.settings import Settings, load_settings
from auditor.store.codec import from_json, to_json
from tests.gather.servers import Authority, HttpServer, Request, redirect, reply

DOMAIN = "tinh.example"
RDAP = "rdap.example"
ZONE = {
    DOMAIN: {"MX": ["0 ."], "TXT": ["v=spf1 -all"]},
    f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
    f"so.{DOMAIN}": {"MX": ["0 ."], "TXT": ["v=spf1 -all"]},
}
Handler = Callable[[Request], bytes]


def answer(days: float = 300, **changes: Any) -> bytes:
    ends = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body = {"objectClassName": "domain", "ldhName": DOMAIN, "status": ["active"],
            "events": [{"eventAction": "expiration", "eventDate": ends}],
            "entities": [{"vcardArray": ["vcard", [["fn", {}, "text", "Nguyen Van A"]]]}], **changes}  # fmt: skip
    return reply(json.dumps(body), Content_Type="application/rdap+json")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def configured(dns: DnsServer, ca_file: str, port: int, url: str = f"https://{RDAP}/v1/", **audit: Any) -> Settings:
    settings = load_settings(None).with_audit(
        resolvers=("{}:{}".format(*dns.address),), connect_to=(f":443:127.0.0.1:{port}",), ca_file=ca_file,
        allow_private=True, delay_seconds=0.0, **audit,
    )  # fmt: skip
    return settings.model_copy(update={"mail_domain": settings.mail_domain.model_copy(update={"rdap_url": url})})


class Registry:
    """A registry on loopback, and `auditor mail` that is told of it."""

    def __init__(self, authority: Authority, handler: Handler, names: Sequence[str] = (RDAP,)) -> None:
        self.authority, self.names = authority, names
        self.handler = handler
        self.requests: list[Request] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[AuditContext]:
        with DnsServer(ZONE) as dns:
            async with HttpServer(lambda request: self.handler(request), self.authority.context(*self.names)) as server:
                self.requests = server.requests
                settings = configured(dns, self.authority.ca_file, server.port)
                async with open_context(settings, as_of=datetime.now(UTC).date()) as context:
                    yield context

    def judged(self, *domains: str, between: Callable[[], None] = lambda: None) -> tuple[JudgedDomain, ...]:
        async def run() -> tuple[JudgedDomain, ...]:
            async with self.running() as context:
                return await MailJudge(context).judge_few(domains or (DOMAIN,), 0.01, lambda *_: between())

        return asyncio.run(run())


def said(judged: JudgedDomain) -> tuple[Verdict, str]:
    finding = next(one for one in judged.findings if one.id == "mail.registration")
    return finding.verdict, finding.seen_key.removeprefix("mail.registration.")


def paths(registry: Registry) -> list[str]:
    return [request.path for request in registry.requests]


def test_one_question_for_the_registered_name_and_nothing_else(authority: Authority) -> None:
    registry = Registry(authority, lambda request: answer())
    (judged,) = registry.judged(f"so.{DOMAIN}")
    assert said(judged) == (Verdict.PASS, "valid")
    assert paths(registry) == [f"/v1/domain/{DOMAIN}"]  # no robots.txt: the service is made for programs
    assert registry.requests[0].headers["accept"].startswith("application/rdap+json")
    finding = next(one for one in judged.findings if one.id == "mail.registration")
    assert finding.evidence[0].url == f"https://{RDAP}/v1/domain/{DOMAIN}"
    assert "active" in finding.evidence[0].excerpt


def test_domains_of_one_registration_ask_once(authority: Authority) -> None:
    registry = Registry(authority, lambda request: answer())
    assert {said(one)[1] for one in registry.judged(DOMAIN, f"so.{DOMAIN}")} == {"valid"}
    assert len(registry.requests) == 1


def test_a_public_suffix_is_never_asked_about(authority: Authority) -> None:
    registry = Registry(authority, lambda request: answer(-100, ldhName="gov.vn"))
    (judged,) = registry.judged("gov.vn")
    assert said(judged) == (Verdict.NOT_APPLICABLE, "no_name")
    assert registry.requests == []


def test_near_its_end_is_partial_at_once(authority: Authority) -> None:
    (judged,) = Registry(authority, lambda request: answer(29)).judged()
    assert said(judged) == (Verdict.PARTIAL, "near")
    assert judged.facts.confirmed


@pytest.mark.parametrize(
    ("wrong", "key"), [(answer(-2), "expired"), (answer(status=["server hold"]), "held")], ids=["expired", "held"]
)
def test_expired_and_held_fail_only_if_the_second_look_agrees(authority: Authority, wrong: bytes, key: str) -> None:
    registry = Registry(authority, lambda request: wrong)
    assert said(*registry.judged()) == (Verdict.FAIL, key)
    assert len(registry.requests) == 2

    renewed = Registry(authority, lambda request: wrong)

    def renew() -> None:
        renewed.handler = lambda request: answer()

    assert said(*renewed.judged(between=renew)) == (Verdict.PASS, "valid")


def test_one_look_alone_is_no_verdict(authority: Authority) -> None:
    async def run(registry: Registry) -> JudgedDomain:
        async with registry.running() as context:
            return await MailJudge(context).judge(DOMAIN)

    judged = asyncio.run(run(Registry(authority, lambda request: answer(-100))))
    assert said(judged) == (Verdict.UNVERIFIED, "unconfirmed")


@pytest.mark.parametrize(
    ("sent", "key", "reason"),
    [
        (reply(b"", 404), "not_found", Reason.HTTP_404),
        (reply(b"", 400), "unverified", Reason.HTTP_4XX),
        (reply(b"busy", 500), "unverified", Reason.HTTP_5XX),
        (reply(b"<p>hello"), "unverified", Reason.PROTOCOL_ERROR),
        (reply(b"[" * 100_000), "unverified", Reason.PROTOCOL_ERROR),
        (reply(b'{"status":["server hold"],"x":"' + b"x" * 300_000 + b'"}'), "unverified", Reason.TOO_LARGE),
        (answer(-100, ldhName="example"), "unverified", Reason.PROTOCOL_ERROR),
        (answer(events=[]), "undated", None),
        (redirect(f"https://{RDAP}/loop"), "unverified", Reason.TOO_MANY_REDIRECTS),
    ],
    ids=["404", "400", "500", "html", "deep", "large", "other", "undated", "loop"],
)  # fmt: skip
def test_could_not_look(authority: Authority, sent: bytes, key: str, reason: Reason | None) -> None:
    (judged,) = Registry(authority, lambda request: sent).judged()
    assert said(judged) == (Verdict.UNVERIFIED, key)
    assert judged.facts.registration is not None and judged.facts.registration.reason is reason


def test_a_certificate_for_another_name_is_no_answer(authority: Authority) -> None:
    registry = Registry(authority, lambda request: answer(-100), ["other.example"])
    (judged,) = registry.judged()
    assert said(judged) == (Verdict.UNVERIFIED, "unverified")
    assert judged.facts.registration is not None and judged.facts.registration.reason is Reason.TLS_INVALID


def test_a_redirect_to_another_service_is_followed_rfc_7480_section_5_2(authority: Authority) -> None:
    def handler(request: Request) -> bytes:
        if request.host == RDAP:
            return redirect(f"https://registry.example/domain/{DOMAIN}")
        return answer()

    registry = Registry(authority, handler, [RDAP, "registry.example"])
    assert said(*registry.judged()) == (Verdict.PASS, "valid")
    assert [request.host for request in registry.requests] == [RDAP, "registry.example"]


def test_a_redirect_to_plain_http_is_no_answer(authority: Authority) -> None:
    """The answer would say "expired"; anybody on the way could have written it."""

    async def run() -> JudgedDomain:
        async with HttpServer(lambda request: answer(-100)) as plain:
            registry = Registry(
                authority, lambda request: redirect(f"http://plain.example:{plain.port}/domain/{DOMAIN}")
            )
            registry_zone = {**ZONE, "plain.example": {"A": ["127.0.0.1"]}}
            with DnsServer(registry_zone) as dns:
                async with HttpServer(registry.handler, authority.context(RDAP)) as server:
                    settings = configured(dns, authority.ca_file, server.port)
                    async with open_context(settings, as_of=datetime.now(UTC).date()) as context:
                        judged = await MailJudge(context).judge(DOMAIN)
            assert len(plain.requests) == 1
            return judged

    judged = asyncio.run(run())
    assert said(judged) == (Verdict.UNVERIFIED, "unverified")
    assert judged.facts.registration is not None and judged.facts.registration.reason is Reason.PROTOCOL_ERROR


def test_private_addresses_are_refused_as_everywhere(authority: Authority) -> None:
    async def run() -> tuple[JudgedDomain, int]:
        async with HttpServer(lambda request: answer(-100)) as server:
            with DnsServer(ZONE) as dns:
                settings = configured(dns, authority.ca_file, 1, f"http://127.0.0.1:{server.port}/")
                settings = settings.with_audit(allow_private=False)
                async with open_context(settings, as_of=datetime.now(UTC).date()) as context:
                    return await MailJudge(context).judge(DOMAIN), len(server.requests)

    judged, requests = asyncio.run(run())
    assert said(judged) == (Verdict.UNVERIFIED, "unverified") and requests == 0
    assert judged.facts.registration is not None and judged.facts.registration.reason is Reason.BLOCKED_ADDRESS


def test_no_person_is_kept_and_evidence_survives_the_store(authority: Authority) -> None:
    (judged,) = Registry(authority, lambda request: answer()).judged()
    evidence = judged.facts.evidence
    assert evidence is not None and evidence.registration is not None
    look = evidence.registration.answer
    assert isinstance(look, Completed) and b"Nguyen" not in look.value.body and b"expiration" in look.value.body
    assert from_json(MailEvidence, to_json(evidence)) == evidence
    older = to_json(evidence).replace('"registration":', '"unknown":')
    assert from_json(MailEvidence, older).registration is None


# -- a list of services (RFC 9224) ------------------------------------------------------------------------------------

LIST = "https://iana.example/rdap/dns.json"


def listed(authority: Authority, services: bytes, *domains: str) -> tuple[list[JudgedDomain], list[tuple[str, str]]]:
    """Domains judged with a list of services, and what was asked, as host and path."""

    def handler(request: Request) -> bytes:
        return services if request.host == "iana.example" else answer()

    async def run() -> tuple[list[JudgedDomain], list[tuple[str, str]]]:
        with DnsServer(ZONE) as dns:
            async with HttpServer(handler, authority.context("iana.example", RDAP)) as server:
                settings = configured(dns, authority.ca_file, server.port, LIST)
                async with open_context(settings, as_of=datetime.now(UTC).date()) as context:
                    judged = list(await MailJudge(context).judge_few(domains, 0, lambda *_: None))
                return judged, [(request.host, request.path) for request in server.requests]

    return asyncio.run(run())


def test_the_list_is_fetched_once_and_leads_to_the_service(authority: Authority) -> None:
    services = reply(json.dumps({"services": [[["example"], [f"https://{RDAP}/v2/"]]]}))
    judged, asked = listed(authority, services, DOMAIN, f"so.{DOMAIN}", "binhphuoc.gov.vn")
    assert [said(one) for one in judged] == [
        (Verdict.PASS, "valid"), (Verdict.PASS, "valid"), (Verdict.UNVERIFIED, "no_service")
    ]  # fmt: skip
    assert asked == [("iana.example", "/rdap/dns.json"), (RDAP, f"/v2/domain/{DOMAIN}")]


@pytest.mark.parametrize(
    ("services", "reason"),
    [
        (reply(b"", 503), Reason.HTTP_5XX), (reply(b"<p>"), Reason.PROTOCOL_ERROR),
        (reply(b'{"services":[]}' + b" " * 2_000_100), Reason.PROTOCOL_ERROR),
    ],
    ids=["503", "html", "large"],
)  # fmt: skip
def test_a_list_that_cannot_be_had_is_no_verdict(authority: Authority, services: bytes, reason: Reason) -> None:
    (judged,), asked = listed(authority, services, DOMAIN)
    assert said(judged) == (Verdict.UNVERIFIED, "unverified")
    assert judged.facts.registration is not None and judged.facts.registration.reason is reason
    assert {host for host, _ in asked} == {"iana.example"}


# -- not configured -------------------------------------------------------------------------------------------------


def test_the_shipped_setting_asks_nobody() -> None:
    assert load_settings(None).mail_domain.rdap_url == ""
    with DnsServer(ZONE) as dns:
        settings = load_settings(None).with_audit(resolvers=("{}:{}".format(*dns.address),))

        async def run() -> JudgedDomain:
            async with open_context(settings, as_of=datetime.now(UTC).date()) as context:
                assert context.registry is None
                return await MailJudge(context).judge(DOMAIN)

        judged = asyncio.run(run())
    assert said(judged) == (Verdict.NOT_APPLICABLE, "not_asked")
    assert next(one for one in judged.findings if one.id == "mail.registration").is_silent


def test_a_list_asks_no_registry(authority: Authority) -> None:
    async def run(registry: Registry) -> list[JudgedDomain]:
        async with registry.running() as context:
            lines = [ListLine(1, DOMAIN, DOMAIN)]
            return [judged async for _, judged in MailJudge(context).judge_all(lines) if judged is not None]

    registry = Registry(authority, lambda request: answer(-100))
    (judged,) = asyncio.run(run(registry))
    assert said(judged) == (Verdict.NOT_APPLICABLE, "not_asked")
    assert registry.requests == []
