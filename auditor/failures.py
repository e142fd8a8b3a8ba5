"""What went wrong, for people: every exception that a room may raise, as one sentence and one exit code, in one place.

Exit codes: 0 done, 1 could not run, 3 configuration wrong.
"""

from __future__ import annotations

import errno
import smtplib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.phrases import cli_text

DONE, COULD_NOT_RUN, CONFIGURATION_WRONG = 0, 1, 3


class CannotRun(Exception):
    """A command cannot do what it was asked. `key` names a sentence of config/cli.yaml under `failure`."""

    def __init__(self, key: str, *, exit_code: int = COULD_NOT_RUN, **fields: object) -> None:
        super().__init__(key, fields)
        self.key = key
        self.exit_code = exit_code
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Failure:
    """What a user is told: what happened, where, and what to do next."""

    exit_code: int
    text: str


def explain(error: BaseException) -> Failure | None:
    """The words and the exit code for `error`; None for what nobody foresaw (a fault of the program: show it whole)."""
    if isinstance(error, CannotRun):
        return Failure(error.exit_code, _say(error.key, **error.fields))
    if isinstance(error, KeyboardInterrupt):
        return Failure(COULD_NOT_RUN, _say("interrupted"))
    # Imported here: only a failing command pays for it.
    return _of_rooms(error) or _of_machine(error)


def _of_rooms(error: BaseException) -> Failure | None:
    from auditor.configuration import ConfigError
    from auditor.runlock import LockHeld

    if isinstance(error, ConfigError):
        return Failure(CONFIGURATION_WRONG, _say("config", what=_in_words(error) or str(error)))
    if isinstance(error, LockHeld):
        if error.holder is None:
            return Failure(COULD_NOT_RUN, _say("locked", path=error.path))
        return Failure(
            COULD_NOT_RUN, _say("locked_by", path=error.path, pid=error.holder.pid, since=error.holder.since)
        )
    text = _in_words(error)
    if text is None:
        return None
    return Failure(getattr(error, "exit_code", COULD_NOT_RUN), text)


def _in_words(error: BaseException) -> str | None:
    """The sentence of config/messages.yaml for an exception that names its `key` and `fields`; None for others.

    The shipped messages are used: the working folder's own may be what is wrong.
    """
    key, fields = getattr(error, "key", None), getattr(error, "fields", None)
    if not isinstance(key, str) or not isinstance(fields, Mapping):
        return None
    messages = room_messages()
    text = getattr(error, "text", None)
    if callable(text):
        return str(text(messages))
    return messages[key].format(**fields) if key in messages else str(error)


def room_messages() -> dict[str, str]:
    """All sentences in which rooms word their troubles, by key: the shipped messages and those of delivery."""
    from auditor.configuration import load_yaml
    from auditor.rulebook import load_messages
    from config import shipped_folder

    delivery = load_yaml(shipped_folder() / "delivery_messages.yaml").data
    return {**load_messages(None), **{f"delivery.{name}": str(text) for name, text in delivery.items()}}


def _of_machine(error: BaseException) -> Failure | None:
    if disk_is_full(error):
        return Failure(COULD_NOT_RUN, _say("disk_full", detail=error))
    if isinstance(error, smtplib.SMTPException):
        return Failure(COULD_NOT_RUN, _say("smtp", detail=error))
    if isinstance(error, sqlite3.Error):
        return Failure(COULD_NOT_RUN, _say("database", detail=error))
    if isinstance(error, PermissionError):
        return Failure(COULD_NOT_RUN, _say("permission", path=error.filename or "?"))
    if isinstance(error, FileNotFoundError | FileExistsError | IsADirectoryError | NotADirectoryError):
        return Failure(COULD_NOT_RUN, _say("file", path=error.filename or "?", detail=error.strerror))
    if isinstance(error, OSError):
        return Failure(COULD_NOT_RUN, _say("system", detail=error))
    return None


def disk_is_full(error: BaseException) -> bool:
    """True for "no space left" however it was reported: by the system, a quota, or SQLite; causes are looked at too."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(seen, sqlite3.Error) and getattr(seen, "sqlite_errorname", "") in ("SQLITE_FULL",):
            return True
        seen = seen.__cause__
    return False


def _say(key: str, **fields: object) -> str:
    return cli_text(f"failure.{key}", **fields)
