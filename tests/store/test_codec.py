"""Dataclasses to JSON and back: nothing of an audit is lost, and failed and not_run stay apart."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model import AgencyAudit, Failed, HostLook, NotRun, Outcome, Reason
from auditor.store.codec import compress, decompress, from_json, pack, to_json, unpack
from tests.store.builders import full_audit, make_host


def test_a_whole_audit_comes_back_as_it_was() -> None:
    audit = full_audit()
    assert from_json(AgencyAudit, to_json(audit)) == audit
    assert unpack(AgencyAudit, pack(audit)) == audit


def test_failed_and_not_run_are_not_confused() -> None:
    for outcome in (Failed(Reason.DNS_TIMEOUT, "x"), NotRun(Reason.DNS_TIMEOUT, "x")):
        again = from_json(Outcome[tuple[str, ...]], to_json(outcome))  # type: ignore[arg-type]
        assert again == outcome
        assert type(again) is type(outcome)


def test_lone_surrogates_and_control_signs_survive_in_a_packed_value() -> None:
    @dataclass
    class Words:
        text: str

    words = Words("\ud800 \x00 \u202e đ")
    assert unpack(dict, pack(words)) == {"text": words.text}


def test_fields_that_are_missing_or_unknown_do_not_break_old_data() -> None:
    text = to_json(make_host()).replace('"tls_version":"TLSv1.3"', '"gone":1')
    assert from_json(HostLook, text).tls_version is None


def test_bodies_are_compressed_without_loss() -> None:
    body = bytes(range(256)) * 50
    assert decompress(compress(body)) == body
    assert len(compress(body)) < len(body) / 5
