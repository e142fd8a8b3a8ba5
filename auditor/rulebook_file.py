"""What config/criteria.yaml and config/holidays/<year>.yaml may hold, as pydantic models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, model_validator

from auditor.configuration import wrong
from auditor.model import AgencyKind, Verdict
from auditor.model.redating import RedatingRules

Text = Annotated[str, Field(min_length=1)]


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[Text, ...], BeforeValidator(_as_tuple), Field(min_length=1)]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Dated(Row):
    """Something that holds from a day to a day, both included; a missing end is open."""

    from_: date | None = Field(default=None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Dated:
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise wrong("order")
        return self

    def holds_on(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)


class ProfileRow(Dated):
    id: Text
    title: Text


class DocumentRow(Dated):
    id: Text
    name: Text
    confirmed: StrictBool = True


class ItemRow(Row):
    title: Text
    at: Text  # where in the Directive


class Words(Row):
    vi: Text
    en: str = ""


class BasisRow(Dated):
    """One citation; its dates, where given, narrow those of its document."""

    profile: Names
    document: Text
    at: Text
    confirmed: StrictBool = True


class CriterionRow(Row):
    id: Text
    item: Text
    points: Annotated[StrictInt, Field(ge=0, le=1000)]
    title: Words
    basis: tuple[BasisRow, ...] = ()
    directive: StrictBool = True  # cites the Directive first; False for technical recommendations
    kinds: tuple[AgencyKind, ...] = ()
    parameters: dict[str, Any] = Field(default_factory=dict)
    passes_when: Words
    advice: Words
    by: Literal["program", "person"] = "program"
    parent_only: Literal[Verdict.FAIL, Verdict.PARTIAL, Verdict.NOT_APPLICABLE] = Verdict.FAIL
    partial_share: Annotated[StrictFloat, Field(gt=0, lt=1)] | None = None
    responsible: Literal["agency", "operator"] = "agency"
    counts: StrictBool = True
    messages: dict[str, Text] = Field(default_factory=dict)


class GradeRow(Row):
    letter: Text
    word: Text
    from_percent: Annotated[StrictInt, Field(ge=0, le=100)]


class ScoringRow(Row):
    minimum_percent: Annotated[StrictInt, Field(ge=0, le=100)]
    partial_share: Annotated[StrictFloat, Field(gt=0, lt=1)]
    grades: Annotated[tuple[GradeRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _descending(self) -> ScoringRow:
        steps = [row.from_percent for row in self.grades]
        if steps[-1] != 0 or any(high <= low for high, low in pairwise(steps)):
            raise wrong("grades")
        return self


class RedatingRow(Row):
    """When a date that moved forward is believed; see auditor.model.redating."""

    renewal_days: Annotated[StrictInt, Field(ge=0, le=60)]
    likely_nights: Annotated[StrictInt, Field(ge=1, le=60)]
    renewals: Annotated[StrictInt, Field(ge=0, le=60)]
    period_days: Annotated[StrictInt, Field(ge=0, le=3660)]

    @property
    def rules(self) -> RedatingRules:
        return RedatingRules(
            timedelta(self.renewal_days), self.likely_nights, self.renewals, timedelta(self.period_days)
        )


class CriteriaFile(Row):
    """config/criteria.yaml as a whole. The profiles follow each other without gap, so that every date has one."""

    profiles: Annotated[tuple[ProfileRow, ...], Field(min_length=1)]
    documents: tuple[DocumentRow, ...]
    directive: Text
    items: dict[str, ItemRow]
    scoring: ScoringRow
    redating: RedatingRow
    criteria: Annotated[tuple[CriterionRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _profiles_cover_all_days(self) -> CriteriaFile:
        rows = self.profiles
        joined = all(
            early.to is not None and late.from_ is not None and late.from_ - early.to == timedelta(days=1)
            for early, late in pairwise(rows)
        )
        if not joined or rows[0].from_ is not None or rows[-1].to is not None:
            raise wrong("profiles")
        return self


class HolidayRow(Row):
    """One day (`date`) or a run of days (`from` and `to`). `confirmed` False: not read in an official notice."""

    on: date | None = Field(default=None, alias="date")
    from_: date | None = Field(default=None, alias="from")
    to: date | None = None
    name: Text
    confirmed: StrictBool = True

    @model_validator(mode="after")
    def _one_form(self) -> HolidayRow:
        runs = self.from_ is not None and self.to is not None
        if runs == (self.on is not None) or (self.from_ is None) != (self.to is None):
            raise wrong("day_or_range")
        if self.from_ is not None and self.to is not None and not self.from_ <= self.to <= self.from_ + timedelta(40):
            raise wrong("order")
        return self

    def days(self) -> Iterator[date]:
        first = self.on or self.from_
        last = self.on or self.to
        assert first is not None and last is not None  # _one_form
        for number in range((last - first).days + 1):
            yield first + timedelta(days=number)


class HolidayFile(Row):
    year: Annotated[StrictInt, Field(ge=1946, le=2200)]
    days_off: tuple[HolidayRow, ...]
    working_weekends: tuple[HolidayRow, ...] = ()
