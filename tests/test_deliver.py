"""Outbox to a real mail server on loopback: what is sent, what is kept, and that nothing is sent twice or lost."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from string import Formatter

import pytest
import trustme
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from auditor.deliver import (
    DeliveryError,
    DeliveryReport,
    DeliveryTrouble,
    SmtpSettings,
    deliver,
    queue_messages,
    write_eml,
)
from auditor.settings import load_settings
from auditor.store import DeliveryState, Store, open_store
from config import shipped_folder

AS_OF = date(2017, 11, 20)
NOW = datetime(2017, 11, 20, 0, 30, tzinfo=UTC)
TO = ("mot@example.gov.vn", "hai@example.gov.vn")


class Server:
    """A mail server that answers as told and keeps what it took."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, tuple[str, ...], bytes, bool]] = []
        self.rcpt_answers: dict[str, str] = {}
        self.data_answers: list[str] = []  # consumed one by one; "drop" breaks the connection after the data

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpt_answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        if answer.startswith("250") or answer == "drop":
            content = envelope.original_content or b""
            self.taken.append((envelope.mail_from or "", tuple(envelope.rcpt_tos), content, session.ssl is not None))
        if answer == "drop":
            assert server.transport is not None
            server.transport.abort()
        return answer


class _Ephemeral(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serving(handler: Server, **options: object) -> Iterator[int]:
    controller = _Ephemeral(handler, hostname="127.0.0.1", port=0, server_hostname="localhost", **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop(no_assert=True)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "auditor.db") as opened:
        yield opened


def message(key: str = "a", to: tuple[str, ...] = TO, body: str = "Phiếu đánh giá.\n.\nHết.\n") -> EmailMessage:
    made = EmailMessage(policy=policy.SMTP)
    made["From"] = "kiemtra@example.gov.vn"
    made["To"] = ", ".join(to)
    made["Subject"] = f"Kết quả kiểm tra {key}"
    made["Message-ID"] = f"<{key}@example.gov.vn>"
    made.set_content(body, cte="base64")
    return made


def plain(port: int, **fields: object) -> SmtpSettings:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "kiemtra@example.gov.vn", "timeout": 5}
    return SmtpSettings(**(settings | fields))  # type: ignore[arg-type]


def queue(store: Store, *messages: EmailMessage) -> None:
    queue_messages(store, messages, kind="weekly", as_of=AS_OF, at=NOW)


def send(store: Store, smtp: SmtpSettings, after: timedelta = timedelta(), **options: object) -> DeliveryReport:
    return deliver(store, smtp, now=NOW + after, environment={}, **options)  # type: ignore[arg-type]


def state(store: Store, key: str = "a") -> DeliveryState:
    found = store.delivery(f"<{key}@example.gov.vn>")
    assert found is not None
    return found.state


def test_starttls_with_a_trusted_certificate(store: Store, tls: ssl.SSLContext, ca_file: Path) -> None:
    handler = Server()
    queue(store, message())
    with serving(handler, tls_context=tls, require_starttls=True) as port:
        report = send(store, plain(port, security="starttls", ca_file=ca_file))
    assert report.ok and report.sent == ("<a@example.gov.vn>",)
    [(sender, recipients, content, encrypted)] = handler.taken
    assert (sender, recipients, encrypted) == ("kiemtra@example.gov.vn", TO, True)
    arrived = message_from_bytes(content, policy=policy.default)
    assert arrived["Subject"] == "Kết quả kiểm tra a"
    assert arrived.get_content().replace("\r\n", "\n") == "Phiếu đánh giá.\n.\nHết.\n"
    assert state(store) is DeliveryState.SENT


def test_tls_from_the_first_byte(store: Store, tls: ssl.SSLContext, ca_file: Path) -> None:
    handler = Server()
    queue(store, message())
    with serving(handler, ssl_context=tls) as port:
        assert send(store, plain(port, security="tls", ca_file=ca_file)).ok
    assert len(handler.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for(store: Store, tls: ssl.SSLContext, security: str) -> None:
    handler = Server()
    queue(store, message())
    options = {"tls_context": tls} if security == "starttls" else {"ssl_context": tls}
    with serving(handler, **options) as port, pytest.raises(DeliveryError) as caught:
        send(store, plain(port, security=security))
    assert caught.value.kind is DeliveryTrouble.SMTP_CERTIFICATE
    assert handler.taken == [] and store.undelivered()[0].attempts == 0


def test_no_starttls_on_offer_never_falls_back_to_plain(store: Store) -> None:
    handler = Server()
    queue(store, message())
    with serving(handler) as port, pytest.raises(DeliveryError) as caught:
        send(store, plain(port, security="starttls"))
    assert caught.value.kind is DeliveryTrouble.SMTP_TLS and handler.taken == []
    assert state(store) is DeliveryState.QUEUED


def test_a_server_that_is_down_leaves_the_outbox_untouched(store: Store) -> None:
    queue(store, message())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        with pytest.raises(DeliveryError) as caught:
            send(store, plain(taken.getsockname()[1]))
    assert caught.value.kind is DeliveryTrouble.SMTP_CONNECT and caught.value.exit_code == 1
    [waiting] = store.undelivered()
    assert (waiting.state, waiting.attempts) == (DeliveryState.QUEUED, 0)


def test_without_encryption_only_to_this_machine(store: Store) -> None:
    queue(store, message())
    with pytest.raises(DeliveryError) as caught:
        send(store, plain(25, host="mail.example.gov.vn"))
    assert caught.value.kind is DeliveryTrouble.SMTP_PLAIN and caught.value.exit_code == 3


def test_an_empty_outbox_needs_no_server(store: Store) -> None:
    assert send(store, plain(9, host="mail.example.gov.vn")) == DeliveryReport()


def check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"kiemtra", "mật khẩu".encode())
    return AuthResult(success=right, handled=False)


@pytest.mark.parametrize("place", ["environment", "file"])
def test_the_password_from_environment_or_file(store: Store, tmp_path: Path, place: str) -> None:
    handler, file = Server(), tmp_path / "password"
    file.write_text("mật khẩu\n", encoding="utf-8")
    queue(store, message())
    where = {"password_env": "P"} if place == "environment" else {"password_env": "P", "password_file": file}
    environment = {"P": "mật khẩu"} if place == "environment" else {}
    with serving(handler, authenticator=check_login, auth_required=True, auth_require_tls=False) as port:
        report = deliver(store, plain(port, username="kiemtra", **where), now=NOW, environment=environment)
    assert report.ok and len(handler.taken) == 1


def test_a_wrong_password_and_a_missing_one(store: Store, tmp_path: Path) -> None:
    queue(store, message())
    with serving(Server(), authenticator=check_login, auth_required=True, auth_require_tls=False) as port:
        with pytest.raises(DeliveryError) as wrong:
            deliver(store, plain(port, username="kiemtra", password_env="P"), now=NOW, environment={"P": "sai"})
        with pytest.raises(DeliveryError) as missing:
            send(store, plain(port, username="kiemtra", password_env="P", password_file=tmp_path / "none"))
    assert wrong.value.kind is DeliveryTrouble.SMTP_AUTH
    assert missing.value.kind is DeliveryTrouble.PASSWORD_MISSING and missing.value.exit_code == 3
    assert "sai" not in str(wrong.value) and state(store) is DeliveryState.QUEUED


def test_nothing_is_sent_twice(store: Store) -> None:
    handler = Server()
    queue(store, message(), message("b"))
    queue(store, message(body="Dựng lại."))
    with serving(handler) as port:
        assert send(store, plain(port)).sent == ("<a@example.gov.vn>", "<b@example.gov.vn>")
        queue(store, message(body="Dựng lại."))
        assert send(store, plain(port)) == DeliveryReport()
    assert len(handler.taken) == 2


def test_one_recipient_refused_for_good(store: Store) -> None:
    handler = Server()
    handler.rcpt_answers["hai@example.gov.vn"] = "550 5.1.1 No such user"
    queue(store, message())
    with serving(handler) as port:
        report = send(store, plain(port))
        [problem] = report.problems
        assert (problem.kind, problem.recipients) == (DeliveryTrouble.RECIPIENT_REFUSED, ("hai@example.gov.vn",))
        assert not problem.retry and "550" in problem.detail
        assert state(store) is DeliveryState.FAILED
        assert send(store, plain(port)) == DeliveryReport()
        handler.rcpt_answers.clear()
        assert send(store, plain(port), retry_failed=True).ok
    assert [recipients for _, recipients, _, _ in handler.taken] == [("mot@example.gov.vn",), ("hai@example.gov.vn",)]


def test_one_recipient_put_off_is_served_later_and_the_other_not_again(store: Store) -> None:
    handler = Server()
    handler.rcpt_answers["hai@example.gov.vn"] = "451 4.7.1 Greylisted"
    queue(store, message())
    with serving(handler) as port:
        assert send(store, plain(port)).problems[0].retry
        assert store.undelivered()[0].recipients == ("hai@example.gov.vn",)
        handler.rcpt_answers.clear()
        assert send(store, plain(port)).ok
    assert [recipients for _, recipients, _, _ in handler.taken] == [("mot@example.gov.vn",), ("hai@example.gov.vn",)]


def test_all_recipients_refused(store: Store) -> None:
    handler = Server()
    handler.rcpt_answers = dict.fromkeys(TO, "550 5.1.1 No such user")
    queue(store, message())
    with serving(handler) as port:
        [problem] = send(store, plain(port)).problems
    assert (problem.kind, problem.recipients, problem.retry) == (DeliveryTrouble.RECIPIENT_REFUSED, TO, False)
    assert handler.taken == [] and state(store) is DeliveryState.FAILED


def test_an_address_that_the_protocol_cannot_carry_does_not_hold_up_the_others(store: Store) -> None:
    handler = Server()
    store.queue_delivery("<u@example.gov.vn>", ["sở@example.gov.vn", TO[0]], "x", message("u").as_bytes())
    with serving(handler) as port:
        [problem] = send(store, plain(port)).problems
    assert problem.recipients == ("sở@example.gov.vn",) and handler.taken[0][1] == (TO[0],)


@pytest.mark.parametrize(
    ("answer", "left", "retry"),
    [("554 5.6.0 Content rejected", DeliveryState.FAILED, False), ("451 4.3.0 Later", DeliveryState.QUEUED, True)],
)
def test_a_refused_message_does_not_hold_up_the_next(
    store: Store, answer: str, left: DeliveryState, retry: bool
) -> None:
    handler = Server()
    handler.data_answers = [answer]
    queue(store, message(), message("b"))
    with serving(handler) as port:
        report = send(store, plain(port))
    assert report.sent == ("<b@example.gov.vn>",)
    assert (report.problems[0].kind, report.problems[0].retry) == (DeliveryTrouble.MESSAGE_REFUSED, retry)
    assert state(store) is left


def test_a_message_over_the_servers_size(store: Store) -> None:
    handler = Server()
    queue(store, message(body="x" * 5000))
    with serving(handler, data_size_limit=2000) as port:
        [problem] = send(store, plain(port)).problems
    assert problem.kind is DeliveryTrouble.MESSAGE_TOO_LARGE and not problem.retry and handler.taken == []


def test_a_connection_lost_after_the_data_is_repeated_only_when_stale_and_as_the_same_message(store: Store) -> None:
    handler = Server()
    handler.data_answers = ["drop"]
    queue(store, message(), message("b"))
    with serving(handler) as port:
        [problem] = send(store, plain(port)).problems
        assert problem.kind is DeliveryTrouble.OUTCOME_UNKNOWN
        assert (state(store), state(store, "b")) == (DeliveryState.SENDING, DeliveryState.QUEUED)
        assert send(store, plain(port), after=timedelta(minutes=29)).sent == ("<b@example.gov.vn>",)
        assert send(store, plain(port), after=timedelta(minutes=31)).sent == ("<a@example.gov.vn>",)
    first, _, again = handler.taken
    assert first[2] == again[2] and b"<a@example.gov.vn>" in again[2]


def test_what_a_killed_sender_left_behind_is_sent_once(store: Store) -> None:
    handler = Server()
    queue(store, message())
    assert store.claim_delivery(at=NOW) is not None  # and then the process died
    with serving(handler) as port:
        assert send(store, plain(port), after=timedelta(minutes=5)) == DeliveryReport()
        assert send(store, plain(port), after=timedelta(minutes=30)).ok
        assert send(store, plain(port), after=timedelta(minutes=90)) == DeliveryReport()
    assert len(handler.taken) == 1


def test_attempts_are_bounded(store: Store) -> None:
    handler = Server()
    handler.data_answers = ["451 4.3.0 Later"] * 25
    queue(store, message())
    with serving(handler) as port:
        for _ in range(22):
            send(store, plain(port))
    assert state(store) is DeliveryState.FAILED and len(handler.data_answers) == 5


def test_every_trouble_has_its_vietnamese_text_with_fields_that_exist() -> None:
    texts = yaml.safe_load((shipped_folder() / "delivery_messages.yaml").read_text(encoding="utf-8"))
    assert set(texts) == {str(kind) for kind in DeliveryTrouble}
    known = {"host", "port", "detail", "username", "variable", "path", "subject", "recipients"}
    for text in texts.values():
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= known


def test_settings_carry_over(tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text(
        '[delivery]\nsmtp_host = "mail.example.gov.vn"\nsmtp_password_file = "mk.txt"\nsender = "a@example.gov.vn"\n',
        encoding="utf-8",
    )
    made = SmtpSettings.of(load_settings(tmp_path))
    assert (made.host, made.sender, made.password_file) == (
        "mail.example.gov.vn",
        "a@example.gov.vn",
        tmp_path / "mk.txt",
    )


def test_dry_run_writes_messages_that_mail_programs_open(tmp_path: Path) -> None:
    paths = write_eml([message(), message("../../b")], tmp_path / "out" / "thu")
    assert [path.parent for path in paths] == [tmp_path / "out" / "thu"] * 2 and len(set(paths)) == 2
    opened = message_from_bytes(paths[0].read_bytes(), policy=policy.default)
    assert opened["Subject"] == "Kết quả kiểm tra a" and opened["Message-ID"] == "<a@example.gov.vn>"
