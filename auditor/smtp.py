"""A connection to the mail server that may be used: reached, encrypted, trusted, logged in. And what can go wrong."""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from auditor.settings import Settings

_LONGEST_REPLY = 300


class DeliveryTrouble(StrEnum):
    """Why mail could not be handed over. The text of each is the message `delivery.<trouble>`."""

    SMTP_CONNECT = "smtp_connect"  # no connection: name, network, refused, time-out
    SMTP_REFUSED = "smtp_refused"  # the server answered, and refused us or the message
    SMTP_AUTH = "smtp_auth"
    SMTP_TLS = "smtp_tls"  # STARTTLS not offered, or the handshake failed
    SMTP_CERTIFICATE = "smtp_certificate"
    SMTP_PLAIN = "smtp_plain"  # security "none" to another machine
    PASSWORD_MISSING = "password_missing"
    RECIPIENT_REFUSED = "recipient_refused"
    SENDER_REFUSED = "sender_refused"
    MESSAGE_REFUSED = "message_refused"
    MESSAGE_TOO_LARGE = "message_too_large"
    CONNECTION_LOST = "connection_lost"  # before the data: certainly not taken
    OUTCOME_UNKNOWN = "outcome_unknown"  # after the data began: perhaps taken


_CONFIGURATION = frozenset({DeliveryTrouble.SMTP_PLAIN, DeliveryTrouble.PASSWORD_MISSING})


class DeliveryError(Exception):
    """The mail server cannot be used at all; the outbox is untouched. `key` names the Vietnamese message."""

    def __init__(self, kind: DeliveryTrouble, **fields: object) -> None:
        super().__init__(f"{kind}: " + ", ".join(f"{name}={value}" for name, value in fields.items()))
        self.kind = kind
        self.fields: dict[str, object] = fields

    @property
    def key(self) -> str:
        return f"delivery.{self.kind}"

    @property
    def exit_code(self) -> int:
        return 3 if self.kind in _CONFIGURATION else 1


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How to reach the mail server. `security`: "starttls", "tls", or "none" (only to this machine).

    The password is the environment variable `password_env` if it is set, else the first line of `password_file`.
    `ca_file` adds certificate authorities to the system's.
    """

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password_env: str = ""
    password_file: Path | None = None
    sender: str = ""
    ca_file: Path | None = None
    timeout: float = 60.0  # seconds, for connecting and for each answer but the last

    @classmethod
    def of(cls, settings: Settings) -> SmtpSettings:
        """The [delivery] table of auditor.toml, with the audit's `ca_file`."""
        given = settings.delivery
        return cls(
            host=given.smtp_host,
            port=given.smtp_port,
            security=given.smtp_security,
            username=given.smtp_username,
            password_env=given.smtp_password_env,
            password_file=settings.smtp_password_file,
            sender=given.sender,
            ca_file=settings.ca_file,
        )


@contextmanager
def connected(smtp: SmtpSettings, environment: Mapping[str, str]) -> Iterator[smtplib.SMTP]:
    """A greeted, encrypted and logged-in connection. Raises DeliveryError."""
    if smtp.security == "none" and not _is_this_machine(smtp.host):
        raise DeliveryError(DeliveryTrouble.SMTP_PLAIN, host=smtp.host)
    password = _password(smtp, environment) if smtp.username else ""
    place = {"host": smtp.host, "port": smtp.port}
    try:
        server = _greeted(smtp)
    except ssl.SSLCertVerificationError as error:
        detail = server_words(error.verify_message)
        raise DeliveryError(DeliveryTrouble.SMTP_CERTIFICATE, **place, detail=detail) from error
    except (ssl.SSLError, smtplib.SMTPNotSupportedError) as error:
        raise DeliveryError(DeliveryTrouble.SMTP_TLS, **place, detail=server_words(error)) from error
    except smtplib.SMTPResponseException as error:
        detail = f"{error.smtp_code} {server_words(error.smtp_error)}"
        raise DeliveryError(DeliveryTrouble.SMTP_REFUSED, **place, detail=detail) from error
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(DeliveryTrouble.SMTP_CONNECT, **place, detail=server_words(error)) from error
    try:
        if smtp.username:
            _log_in(server, smtp, password)
        yield server
    finally:
        _goodbye(server)


def _greeted(smtp: SmtpSettings) -> smtplib.SMTP:
    # Not socket.getfqdn(), smtplib's default: it asks the DNS and may hang where that is down.
    name = socket.gethostname()
    name = name if name.isascii() and "." in name else "[127.0.0.1]"
    if smtp.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, name, timeout=smtp.timeout, context=_trust(smtp))
    else:
        server = smtplib.SMTP(smtp.host, smtp.port, name, timeout=smtp.timeout)
    try:
        if smtp.security == "starttls":
            code, reply = server.starttls(context=_trust(smtp))
            if code != 220:
                raise smtplib.SMTPNotSupportedError(f"{code} {server_words(reply)}")
        server.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError):
        server.close()
        raise
    return server


def _log_in(server: smtplib.SMTP, smtp: SmtpSettings, password: str) -> None:
    place = {"host": smtp.host, "port": smtp.port, "username": smtp.username}
    try:
        if smtp.username.isascii() and password.isascii():
            server.login(smtp.username, password)
        else:
            _log_in_utf8(server, smtp.username, password)
    except smtplib.SMTPAuthenticationError as error:
        detail = f"{error.smtp_code} {server_words(error.smtp_error)}"
        raise DeliveryError(DeliveryTrouble.SMTP_AUTH, **place, detail=detail) from error
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise DeliveryError(DeliveryTrouble.SMTP_CONNECT, **place, detail=server_words(error)) from error
    except smtplib.SMTPException as error:  # no AUTH offered, or no method in common
        raise DeliveryError(DeliveryTrouble.SMTP_AUTH, **place, detail=server_words(error)) from error


def _log_in_utf8(server: smtplib.SMTP, username: str, password: str) -> None:
    """AUTH PLAIN in UTF-8 (RFC 4616 section 2): smtplib's login() knows ASCII only."""
    token = b64encode(f"\0{username}\0{password}".encode()).decode("ascii")
    code, reply = server.docmd("AUTH", f"PLAIN {token}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _goodbye(server: smtplib.SMTP) -> None:
    """QUIT. What was sent is already marked, so a server that does not answer it changes nothing."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _trust(smtp: SmtpSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if smtp.ca_file is not None:
        context.load_verify_locations(cafile=smtp.ca_file)
    return context


def _password(smtp: SmtpSettings, environment: Mapping[str, str]) -> str:
    given = environment.get(smtp.password_env, "") if smtp.password_env else ""
    if given:
        return given
    missing = DeliveryError(
        DeliveryTrouble.PASSWORD_MISSING, variable=smtp.password_env or "-", path=smtp.password_file or "-"
    )
    if smtp.password_file is None:
        raise missing
    try:
        first = smtp.password_file.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise missing from error
    if not first:
        raise missing
    return first


def _is_this_machine(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def server_words(text: object) -> str:
    """The server's or the system's words on one line without control characters, bounded."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())[:_LONGEST_REPLY]
