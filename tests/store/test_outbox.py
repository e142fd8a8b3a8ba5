"""The outbox: nothing twice, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.store import DeliveryState, Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "a.db")


def queue(store: Store, name: str) -> int:
    return store.queue_delivery(
        f"<{name}@p.vn>", ["a@p.vn", "b@p.vn"], "Phiếu", b"Subject: x\r\n\r\n\xff", kind="weekly"
    )


def test_a_message_is_queued_once_by_its_id(store: Store) -> None:
    first = queue(store, "1")
    assert queue(store, "1") == first
    assert queue(store, "2") != first
    assert len(store.undelivered()) == 2
    store.claim_delivery(first)
    store.mark_sent(first)
    assert queue(store, "1") == first
    assert [delivery.message_id for delivery in store.undelivered()] == ["<2@p.vn>"]


def test_a_message_is_claimed_once_and_comes_back_whole(store: Store) -> None:
    queue(store, "1")
    queue(store, "2")
    first, second, third = store.claim_delivery(), store.claim_delivery(), store.claim_delivery()
    assert first is not None
    assert second is not None
    assert third is None
    assert (first.message_id, second.message_id) == ("<1@p.vn>", "<2@p.vn>")
    assert (first.state, first.attempts, first.message) == (DeliveryState.SENDING, 1, b"Subject: x\r\n\r\n\xff")
    assert first.recipients == ("a@p.vn", "b@p.vn")


def test_a_failed_message_stays_and_is_tried_again_only_when_asked(store: Store) -> None:
    number = queue(store, "1")
    store.claim_delivery()
    store.mark_failed(number, "từ chối", remaining=["b@p.vn"])
    assert store.claim_delivery() is None
    (failed,) = store.undelivered()
    assert (failed.state, failed.error, failed.recipients) == (DeliveryState.FAILED, "từ chối", ("b@p.vn",))
    again = store.claim_delivery(number)
    assert again is not None
    assert again.attempts == 2
    store.mark_failed(number, "bận", retry=True)
    assert store.claim_delivery() is not None


def test_a_message_whose_sender_was_killed_is_kept_but_not_sent_unasked(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db") as store:
        number = queue(store, "1")
        store.claim_delivery()
    with open_store(tmp_path / "a.db") as store:
        assert [delivery.state for delivery in store.undelivered()] == [DeliveryState.SENDING]
        assert store.claim_delivery() is None
        assert store.claim_delivery(number) is None
        assert store.claim_delivery(number, again=True) is not None


def test_a_sent_message_is_never_claimed(store: Store) -> None:
    number = queue(store, "1")
    store.claim_delivery()
    store.mark_sent(number)
    assert store.claim_delivery(number, again=True) is None
    last = store.last_delivery("weekly")
    assert last is not None
    assert (last.state, last.sent_at is not None) == (DeliveryState.SENT, True)
    assert store.last_delivery("nightly") is None
    assert store.delivery("<1@p.vn>") == last
    assert store.deliveries() == (last,)
