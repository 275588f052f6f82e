"""Signing in, tokens, keys, replays: who gets in, and who does not."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from registry.access import Action, allowed, require
from registry.accounts import actions, replays, sessions, tokens
from registry.accounts.models import Account
from registry.accounts.rules import Role, Scope
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, Unauthenticated
from registry.keys.actions import enrol, revoke, rotate
from registry.keys.queries import valid_key
from registry.members.actions import set_standing
from registry.members.models import Standing
from registry.signing import keys
from tests.cast import PASSWORD, Cast, Person
from tests.conftest import ISSUER, MovingClock


def sign_in(store: Store, name: str, password: str, now: datetime) -> str | None:
    with store.read() as session:
        hashed = actions.password_of(session, name)
    with store.write() as session:
        return actions.sign_in(session, account_id=name, right=actions.matches(hashed, password), now=now)


def test_the_right_password_opens_a_session_that_ends(store: Store, cast: Cast, clock: MovingClock) -> None:
    token = sign_in(store, "olaf", PASSWORD, clock())
    assert token is not None
    with store.read() as session:
        assert actions.session_actor(session, token=token, now=clock()).id == "olaf"
        with pytest.raises(Unauthenticated):
            actions.session_actor(session, token=token, now=clock.move(timedelta(hours=12)))


def test_the_database_holds_no_token(store: Store, cast: Cast, now: datetime) -> None:
    token = sign_in(store, "olaf", PASSWORD, now)
    assert token is not None
    with store.read() as session, pytest.raises(Unauthenticated):
        actions.session_actor(session, token=sessions.hashed_token(token), now=now)


def test_signing_out_ends_the_session(store: Store, cast: Cast, now: datetime) -> None:
    token = sign_in(store, "olaf", PASSWORD, now) or ""
    with store.write() as session:
        sessions.sign_out(session, token=token, now=now)
    with store.read() as session, pytest.raises(Unauthenticated):
        actions.session_actor(session, token=token, now=now)


@pytest.mark.parametrize(("name", "password"), [("olaf", "wrong"), ("nobody", PASSWORD), ("acme-admin", PASSWORD)])
def test_a_wrong_name_or_password_gets_nothing(
    store: Store, cast: Cast, now: datetime, name: str, password: str
) -> None:
    assert sign_in(store, name, password, now) is None


def test_five_wrong_passwords_pause_the_account_even_for_the_right_one(
    store: Store, cast: Cast, clock: MovingClock
) -> None:
    for _ in range(5):
        assert sign_in(store, "olaf", "wrong", clock()) is None
    assert sign_in(store, "olaf", PASSWORD, clock()) is None
    assert sign_in(store, "olaf", PASSWORD, clock.move(timedelta(minutes=15))) is not None


def test_closing_an_account_ends_its_sessions_and_clients(store: Store, cast: Cast, now: datetime) -> None:
    token = token_for(store, cast.hana, now)
    with store.write() as session:
        actions.close_account(session, account_id="birch-hr", actor=cast.bea.actor, now=now)
    with store.read() as session, pytest.raises(Unauthenticated):
        tokens.token_actor(session, token=token, now=now)


def test_a_name_is_stored_sealed(store: Store, cast: Cast, now: datetime) -> None:
    with store.read() as session:
        account = session.get_one(Account, "birch-hr")
        assert b"Hana" not in account.sealed_name
        assert actions.name_of(session, account) == "Hana"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"id": "Birch HR"}, Invalid),
        ({"id": "birch-hr"}, Conflict),
        ({"member_id": "nowhere"}, Forbidden),
        ({"roles": []}, Invalid),
        ({"roles": [Role.SCREENER]}, Invalid),
        ({"roles": [Role.OPERATOR]}, Invalid),
        ({"roles": [Role.SUBJECT]}, Invalid),
        ({"password": "short"}, Invalid),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    store: Store, cast: Cast, now: datetime, change: dict[str, Any], error: type[Exception]
) -> None:
    wanted = {"id": "birch-two", "member_id": "birch", "name": "Bo", "roles": [Role.CHECKER], **change}
    with pytest.raises(error), store.write() as session:
        actions.open_account(session, actor=cast.bea.actor, now=now, **wanted)


def test_an_administrator_opens_accounts_of_their_own_member_only(store: Store, cast: Cast, now: datetime) -> None:
    with pytest.raises(Forbidden), store.write() as session:
        actions.open_account(
            session, id="x-1", member_id="birch", name="X", roles=[Role.CHECKER], actor=cast.adam.actor, now=now
        )


@pytest.mark.parametrize("role", [Role.CLERK, Role.SCREENER, Role.PANELIST])
def test_the_operator_cannot_become_anybody(store: Store, cast: Cast, now: datetime, role: Role) -> None:
    olaf = cast.olaf.actor
    with pytest.raises(Forbidden), store.write() as session:
        actions.open_account(session, id="x-1", member_id="association", name="X", roles=[role], actor=olaf, now=now)
    with pytest.raises(Forbidden), store.write() as session:
        actions.enrol_client(session, account_id="clerk", jwk=jwk(), scopes=[Scope.ROSTER], actor=olaf, now=now)
    with pytest.raises(Forbidden), store.write() as session:
        actions.close_account(session, account_id="cedar-panel", actor=olaf, now=now)


def test_another_key_of_a_client_ends_the_tokens_of_the_first(store: Store, cast: Cast, now: datetime) -> None:
    token = token_for(store, cast.hana, now)
    with store.write() as session:
        actions.enrol_client(
            session, account_id="birch-hr", jwk=jwk(), scopes=[Scope.CHECK], actor=cast.bea.actor, now=now
        )
    with store.read() as session, pytest.raises(Unauthenticated):
        tokens.token_actor(session, token=token, now=now)


def test_a_member_that_has_left_takes_its_people_with_it(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        set_standing(session, member_id="association", standing=Standing.GONE, actor="olaf", now=now)
    with store.read() as session, pytest.raises(Unauthenticated):
        actions.actor_of(session, "clerk")


def test_a_registry_is_founded_once(store: Store, cast: Cast, now: datetime) -> None:
    with pytest.raises(Conflict, match="founded already"), store.write() as session:
        actions.found(session, id="eve", member_id="operator", name="Eve", password=PASSWORD, now=now)


# Tokens


def assertion(person: Person, now: datetime, **change: Any) -> str:
    seconds = int(now.timestamp())
    claims = {
        "iss": person.actor.id,
        "sub": person.actor.id,
        "aud": ISSUER,
        "jti": secrets.token_hex(8),
        "iat": seconds,
        "exp": seconds + 60,
    }
    claims.update(change)
    assert person.client_key is not None
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, person.client_key, algorithm="EdDSA")


def issue(store: Store, signed: str, now: datetime, scope: str = "") -> tuple[str, list[str]]:
    with store.write() as session:
        return tokens.issue(session, assertion=signed, scope=scope, issuer=ISSUER, now=now)


def token_for(store: Store, person: Person, now: datetime) -> str:
    return issue(store, assertion(person, now), now)[0]


def test_an_assertion_gets_a_token_for_ten_minutes(store: Store, cast: Cast, clock: MovingClock) -> None:
    token = token_for(store, cast.hana, clock())
    with store.read() as session:
        actor = tokens.token_actor(session, token=token, now=clock())
        assert (actor.id, actor.scopes) == ("birch-hr", frozenset({Scope.CHECK, Scope.WATCH}))
        with pytest.raises(Unauthenticated):
            tokens.token_actor(session, token=token, now=clock.move(timedelta(minutes=10)))


def test_an_assertion_is_good_once(store: Store, cast: Cast, now: datetime) -> None:
    signed = assertion(cast.hana, now)
    issue(store, signed, now)
    with pytest.raises(Unauthenticated):
        issue(store, signed, now)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://other.example"},
        {"iss": "acme-security"},
        {"sub": "acme-security"},
        {"sub": "nobody"},
        {"exp": None},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 65},
        {"iat": None},
        {"exp": 1},
        {"exp": 2**40},
        {"iat": 2**40},
    ],
)
def test_an_assertion_that_is_not_right_in_every_part_is_refused(
    store: Store, cast: Cast, now: datetime, change: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        issue(store, assertion(cast.hana, now, **change), now)


def test_only_the_clients_own_key_and_algorithm_count(store: Store, cast: Cast, now: datetime) -> None:
    claims = jwt.decode(assertion(cast.hana, now), options={"verify_signature": False})
    for forged in (
        jwt.encode(claims, keys.generate(), algorithm="EdDSA"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, "a shared secret of more than 32 bytes in all", algorithm="HS256"),
        "no token",
    ):
        with pytest.raises(Unauthenticated):
            issue(store, forged, now)


def test_a_token_has_no_more_than_the_scopes_of_its_client(store: Store, cast: Cast, now: datetime) -> None:
    assert issue(store, assertion(cast.hana, now), now, "check report")[1] == ["check"]
    assert issue(store, assertion(cast.hana, now), now, "audit")[1] == []


def test_a_scope_that_was_not_asked_for_is_not_there(store: Store, cast: Cast, now: datetime) -> None:
    token, _ = issue(store, assertion(cast.hana, now), now, "audit")
    with store.read() as session:
        actor = tokens.token_actor(session, token=token, now=now)
    with pytest.raises(Forbidden):
        require(actor, Action.CHECK)


def test_sweeping_deletes_what_is_over(store: Store, cast: Cast, clock: MovingClock) -> None:
    token_for(store, cast.hana, clock())
    with store.write() as session:
        assert tokens.sweep(session, now=clock()) == 0
        assert tokens.sweep(session, now=clock.move(timedelta(hours=1))) == 2


def test_an_assertion_is_remembered_for_as_long_as_it_would_be_taken(
    store: Store, cast: Cast, clock: MovingClock
) -> None:
    signed = assertion(cast.hana, clock())
    issue(store, signed, clock())
    with store.write() as session:
        tokens.sweep(session, now=clock.move(timedelta(seconds=100)))
    with pytest.raises(Unauthenticated):
        issue(store, signed, clock())


# Access


def test_a_suspended_member_neither_files_nor_checks_but_answers(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        set_standing(session, member_id="acme", standing=Standing.SUSPENDED, actor="olaf", now=now)
        rui = actions.actor_of(session, "acme-security")
    assert not allowed(rui, Action.REPORT_FILE, member_id="acme")
    assert not allowed(rui, Action.EVALUATE)
    assert allowed(rui, Action.APPEAL_ANSWER, member_id="acme")


def test_nobody_acts_on_a_case_of_their_own_member_or_group(cast: Cast) -> None:
    assert allowed(cast.cem.actor, Action.APPEAL_VOTE, member_id="acme", group="acme")
    assert not allowed(cast.eva.actor, Action.APPEAL_VOTE, member_id="acme", group="acme")
    assert not allowed(cast.cem.actor, Action.APPEAL_VOTE, member_id="cedar", group="cedar")


# Signing keys


def jwk() -> dict[str, str]:
    return keys.to_jwk(keys.generate().public_key())


def test_a_key_is_one_members_and_one_hands(store: Store, cast: Cast, now: datetime) -> None:
    with store.read() as session:
        assert valid_key(session, cast.rui.kid, "acme")[1] == "acme-security"
        with pytest.raises(Invalid, match="not one of this member's keys"):
            valid_key(session, cast.rui.kid, "birch")


def test_a_revoked_key_signs_no_more_and_is_never_enrolled_again(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        key = revoke(session, actor=cast.adam.actor, kid=cast.rui.kid, now=now)
        with pytest.raises(Invalid, match="revoked"):
            valid_key(session, cast.rui.kid, "acme")
        with pytest.raises(Conflict):
            enrol(session, actor=cast.adam.actor, account_id="acme-security", jwk=key.jwk, now=now)
        with pytest.raises(Conflict, match="revoked already"):
            revoke(session, actor=cast.adam.actor, kid=cast.rui.kid, now=now)


def test_rotation_leaves_one_valid_key(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        new = rotate(session, actor=cast.adam.actor, kid=cast.rui.kid, jwk=jwk(), now=now)
        assert valid_key(session, new.kid, "acme")[1] == "acme-security"
        with pytest.raises(Invalid):
            valid_key(session, cast.rui.kid, "acme")


def test_only_the_members_administrator_manages_its_keys(store: Store, cast: Cast, now: datetime) -> None:
    for person in (cast.bea, cast.rui, cast.olaf):
        with pytest.raises(Forbidden), store.write() as session:
            enrol(session, actor=person.actor, account_id="acme-security", jwk=jwk(), now=now)
        with pytest.raises(Forbidden), store.write() as session:
            revoke(session, actor=person.actor, kid=cast.rui.kid, now=now)


def test_a_private_key_is_not_enrolled(store: Store, cast: Cast, now: datetime) -> None:
    with pytest.raises(Invalid), store.write() as session:
        enrol(session, actor=cast.adam.actor, account_id="acme-security", jwk={**jwk(), "d": "A" * 43}, now=now)


# Replays


def test_a_retry_finds_what_the_first_request_made(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        replays.remember(session, account_id="birch-hr", key="k1", body=b"body", made="batch-1", now=now)
        actions.record(session, "test", actor="olaf", now=now)
    with store.read() as session:
        assert replays.found(session, account_id="birch-hr", key="k1", body=b"body") == "batch-1"
        assert replays.found(session, account_id="birch-hr", key="k2", body=b"body") is None
        assert replays.found(session, account_id="clerk", key="k1", body=b"body") is None
        with pytest.raises(Invalid, match="another request"):
            replays.found(session, account_id="birch-hr", key="k1", body=b"other")
        with pytest.raises(Invalid, match="printable"):
            replays.found(session, account_id="birch-hr", key="k 1", body=b"body")
