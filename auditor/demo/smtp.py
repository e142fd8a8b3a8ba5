"""A mail server on loopback for the demo province: STARTTLS, accepts everything, keeps each mail as a file."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Stores each received mail as `0001.eml`, `0002.eml`, … in `folder`, its envelope in two added header lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        number = len(list(self.folder.glob("*.eml"))) + 1
        envelope_lines = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        (self.folder / f"{number:04}.eml").write_bytes(envelope_lines.encode("utf-8") + content)
        return "250 2.0.0 Message accepted for delivery"


class _EphemeralController(Controller):
    """The library's controller greets the port that it was given; with port 0 the real one is known after binding."""

    def _trigger_server(self) -> None:
        if not isinstance(self.server, asyncio.Server):
            raise OSError("the mail server did not start")
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class MailServer:
    """An SMTP server on 127.0.0.1 and an ephemeral port that offers STARTTLS with the given certificate."""

    def __init__(self, mailbox: Path, context: ssl.SSLContext, hostname: str) -> None:
        self._controller = _EphemeralController(
            Mailbox(mailbox), hostname="127.0.0.1", port=0, server_hostname=hostname, tls_context=context
        )

    def start(self) -> tuple[str, int]:
        """Listen; returns (host, port). Raises OSError if no port can be bound."""
        self._controller.start()
        return "127.0.0.1", self._controller.port

    def stop(self) -> None:
        """Close the listener and end its thread."""
        self._controller.stop(no_assert=True)
