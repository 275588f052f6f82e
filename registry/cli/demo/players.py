"""What the people of the story do that no command does: the roster over REST, the accused on the web pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from registry import base64url
from registry.cli.demo.stage import Stage, StoryFailed
from registry.client.api import Profile, Registry
from registry.clock import rfc3339
from registry.identity.document import Document
from registry.identity.tags import answer_match
from registry.signing import keys

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


def program(stage: Stage, account: str, scope: str, *, key: keys.PrivateKey | None = None) -> Registry:
    """The program of an account, signed in with its own key; it signs with `key`."""
    profile = stage.settings.client[account]
    registry = Registry(
        Profile(stage.settings.registry.issuer, account, keys.load(profile.client_key), key),
        scope=scope,
        clock=stage.settings.clock,
    )
    stage.visits.callback(registry.close)
    registry.pin()
    return registry


def screen(stage: Stage, report: str) -> None:
    reasons = "The facts alleged are in scope, each has its exhibit, and there is no dispute over wages or union."
    program(stage, "screener", "roster").post(
        f"/api/v1/reports/{report}/screening", {"verdict": "accept", "reasons": reasons}
    )


def print_letter(stage: Stage, case: str) -> tuple[str, str]:
    """The clerk prints the letter of a case; returns the letter's id and the code in it."""
    clerk = program(stage, "clerk", "roster")
    letter = next(item["id"] for item in clerk.get("/api/v1/letters")["letters"] if item["case"] == case)
    found = CODE.search(clerk.text(f"/api/v1/letters/{letter}"))
    if found is None:
        raise StoryFailed("the letter has no code")
    return letter, found[0]


def record_service(stage: Stage, letter: str, on: datetime) -> None:
    proof = "Registered post RX 204 117 662 CN, signed for by the addressee"
    body = {"channel": "registered-post", "on": rfc3339(on), "proof": proof}
    program(stage, "clerk", "roster").post(f"/api/v1/letters/{letter}/service", body)


class Phone:
    """The accused person's browser. The number is blinded in it, as the page's own script would."""

    def __init__(self, stage: Stage) -> None:
        self._http = httpx2.Client(base_url=stage.settings.registry.issuer, timeout=30, follow_redirects=True)
        stage.visits.callback(self._http.close)
        self._token = ""

    def open(self, *, case: str, code: str, document: Document) -> bool:
        """Whether number, code and document fit together; if so the file is open."""
        self.page("/case")
        begun = self._send("/case/match/begin", {"case": case, "code": code}).json()
        made = answer_match(document, base64url.decode(begun["m"], field="m", size=32))
        answer = {"match_id": begun["match_id"], "x": base64url.encode(made.x), "z": base64url.encode(made.z)}
        return self._send("/case/match/finish", {"case": case, "code": code, **answer}).is_success

    def page(self, path: str) -> str:
        response = self._http.get(path)
        if not response.is_success:
            raise StoryFailed(f"{path} answered {response.status_code}")
        if found := CSRF.search(response.text):
            self._token = found[1]
        return response.text

    def submit(self, path: str, form: Mapping[str, Any]) -> str:
        """Fill in the form at `path` and send it."""
        self.page(path)
        response = self._http.post(path, data={**form, "csrf_token": self._token})
        if not response.is_success:
            raise StoryFailed(f"the form at {path} answered {response.status_code}")
        return response.text

    def post(self, path: str, body: Mapping[str, str]) -> None:
        """What a page's own script sends."""
        self.page("/case/file")
        response = self._send(path, body)
        if not response.is_success:
            raise StoryFailed(f"{path} answered {response.status_code}")

    def _send(self, path: str, body: Mapping[str, str]) -> httpx2.Response:
        return self._http.post(path, json=dict(body), headers={"X-CSRF-Token": self._token})


def write_exhibits(folder: Path) -> list[Path]:
    """An access log, an investigation report and the certificate of its service, as a security desk attaches them."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "access-log.csv"
    rows = [f"2026-0{1 + n % 6}-{1 + n % 28:02d}T2{n % 4}:1{n % 6}:00Z,terminal-7,export,{60 + n}" for n in range(48)]
    log.write_text("time,terminal,action,records\n" + "\n".join(rows) + "\n")
    investigation = folder / "investigation.txt"
    investigation.write_text(
        "Internal investigation 117\n\nEvery export above was made under one sign-in outside its holder's shifts.\n"
        "The holder was heard on two days with a representative present and was given this report.\n"
    )
    certificate = folder / "service.txt"
    certificate.write_text("Investigation 117 was handed over in person and signed for at the depot's office.\n")
    return [log, investigation, certificate]
