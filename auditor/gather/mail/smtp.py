"""One connection to a mail server: greeting, EHLO, STARTTLS, EHLO, QUIT. No mail is begun and no mailbox is asked for.

Many networks let no one but their own mail servers out on port 25. As long as no server was reached in this run, one
that cannot be reached says nothing but that, and after a few the port is left alone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import certifi
from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from auditor.gather.client import unverified_context
from auditor.gather.shared import abandon, shared
from auditor.model import Completed, Failed, NotRun, Outcome, Reason, SmtpLook, TlsLook
from auditor.read.records.certificates import covers_name, load_chain, names_of

PORT = 25
_HOSTS_TRIED = 2  # that cannot be reached, before the port counts as blocked here
_MAX_LINES = 100  # of one reply
_MAX_LINE = 2048  # RFC 5321 section 4.5.3.1.5 allows 512 octets
_DER = 2  # _ssl.ENCODING_DER


class Targets(Protocol):
    """Where a host may be connected to; private addresses only if the configuration allows them."""

    async def targets(self, host: str, port: int) -> Outcome[tuple[tuple[str, int], ...]]: ...


@dataclass(slots=True)
class SmtpDoor:
    """The mail servers looked at in this run, each once. Times in seconds; `ca_file` adds to the public authorities.

    One object belongs to one event loop.
    """

    network: Targets
    ca_file: str | None = None
    connect_timeout: float = 4.0
    session_timeout: float = 20.0
    _looks: dict[str, asyncio.Task[Outcome[SmtpLook]]] = field(default_factory=dict)
    _first: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reached: bool = False
    _unreached: int = 0
    _store: Store | None = None

    async def look(self, host: str) -> Outcome[SmtpLook]:
        """What `host` shows on port 25; the same value however often it is asked for.

        NotRun: PORT_25_BLOCKED, BLOCKED_ADDRESS, what the DNS did. Failed: it was reached before or others were, and
        now it did not answer as a mail server does.
        """
        if host not in self._looks:
            self._looks[host] = asyncio.ensure_future(self._look(host))
        return await shared(self._looks[host])

    async def close(self) -> None:
        """End conversations that nobody waits for any more."""
        await abandon(self._looks.values())

    async def _look(self, host: str) -> Outcome[SmtpLook]:
        where = await self.network.targets(host, PORT)
        if not isinstance(where, Completed):
            return where
        if self._reached:
            connection = await self._connect(where.value)
        else:
            async with self._first:  # one after the other, until it is known whether the port is open here
                if self._unreached >= _HOSTS_TRIED and not self._reached:
                    return NotRun(Reason.PORT_25_BLOCKED, "no mail server was reached in this run")
                connection = await self._connect(where.value)
                self._reached |= not isinstance(connection, Failed)
                self._unreached += isinstance(connection, Failed)
        if isinstance(connection, Failed):
            return connection if self._reached else NotRun(Reason.PORT_25_BLOCKED, connection.detail)
        return await self._talk(host, *connection)

    async def _connect(
        self, targets: Sequence[tuple[str, int]]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | Failed:
        """The first address that accepts; the time is for all of them."""
        failure = Failed(Reason.CONNECT_FAILED)
        share = self.connect_timeout / max(len(targets), 1)
        for address, port in targets:
            place = f"{address} port {port}"
            try:
                async with asyncio.timeout(share):
                    return await asyncio.open_connection(address, port, limit=_MAX_LINE)
            except TimeoutError:
                failure = Failed(Reason.CONNECT_TIMEOUT, f"{place}: no answer")
            except ConnectionRefusedError as error:
                failure = Failed(Reason.REFUSED, f"{place}: {error}")
            except OSError as error:
                failure = Failed(Reason.CONNECT_FAILED, f"{place}: {error}")
        return failure

    async def _talk(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Outcome[SmtpLook]:
        session = _Session(host, reader, writer)
        try:
            async with asyncio.timeout(self.session_timeout):
                look = await session.run()
        except TimeoutError:
            return Failed(Reason.READ_TIMEOUT, f"{host}: the conversation was not finished in time")
        except _Unfit as error:
            return Failed(Reason.PROTOCOL_ERROR, f"{host}: {error}")
        except (OSError, asyncio.IncompleteReadError) as error:
            return Failed(Reason.READ_FAILED, f"{host}: {error}")
        finally:
            writer.close()
        if not isinstance(look.tls, Completed):
            return Completed(look)
        seen = look.tls.value
        tls = Completed(TlsLook(seen.version, seen.chain, self._distrust(host, seen.chain)))
        return Completed(SmtpLook(host, look.address, look.looked_at, look.banner, look.ehlo, look.starttls, tls))

    def _distrust(self, host: str, chain: tuple[bytes, ...]) -> str:
        """Why no public authority vouches for the chain; its name is judged elsewhere."""
        certificates = load_chain(chain)
        if not certificates:
            return "no readable certificate"
        leaf, names = certificates[0], names_of(certificates[0])
        name = host if covers_name(leaf, host) else next((one for one in names if "*" not in one), "")
        if not name:
            return "the certificate names no host"
        if self._store is None:
            self._store = _authorities(self.ca_file)
        try:
            builder = PolicyBuilder().store(self._store).time(datetime.now(UTC))
            builder = builder.extension_policies(  # no stricter with the server's own than mail servers are
                ca_policy=ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=ExtensionPolicy.permit_all().require_present(
                    x509.SubjectAlternativeName, Criticality.AGNOSTIC, None
                ),
            )
            verifier = builder.build_server_verifier(x509.DNSName(name))
            verifier.verify(leaf, list(certificates[1:]))
        except (VerificationError, ValueError) as error:
            return " ".join(str(error).split())[:300] or "not verified"
        return ""


def _authorities(ca_file: str | None) -> Store:
    """The public list and `ca_file`; an authority that cannot be read vouches for nobody."""
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    found: list[x509.Certificate] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about old authorities' serial numbers, which is not our business
        for octets in context.get_ca_certs(binary_form=True):
            with suppress(ValueError):
                found.append(x509.load_der_x509_certificate(octets))
    return Store(found)


class _Unfit(Exception):
    """The server answered something that does not belong into an SMTP conversation, or turned us away."""


class _Session:
    """The conversation over one connection."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    async def run(self) -> SmtpLook:
        """Raises _Unfit, OSError, IncompleteReadError."""
        started = datetime.now(UTC)
        peer = self._writer.get_extra_info("peername")[0]
        code, banner = await self._reply()
        if code != 220:
            await self._quit()
            raise _Unfit(f"greeted with {code} {' '.join(banner)[:200]}")
        ehlo = await self._ehlo()
        offered = any(line.split(" ")[0].upper() == "STARTTLS" for line in ehlo[1:])
        tls: Outcome[TlsLook] = NotRun(Reason.OUT_OF_SCOPE, "STARTTLS is not offered")
        if offered:
            tls = await self._start_tls()
            if isinstance(tls, Completed):
                ehlo = await self._ehlo()
        if not offered or isinstance(tls, Completed):
            await self._quit()
        return SmtpLook(self._host, peer, started, banner[0] if banner else "", ehlo, offered, tls)

    async def _ehlo(self) -> tuple[str, ...]:
        await self._send(f"EHLO {self._own_name()}")
        code, lines = await self._reply()
        if code != 250:
            await self._quit()
            raise _Unfit(f"answered EHLO with {code} {' '.join(lines)[:200]}")
        return lines

    async def _start_tls(self) -> Outcome[TlsLook]:
        """A session without verification: to see what is presented, whatever it is."""
        await self._send("STARTTLS")
        code, lines = await self._reply()
        if code != 220:
            return Failed(Reason.TLS_FAILED, f"answered STARTTLS with {code} {' '.join(lines)[:200]}")
        try:
            await self._writer.start_tls(unverified_context(), server_hostname=self._host)
        except (ssl.SSLError, ConnectionError) as error:
            return Failed(Reason.TLS_FAILED, " ".join(str(error).split())[:300])
        connection = self._writer.get_extra_info("ssl_object")
        return Completed(TlsLook(connection.version() or "", presented_chain(connection)))

    async def _quit(self) -> None:
        """RFC 5321 section 4.1.1.10; a server that does not answer it changes nothing."""
        with suppress(OSError, asyncio.IncompleteReadError, _Unfit, TimeoutError):
            async with asyncio.timeout(2):
                await self._send("QUIT")
                await self._reply()

    async def _send(self, line: str) -> None:
        self._writer.write(line.encode("ascii") + b"\r\n")
        await self._writer.drain()

    async def _reply(self) -> tuple[int, tuple[str, ...]]:
        """Code and lines of one reply (RFC 5321 section 4.2.1)."""
        lines: list[str] = []
        for _ in range(_MAX_LINES):
            try:
                raw = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                raise _Unfit("a reply line without end") from error
            text = raw.decode("latin-1").rstrip("\r\n")
            if not text[:3].isdigit() or not text[:3].isascii() or text[3:4] not in ("", " ", "-"):
                raise _Unfit(f"no SMTP reply: {text[:100]!r}")
            lines.append("".join(letter if letter.isprintable() else " " for letter in text[4:]))
            if text[3:4] != "-":
                return int(text[:3]), tuple(lines)
        raise _Unfit("a reply without end")

    def _own_name(self) -> str:
        """Our address as a literal: a name would have to be looked up, and may be a private one."""
        address = ipaddress.ip_address(str(self._writer.get_extra_info("sockname")[0]).partition("%")[0])
        return f"[{'IPv6:' if address.version == 6 else ''}{address}]"


def presented_chain(connection: Any) -> tuple[bytes, ...]:
    """The certificates of a TLS connection in DER, as the server sent them, its own first.

    Public in the ssl module since Python 3.13; before that the object underneath has it (a test pins this).
    """
    if hasattr(connection, "get_unverified_chain"):
        return tuple(connection.get_unverified_chain() or ())
    certificates = connection._sslobj.get_unverified_chain() or ()
    return tuple(bytes(certificate.public_bytes(_DER)) for certificate in certificates)
