"""What other programs may call: SPF of one sender, DMARC policy of a domain. Described in docs/api.md.

Each call comes in two forms: `check_host` and `discover_policy` return when they are done, `check_host_async` and
`discover_policy_async` are coroutines. The resolver may be synchronous or asynchronous in both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from auditor.gather.mail.check_host import SpfCheck, SpfResult
from auditor.gather.mail.check_host import check_host as check_host_async
from auditor.gather.mail.discover_policy import PolicyFound
from auditor.gather.mail.discover_policy import discover_policy as discover_policy_async
from auditor.gather.mail.lookups import AnyResolver

__all__ = [
    "PolicyFound",
    "SpfCheck",
    "SpfResult",
    "ZoneResolver",
    "check_host",
    "check_host_async",
    "discover_policy",
    "discover_policy_async",
]

T = TypeVar("T")

Records = Sequence[str | Sequence[str]] | str


@dataclass(frozen=True, slots=True)
class ZoneResolver:
    """A resolver that answers from a mapping: name -> record type -> records. Names in any case, dot at the end or not.

    "TIMEOUT" in place of a name's types, or of the records of a type, means that no answer comes. A name that is not
    in the mapping does not exist, unless a longer name below it is. CNAME records are followed.
    """

    zone: Mapping[str, Mapping[str, Records] | str]

    def lookup(self, name: str, rdtype: str) -> Sequence[str | Sequence[str]] | None:
        """The records; empty if there are none of this type, None if the name does not exist. Raises TimeoutError."""
        known = {_fold(key): types for key, types in self.zone.items()}
        for _ in range(10):  # an alias chain that is longer is a loop
            types = known.get(_fold(name))
            if types is None:
                below = any(key.endswith("." + _fold(name)) for key in known)
                return () if below else None
            records = types if isinstance(types, str) else types.get(rdtype, ())
            if records == "TIMEOUT":
                raise TimeoutError(f"{name} {rdtype}")
            if records or isinstance(types, str) or "CNAME" not in types:
                return records
            name = str(types["CNAME"][0])
        raise OSError(f"{name}: alias loop")


def _fold(name: str) -> str:
    return name.lower().rstrip(".")


def check_host(
    ip: str, sender: str, helo: str, resolver: AnyResolver, *, receiver: str = "unknown", default_explanation: str = ""
) -> SpfCheck:
    """check_host() of RFC 7208: what SPF says of the client `ip`, the MAIL FROM `sender` and the HELO name.

    Out: unpacks as `result, explanation`; the result equals one of "none", "neutral", "pass", "fail", "softfail",
    "temperror", "permerror". Raises ValueError if `ip` is no address; nothing for what the network does.
    """
    return _run(
        check_host_async(ip, sender, helo, resolver, receiver=receiver, default_explanation=default_explanation)
    )


def discover_policy(domain: str, resolver: AnyResolver) -> PolicyFound:
    """The DMARC policy for `domain` as author domain (RFC 9989 section 4.10.1).

    Out: unpacks as `location, effective_policy, queries`. Raises nothing for what the network does.
    """
    return _run(discover_policy_async(domain, resolver))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """`work` to its end, also where an event loop runs already (then on a thread of its own)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, work).result()
