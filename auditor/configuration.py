"""Reading configuration files: YAML that knows its line numbers, and the one error that every bad file ends in.

`load_yaml` gives a `Document`: the plain data and, for every key and list entry, the line on which it stands.
`Document.parse` checks it against a pydantic model. Whatever is wrong becomes a `ConfigError` with file, line, field,
what was expected and what was found; its Vietnamese text comes from config/messages.yaml (`config.error` and
`config.expected.*`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

Location = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

#: libyaml where PyYAML was built with it: ten times as fast, and the same lines
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40  # a configuration file nested deeper than this is a mistake (or an anchor that contains itself)
_LONGEST_FOUND = 120


class ConfigError(Exception):
    """A configuration file is wrong.

    `expected` names a message `config.expected.<expected>`; `details` are its fields. `line` is 1-based, 0 if unknown.
    """

    def __init__(
        self,
        file: str,
        line: int = 0,
        field: str = "",
        expected: str = "yaml",
        found: object = None,
        **details: object,
    ) -> None:
        super().__init__(file, line, field, expected)
        self.file = file
        self.line = line
        self.field = field
        self.expected = expected
        # a whole block of the file is no help to its reader: the line says where it stands
        self.found = "" if found is None or isinstance(found, dict | list | tuple) else _short(found)
        self.details: dict[str, object] = details

    @property
    def key(self) -> str:
        """The key of the sentence in config/messages.yaml that words this error."""
        if not self.line:
            return "config.error_in_file"
        return "config.error" if self.found else "config.error_without_value"

    @property
    def fields(self) -> dict[str, object]:
        """The fields of that sentence, apart from `expected`, which `text` words from `config.expected.*`."""
        return {"file": self.file, "line": self.line, "field": self.field or "-", "found": self.found}

    def text(self, messages: Mapping[str, str]) -> str:
        """The error in Vietnamese. `messages` are the flattened messages of config/messages.yaml."""
        template = messages.get(f"config.expected.{self.expected}", self.expected)
        return messages[self.key].format(expected=template.format(**self.details), **self.fields)

    def __str__(self) -> str:
        details = "".join(f" {name}={value}" for name, value in self.details.items())
        return f"{self.file}:{self.line}: {self.field or '-'}: expected {self.expected}{details}; found {self.found!r}"


@dataclass(frozen=True)
class Document:
    """One file's data (plain dicts with str keys, lists, scalars) and the line of each key or entry."""

    file: str
    data: Any
    lines: Mapping[Location, int] = field(repr=False)

    def line(self, *where: str | int) -> int:
        """The line of the entry at `where`, or of the nearest enclosing one that the file has."""
        for length in range(len(where), -1, -1):
            if (line := self.lines.get(tuple(where[:length]))) is not None:
                return line
        return 1

    def value(self, *where: str | int) -> Any:
        """What stands at `where`, or None."""
        data = self.data
        for step in where:
            try:
                data = data[step]
            except (KeyError, IndexError, TypeError):
                return None
        return data

    def error(self, where: Location, expected: str, found: object = None, **details: object) -> ConfigError:
        """A ConfigError for the entry at `where`; `found` defaults to the value that stands there."""
        if found is None:
            found = self.value(*where)
        return ConfigError(self.file, self.line(*where), field_name(where), expected, found, **details)

    def parse(self, model: type[ModelT], *where: str | int) -> ModelT:
        """The data at `where`, checked against `model`. Raises ConfigError for the first thing that is wrong."""
        try:
            return model.model_validate(self.value(*where) if where else self.data)
        except ValidationError as error:
            raise _from_pydantic(self, where, error) from error


def load_yaml(path: Path | Traversable) -> Document:
    """Read one YAML file (UTF-8). Raises ConfigError if it is missing, not UTF-8, not YAML, or has a key twice."""
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(file, error.object[: error.start].count(b"\n") + 1, expected="utf8") from error
    except OSError as error:
        raise ConfigError(file, expected="readable_file", found=error.strerror) from error
    return parse_yaml(text, file)


def parse_yaml(text: str, file: str) -> Document:
    """The same for text that is already in hand. `file` is the name that errors show."""
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
        reader = _Reader(file, loader)
        data = reader.read(node, ()) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(file, line, expected="yaml", found=error.problem) from error
    except yaml.YAMLError as error:
        raise ConfigError(file, 1, expected="yaml", found=str(error)) from error
    finally:
        loader.dispose()
    return Document(file, data, reader.lines)


def field_name(where: Location) -> str:
    """`("criteria", 3, "points")` as people write it: criteria[3].points (entries counted from 0)."""
    name = ""
    for step in where:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


class _Reader:
    """Turns YAML nodes into data and notes where each stood."""

    def __init__(self, file: str, loader: yaml.SafeLoader) -> None:
        self.file = file
        self.loader = loader
        self.lines: dict[Location, int] = {}

    def read(self, node: yaml.Node, where: Location) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(where, line)
        if len(where) > _DEEPEST:
            raise ConfigError(self.file, line, field_name(where[:3]), "less_nesting")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*where, number)) for number, child in enumerate(node.value)]
        try:
            return self.loader.construct_object(node)
        except ValueError as error:  # 2025-13-45 looks like a date and is none
            raise ConfigError(self.file, line, field_name(where), "date", node.value) from error

    def _mapping(self, node: yaml.MappingNode, where: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(self.file, line, field_name(where), "plain_key")
            key = str(key_node.value)  # as written: a key "no" or "2026" stays text
            if key in data:
                raise ConfigError(self.file, line, field_name((*where, key)), "key_once", key)
            self.lines[(*where, key)] = line
            data[key] = self.read(value_node, (*where, key))
        return data


#: pydantic's error types -> our message keys; what is not listed is "valid"
_EXPECTED = {
    "missing": "present", "extra_forbidden": "known_key", "string_type": "text", "string_too_short": "not_empty",
    "string_pattern_mismatch": "pattern", "int_type": "integer", "int_parsing": "integer", "int_from_float": "integer",
    "float_type": "number", "float_parsing": "number", "bool_type": "boolean", "bool_parsing": "boolean",
    "date_type": "date", "date_parsing": "date", "date_from_datetime_parsing": "date", "list_type": "list",
    "tuple_type": "list", "too_short": "not_empty", "dict_type": "mapping", "model_type": "mapping",
    "model_attributes_type": "mapping", "enum": "one_of", "literal_error": "one_of", "greater_than": "more_than",
    "greater_than_equal": "at_least", "less_than": "less_than", "less_than_equal": "at_most",
}  # fmt: skip


#: error types of our own validators start so, and are themselves the message key
_OURS = "cfg_"


def wrong(expected: str, **details: object) -> PydanticCustomError:
    """The error that a pydantic validator raises so that the file's reader is told `config.expected.cfg_<expected>`."""
    return PydanticCustomError(_OURS + expected, expected, details)


def _from_pydantic(document: Document, where: Location, error: ValidationError) -> ConfigError:
    """The first problem that pydantic found, in our words."""
    problem = error.errors(include_url=False)[0]
    place = (*where, *(step for step in problem["loc"] if step != "[key]"))
    kind, context = problem["type"], dict(problem.get("ctx") or {})
    expected = kind if kind.startswith(_OURS) else _EXPECTED.get(kind, "valid")
    if kind in ("enum", "literal_error"):
        context = {"values": context.get("expected", "")}
    limits = [value for name, value in context.items() if name in ("gt", "ge", "lt", "le")]
    if limits:
        context = {"limit": limits[0]}
    details = {name: value for name, value in context.items() if name not in ("error", "class_name")}
    found = None if kind == "missing" else problem.get("input")
    if kind == "extra_forbidden":
        found = place[-1]
    return ConfigError(document.file, document.line(*place), field_name(place), expected, found, **details)


def _short(found: object) -> str:
    text = " ".join(str(found).split())
    return text if len(text) <= _LONGEST_FOUND else text[: _LONGEST_FOUND - 1] + "…"
