from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

import auditor
import checks
from auditor.configuration import ConfigError, load_yaml, parse_yaml
from auditor.vocabulary import load_vocabulary
from config import shipped_folder
from tests.factories import rulebook

MESSAGES = rulebook().messages


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    on: date | None = None


class Sample(BaseModel):
    entries: list[Entry]


TEXT = """\
# a remark
entries:
  - name: một
    on: 2025-01-02
  -
    name: hai
"""


def test_data_and_lines() -> None:
    document = parse_yaml(TEXT, "a.yaml")
    assert document.data == {"entries": [{"name": "một", "on": date(2025, 1, 2)}, {"name": "hai"}]}
    assert document.line("entries") == 2
    assert document.line("entries", 0, "on") == 4
    assert document.line("entries", 1, "name") == 6
    assert document.line("entries", 1, "missing") == 6  # the nearest that is there
    assert document.value("entries", 5) is None


def test_parse_gives_the_model_or_the_first_error() -> None:
    assert parse_yaml(TEXT, "a.yaml").parse(Sample).entries[1].name == "hai"


@pytest.mark.parametrize(
    ("text", "line", "field", "expected"),
    [
        ("entries:\n  - name: 3\n", 2, "entries[0].name", "text"),
        ("entries:\n  - on: 2025-01-02\n", 2, "entries[0].name", "present"),
        ("entries:\n  - name: a\n    more: 1\n", 3, "entries[0].more", "known_key"),
        ("entries:\n  - name: a\n    on: 2025-02-30\n", 3, "entries[0].on", "date"),
        ("entries:\n  - name: a\n    on: hôm qua\n", 3, "entries[0].on", "date"),
        ("entries: 5\n", 1, "entries", "list"),
        ("entries:\n  - 7\n", 2, "entries[0]", "mapping"),
        ("entries:\n  - name: a\n    name: b\n", 3, "entries[0].name", "key_once"),
        ("entries:\n\t- name: a\n", 2, "", "yaml"),
        ("? [a, b]\n: 1\n", 1, "", "plain_key"),
        ("", 1, "", "mapping"),
    ],
)
def test_errors(text: str, line: int, field: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "thư mục/a.yaml").parse(Sample)
    error = caught.value
    assert (error.line, error.field, error.expected) == (line, field, expected)
    words = error.text(MESSAGES)
    assert words.startswith(f"thư mục/a.yaml, dòng {line}, mục {field or '-'}: cần ")
    assert str(line) in str(error)


def test_an_anchor_that_contains_itself_is_an_error_not_a_hang() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml("a: &x\n  b: *x\n", "a.yaml")
    assert caught.value.expected in ("less_nesting", "yaml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as missing:
        load_yaml(tmp_path / "none.yaml")
    assert missing.value.expected == "readable_file"
    assert missing.value.text(MESSAGES)
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"a: 1\nb: 2\nc: " + b"\xe0\xff")
    with pytest.raises(ConfigError) as utf8:
        load_yaml(bad)
    assert (utf8.value.expected, utf8.value.line) == ("utf8", 3)


def test_a_byte_order_mark_is_no_key(tmp_path: Path) -> None:
    file = tmp_path / "bom.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert load_yaml(file).data == {"a": 1}


def test_a_long_value_is_shortened() -> None:
    error = ConfigError("a.yaml", 1, "x", "text", "chữ " * 500)
    assert len(error.found) <= 120


def test_a_vocabulary_from_before_an_upgrade_goes_on_working(tmp_path: Path) -> None:
    old = load_yaml(shipped_folder() / "vocabulary.yaml").data
    own = {name: words for name, words in old.items() if name not in ("payment", "address_labels")}
    own["gambling"] = ["chỉ một từ"]
    (tmp_path / "vocabulary.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
    dates = load_yaml(shipped_folder() / "dates.yaml").data
    del dates["calendar"]
    (tmp_path / "dates.yaml").write_text(yaml.safe_dump(dates, allow_unicode=True), encoding="utf-8")
    words = load_vocabulary(tmp_path)
    assert words.dates.calendar == load_vocabulary().dates.calendar
    assert words.lists["payment"] == load_vocabulary().lists["payment"]
    assert words.lists["gambling"] == ("chi mot tu",)


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("house_words: số nhà\n", "house_words", "list"),
        ("fax_labels: [fax, 3]\n", "fax_labels[1]", "text"),
        ("telephone: {landline: {begins: ['02'], digits: 11}}\n", "telephone.mobile", "present"),
        (
            "telephone: {landline: {begins: ['2'], digits: 11}, mobile: {begins: ['09'], digits: 10}}\n",
            "telephone.landline.begins[0]", "pattern",
        ),
        (
            "telephone: {landline: {begins: ['02'], digits: 11}, mobile: {begins: ['09'], digits: 10}, renumbered: {'064': 254}}\n",
            "telephone.renumbered.064", "text",
        ),
        ("fax_labels: [fax\n", "", "yaml"),
    ],
)  # fmt: skip
def test_a_wrong_list_of_words_or_numbering_plan_is_named(tmp_path: Path, text: str, field: str, expected: str) -> None:
    (tmp_path / "vocabulary.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_vocabulary(tmp_path)
    assert (raised.value.field, raised.value.expected) == (field, expected)
    assert raised.value.file == str(tmp_path / "vocabulary.yaml") and raised.value.line >= 1


def test_words_and_numbering_plan_are_those_of_the_folder(tmp_path: Path) -> None:
    plan = "{landline: {begins: ['02'], digits: 11}, mobile: {begins: ['09'], digits: 10}, renumbered: {'061': '0251'}}"
    (tmp_path / "vocabulary.yaml").write_text(f"telephone: {plan}\n", encoding="utf-8")
    words = load_vocabulary(tmp_path)
    assert words.telephone.renumbered == (("061", "0251"),)
    assert words.lists["house_words"] == load_vocabulary().lists["house_words"]


_VIETNAMESE = re.compile(r"[a-zà-ỹđ]*[à-ỹđ][a-zà-ỹđ]+|[a-zà-ỹđ]+[à-ỹđ][a-zà-ỹđ]*")
_ALPHABETS = {"encoding.py", "legacy_tables.py"}  # TCVN 5712, VNI and windows-1258: letters and bytes, no words


@pytest.mark.parametrize("room", [auditor, checks], ids=["auditor", "checks"])
def test_no_vietnamese_word_stands_in_python(room: ModuleType) -> None:
    home = Path(str(room.__file__)).parent
    for file in sorted(home.rglob("*.py")):
        if file.name in _ALPHABETS or "demo" in file.parts:
            continue
        tree = ast.parse(file.read_text("utf-8"))
        said = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}  # docstrings
        for one in ast.walk(tree):
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in said:
                found = _VIETNAMESE.search(re.sub(r"\[[^]]*\]", "", one.value.lower()))  # classes of letters are no words
                assert found is None, f"{file}:{one.lineno}: {found and found[0]}"
