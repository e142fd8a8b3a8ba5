"""What an RDAP service says of a registered domain: when it expires, and what state it is in (RFC 9083, RFC 8056).

The answer also holds names, addresses and telephone numbers of people, which are nobody's business here: reduced()
leaves what is judged, and only that is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from auditor.model import Completed, Look, Reason, RegistrationFacts, RegistrationLook
from auditor.read.records.outcomes import ascii_name, fold_name

MAX_ANSWER = 256_000  # octets: a real one has a few thousand
MAX_SERVICES = 2_000_000  # octets of the list of services, which has some 100,000
_MAX_EVENTS = 100
_MAX_STATUSES = 20
_LONGEST = 100  # characters of a status or a date
_KEPT = ("objectClassName", "ldhName", "unicodeName")
_SLACK = timedelta(days=1)  # a date without time or zone means another moment elsewhere
_TIME = re.compile(  # RFC 3339 section 5.6; time and offset may be missing, as some registries have it
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?\s?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)
#: RFC 8056 section 2, as EPP's names fold: what ends the use of a name.
_STOPPING = {
    "clienthold": "client_hold",
    "serverhold": "server_hold",
    "pendingdelete": "pending_delete",
    "redemptionperiod": "redemption_period",
}


def question(base: str, domain: str) -> str:
    """The address of the query (RFC 9082 section 3.1.3)."""
    return f"{base.rstrip('/')}/domain/{ascii_name(domain)}"


def parse_services(body: bytes) -> Mapping[str, str] | None:
    """A list of RDAP services (RFC 9224 sections 3 and 4): suffix in lower case -> base address, the first that nobody
    can forge. None for what is no such list; entries that are odd are left out."""
    answer = _parse(body)
    if answer is None or not isinstance(answer.get("services"), list):
        return None
    found: dict[str, str] = {}
    for entry in answer["services"]:
        if not (isinstance(entry, list) and len(entry) >= 2 and all(isinstance(part, list) for part in entry)):
            continue
        urls = [url for url in entry[1] if isinstance(url, str) and is_trustworthy(url)]
        names = [ascii_name(name) for name in entry[0] if isinstance(name, str)]
        if urls:
            found |= {name: urls[0] for name in names if name not in ("", ".") and name not in found}
    return found


def service_for(domain: str, services: Mapping[str, str]) -> str:
    """The base address for `domain`: of the longest suffix that matches label by label (RFC 9224 section 4), or ""."""
    labels = ascii_name(domain).split(".")
    return next((services[name] for n in range(len(labels)) if (name := ".".join(labels[n:])) in services), "")


def is_trustworthy(url: str) -> bool:
    """Whether nobody on the way can have written what `url` answered: HTTPS, or this machine itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return bool(host)
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


def reduced(body: bytes) -> bytes:
    """The members of an answer that are judged, as JSON; empty if it is no JSON object. Never raises."""
    answer = _parse(body)
    if answer is None:
        return b""
    kept: dict[str, Any] = {key: answer[key][:255] for key in _KEPT if isinstance(answer.get(key), str)}
    kept["status"] = [text[:_LONGEST] for text in _list(answer, "status") if isinstance(text, str)][:_MAX_STATUSES]
    kept["events"] = [
        {"eventAction": action[:_LONGEST], "eventDate": day[:_LONGEST]}
        for event in _list(answer, "events")[:_MAX_EVENTS]
        if isinstance(event, dict)
        and isinstance(action := event.get("eventAction"), str)
        and isinstance(day := event.get("eventDate"), str)
    ]
    return json.dumps(kept).encode("ascii")


def read_registration(look: RegistrationLook, now: datetime) -> RegistrationFacts:
    """The facts of one answer. `now`: the time of the look, by which "expired" is meant."""
    if not look.domain:
        return RegistrationFacts("no_name")
    facts = RegistrationFacts("unverifiable", look.domain, look.url)
    if not isinstance(look.answer, Completed):
        if look.answer.reason is Reason.NO_SERVICE:
            return _as(facts, state="no_service")
        return _as(facts, reason=look.answer.reason)
    seen = look.answer.value
    if seen.reason is Reason.HTTP_404 and is_trustworthy(seen.final_url):  # RFC 7480 section 5.3
        return _as(facts, state="not_found", reason=seen.reason)
    if why := _unusable(seen):
        return _as(facts, reason=why)
    answer = _parse(seen.body)
    if answer is None or not _is_about(look.domain, answer):
        return _as(facts, reason=Reason.PROTOCOL_ERROR)
    expires, statuses = _expiry(answer), _statuses(answer)
    folded = (re.sub(r"[\s_-]+", "", status).lower() for status in statuses)
    stopping = tuple(dict.fromkeys(_STOPPING[status] for status in folded if status in _STOPPING))
    state = "valid" if expires is not None else "undated"
    if expires is not None and now - expires > _SLACK:
        state = "expired"
    elif stopping:
        state = "held"
    return _as(facts, state=state, expires_at=expires, statuses=statuses, stopping=stopping)


def _as(facts: RegistrationFacts, **changes: Any) -> RegistrationFacts:
    return RegistrationFacts(**{"state": facts.state, "domain": facts.domain, "url": facts.url, **changes})


def _unusable(look: Look) -> Reason | None:
    """Why nothing can be read from it; a redirect to where it could be forged is no answer."""
    if look.reason is not None:
        return look.reason
    if look.truncated:
        return Reason.TOO_LARGE
    return None if is_trustworthy(look.final_url) else Reason.PROTOCOL_ERROR


def _parse(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in `body`; None for anything else, however odd."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _list(answer: Mapping[str, Any], key: str) -> list[Any]:
    found = answer.get(key)
    return found if isinstance(found, list) else []


def _is_about(domain: str, answer: Mapping[str, Any]) -> bool:
    """Whether the answer is on this very domain (RFC 9083 section 5.3); one that does not name itself is taken."""
    if answer.get("objectClassName", "domain") != "domain":
        return False
    named = answer.get("ldhName") or answer.get("unicodeName")
    return named is None or (isinstance(named, str) and ascii_name(named) == ascii_name(domain))


def _statuses(answer: Mapping[str, Any]) -> tuple[str, ...]:
    found = [_plain(text) for text in _list(answer, "status")[:_MAX_STATUSES] if isinstance(text, str)]
    return tuple(dict.fromkeys(text for text in found if text))


def _expiry(answer: Mapping[str, Any]) -> datetime | None:
    """The latest of the expiry dates that are told: in doubt the one that accuses nobody."""
    days = [
        moment
        for event in _list(answer, "events")[:_MAX_EVENTS]
        if isinstance(event, dict)
        and isinstance(event.get("eventAction"), str)
        and fold_name(event["eventAction"]) == "expiration"
        and (moment := _moment(event.get("eventDate"))) is not None
    ]
    return max(days, default=None)


def _moment(text: object) -> datetime | None:
    """A date as RFC 3339 has it, with its own offset; UTC where none is told. None for what is no date."""
    match = _TIME.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= _LONGEST else None
    if match is None:
        return None
    offset = (match[3] or "Z").upper().replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2] or '23:59:59'}{offset}")
        moment.astimezone(UTC)  # at the ends of the calendar an offset may lead out of it
    except (ValueError, OverflowError):
        return None
    return moment


def _plain(text: str) -> str:
    """For a card: printable, on one line, bounded."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])
    return " ".join(shown.split())
