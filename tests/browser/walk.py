"""What is looked at on every page: axe-core's findings at WCAG 2.2 AA, and whether a telephone shows it whole."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = ((1200, 900, "light"), (360, 740, "dark"))
LANGUAGES = ("en", "zh-Hans")


@cache
def _axe() -> str:
    return AXE.read_text()


def violations(page: Page) -> list[str]:
    """Each as `rule: the element`. Evaluated by the browser's debugger, which no policy of the page's stops."""
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]


def look(page: Page) -> list[str]:
    """What is wrong with the page as it stands: wide and light, narrow and dark."""
    wrong = []
    for width, height, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        wrong += [f"{page.url} {width} {scheme} {text}" for text in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{page.url} {width} scrolls sideways")
    return wrong


def speak(page: Page, language: str) -> None:
    """Choose the language by its link's address, and be back where one was."""
    page.goto(f"/language/{language}?next={page.evaluate('location.pathname')}")
    assert page.locator("html").get_attribute("lang") == language
