"""The rules that conftest adds to every run: skips are listed, secrets never shown."""

import pytest

from tests.canary import canary, seen_canaries
from tests.repository.tree import ROOT

pytest_plugins = ["pytester"]


class Rerun:
    """Runs the tests of a folder as `make test` would, and keeps quiet about it."""

    def __init__(self, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
        self._pytester = pytester
        self._capsys = capsys

    def __call__(self, tests: str) -> pytest.RunResult:
        self._pytester.makepyfile(tests)
        result = self._pytester.runpytest_subprocess()
        self._capsys.readouterr()
        return result


@pytest.fixture
def rerun(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> Rerun:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    return Rerun(pytester, capsys)


def test_a_made_up_secret_is_new_and_is_recognised() -> None:
    first, second = canary("webhook"), canary("webhook")
    assert first != second
    assert seen_canaries(f"GET /rest/1/{second}/x {first} {first}") == sorted([first, second])
    assert seen_canaries("no secret") == []


def test_only_a_test_that_shows_a_secret_fails(rerun: Rerun) -> None:
    result = rerun(
        """
        import logging, sys
        from tests.canary import canary

        def test_printed(): print(canary("printed"))
        def test_complained(): print(canary("complained"), file=sys.stderr)
        def test_logged(): logging.warning(canary("logged"))
        def test_kept(): assert canary("kept")
        """
    )
    result.assert_outcomes(failed=3, passed=1)
    for how in ("printed", "complained", "logged"):
        result.stdout.fnmatch_lines([f"*test_{how} (call) showed a secret: CANARY-{how}-*"])


def test_a_skipped_test_is_named_at_the_end_with_its_reason(rerun: Rerun) -> None:
    result = rerun(
        """
        import pytest

        @pytest.mark.needs("no-such-program")
        def test_with_a_program(): ...

        @pytest.mark.needs("sh")
        def test_with_a_shell(): ...
        """
    )
    result.assert_outcomes(skipped=1, passed=1)
    assert "test_with_a_program: needs no-such-program" in "".join(result.stdout.lines[-3:])
