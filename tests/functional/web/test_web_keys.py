"""An administrator enrols the key of a person after comparing its fingerprint, and revokes it."""

from __future__ import annotations

from flask.testing import FlaskClient

from registry.db import Store
from registry.keys.models import SigningKey
from registry.log.models import Act
from registry.signing import keys
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.pages import problems_of, submit, text_of

PAGE = "/member/keys"


def enter(adam: FlaskClient, key: str, **more: str) -> str:
    return submit(adam, PAGE, {"account": "acme-security", "key": key, **more}).text


def test_a_key_is_enrolled_once_its_fingerprint_was_compared(signed_in: SignIn, cast: Cast, store: Store) -> None:
    adam, public = signed_in(cast.adam), keys.generate().public_key()
    kid, x = keys.thumbprint(public), keys.to_jwk(public)["x"]
    shown = keys.fingerprint(kid)
    assert shown in enter(adam, x)
    other = keys.to_jwk(keys.generate().public_key())["x"]
    assert shown not in enter(adam, other, compared="y", seen=shown)  # another key than the one that was compared
    page = submit(adam, PAGE, {"account": "acme-security", "key": x, "seen": shown})
    assert problems_of(page) == ["Compare the fingerprint with the person, and confirm that it is the same."]
    with store.read() as session:
        assert session.get(SigningKey, kid) is None
    confirmed = {"account": "acme-security", "key": x, "seen": shown, "compared": "y"}
    assert submit(adam, PAGE, confirmed).location == PAGE
    assert shown in text_of(adam.get(PAGE))
    assert shown in text_of(signed_in(cast.rui).get("/signing-key"))
    assert problems_of(submit(adam, PAGE, confirmed)) == ["This key is enrolled already; make a new one."]
    assert submit_revocation(adam, kid) == PAGE
    assert "revoked" in text_of(adam.get(PAGE))
    assert shown not in text_of(signed_in(cast.rui).get("/signing-key"))


def submit_revocation(adam: FlaskClient, kid: str) -> str | None:
    token = adam.get(PAGE).text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    return adam.post(f"{PAGE}/{kid}/revocation", data={"csrf_token": token}).location


def test_what_is_no_key_is_refused_without_being_repeated(signed_in: SignIn, cast: Cast, store: Store) -> None:
    adam = signed_in(cast.adam)
    with store.read() as session:
        before = session.query(Act).count()
    page = submit(adam, PAGE, {"account": "", "key": ""})
    assert problems_of(page) == ["Select an account.", "Enter the public key: 43 letters, digits, - and _."]
    page = submit(adam, PAGE, {"account": "acme-security", "key": "11010519491231002X"})
    assert problems_of(page) == ["This is no public key. Copy it whole: 43 letters, digits, - and _."]
    with store.read() as session:
        assert session.query(Act).count() == before


def test_nobody_enrols_or_revokes_a_key_of_another_member(signed_in: SignIn, cast: Cast, store: Store) -> None:
    x = keys.to_jwk(keys.generate().public_key())["x"]
    shown = keys.fingerprint(keys.thumbprint(keys.from_jwk({"crv": "Ed25519", "kty": "OKP", "x": x})))
    adam = signed_in(cast.adam)
    theirs = submit(adam, PAGE, {"account": "birch-security", "key": x, "seen": shown, "compared": "y"})
    assert theirs.status_code == 403
    assert submit_revocation(adam, cast.ben.kid) is None
    with store.read() as session:
        assert session.get_one(SigningKey, cast.ben.kid).revoked_at is None
