"""Looks at the DKIM keys of configured selectors. Selectors cannot be listed from the DNS; none is guessed here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from auditor.gather.mail.lookups import Lookups
from auditor.model import DnsAnswer, Outcome

MAX_SELECTORS = 50


async def look_at_dkim(
    domain: str, selectors: Sequence[str], resolver: Lookups
) -> tuple[tuple[str, Outcome[DnsAnswer]], ...]:
    """Selector and answer, each selector once, at most MAX_SELECTORS."""
    wanted = list(dict.fromkeys(selector.strip().lower() for selector in selectors if selector.strip()))[:MAX_SELECTORS]
    answers = await asyncio.gather(*(resolver.lookup(f"{name}._domainkey.{domain}", "TXT") for name in wanted))
    return tuple(zip(wanted, answers, strict=True))
