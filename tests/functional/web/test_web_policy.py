from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from registry import policy
from tests.pages import text_of


def test_the_rules_name_every_offence_level_and_standard_of_proof(visitor: FlaskClient) -> None:
    text = text_of(visitor.get("/policy"))
    for offence in policy.OFFENCES.values():
        assert offence.en in text
        assert offence.zh in text
    for step in policy.LADDER:
        assert f"{step.level} ({step.name})" in text
        assert f"{step.other_from:,} records" in text
    assert "D A suspicion, which is never listed never" in text
    assert "permanent, capped at 5 years" in text


def test_a_changed_policy_changes_the_page(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "RESPONSE_WINDOW", 41 * policy.DAY)
    monkeypatch.setattr(policy, "MAX_TERM", None)
    text = text_of(visitor.get("/policy"))
    assert "41 days; nothing is visible before" in text
    assert "capped" not in text
    assert "reviewed every 5 years" in text
