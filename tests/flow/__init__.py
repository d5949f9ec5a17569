"""Whole agent against whole sandbox, over real HTTP."""

import pytest

pytest.register_assert_rewrite("tests.flow.switchboard_suite")
