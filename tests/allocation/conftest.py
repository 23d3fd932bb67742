"""What every test of the rules may ask for."""

import pytest

from .maps import Town, rulebook_town


@pytest.fixture
def town() -> Town:
    """The world of the rulebook's worked examples, for the test alone."""
    return rulebook_town()
