"""The cast: who is who in every test.

acme         a carrier that reports: rui signs, ana countersigns, adam administers
birch        a carrier that checks: hana of its HR
cedar, dora  carriers that lend panelists: cem and dag
eagle        a carrier under acme's owner; its panelist eva may never sit on acme's cases
association  clerk cleo and screener sol
law-school   panelist lin
union        panelist uma
bar, college panelists pia and tao: with them every case could be seated at both instances
notary       verifier vera
regulator    rex
operator     olaf
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from registry.access import Actor
from registry.accounts.actions import actor_of, enrol_client, found, open_account
from registry.accounts.rules import Role, Scope
from registry.db import Session
from registry.keys.actions import enrol
from registry.members.actions import admit
from registry.members.models import Kind
from registry.signing import keys

PASSWORD = "correct horse battery"

MEMBERS: Mapping[str, tuple[Kind, str, int]] = {
    "acme": (Kind.CARRIER, "acme", 20_000),
    "birch": (Kind.CARRIER, "birch", 20_000),
    "cedar": (Kind.CARRIER, "cedar", 900),
    "dora": (Kind.CARRIER, "dora", 900),
    "eagle": (Kind.CARRIER, "acme", 100),
    "association": (Kind.ASSOCIATION, "association", 0),
    "law-school": (Kind.ASSOCIATION, "law-school", 0),
    "union": (Kind.ASSOCIATION, "union", 0),
    "bar": (Kind.ASSOCIATION, "bar", 0),
    "college": (Kind.ASSOCIATION, "college", 0),
    "notary": (Kind.VERIFIER, "notary", 0),
    "regulator": (Kind.REGULATOR, "regulator", 0),
}

# name: (account, member, roles, scopes of its program)
PEOPLE: Mapping[str, tuple[str, str, tuple[Role, ...], tuple[Scope, ...]]] = {
    "adam": ("acme-admin", "acme", (Role.MEMBER_ADMIN,), ()),
    "rui": ("acme-security", "acme", (Role.REPORTER,), (Scope.REPORT,)),
    "ana": ("acme-approver", "acme", (Role.APPROVER,), (Scope.REPORT,)),
    "bea": ("birch-admin", "birch", (Role.MEMBER_ADMIN,), ()),
    "hana": ("birch-hr", "birch", (Role.CHECKER,), (Scope.CHECK, Scope.WATCH)),
    "ben": ("birch-security", "birch", (Role.REPORTER,), (Scope.REPORT,)),
    "bao": ("birch-approver", "birch", (Role.APPROVER,), (Scope.REPORT,)),
    "cem": ("cedar-panel", "cedar", (Role.PANELIST,), (Scope.ROSTER,)),
    "dag": ("dora-panel", "dora", (Role.PANELIST,), (Scope.ROSTER,)),
    "eva": ("eagle-panel", "eagle", (Role.PANELIST,), (Scope.ROSTER,)),
    "cleo": ("clerk", "association", (Role.CLERK,), (Scope.ROSTER,)),
    "sol": ("screener", "association", (Role.SCREENER,), (Scope.ROSTER,)),
    "lin": ("law-panel", "law-school", (Role.PANELIST,), (Scope.ROSTER,)),
    "uma": ("union-panel", "union", (Role.PANELIST,), (Scope.ROSTER,)),
    "pia": ("bar-panel", "bar", (Role.PANELIST,), (Scope.ROSTER,)),
    "tao": ("college-panel", "college", (Role.PANELIST,), (Scope.ROSTER,)),
    "nora": ("notary-admin", "notary", (Role.MEMBER_ADMIN,), ()),
    "vera": ("notary-counter", "notary", (Role.VERIFIER,), (Scope.ROSTER,)),
    "rex": ("inspector", "regulator", (Role.REGULATOR,), (Scope.AUDIT,)),
}
# Whose hands sign statements, and who enrols their keys.
SIGNERS = {
    "rui": "adam",
    "ana": "adam",
    "ben": "bea",
    "bao": "bea",
    "vera": "nora",
    "hana": "bea",
    "rex": "regulator-admin",
}


@dataclass(frozen=True)
class Person:
    name: str
    actor: Actor
    key: keys.PrivateKey | None = field(repr=False)  # signs statements
    client_key: keys.PrivateKey | None = field(repr=False)  # signs in

    @property
    def kid(self) -> str:
        assert self.key is not None
        return keys.thumbprint(self.key.public_key())


class Cast(dict[str, Person]):
    """`cast.rui` is the person, `cast.rui.actor` who they are to the registry."""

    def __getattr__(self, name: str) -> Person:
        return self[name]


def gather(session: Session, now: datetime, *, password: str | None = None) -> Cast:
    """Found a registry with the whole cast, through the same actions as the operator would."""
    admit(session, id="operator", name="operator", kind=Kind.OPERATOR, headcount=0, actor="system:founding", now=now)
    found(session, id="olaf", member_id="operator", name="Olaf", password=PASSWORD, now=now)
    olaf = actor_of(session, "olaf")
    cast = Cast(olaf=Person("olaf", olaf, None, None))
    for member, (kind, group, headcount) in MEMBERS.items():
        admit(
            session, id=member, name=member.title(), kind=kind, group=group, headcount=headcount, actor="olaf", now=now
        )
    admins = {member: _admin(session, member, olaf, now, password) for member in MEMBERS}
    cast.update({actor.id: Person(actor.id, actor, None, None) for actor in admins.values()})
    for name, (account, member, roles, scopes) in PEOPLE.items():
        if roles == (Role.MEMBER_ADMIN,):
            cast[name] = Person(name, admins[member], None, None)
            continue
        open_account(
            session,
            id=account,
            member_id=member,
            name=name.title(),
            roles=roles,
            actor=admins[member],
            now=now,
            password=password,
        )
        client_key = _client(session, account, scopes, admins[member], now) if scopes else None
        actor = actor_of(session, account)
        cast[name] = Person(name, actor, keys.generate() if name in SIGNERS else None, client_key)
    for name, admin in SIGNERS.items():
        key = cast[name].key
        assert key is not None
        enrol(
            session,
            actor=cast[admin].actor,
            account_id=cast[name].actor.id,
            jwk=keys.to_jwk(key.public_key()),
            now=now,
        )
    return cast


def _admin(session: Session, member: str, olaf: Actor, now: datetime, password: str | None) -> Actor:
    """The member's administrator, whom the operator appoints and who opens all other accounts."""
    name = f"{member}-admin"
    roles = [Role.MEMBER_ADMIN]
    open_account(
        session, id=name, member_id=member, name=name.title(), roles=roles, actor=olaf, now=now, password=password
    )
    return actor_of(session, name)


def _client(session: Session, account: str, scopes: tuple[Scope, ...], admin: Actor, now: datetime) -> keys.PrivateKey:
    key = keys.generate()
    enrol_client(session, account_id=account, jwk=keys.to_jwk(key.public_key()), scopes=scopes, actor=admin, now=now)
    return key
