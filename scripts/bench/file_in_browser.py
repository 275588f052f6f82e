"""A staff file in Chromium, from the drop to the result, against a demo that is served: a line of a Markdown table.

.venv/bin/python scripts/bench/file_in_browser.py FOLDER [--rows 5000]

FOLDER is a demo that is not being served (`zilu demo --no-serve`). What the browser sends is searched for every number
of the file. Targets on two cores: 15 s for 5,000 rows, four updates of the progress a second.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import click
from playwright.sync_api import Page, Request, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry.client.sample import staff_file
from scripts.screenshots import LISTED, SIGN_IN, served, sign_in

COUNT = """() => { window.seen = 0; new MutationObserver(() => (window.seen += 1)).observe(
document.querySelector("#progress"), {attributes: true, childList: true, characterData: true, subtree: true}); }"""


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--rows", type=click.IntRange(10, 10_000), default=5_000, show_default=True)
def main(folder: Path, rows: int) -> None:
    with served(folder) as said, tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        (url, password), listed = SIGN_IN.findall(said)[0], LISTED.findall(said)[0]
        staff = staff_file(rows, seed=5, planted={rows // 2: listed})
        file = Path(place) / "staff.csv"
        file.write_bytes(staff.content)
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(base_url=url, locale="en-GB").new_page()
        sent: list[str] = []
        page.context.on("request", lambda request: sent.append(_whole(request)))
        sign_in(page, "birch-hr", password)
        seconds, updates, hits = _check(page, file)
        browser.close()
    numbers = {truth.number for truth in staff.truth if truth.number}
    leaked = sum(number in text for text in sent for number in numbers)
    click.echo("| rows | seconds | progress updates a second | listed | requests | numbers in them |")
    click.echo("|---|---|---|---|---|---|")
    click.echo(f"| {rows:,} | {seconds:.1f} | {updates / seconds:.1f} | {hits} | {len(sent)} | {leaked} |")
    sys.exit(bool(leaked))


def _whole(request: Request) -> str:
    return f"{request.url}\n{request.headers}\n{request.post_data or ''}"


def _check(page: Page, file: Path) -> tuple[float, int, int]:
    """Seconds from the drop to the result, how often the progress changed, and how many are listed."""
    page.goto("/check/file")
    page.locator("#purpose").select_option("hiring")
    page.locator("[name=consent]").check()
    page.locator("#reference").fill("HR-2031")
    page.evaluate(COUNT)
    began = time.monotonic()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("#found")).to_be_visible(timeout=60_000)
    page.locator("main form [type=submit]:enabled").click()
    expect(page.locator("#after")).to_be_visible(timeout=600_000)
    seconds = time.monotonic() - began
    return seconds, page.evaluate("window.seen"), page.locator("#result a[href^='/check/']").count()


if __name__ == "__main__":
    main()
