"""`zilu audit pages`: what a site serves, against what stands in its log."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from registry.audit import pages
from registry.audit.differences import Kind
from registry.audit.pages import BUNDLE, Page, Shown
from registry.errors import Invalid, NotFound
from registry.log import own_keys
from registry.log.checkpoint import verifier_key
from registry.log.quorum import Policy
from registry.running import Running, programs
from tests.app_fixture import SECRETS
from tests.line import application, show_keys
from tests.served import Desk
from tests.unit.frontend.conftest import bundle, node_path

__all__ = ["bundle", "node_path"]

PROGRAMS = {"check.js": b"one", "house.js": b"two"}
KEY = "A" * 43
SHOWN = Shown([own_keys.page(PROGRAMS), {"use": "identity", "public": KEY}], sorted(PROGRAMS))
GOOD = f'<script src="/{BUNDLE}check.js" type="module"></script><form data-public-key="{KEY}"></form>'
POLICY = "default-src 'none'; script-src 'self'"


def fetch(served: dict[str, bytes], path: str) -> bytes:
    if path not in served:
        raise NotFound("nothing")
    return served[path]


def problems(
    html: str = GOOD, *, programs: dict[str, bytes] = PROGRAMS, policy: str | None = POLICY
) -> list[tuple[Kind, str]]:
    served = {BUNDLE + name: data for name, data in programs.items()}
    page = Page("/check", html, policy)
    found = pages.verify(SHOWN, pages=[page], fetch=lambda path: fetch(served, path))
    return [(each.kind, each.name) for each in found]


def test_what_stands_in_the_log_fits() -> None:
    assert problems() == problems(policy=None) == []


PAGE = [(Kind.ALTERED, "page:/check")]


@pytest.mark.parametrize(
    "html",
    [
        GOOD + "<script>steal()</script>",
        GOOD + '<script src="/static/bundle/more.js"></script>',
        GOOD + '<script src="//evil.example/static/bundle/check.js"></script>',
        GOOD + '<script src="https://evil.example/static/bundle/check.js"></script>',
        GOOD + '<p onclick="steal()">',
        GOOD.replace(KEY, "B" * 43),
        GOOD.replace(f'="{KEY}"', ""),
    ],
)
def test_a_page_that_runs_or_pins_something_else_is_named(html: str) -> None:
    assert problems(html) == PAGE


def test_headers_that_let_other_programs_run_are_named() -> None:
    for policy in ("", "default-src *", "script-src 'self' https://evil.example", "script-src 'self' 'unsafe-inline'"):
        assert problems(policy=policy) == PAGE


def test_a_program_that_was_changed_or_is_missing_is_named() -> None:
    altered = (Kind.ALTERED, "programs")
    assert problems(programs={**PROGRAMS, "check.js": b"other"}) == [altered]
    assert problems(programs={"check.js": b"one"}) == [(Kind.MISSING, "program:house.js"), altered]


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"keys": [], "programs": ["../secret"]}', b'{"keys": [1]}'])
def test_an_answer_in_another_form_is_refused(answer: bytes) -> None:
    with pytest.raises(Invalid):
        pages.shown(answer, Policy(verifier_key("log.example", SECRETS.log_key.public_key())))


@pytest.mark.usefixtures("bundle")
def test_the_site_that_we_serve_fits_its_log_and_a_changed_program_does_not(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running(desk)
    show_keys(run)
    vkey = run.policy.log.vkey

    def audit(*words: str | Path) -> Result:
        return desk.zilu("audit", "pages", desk.issuer, "--vkey", vkey, *words)

    sound = audit("--page", "/", "--page", "/case", "--page", "/policy")
    assert (sound.exit_code, sound.stdout) == (0, f"No difference. Looked at: {len(programs())} programs, 3 pages.\n")
    saved = tmp_path / "saved.html"
    saved.write_text("<script>steal()</script>")
    assert audit("--saved", saved).exit_code == 1
    assert audit("--page", "/nowhere").exit_code == 2
    assert desk.zilu("audit", desk.issuer, "--vkey", vkey).exit_code == 0  # the log alone, as ever

    logged = [tmp_path / file.name for file in programs()]
    for file in logged:
        file.write_bytes(b"what was reviewed")
    monkeypatch.setattr("registry.running.programs", lambda: logged)
    show_keys(run)
    result = audit()
    assert result.exit_code == 1
    assert "does not hash" in result.stdout


def running(desk: Desk) -> Running:
    run: Running = application().extensions["zilu"]
    assert run.issuer == desk.issuer
    return run
