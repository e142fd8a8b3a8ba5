"""The shipped words for dates, as every reader of dates gets them."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml

from auditor.read.date_words import DateWords


@pytest.fixture(scope="session")
def words() -> DateWords:
    return DateWords.from_data(yaml.safe_load(files("config").joinpath("dates.yaml").read_text("utf-8")))
