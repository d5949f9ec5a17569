"""What every test gets: tools asked for by name, skips listed last, leaked secrets found."""

import logging
import shutil
from collections.abc import Generator, Iterator

import pytest
import structlog

from tests.canary import seen_canaries
from tests.compiled import sql_compiled_once

_LONGEST = frozenset({"contract", "flow", "sync", "writeback", "kpi"})


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marks that this file gives a meaning."""
    config.addinivalue_line("markers", "needs(*tools): programs without which the test skips")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the rooms whose files take longest: no worker is left alone with one."""
    items.sort(key=lambda item: item.path.parent.name not in _LONGEST)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose programs are not on this machine, naming them."""
    tools = [str(tool) for mark in item.iter_markers("needs") for tool in mark.args]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Stores share the SQL they compiled."""
    with sql_compiled_once():
        yield


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Takes back what a command run inside a test did to the logging of this process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails a test whose output or log shows a made-up secret."""
    report = yield
    written = "\n".join(text for title, text in report.sections if title.endswith(report.when))
    leaked = seen_canaries(written)
    if leaked:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} ({call.when}) showed a secret: {', '.join(leaked)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists every test that was skipped, with its reason, as the last thing said."""
    skipped = terminalreporter.getreports("skipped")
    if not skipped:
        return
    terminalreporter.section("not run on this machine")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.line(f"{report.nodeid}: {str(reason).removeprefix('Skipped: ')}")
