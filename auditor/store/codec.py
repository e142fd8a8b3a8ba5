"""The model's dataclasses to JSON and back, and page bodies to and from their compressed form.

The three outcomes of a look carry a tag ({"completed": …}, {"failed": …}, {"not_run": …}): `Failed` and `NotRun` have
the same fields, so nothing in their data would tell a site's failure from our own. Fields that a stored value lacks get
their default, fields that the model no longer has are dropped: old audits stay readable.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from auditor.model import Completed, Failed, NotRun, Reason

T = TypeVar("T")
Decoder = Callable[[Any], Any]

_LEVEL = 3  # zlib: most of the gain at a third of the time of the default


def to_json(value: object) -> str:
    """A dataclass of the model (or a tuple or dict of such) as compact JSON."""
    return json.dumps(plain_data(value), ensure_ascii=False, separators=(",", ":"))


def from_json(kind: type[T], text: str) -> T:
    """The value of type `kind` that `to_json` wrote. Raises KeyError or ValueError for data of another type."""
    wanted: Any = kind
    decoded: T = _decoder(wanted)(json.loads(text))
    return decoded


def pack(value: object) -> bytes:
    """`to_json`, compressed. Lone surrogates, which hostile pages can contain, survive."""
    return zlib.compress(to_json(value).encode("utf-8", "surrogatepass"), _LEVEL)


def unpack(kind: type[T], data: bytes) -> T:
    return from_json(kind, zlib.decompress(data).decode("utf-8", "surrogatepass"))


def compress(body: bytes) -> bytes:
    return zlib.compress(body, _LEVEL)


def decompress(data: bytes) -> bytes:
    return zlib.decompress(data)


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def clean(text: str) -> str:
    """`text` for a TEXT column: lone surrogates, which SQLite cannot hold, become "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain_data(value: object) -> Any:
    """Dataclasses as dicts, enums as their values, dates in ISO form, bytes as base64, outcomes tagged."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if isinstance(value, Completed):
        return {"completed": plain_data(value.value)}
    if isinstance(value, (Failed, NotRun)):
        return {"failed" if isinstance(value, Failed) else "not_run": [value.reason.value, value.detail]}
    if isinstance(value, Mapping):
        return {str(plain_data(key)): plain_data(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain_data(entry) for entry in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain_data(entry) for entry in value)
    if is_dataclass(value):
        return {field.name: plain_data(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"cannot store a {type(value).__name__}")


@cache
def _decoder(kind: Any) -> Decoder:
    """How to read `kind`, worked out once per type from its annotations."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _union(arguments)
    if origin in (tuple, list, set, frozenset):
        return _sequence(origin, arguments)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(arguments)
    if kind is datetime:
        return datetime.fromisoformat
    if kind is date:
        return date.fromisoformat
    if kind is bytes:
        return b64decode
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind)
    return _as_it_is


def _as_it_is(data: Any) -> Any:
    return data


def _union(arguments: tuple[Any, ...]) -> Decoder:
    completed = next((argument for argument in arguments if get_origin(argument) is Completed), None)
    rest = [argument for argument in arguments if argument is not NoneType]
    if completed is not None:
        read_value = _decoder(get_args(completed)[0])
        return lambda data: None if data is None else _outcome(data, read_value)
    if len(rest) != 1:
        return _as_it_is  # str | int: JSON keeps them apart by itself
    inner = _decoder(rest[0])
    return lambda data: None if data is None else inner(data)


def _outcome(data: dict[str, Any], read_value: Decoder) -> Completed[Any] | Failed | NotRun:
    if "completed" in data:
        return Completed(read_value(data["completed"]))
    if "failed" in data:
        reason, detail = data["failed"]
        return Failed(Reason(reason), detail)
    reason, detail = data["not_run"]
    return NotRun(Reason(reason), detail)


def _sequence(origin: Any, arguments: tuple[Any, ...]) -> Decoder:
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        readers = [_decoder(argument) for argument in arguments]
        return lambda data: tuple(read(entry) for read, entry in zip(readers, data, strict=True))
    inner = _decoder(arguments[0]) if arguments else _as_it_is
    return lambda data: origin(inner(entry) for entry in data)


def _mapping(arguments: tuple[Any, ...]) -> Decoder:
    read_key, read_value = (_decoder(argument) for argument in arguments) if arguments else (_as_it_is, _as_it_is)
    return lambda data: {read_key(key): read_value(value) for key, value in data.items()}


def _dataclass(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    readers: dict[str, Decoder] = {}

    def read(data: dict[str, Any]) -> Any:
        if not readers:  # not before the first use: types may contain themselves
            readers.update({field.name: _decoder(hints[field.name]) for field in fields(kind) if field.init})
        return kind(**{name: reader(data[name]) for name, reader in readers.items() if name in data})

    return read
