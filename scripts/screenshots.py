"""Take the pictures of `docs/screenshots/`: the main pages of each audience, on a desktop and on a telephone.

.venv/bin/python scripts/screenshots.py                 founds a demo of its own in a temporary folder
.venv/bin/python scripts/screenshots.py --folder PATH   with the demo that stands there and is not being served

Needs the development requirements and the system's Chromium.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
DESKTOP, PHONE = (1200, 860), (390, 780)
COLOURS = 64
SIGN_IN = re.compile(r"Sign in at (\S+)/sign-in with the password  (\S+)")
CHEN = re.compile(r"Chen's case at /case: (\S+), code (\S+),")
LISTED = re.compile(r"A number that is listed: (\S+)")


@dataclass(frozen=True)
class Shot:
    """One page; `follow` is what is clicked there before the picture. `who` None is a visitor, "" the accused."""

    name: str
    who: str | None
    path: str
    language: str = "en"
    size: tuple[int, int] = DESKTOP
    follow: str = ""


SHOTS = (
    Shot("start", None, "/"),
    Shot("start-phone-zh", None, "/", "zh-Hans", PHONE),
    Shot("rules", None, "/policy"),
    Shot("check", "birch-hr", "/check"),
    Shot("check-file-zh", "birch-hr", "/check/file", "zh-Hans"),
    Shot("consent-phone", "birch-hr", "/check/consents", size=PHONE),
    Shot("reports", "acme-security", "/reports"),
    Shot("draft-zh", "acme-security", "/reports", "zh-Hans", follow="main table th a"),
    Shot("case-phone-zh", "", "/case/file", "zh-Hans", PHONE),
    Shot("appeal", "", "/case/appeal"),
    Shot("registry-office", "clerk", "/clerk"),
    Shot("screening-zh", "screener", "/screening", "zh-Hans", follow="main table a"),
    Shot("counter-phone", "notary", "/counter", size=PHONE),
    Shot("people", "acme-admin", "/member/people"),
    Shot("members-zh", "operator", "/operator/members", "zh-Hans"),
    Shot("entries", "inspector", "/regulator/entries"),
    Shot("entry", "inspector", "/regulator/entries", follow="main table a"),
    Shot("statistics-zh", "inspector", "/regulator/statistics", "zh-Hans"),
)


@click.command(help=__doc__)
@click.option("--folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(folder: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="zilu-") as place:
        if folder is None:
            folder = Path(place) / "demo"
            demo("--no-serve", "--folder", str(folder)).wait()
        with served(folder) as said:
            shoot_all(said)


def demo(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "registry", "demo", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """What the demo prints of itself, once it answers."""
    server = demo("--keep", "--folder", str(folder))
    try:
        lines: list[str] = []
        for line in server.stdout or ():
            lines.append(line)
            if line.startswith("Serving"):
                break
        yield "".join(lines)
    finally:
        server.terminate()
        server.wait(60)


def shoot_all(said: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for shot in SHOTS:
            shoot(browser, shot, said)
        browser.close()
    click.echo(f"{sum(file.stat().st_size for file in PICTURES.glob('*.png')):,} bytes in {PICTURES}")


def shoot(browser: Browser, shot: Shot, said: str) -> None:
    url, password = SIGN_IN.findall(said)[0]
    width, height = shot.size
    context = browser.new_context(base_url=url, locale="en-GB", viewport={"width": width, "height": height})
    page = context.new_page()
    if shot.who:
        sign_in(page, shot.who, password)
    elif shot.who is not None:
        open_case(page, said)
    page.goto(f"/language/{shot.language}?next={shot.path}")
    if shot.follow:
        page.locator(shot.follow).first.click()
        page.wait_for_load_state("load")
    picture = Image.open(BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLOURS).save(PICTURES / f"{shot.name}.png", optimize=True)
    context.close()


def sign_in(page: Page, account: str, password: str) -> None:
    page.goto("/sign-in")
    page.locator("#account").fill(account)
    page.locator("#password").fill(password)
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/home")


def open_case(page: Page, said: str) -> None:
    (number, code), (identity,) = CHEN.findall(said)[0], LISTED.findall(said)
    page.goto("/case")
    for field, value in (("#case", number), ("#code", code), ("#number", identity)):
        page.locator(field).fill(value)
    page.locator("main [type=submit]").click()
    page.wait_for_url("**/case/file")


if __name__ == "__main__":
    main()
