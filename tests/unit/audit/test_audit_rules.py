"""Steps that lead elsewhere, statements that were not signed as they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from registry import vault
from registry.audit.acts import Attested, Ledger
from registry.audit.keys import Keys
from registry.audit.lives import LIVES, Lives
from registry.audit.statements import COLUMN, SIGNED, Statements
from registry.audit.stored import Stored, tables
from registry.cases.models import Step
from registry.reports.rules import State
from registry.schema import Base
from registry.signing import jws, keys
from tests.conftest import KEYRING, START

KEY = keys.generate()
KID = keys.thumbprint(KEY.public_key())
CASE_KEY = bytes(range(32))


def test_every_table_with_a_state_has_its_transitions_replayed() -> None:
    stateful = {name for name, table in Base.metadata.tables.items() if "state" in table.columns}
    assert stateful == LIVES.keys()


def test_every_table_of_statements_has_its_signatures_verified() -> None:
    signed = {name for name, table in Base.metadata.tables.items() if COLUMN in table.columns}
    assert signed == SIGNED.keys()


def test_every_table_is_read_by_the_audit() -> None:
    assert tables().keys() == Base.metadata.tables.keys()
    assert {name for name, kind in tables().items() if not kind.logged} == {"act", "checkpoint", "tile"}


def test_attributes_are_what_the_columns_are_called() -> None:
    """The digest goes by attribute; a renamed one would change every digest."""
    for kind in tables().values():
        assert {each.key for each in sa.inspect(kind).column_attrs} == set(sa.inspect(kind).columns.keys())


# Lives


def _step(number: int, verb: str, before: str | None, after: str, subject: str = "report:r") -> Stored:
    values = dict.fromkeys(("case_id", "actor"), "x")
    step = Step(
        id=f"s{number}", subject=subject, number=number, verb=verb, before=before, after=after, at=START, **values
    )
    names = [attribute.key for attribute in sa.inspect(Step).column_attrs]
    return Stored("step", step.id, {name: getattr(step, name) for name in names}, ())


FILED = _step(1, "file", None, "filed")
COUNTERSIGNED = _step(2, "countersign", "filed", "countersigned")


def _report(state: State) -> Stored:
    return Stored("report", "r", {"state": state}, ())


def _judge(*rows: Stored) -> list[tuple[str, str, str]]:
    lives = Lives()
    for row in rows:
        lives.see(row, fits=True)
    return [(found.kind.value, found.name, found.why) for found in lives.differences()]


def test_steps_in_any_order_that_lead_to_the_state_are_in_order() -> None:
    assert _judge(COUNTERSIGNED, _report(State.COUNTERSIGNED), FILED) == []


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([FILED], "its steps lead to filed, and it is countersigned"),
        ([], "its steps lead to None, and it is countersigned"),
        ([COUNTERSIGNED], "a step of it is missing, or there twice"),
        ([FILED, FILED, COUNTERSIGNED], "a step of it is missing, or there twice"),
        ([FILED, _step(2, "list", "filed", "countersigned")], "a step of it was not allowed"),
        (
            [FILED, _step(2, "countersign", "noticed", "countersigned")],
            "step 2 does not begin where the one before ended",
        ),
        ([_step(1, "file", "filed", "filed"), COUNTERSIGNED], "step 1 does not begin where the one before ended"),
    ],
)
def test_steps_that_lead_elsewhere_are_told(rows: list[Stored], why: str) -> None:
    assert _judge(*rows, _report(State.COUNTERSIGNED)) == [("altered", "report:r", why)]


def test_steps_of_nothing_are_extra() -> None:
    assert _judge(FILED) == [("extra", "step:s1", "it is a step of report:r, which is not there")]


def test_what_is_named_already_is_not_judged_by_its_steps() -> None:
    lives = Lives()
    lives.see(_report(State.LISTED), fits=False)
    lives.see(FILED, fits=True)
    assert list(lives.differences()) == []
    lives = Lives()
    lives.see(_report(State.LISTED), fits=True)
    lives.see(FILED, fits=False)
    assert list(lives.differences()) == []


# Statements


def _statements(**span: Any) -> Statements:
    values: dict[str, Any] = {"jwk": keys.to_jwk(KEY.public_key()), "member_id": "acme", "account_id": "rui"}
    key = Stored("signing_key", KID, {**values, "enrolled_by": "enrol", "revoked_by": None, **span}, ())
    ledger = Ledger(
        places={"enrol": 2, "revoke": 8},
        rows={(table, "r"): Attested("", 5, 9) for table in ("consent_group", "recall", "report_version")},
    )
    case = Stored("case", "c", {"wrapped_key": vault.wrap(KEYRING.vault_key, CASE_KEY, case="c")}, ())
    return Statements([key], ledger=ledger, opener=Keys(KEYRING, [case]))


def _signed(
    table: str = "report_version", *, key: keys.PrivateKey = KEY, typ: str | None = None, **changes: Any
) -> Stored:
    signed = SIGNED[table]
    token = jws.sign({"said": "x"}, typ=typ or signed.typ, key=key)
    secret = CASE_KEY if signed.under_case else KEYRING.vault_key
    sealed = vault.seal(secret, token.encode(), table=table, row="r", column=COLUMN)
    digest = jws.verify(token, typ=typ or signed.typ, key_for=lambda _: key.public_key()).digest
    values: dict[str, Any] = {"case_id": "c", "kid": KID, COLUMN: sealed, "account_id": "rui", "member_id": "acme"}
    digests: Mapping[str, Any] = {"statement_digest": digest} if table == "report_version" else {}
    return Stored(table, "r", {**values, **digests, **changes}, ())


def _whys(statements: Statements, row: Stored) -> list[str]:
    return [found.why for found in statements.verify(row)]


HELD = "the key that signed it did not hold at its position in the log"


def test_a_statement_by_a_key_that_held_is_in_order() -> None:
    assert _whys(_statements(), _signed()) == []
    assert _whys(_statements(revoked_by="revoke"), _signed()) == []  # revoked afterwards
    assert _whys(_statements(), _signed("recall")) == []


def test_a_recall_is_signed_by_its_last_act() -> None:
    assert _whys(_statements(revoked_by="revoke"), _signed("recall")) == [HELD]


@pytest.mark.parametrize(
    ("span", "changes", "whys"),
    [
        ({}, {}, []),
        ({"revoked_by": "enrol"}, {}, [HELD]),
        ({}, {"key": keys.generate()}, [HELD]),
        ({}, {"account_id": "ana"}, ["the key that signed it is not the one of whom it names"]),
        ({}, {"typ": "other+jwt"}, ["its signature does not hold"]),
    ],
)
def test_a_question_to_candidates_names_its_key_itself(
    span: dict[str, Any], changes: dict[str, Any], whys: list[str]
) -> None:
    signed = _signed("consent_group", **changes)
    values = {name: value for name, value in signed.values.items() if name != "kid"}
    assert _whys(_statements(**span), replace(signed, values=values)) == whys


def test_nothing_is_asked_of_what_is_not_signed() -> None:
    assert _whys(_statements(), _signed("recall", kid=None)) == []
    assert _whys(_statements(), Stored("member", "acme", {}, ())) == []


@pytest.mark.parametrize(
    ("span", "changes", "why"),
    [
        ({"enrolled_by": "never"}, {}, HELD),
        ({"enrolled_by": "revoke"}, {}, HELD),  # enrolled after it was logged
        ({"revoked_by": "enrol"}, {}, HELD),
        ({}, {"kid": "A" * 43}, HELD),
        ({"account_id": "ana"}, {}, "the key that signed it is not the one of whom it names"),
        ({}, {"account_id": "ana"}, "the key that signed it is not the one of whom it names"),
        ({}, {"key": keys.generate()}, "its signature does not hold"),
        ({}, {"typ": "other+jwt"}, "its signature does not hold"),
        ({"jwk": {}}, {}, "its signature does not hold"),
        ({}, {"statement_digest": bytes(32)}, "its digest is not that of its statement"),
        ({}, {COLUMN: bytes(60)}, "its statement does not open"),
    ],
)
def test_a_statement_that_was_not_signed_as_it_says_is_named(
    span: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    assert _whys(_statements(**span), _signed(**changes)) == [why]


def test_a_statement_of_a_case_without_key_is_not_judged() -> None:
    assert _whys(_statements(), _signed(case_id="d")) == []
