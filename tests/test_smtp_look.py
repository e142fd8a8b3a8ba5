"""Whether a run may connect to mail servers at all: the setting, and lists of domains."""

from __future__ import annotations

import asyncio
import io
from datetime import date

import pytest

from auditor.audit_context import open_context
from auditor.demo.dns import DnsServer
from auditor.mail_domains import MailJudge, read_list
from auditor.settings import Settings, load_settings


def _settings(look: str) -> Settings:
    settings = load_settings(None)
    return settings.model_copy(update={"mail_domain": settings.mail_domain.model_copy(update={"smtp_look": look})})


def test_port_25_is_tried_unless_it_is_switched_off() -> None:
    assert load_settings(None).mail_domain.smtp_look == "auto"


@pytest.mark.parametrize(("look", "open_"), [("auto", True), ("off", False)])
def test_the_setting_decides(look: str, open_: bool) -> None:
    async def run() -> bool:
        async with open_context(_settings(look), as_of=date(2026, 11, 23)) as context:
            return context.smtp is not None

    assert asyncio.run(run()) is open_


def test_a_list_of_domains_knocks_at_no_mail_server() -> None:
    async def run() -> list[str]:
        settings = _settings("auto").with_audit(resolvers=("{}:{}".format(*server.address),), allow_private=True)
        async with open_context(settings, as_of=date(2026, 11, 23)) as context:
            judged = [one async for _, one in MailJudge(context).judge_all(read_list(io.BytesIO(b"tinh.example\n")))]
        transport = judged[0].facts.transport if judged[0] else None
        return [str(one.reason) for one in transport.smtp.servers] if transport else []

    with DnsServer(
        {"tinh.example": {"MX": ["10 mail.tinh.example."]}, "mail.tinh.example": {"A": ["127.0.0.1"]}}
    ) as server:
        assert asyncio.run(run()) == ["not_configured"]
