"""What one connection to a mail server showed (RFC 5321, RFC 3207, RFC 8996; certificate names RFC 9525)."""

from __future__ import annotations

from datetime import datetime, timedelta

from auditor.model import Completed, Outcome, SmtpFacts, SmtpLook, SmtpServer, TlsLook
from auditor.read.records.certificates import covers_name, load_chain, names_of
from auditor.read.records.outcomes import blindness
from auditor.read.records.problems import Problem

EXTENSIONS = ("SIZE", "8BITMIME", "SMTPUTF8")
_MODERN = frozenset({"TLSv1.2", "TLSv1.3"})  # RFC 8996 forbids what is older
_SOON = timedelta(days=14)
#: A certificate that mail senders who check it would refuse.
FAULTY = frozenset(
    {Problem.SMTP_CERTIFICATE_EXPIRED, Problem.SMTP_CERTIFICATE_NOT_YET, Problem.SMTP_CERTIFICATE_NAME}
    | {Problem.SMTP_CERTIFICATE_UNTRUSTED}
)


def read_smtp(looks: tuple[tuple[str, Outcome[SmtpLook]], ...]) -> SmtpFacts:
    """The facts over all mail servers. Those that could not be seen say nothing of the others."""
    servers = tuple(_server(host, outcome) for host, outcome in looks)
    seen = [server for server in servers if server.state != "unverifiable"]
    reason = next((server.reason for server in servers if server.reason), None)
    if not seen:
        return SmtpFacts("unverifiable", servers, reason=reason)
    secure = [server for server in seen if server.state == "tls"]
    state = "tls" if len(secure) == len(seen) else "mixed" if secure else "plain"
    problems = tuple(dict.fromkeys(problem for server in seen for problem in server.problems))
    return SmtpFacts(state, servers, problems)


def _server(host: str, outcome: Outcome[SmtpLook]) -> SmtpServer:
    if not isinstance(outcome, Completed):
        return SmtpServer(host, "unverifiable", reason=blindness(outcome) or outcome.reason, detail=outcome.detail)
    look = outcome.value
    name = look.ehlo[0].split(" ")[0] if look.ehlo and look.ehlo[0] else ""
    offered = {line.split(" ")[0].upper() for line in look.ehlo[1:]}
    extensions = tuple(word for word in EXTENSIONS if word in offered)
    remarks = [] if _is_full_name(name) else [Problem.SMTP_EHLO_NAME]
    remarks += [] if "SIZE" in offered else [Problem.SMTP_NO_SIZE]
    remarks += [] if "8BITMIME" in offered else [Problem.SMTP_NO_8BITMIME]
    if not look.starttls:
        problems = (Problem.SMTP_NO_STARTTLS, *remarks)
        return SmtpServer(host, "plain", look.banner, name, extensions=extensions, problems=problems)
    if not isinstance(look.tls, Completed):
        # The handshake may have met a limit of the TLS library here: that it failed is a remark, no verdict.
        return SmtpServer(
            host, "unverifiable", look.banner, name, extensions=extensions,
            problems=(Problem.SMTP_TLS_FAILED, *remarks), reason=look.tls.reason, detail=look.tls.detail,
        )  # fmt: skip
    return _encrypted(host, look, look.tls.value, name, extensions, remarks)


def _encrypted(
    host: str, look: SmtpLook, session: TlsLook, name: str, extensions: tuple[str, ...], remarks: list[Problem]
) -> SmtpServer:
    problems = [] if session.version in _MODERN else [Problem.SMTP_OLD_TLS]
    chain = load_chain(session.chain)
    names: tuple[str, ...] = ()
    until: datetime | None = None
    if chain:
        leaf = chain[0]
        names, until = names_of(leaf), leaf.not_valid_after_utc
        if look.looked_at > until:
            problems.append(Problem.SMTP_CERTIFICATE_EXPIRED)
        elif look.looked_at < leaf.not_valid_before_utc:
            problems.append(Problem.SMTP_CERTIFICATE_NOT_YET)
        elif look.looked_at + _SOON > until:
            problems.append(Problem.SMTP_CERTIFICATE_EXPIRING)
        if not covers_name(leaf, host):
            problems.append(Problem.SMTP_CERTIFICATE_NAME)
    if session.distrust and not FAULTY & set(problems):
        problems.append(Problem.SMTP_CERTIFICATE_UNTRUSTED)
    return SmtpServer(
        host, "tls", look.banner, name, session.version, extensions, names, until, (*problems, *remarks)
    )  # fmt: skip


def _is_full_name(name: str) -> bool:
    """A domain name with at least two labels, or an address literal (RFC 5321 section 4.1.1.1)."""
    if name.startswith("[") and name.endswith("]"):
        return True
    labels = name.rstrip(".").split(".")
    return len(labels) > 1 and all(label.replace("-", "").isalnum() and label.isascii() for label in labels)
