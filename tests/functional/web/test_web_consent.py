"""Consent by link: a member asks, candidates answer, one check uses each answer."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry import policy
from registry.access import Actor
from registry.base64url import decode, encode
from registry.cases.models import Step
from registry.checks import granting
from registry.checks.models import Allowance, Batch, Check, ConsentLink, Ticket
from registry.checks.rules import LinkState
from registry.checks.sweep import sweep
from registry.db import Store
from registry.errors import Conflict, Invalid, ZiluError
from registry.identity import tags
from registry.identity.document import Document
from registry.identity.voprf import Evaluated
from registry.keys.holder import Holder
from registry.signing import consent, jws, keys
from tests.app_fixture import SignIn
from tests.attested import unattested
from tests.cast import Cast, Person
from tests.conftest import ISSUER, MovingClock
from tests.functional.web.test_web_check import ask, tag_of
from tests.listing import list_person, people
from tests.pages import send

CANDIDATE, OTHER, THIRD = people(3)
TEXT = "May we ask? <b>=1+1</b> \u202e"
SECRETS = tuple(encode(bytes([number]) * 32) for number in range(3))


def digest(text: str) -> str:
    return encode(hashlib.sha256(text.encode()).digest())


def group_claims(who: Person, clock: MovingClock, **changed: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    claims = {"iss": who.actor.member_id, "aud": ISSUER, "jti": "g1", "iat": now, "exp": now + 3600}
    return {**claims, "purpose": "hiring", "text": digest(TEXT), "links": [digest(s) for s in SECRETS], **changed}


def create(
    store: Store, who: Person, clock: MovingClock, *, text: str = TEXT, actor: Actor | None = None, **changed: Any
) -> str:
    assert who.key
    statement = jws.sign(group_claims(who, clock, **changed), typ=consent.GROUP, key=who.key)
    with store.write() as session:
        acting = actor or who.actor
        group = granting.create(session, actor=acting, statement=statement, text=text, issuer=ISSUER, now=clock())
        return group.id


@pytest.fixture
def group(store: Store, cast: Cast, clock: MovingClock) -> str:
    return create(store, cast.hana, clock)


@pytest.fixture
def candidate(app: APIFlask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, path: str, body: dict[str, Any]) -> Any:
    return send(client, "/consent", f"/consent/{path}", body)


def grant(client: FlaskClient, holder: Holder, person: Document, *, secret: str = SECRETS[0], **changed: Any) -> Any:
    """As the page's script does it; `changed` are claims of the consent."""
    asked = post(client, "open", {"secret": secret}).json
    blinded = tags.blind(person)
    body = {"secret": secret, "key_id": asked["key_id"], "elements": [encode(blinded.element)]}
    answer = post(client, "evaluations", body)
    if answer.status_code != 200:
        return answer
    (element,) = answer.json["elements"]
    evaluated = Evaluated((decode(element, field="e"),), decode(answer.json["proof"], field="p"))
    (tag,) = tags.unblind_batch(holder.public().public, [blinded], evaluated)
    key = keys.generate()
    cnf = {"jwk": keys.to_jwk(key.public_key())}
    claims = {**asked["claims"], "cnf": cnf, "th": encode(consent.th(asked["claims"]["group"], tag)), **changed}
    return post(client, "grant", {"secret": secret, "consent": jws.sign(claims, typ=consent.CONSENT, key=key)})


def granted(group: str = "g1") -> dict[str, Any]:
    return {"consent": {"kind": "granted", "group": group}}


def states(store: Store) -> list[LinkState]:
    with store.read() as session:
        return sorted(link.state for link in session.query(ConsentLink))


def test_a_candidate_agrees_and_one_check_of_them_uses_it(
    signed_in: SignIn, candidate: FlaskClient, store: Store, holder: Holder, cast: Cast, clock: MovingClock, group: str
) -> None:
    list_person(store, holder, cast, OTHER, clock())
    asked = post(candidate, "open", {"secret": SECRETS[0]}).json
    assert (asked["member"], asked["text"], asked["is_open"]) == ("Birch", TEXT, True)
    assert grant(candidate, holder, CANDIDATE).json == {"state": "granted"}
    assert post(candidate, "decline", {"secret": SECRETS[1]}).json == {"state": "declined"}
    assert states(store) == [LinkState.DECLINED, LinkState.GRANTED, LinkState.OPEN]
    hana = signed_in(cast.hana)
    for person in (OTHER, THIRD):  # listed or not: the same refusal, and no check
        refused = ask(hana, tag_of(hana, holder, person), **granted())
        assert (refused.status_code, refused.json["code"]) == (409, "consent-mismatch")
    for wrong in (granted("g2"), {**granted(), "purpose": "present-staff"}):
        assert ask(hana, tag_of(hana, holder, CANDIDATE), **wrong).json["code"] == "consent-mismatch"
    with store.read() as session:
        assert session.query(Check).count() == 0
    paid = tag_of(hana, holder, CANDIDATE)
    answer = ask(hana, paid, key="k1", **granted())
    assert answer.json["checks"][0]["outcome"] == "no-entry"
    assert ask(hana, paid, key="k1", **granted()).data == answer.data
    again = ask(hana, tag_of(hana, holder, CANDIDATE), **granted())
    assert again.json["code"] == "consent-mismatch"
    with store.read() as session:
        assert session.query(Batch).one().consent is policy.Consent.GRANTED
        assert session.query(ConsentLink).filter_by(state=LinkState.USED).one().th is None
        assert session.query(Ticket).filter(Ticket.used > 0).count() == 1


def test_a_link_is_answered_once_and_evaluated_twice(
    candidate: FlaskClient, holder: Holder, store: Store, group: str
) -> None:
    wrong = {"th": encode(bytes(31))}
    for _ in range(2):
        assert grant(candidate, holder, CANDIDATE, **wrong).status_code == 422
    assert grant(candidate, holder, CANDIDATE).status_code == 429
    assert grant(candidate, holder, CANDIDATE, secret=SECRETS[1]).status_code == 200
    assert grant(candidate, holder, CANDIDATE, secret=SECRETS[1]).json["code"] == "link-answered"
    assert post(candidate, "decline", {"secret": SECRETS[1]}).json["code"] == "link-answered"
    assert states(store) == [LinkState.GRANTED, LinkState.OPEN, LinkState.OPEN]


@pytest.mark.parametrize("secret", ["", "x", SECRETS[0][:-1], encode(b"9" * 32), "g1", digest(SECRETS[0])])
def test_whoever_has_no_secret_learns_nothing(candidate: FlaskClient, group: str, secret: str) -> None:
    bodies = {"open": {}, "evaluations": {"key_id": "0" * 16, "elements": [encode(b"x" * 32)]}, "decline": {}}
    for path, body in bodies.items():
        assert post(candidate, path, {"secret": secret, **body}).status_code in (404, 422)
    assert post(candidate, "open", {"secret": secret}).json["code"] == "no-link"


def test_after_its_time_a_link_is_as_if_it_had_never_been(
    candidate: FlaskClient, holder: Holder, clock: MovingClock, group: str
) -> None:
    clock.move(timedelta(hours=1))
    assert post(candidate, "open", {"secret": SECRETS[0]}).json["code"] == "no-link"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example"},
        {"group": "g2"},
        {"member": "acme"},
        {"purpose": "present-staff"},
        {"text": digest("another")},
        {"exp": 4_000_000_000},
        {"cnf": {"jwk": keys.to_jwk(keys.generate().public_key())}},
        {"cnf": {}},
        {"more": 1},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_consent_to_something_else_is_not_taken(
    candidate: FlaskClient, holder: Holder, store: Store, group: str, changed: dict[str, Any]
) -> None:
    assert grant(candidate, holder, CANDIDATE, **changed).status_code == 422
    assert set(states(store)) == {LinkState.OPEN}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"exp": 4_000_000_000}, "exp"),
        ({"iss": "acme"}, "iss"),
        ({"aud": "https://elsewhere.example"}, "aud"),
        ({"purpose": "curiosity"}, "purpose"),
        ({"links": []}, "links"),
        ({"links": [digest("a")] * 2}, "links"),
        ({"text": digest("another")}, "text"),
    ],
    ids=str,
)
def test_a_group_that_is_wrong_names_the_field(
    store: Store, cast: Cast, clock: MovingClock, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        create(store, cast.hana, clock, **changed)
    assert refused.value.field == field


def test_a_group_is_signed_by_ones_own_hand_paid_for_and_made_once(
    store: Store, cast: Cast, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for signer, actor in ((cast.rui, cast.hana.actor), (cast.ben, cast.hana.actor), (cast.rui, cast.rui.actor)):
        with pytest.raises(ZiluError):
            create(store, signer, clock, actor=actor)
    create(store, cast.hana, clock)
    with pytest.raises(Conflict):
        create(store, cast.hana, clock)
    with store.read() as session:
        assert {row.used for row in session.query(Allowance)} == {6}
    for limit in ("CHECKS_PER_HEAD_AND_DAY", "CHECKS_PER_DAY_AT_LEAST"):
        monkeypatch.setattr(f"registry.checks.rules.{limit}", 4)
    monkeypatch.setattr("registry.checks.rules.CHECKS_PER_HEAD_AND_DAY", 0)
    with pytest.raises(ZiluError, match="evaluations a day"):
        create(store, cast.hana, clock, jti="g2")


def test_a_member_sees_who_has_answered_and_another_member_does_not(store: Store, cast: Cast, group: str) -> None:
    with store.read() as session:
        found = granting.require_group(session, cast.hana.actor, group)
        assert [link.state for link in granting.links_of(session, found)] == [LinkState.OPEN] * 3
        for other in (cast.rui, cast.ben):
            with pytest.raises(ZiluError):
                granting.require_group(session, other.actor, group)


def test_what_was_signed_goes_when_the_check_is_forgotten(
    candidate: FlaskClient, holder: Holder, store: Store, clock: MovingClock, group: str
) -> None:
    assert grant(candidate, holder, CANDIDATE).status_code == 200
    clock.move(policy.CHECK_KEPT_HIRED)
    for links in (3, 0):
        with store.write() as session:
            sweep(session, now=clock())
            assert session.query(ConsentLink).count() == links
            assert (session.query(Step).filter(Step.subject.startswith("consent_link:")).count() > 0) is bool(links)
        clock.move(timedelta(hours=1))
    assert unattested(store) == set()
