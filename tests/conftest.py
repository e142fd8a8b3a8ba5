"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long one example takes says something of the machine, which other work may slow down, and nothing of the program;
# every test as a whole is bounded in time.
settings.register_profile("auditor", deadline=None)
settings.load_profile("auditor")
