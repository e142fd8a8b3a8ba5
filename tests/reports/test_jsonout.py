"""The JSON output and docs/json.md name the same keys; values keep their types."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditor.model import Completed
from reports.jsonout import DETECTORS, audit_to_json, mail_to_json, run_to_json
from reports.run import RunFailure, RunInfo
from tests.reports.builders import AS_OF, audit, hostile, not_declared

DOCUMENT = Path(__file__).parents[2] / "docs" / "json.md"
_SHAPES = (
    (r"^(detectors\.\*\.(sections\[\]\.)?newest)\.", "dated."),
    (r"^(detectors\.\*|findings\[\])\.looked_at\[\]\.", "place."),
    (r"^hosts\[\]\.https?\.value\.", "look."),
    (r"^hosts\[\]\.certificate\.value\.", "certificate."),
    (r"^hosts\[\]\.(addresses|second_opinion|https?|certificate)\.", "outcome."),
    (r"^scores\.(f|g|total|mail)\.", "score."),
)
RUN = RunInfo(
    "7", AS_OF, datetime(2017, 11, 19, 18, 0, tzinfo=UTC), None, "incomplete", 2, (RunFailure("x", "X", "Lỗi."),)
)


def keys(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, entry in value.items():
            here = f"{path}.*" if path == "detectors" else f"{path}.{key}" if path else key
            if path != "detectors":
                yield here
            yield from keys(entry, here)
    elif isinstance(value, list):
        for entry in value:
            yield from keys(entry, path + "[]")


def shaped(key: str) -> str:
    for pattern, shape in _SHAPES:
        key = re.sub(pattern, shape, key)
    return key


def documented() -> tuple[set[str], set[str]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    one, several = text.split("## `auditor")[0].split("## Several agencies")
    return tuple(set(re.findall(r"^\| `([^`]+)` \|", part, re.M)) for part in (one, several))  # type: ignore[return-value]


def test_the_document_names_every_key_of_one_agency_and_no_other() -> None:
    assert {shaped(key) for key in keys(audit_to_json(audit()))} == documented()[0]


def test_the_document_names_every_key_of_a_run_and_no_other() -> None:
    value = run_to_json(RUN, [audit()])
    assert {key for key in keys(value) if not key.startswith("agencies[]")} == documented()[1]
    assert value["agencies"] == [audit_to_json(audit())]


def test_all_twenty_detectors_are_there_even_for_a_site_that_was_never_read() -> None:
    value = audit_to_json(not_declared())
    assert tuple(value["detectors"]) == DETECTORS and len(DETECTORS) == 20
    assert {entry["state"] for entry in value["detectors"].values()} == {"unverifiable"}
    assert value["site"]["state"] == "not_declared" and value["site"]["newest_update"] is None and value["hosts"] == []


def test_points_are_numbers_with_one_decimal_at_most() -> None:
    value = audit_to_json(audit())
    procedures = next(f for f in value["findings"] if f["id"] == "f.content.procedures")
    assert (procedures["points"], procedures["max"]) == (2.5, 5)
    assert value["scores"]["total"] == {
        "earned": 30.5, "measurable": 52, "max": 56, "percent": 58.7, "measured_percent": 92.9,
    }  # fmt: skip


def test_dates_states_and_counts_are_plain_values() -> None:
    value = audit_to_json(audit())
    news = value["detectors"]["news"]
    assert value["as_of"] == "2017-11-20" and news["newest"]["date"] == "2017-10-02"
    assert news["sections"][0]["items"] == 1 and news["sections"][0]["state"] == "present"
    assert value["site"]["newest_update"]["detector"] == "news"
    assert {a["class"] for a in value["addresses"]} == {"free", "official"}
    assert value["hosts"][0]["http"]["outcome"] == "failed" and value["hosts"][0]["http"]["reason"] == "connect_timeout"


def test_hostile_text_still_gives_valid_utf8_json() -> None:
    text = json.dumps(audit_to_json(hostile()), ensure_ascii=False)
    assert json.loads(text.encode("utf-8"))["schema"] == 1


def test_bodies_never_reach_the_output() -> None:
    made = audit()
    assert made.host is not None and isinstance(made.host.https, Completed) and made.host.https.value.body
    assert "<html>" not in json.dumps(audit_to_json(made))


def test_a_mail_domain_alone_looks_as_it_does_in_an_audit() -> None:
    made = audit()
    assert made.mail is not None and mail_to_json(made.mail) == audit_to_json(made)["mail"]
