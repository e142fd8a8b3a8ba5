"""The register of official mailboxes, as the operator of the mail system handed it over. Chỉ thị 12/2014 mục 1(g)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class RegisteredMailbox:
    """One mailbox. `office` is True for the mailbox of an office or unit, False for a person's; the person's name is
    not kept. `last_used` is None where the register does not say, or says never (`never_used`)."""

    code: str  # of the agency that it belongs to
    address: str  # lower case
    office: bool
    last_used: date | None = None
    never_used: bool = False

    def idle_days(self, on: date) -> int | None:
        """Days without use up to `on`; None if the register does not say when it was last used."""
        return None if self.last_used is None else (on - self.last_used).days


@dataclass(frozen=True, slots=True)
class MailboxRegister:
    """All mailboxes of the mail system. `recorded_on` is the day that the register speaks of: idle days end there."""

    boxes: tuple[RegisteredMailbox, ...]
    recorded_on: date
    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    domains: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, boxes: Iterable[RegisteredMailbox], recorded_on: date) -> MailboxRegister:
        """The register of `boxes` with what is looked up in it."""
        kept = tuple(boxes)
        addresses = frozenset(box.address for box in kept)
        return cls(kept, recorded_on, addresses, frozenset(text.rpartition("@")[2] for text in addresses))

    def belonging_to(self, code: str) -> tuple[RegisteredMailbox, ...]:
        """The mailboxes of one agency."""
        return tuple(box for box in self.boxes if box.code == code)

    def covers(self, address: str) -> bool:
        """True if the register speaks of the domain of `address` at all, so that its absence says something."""
        return address.lower().rpartition("@")[2] in self.domains

    def has(self, address: str) -> bool:
        return address.lower() in self.addresses
