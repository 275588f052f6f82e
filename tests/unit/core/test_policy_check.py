"""The policy holds together, and each way in which it would not is named in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from registry import policy, policy_check
from registry.app import create_app
from registry.cli import main
from registry.errors import Invalid
from registry.policy import Basis, Gravity, Offence, Proof, Purpose

FOUR, THREE, TWO, ONE = policy.LADDER


def ladder(*steps: Gravity) -> dict[str, Any]:
    return {"LADDER": steps}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"OFFENCE_VERSIONS": (Offence("sale", 1, "Sold", " "),)}, "both languages"),
    ({"OFFENCE_VERSIONS": (Offence("sale", 2, "Sold", "出售"),)}, "versions of offence sale"),
    ({"OFFENCE_VERSIONS": (*policy.OFFENCE_VERSIONS, Offence("sale", 2, "Sold", "出售"))}, "newest version"),
    (ladder(THREE, TWO, ONE, FOUR), "one by one"),
    (ladder(FOUR, replace(THREE, name="grave"), TWO, ONE), "named serious"),
    (ladder(replace(FOUR, strict_from=30_000), THREE, TWO, ONE), "strict kinds"),
    (ladder(FOUR, THREE, replace(TWO, other_from=2_500), ONE), "level 3 must ask for more records than level 2"),
    (ladder(FOUR, THREE, TWO, replace(ONE, rehabilitation=Fraction(0))), "rehabilitation at level 1"),
    (ladder(FOUR, THREE, TWO, replace(ONE, rehabilitation=Fraction(1))), "must not come earlier at level 2"),
    (ladder(FOUR, THREE, replace(TWO, max_term=30 * policy.DAY), ONE), "level 2 must not have a shorter term"),
    (ladder(FOUR, THREE, TWO, replace(ONE, max_term=None)), "only the gravest may be permanent"),
    ({"MAX_TERM": 2 * 365 * policy.DAY}, "term of level 3 must not be longer than MAX_TERM"),
    ({"REVIEW_EVERY": 6 * 365 * policy.DAY}, "five years or less"),
    ({"REVIEW_AT": Fraction(1)}, "REVIEW_AT"),
    ({"LISTABLE": frozenset(Basis), "PROOF_FOR": {basis: {Proof.POLICE} for basis in Basis}}, "suspicion (D)"),
    ({"PROOF_FOR": {Basis.POLICE: {Proof.POLICE}}}, "PROOF_FOR must demand something"),
    ({"PROOF_FOR": dict.fromkeys(policy.LISTABLE, frozenset())}, "PROOF_FOR must demand something"),
    ({"RECALL_ACK": timedelta()}, "RECALL_ACK must be longer than nothing"),
    *(({first: getattr(policy, second)}, f"{first} must be shorter") for first, second in policy_check._IN_ORDER),
    ({"APPEAL_LIMIT": 34 * policy.DAY}, "both instances"),
    ({"RESPONSE_WINDOW": 365 * policy.DAY}, "RESPONSE_WINDOW"),
    ({"CONSENT_FOR": {Purpose.HIRING: policy.CONSENT_FOR[Purpose.HIRING]}}, "CONSENT_FOR"),
    ({"SEATS": 4}, "SEATS"),
]


def test_the_policy_as_it_stands_holds_together() -> None:
    policy_check.verify()


@pytest.mark.parametrize(("changes", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_each_contradiction_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setattr(policy, name, value)
    assert any(said in problem for problem in policy_check.problems())
    with pytest.raises(Invalid, match="does not hold together") as refused:
        policy_check.verify()
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("command", ["serve", "worker", "keyholder", "doctor"])
def test_no_process_starts_on_a_policy_that_contradicts_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setattr(policy, "SEATS", 4)
    done = CliRunner().invoke(main, ["--config", str(tmp_path / "none.toml"), command])
    assert done.exit_code == 2
    assert done.stderr == "zilu: policy.py does not hold together: SEATS must be odd, and three or more\n"


def test_the_web_does_not_start_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "SEATS", 4)
    refuse: Callable[..., Any] = create_app
    with pytest.raises(Invalid, match="SEATS"):
        refuse(None)
