"""The page in a real Chromium: no violation, nothing cut off, readable in light and dark."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.web.company import FakeReader, board
from web.address import listen
from web.app import create_app
from web.guard import Guard
from web.server import Server

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CONTRAST = Path(__file__).parent / "contrast.js"

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Server]:
    """A served page with every kind of cell."""
    app = create_app(FakeReader(board()), states=list, guard=Guard())
    server = Server(app, listen("127.0.0.1", 0))
    yield server
    server.stop()


def opened(
    chromium: Browser, url: str, *, width: int = 1280, scheme: str = "light"
) -> tuple[Page, list[str]]:
    """The page and what its console said."""
    page = chromium.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    return page, said


@pytest.mark.parametrize("path", ["/", "/explain?manager=1&metric=revenue", "/nowhere"])
def test_the_browser_finds_nothing_to_complain_about(
    chromium: Browser, site: Server, path: str
) -> None:
    page, said = opened(chromium, site.url + path)
    page.wait_for_load_state("networkidle")
    assert [text for text in said if "404" not in text] == []
    assert page.evaluate("document.styleSheets[0].cssRules.length") > 20
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/explain?manager=1&metric=revenue"])
def test_every_text_has_enough_contrast(
    chromium: Browser, site: Server, scheme: str, path: str
) -> None:
    page, _ = opened(chromium, site.url + path, scheme=scheme)
    pale = page.evaluate(CONTRAST.read_text())
    assert pale == []
    page.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_the_page_itself_never_scrolls_sideways(
    chromium: Browser, site: Server, width: int
) -> None:
    page, _ = opened(chromium, site.url, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_names_stay_in_sight_on_a_telephone(chromium: Browser, site: Server) -> None:
    page, _ = opened(chromium, site.url, width=390)
    page.evaluate("document.querySelector('.scroll').scrollLeft = 500")
    name = page.locator("tbody th", has_text="Анна Петрова").bounding_box()
    assert name is not None
    assert name["x"] < 30
    page.close()


def test_the_keyboard_reaches_the_table_and_sorts_it(chromium: Browser, site: Server) -> None:
    page, _ = opened(chromium, site.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("thead a", has_text="Создано").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?sort=deals_created")
    assert page.locator("[aria-sort]").inner_text().startswith("Создано")
    page.close()


def test_the_numbers_refresh_themselves_and_say_when_they_cannot(chromium: Browser) -> None:
    reader = FakeReader(board())
    server = Server(create_app(reader, states=list, guard=Guard()), listen("127.0.0.1", 0))
    page = chromium.new_page()
    page.clock.install()
    page.goto(server.url)
    reader.shown = board(3, troubled=False)
    page.clock.run_for(61_000)
    page.locator("tbody tr").nth(3).wait_for()
    assert not page.locator("#offline").is_visible()
    server.stop()
    page.clock.run_for(61_000)
    page.wait_for_selector("#offline", state="visible")
    assert page.locator("tbody tr").count() == 4
    page.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Server]:
    """A site of somebody else that frames what its query names."""

    def frame(request: Request) -> HTMLResponse:
        return HTMLResponse(f'<iframe src="{request.query_params["page"]}"></iframe>')

    server = Server(Starlette(routes=[Route("/", frame)]), listen("127.0.0.1", 0))
    yield server
    server.stop()


@pytest.mark.parametrize(("ancestors", "cards"), [("'self'", 0), ("http://127.0.0.1:*", 1)])
def test_only_the_named_sites_may_frame_the_page(
    chromium: Browser, elsewhere: Server, ancestors: str, cards: int
) -> None:
    guard = Guard(frame_ancestors=(ancestors,))
    app = create_app(FakeReader(board()), states=list, guard=guard)
    server = Server(app, listen("127.0.0.1", 0))
    page = chromium.new_page()
    page.goto(f"{elsewhere.url}/?page={server.url}/")
    page.wait_for_load_state("networkidle")
    assert page.frames[-1].locator(".cards").count() == cards
    page.close()
    server.stop()
