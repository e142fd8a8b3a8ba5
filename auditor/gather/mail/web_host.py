"""What the DNS says of a web host's name as a sender of mail: three questions and a walk, with the look at the host."""

from __future__ import annotations

import asyncio

from auditor.gather.mail.dmarc import look_at_dmarc
from auditor.gather.mail.lookups import Asks
from auditor.model import HostMail
from auditor.read.records.outcomes import fold_name


async def look_at_host_mail(host: str, resolver: Asks) -> HostMail:
    """SPF, MX and the DMARC walk of `host`. Raises nothing for what the network does."""
    name = fold_name(host)
    txt, mx, dmarc = await asyncio.gather(
        resolver.lookup(name, "TXT"), resolver.lookup(name, "MX"), look_at_dmarc(name, resolver)
    )
    return HostMail(name, txt, mx, dmarc)
