"""The closed list of what can become of a look: completed, failed(reason) or not_run(reason)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Reason(StrEnum):
    """Why a look failed or was not made. Closed: texts for each live in config/messages.yaml."""

    DNS_NXDOMAIN = "dns_nxdomain"
    DNS_NODATA = "dns_nodata"
    DNS_TIMEOUT = "dns_timeout"
    DNS_SERVFAIL = "dns_servfail"
    DNS_ERROR = "dns_error"
    DNS_UNPROVEN = "dns_unproven"  # "no such records", without the proof that a signed zone gives
    RESOLVER_DOWN = "resolver_down"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_FAILED = "connect_failed"
    REFUSED = "refused"
    READ_TIMEOUT = "read_timeout"
    READ_FAILED = "read_failed"
    TLS_INVALID = "tls_invalid"
    TLS_FAILED = "tls_failed"
    HTTP_403 = "http_403"
    HTTP_404 = "http_404"
    HTTP_429 = "http_429"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    EMPTY_BODY = "empty_body"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    PROTOCOL_ERROR = "protocol_error"
    ROBOTS_DISALLOWED = "robots_disallowed"
    NEEDS_JAVASCRIPT = "needs_javascript"
    BLOCKED_ADDRESS = "blocked_address"
    PORT_25_BLOCKED = "port_25_blocked"
    PORT_53_BLOCKED = "port_53_blocked"
    OVERRIDDEN = "overridden"
    NOT_DECLARED = "not_declared"
    NOT_CONFIGURED = "not_configured"
    NO_SERVICE = "no_service"  # nobody is known who could be asked
    BUDGET_SPENT = "budget_spent"
    RETRY_LATER = "retry_later"
    NO_CALENDAR = "no_calendar"
    OUT_OF_SCOPE = "out_of_scope"
    CANCELLED = "cancelled"


#: Reasons that may be gone at another look.
PASSING = frozenset({Reason.HTTP_5XX, Reason.CONNECT_TIMEOUT, Reason.READ_TIMEOUT, Reason.READ_FAILED, Reason.REFUSED})

#: Reasons in which our own side or our own rules may be the cause: never evidence against an agency.
OUR_SIDE = frozenset(
    {
        Reason.DNS_TIMEOUT,
        Reason.DNS_SERVFAIL,
        Reason.DNS_ERROR,
        Reason.DNS_UNPROVEN,
        Reason.RESOLVER_DOWN,
        Reason.ROBOTS_DISALLOWED,
        Reason.BLOCKED_ADDRESS,
        Reason.PORT_25_BLOCKED,
        Reason.PORT_53_BLOCKED,
        Reason.OVERRIDDEN,
        Reason.NOT_CONFIGURED,
        Reason.NO_SERVICE,
        Reason.NOT_DECLARED,
        Reason.BUDGET_SPENT,
        Reason.RETRY_LATER,
        Reason.NO_CALENDAR,
        Reason.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Completed(Generic[T]):
    """The look was made and answered; `value` is what was seen."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """The look was made and did not succeed. `detail` is raw technical text, for the log and the card's small print."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotRun:
    """The look was not made at all, for `reason`."""

    reason: Reason
    detail: str = ""


Outcome = Completed[T] | Failed | NotRun
