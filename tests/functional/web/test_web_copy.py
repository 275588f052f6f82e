"""The free copy: everything in it, signed, and verified offline by the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from registry.cli import main
from registry.identity.document import parse
from tests.accused import Accused
from tests.conftest import ISSUER
from tests.listing import check
from tests.paper import pages_of


@pytest.fixture
def pins(subject: FlaskClient, tmp_path: Path) -> Path:
    """The registry's keys as anybody gets them."""
    discovery = subject.get("/.well-known/zilu").json
    assert discovery is not None
    jwks = subject.get(discovery["jwks_uri"].removeprefix(ISSUER)).json
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({**discovery, "jwks": jwks}))
    return path


def verify(data: bytes, pins: Path) -> Result:
    path = pins.with_name("copy")
    path.write_bytes(data)
    return CliRunner().invoke(main, ["receipt", "verify-copy", str(path), "--keys", str(pins)])


def test_the_copy_as_json_says_everything_and_verifies(subject: FlaskClient, accused: Accused, pins: Path) -> None:
    check(accused.store, accused.holder, [parse(accused.number)], accused.cast.hana.actor, accused.clock())
    assert subject.get("/case/copy.json").json["document"]["checks"].startswith("shown once")  # type: ignore[index]
    accused.proofed().lodged()
    answer = subject.get("/case/copy.json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{accused.case_number}-file.json"'
    document = answer.json["document"]  # type: ignore[index]
    assert document["report"]["statement"]["offence"] == "sale"
    assert [row["company"] for row in document["checks"]] == ["Birch"]
    assert [row["your_words"] for row in document["appeals"]] == ["I was away."]
    assert document["history"][-1]["act"] == "appeal.lodge"
    assert accused.filing.payload["sub"] not in answer.text
    found = verify(answer.data, pins)
    assert (found.exit_code, accused.case_number in found.output) == (0, True), found.output


def test_the_copy_as_pdf_is_readable_and_verifies(subject: FlaskClient, accused: Accused, pins: Path) -> None:
    data = subject.get("/case/copy.pdf").data
    text = "".join(pages_of(data))
    assert accused.case_number in text
    assert "王小明" in text
    assert verify(data, pins).exit_code == 0
    assert verify(data.replace(b"/Title", b"/title", 1), pins).exit_code == 5


@pytest.mark.parametrize("change", ["level", "signature", "nothing signed"])
def test_a_copy_that_was_changed_is_named(subject: FlaskClient, pins: Path, change: str) -> None:
    whole = json.loads(subject.get("/case/copy.json").data)
    if change == "level":
        whole["document"]["report"]["level"] = 1
    elif change == "signature":
        whole["signature"] = whole["signature"][:-4] + "AAAA"
    else:
        del whole["signature"]
    assert verify(json.dumps(whole).encode(), pins).exit_code == (2 if change == "nothing signed" else 5)
