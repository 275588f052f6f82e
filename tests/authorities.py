"""The regulator's and the operator's own keys, and what they sign with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from registry import base64url
from registry.access import Actor
from registry.db import Store, new_id
from registry.erasures import actions as erasures
from registry.erasures import rules as erasure_rules
from registry.erasures.models import Erasure
from registry.keys.actions import enrol
from registry.orders import actions as orders
from registry.orders import lifting, rules
from registry.orders.models import Order
from registry.signing import jws, keys
from tests.cast import Cast
from tests.conftest import ISSUER


@dataclass(frozen=True)
class Authority:
    """Somebody with a key of their own."""

    store: Store
    actor: Actor
    key: keys.PrivateKey

    def sign(self, typ: str, now: datetime, **said: Any) -> str:
        standard = {"iss": self.actor.member_id, "aud": ISSUER, "jti": new_id(), "iat": int(now.timestamp())}
        return jws.sign({**standard, **said}, typ=typ, key=self.key)

    def order(self, number: str, instruction: str, now: datetime, /, *, days: int = 30, **changes: Any) -> str:
        said: Mapping[str, Any] = {
            "case": number,
            "instruction": instruction,
            "ground": "Civil Procedure Law, article 103",
            "authority": "Chaoyang District People's Court",
            "reference": "(2026) Jing 0105 Min Chu 17",
            "until": int((now + timedelta(days=days)).timestamp()),
            **changes,
        }
        return self.sign(rules.ORDER, now, **said)

    def issue(self, number: str, instruction: str, now: datetime, /, **how: Any) -> Order:
        with self.store.write() as session:
            return orders.issue(
                session, actor=self.actor, statement=self.order(number, instruction, now, **how), issuer=ISSUER, now=now
            )

    def confirm(self, order: Order, now: datetime) -> Order:
        statement = self.sign(rules.CONFIRMATION, now, order=base64url.encode(order.statement_digest))
        with self.store.write() as session:
            return orders.confirm(
                session, actor=self.actor, order_id=order.id, statement=statement, issuer=ISSUER, now=now
            )

    def withdraw(self, order: Order, now: datetime, /, **changes: Any) -> Order:
        said: Mapping[str, Any] = {
            "order": base64url.encode(order.statement_digest),
            "ground": "Civil Procedure Law, article 111",
            "authority": "Chaoyang District People's Court",
            "reference": "(2026) Jing 0105 Min Chu 17-2",
            **changes,
        }
        statement = self.sign(rules.WITHDRAWAL, now, **said)
        with self.store.write() as session:
            return lifting.withdraw(
                session, actor=self.actor, order_id=order.id, statement=statement, issuer=ISSUER, now=now
            )

    def open(self, erasure: Erasure, now: datetime) -> list[str]:
        """The verbs of what the erasure lists."""
        with self.store.write() as session:
            _, opened = erasures.open_list(session, actor=self.actor, erasure_id=erasure.id, now=now)
            return [act.verb for act in opened]

    def cosignature(self, erasure: Erasure, now: datetime, /, **changes: Any) -> str:
        said = erasure_rules.claims(
            erasure=erasure.id, case=erasure.case_id, ground=erasure.ground, positions=erasure.positions
        )
        return self.sign(erasure_rules.TYP, now, **{**said, **changes})

    def cosign(self, erasure: Erasure, now: datetime, statement: str | None = None) -> Erasure:
        token = statement or self.cosignature(erasure, now)
        with self.store.write() as session:
            return erasures.cosign(
                session, actor=self.actor, erasure_id=erasure.id, statement=token, issuer=ISSUER, now=now
            )


def authorities(store: Store, cast: Cast, now: datetime) -> tuple[Authority, Authority]:
    """The regulator and the operator."""
    return _sworn(store, cast["regulator-admin"].actor, cast.rex.actor, now), _sworn(
        store, cast.olaf.actor, cast.olaf.actor, now
    )


def _sworn(store: Store, admin: Actor, actor: Actor, now: datetime) -> Authority:
    key = keys.generate()
    with store.write() as session:
        enrol(session, actor=admin, account_id=actor.id, jwk=keys.to_jwk(key.public_key()), now=now)
    return Authority(store, actor, key)
