"""Open accounts, sign people in and out. Names are sealed under the vault key."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

import argon2
import sqlalchemy as sa
from argon2.exceptions import InvalidHashError, VerificationError

from registry import policy, vault
from registry.access import Action, Actor, require
from registry.accounts import factors, sessions
from registry.accounts.models import AccessToken, Account, ApiClient, UserSession
from registry.accounts.rules import GRANTABLE, Role, Scope
from registry.db import Session
from registry.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from registry.log.actions import record, touch
from registry.members.actions import first_unit, short_name
from registry.members.models import Kind, Member, Standing
from registry.signing import keys

PASSWORD_LENGTH = 12
# Which roles a kind of member may give its people.
ROLES_OF: Mapping[Kind, frozenset[Role]] = {
    Kind.CARRIER: frozenset({Role.CHECKER, Role.REPORTER, Role.APPROVER, Role.MEMBER_ADMIN, Role.PANELIST}),
    Kind.ASSOCIATION: frozenset({Role.MEMBER_ADMIN, Role.CLERK, Role.SCREENER, Role.PANELIST}),
    Kind.VERIFIER: frozenset({Role.MEMBER_ADMIN, Role.VERIFIER}),
    Kind.REGULATOR: frozenset({Role.MEMBER_ADMIN, Role.REGULATOR}),
    Kind.OPERATOR: frozenset({Role.OPERATOR}),
}
_hasher = argon2.PasswordHasher()


@functools.cache
def _nobodys_password() -> str:
    """What an unknown name is checked against, so that it takes as long as a known one."""
    return _hasher.hash(secrets.token_urlsafe())


def open_account(
    session: Session,
    *,
    id: str,
    member_id: str,
    name: str,
    roles: Iterable[Role],
    actor: Actor,
    now: datetime,
    password: str | None = None,
    unit_id: str | None = None,
) -> Account:
    """An account of a member with the roles that the member's kind may give."""
    require_over(actor, member_id=member_id, roles=roles)
    return _open(
        session,
        id=id,
        member_id=member_id,
        name=name,
        roles=frozenset(roles),
        actor_id=actor.id,
        now=now,
        password=password,
        unit_id=unit_id,
    )


def require_over(actor: Actor, *, member_id: str, roles: Iterable[str]) -> None:
    """A member's people are its administrator's affair; the operator opens that one account for it.

    Whoever could open any account, or give it another key, could be anyone: clerk, panelist, regulator.
    """
    require(actor, Action.ACCOUNT_OPEN, member_id=member_id)
    if actor.member_id != member_id and set(roles) != {Role.MEMBER_ADMIN}:
        raise Forbidden("the operator opens the accounts of members' administrators; they open all others")


def found(session: Session, *, id: str, member_id: str, name: str, password: str, now: datetime) -> Account:
    """The first operator, who admits everybody else. Refused once there is an account."""
    if session.query(Account).first():
        raise Conflict("this registry has been founded already")
    return _open(
        session,
        id=id,
        member_id=member_id,
        name=name,
        roles=frozenset({Role.OPERATOR}),
        actor_id="system:founding",
        now=now,
        password=password,
        unit_id=None,
    )


def _open(
    session: Session,
    *,
    id: str,
    member_id: str,
    name: str,
    roles: frozenset[Role],
    actor_id: str,
    now: datetime,
    password: str | None,
    unit_id: str | None,
) -> Account:
    short_name(id, field="id")
    member = session.get(Member, member_id)
    if member is None:
        raise NotFound("there is no such member", field="member")
    if not roles or not roles <= ROLES_OF[member.kind] & GRANTABLE:
        raise Invalid("roles must be among {allowed}", field="roles", allowed=tuple(sorted(ROLES_OF[member.kind])))
    if session.get(Account, id):
        raise Conflict("an account of this id exists already", field="id")
    account = Account(
        id=id,
        unit_id=unit_id or first_unit(session, member_id).id,
        member_id=member_id,
        roles=sorted(role.value for role in roles),
        sealed_name=vault.seal(session.keyring.vault_key, name.encode(), table="account", row=id, column="sealed_name"),
        password=hashed(password) if password is not None else None,
        failures=0,
        opened_at=now,
    )
    session.add(account)
    record(session, "account.open", actor=actor_id, now=now, facts={"account": id, "roles": account.roles})
    return account


def hashed(password: str) -> str:
    """Argon2id; slow on purpose, so best outside of transactions. Invalid for a password that is too short."""
    if len(password) < PASSWORD_LENGTH:
        raise Invalid("password must have {length} characters or more", field="password", length=PASSWORD_LENGTH)
    return _hasher.hash(password)


def name_of(session: Session, account: Account) -> str:
    key = session.keyring.vault_key
    return vault.open_sealed(key, account.sealed_name, table="account", row=account.id, column="sealed_name").decode()


def close_account(session: Session, *, account_id: str, actor: Actor, now: datetime) -> None:
    """No more sign-in; every session and key of the account ends with it."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("there is no such account", field="account")
    require_over(actor, member_id=account.member_id, roles=account.roles)
    account.closed_at = now
    for row in session.query(UserSession).filter_by(account_id=account_id, revoked_at=None):
        row.revoked_at = now
    for client in session.query(ApiClient).filter_by(account_id=account_id, revoked_at=None):
        client.revoked_at = now
    record(session, "account.close", actor=actor.id, now=now, facts={"account": account_id})


def enrol_client(
    session: Session,
    *,
    account_id: str,
    jwk: Mapping[str, object],
    scopes: Iterable[Scope],
    actor: Actor,
    now: datetime,
) -> ApiClient:
    """The key with which the account's program signs in; a new one replaces the old, and ends its tokens."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("there is no such account", field="account")
    require_over(actor, member_id=account.member_id, roles=account.roles)
    public = keys.from_jwk(jwk, field="key")
    for token in session.query(AccessToken).filter_by(client_id=account_id):
        session.delete(token)
    client = session.get(ApiClient, account_id) or ApiClient(id=account_id, account_id=account_id)
    client.kid, client.jwk = keys.thumbprint(public), dict(keys.to_jwk(public))
    client.scopes, client.revoked_at = sorted(scope.value for scope in scopes), None
    session.add(client)
    record(session, "client.enrol", actor=actor.id, now=now, facts={"client": account_id, "kid": client.kid})
    return client


def password_of(session: Session, account_id: str) -> str | None:
    """The hash to hold a password against; None for a name that nobody has."""
    account = session.get(Account, account_id)
    return account.password if account is not None and account.closed_at is None else None


def matches(hashed: str | None, password: str) -> bool:
    """Whether the password is right. Takes as long for a name that nobody has; call it outside of transactions."""
    try:
        return _hasher.verify(hashed or _nobodys_password(), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


class CodeNeeded(Unauthenticated):
    """The password is right, and the account has an app or a passkey."""

    code = "code-needed"

    def __init__(self) -> None:
        super().__init__("enter the code that your app shows")


def sign_in(
    session: Session, *, account_id: str, right: bool, now: datetime, device: str = "", code: str | None = None
) -> str | None:
    """A session token, or None. `right` is what `matches` said. The caller commits either way: failures count.

    Raises CodeNeeded when the password was right, `code` is None and the account has an app or a passkey.

    After five failures the account pauses for a quarter of an hour. Nobody is told, since only an account that is
    there can pause: the right password is then as wrong as any other. A name that nobody has leaves an act as well,
    so that it takes as long.
    """
    account = session.get(Account, account_id)
    if account is None or account.closed_at is not None:
        record(session, "account.sign-in-failed", actor="system:sign-in", now=now)
        return None
    right = right and account.password is not None
    if right and not _is_paused(account, now) and factors.is_enrolled(session, account_id):
        if code is None:
            raise CodeNeeded
        right = factors.use(session, account_id=account_id, code=code, now=now)
    if not _proves(session, account, right, now):
        return None
    return sessions.open_session(session, account_id=account.id, device=device, now=now)


def prove_again(session: Session, *, token: str, right: bool, now: datetime, code: str = "") -> bool:
    """Whoever holds the session has given the password once more, or a code; or neither: counted as at sign-in.

    The caller commits either way.
    """
    row = sessions.require_session(session, token=token, now=now)
    account = session.get_one(Account, row.account_id)
    if code and not _is_paused(account, now):
        right = factors.use(session, account_id=account.id, code=code, now=now)
    if not _proves(session, account, right, now):
        return False
    row.proven_at = now
    record(session, "account.prove", actor=row.account_id, now=now)
    return True


def _is_paused(account: Account, now: datetime) -> bool:
    return account.paused_until is not None and now < account.paused_until


def _proves(session: Session, account: Account, right: bool, now: datetime) -> bool:
    """Whether what was shown counts. The caller records when it does; when it does not, it has been."""
    if _is_paused(account, now):
        record(session, "account.sign-in-failed", actor=account.id, now=now)
        return False
    if not right:
        _count_failure(session, account, now)
        return False
    account.failures, account.paused_until = 0, None
    return True


def _count_failure(session: Session, account: Account, now: datetime) -> None:
    """Counted in the database, so that of many tries at once none is forgotten."""
    session.execute(
        sa.update(Account)
        .where(Account.id == account.id)
        .values(failures=Account.failures + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(account)
    touch(session, account)
    if account.failures >= policy.SIGN_IN_ATTEMPTS:
        account.failures, account.paused_until = 0, now + policy.SIGN_IN_PAUSE
    record(session, "account.sign-in-failed", actor=account.id, now=now)


def session_actor(session: Session, *, token: str, now: datetime) -> Actor:
    """Who holds this browser session; Unauthenticated once it is over."""
    return actor_of(session, sessions.require_session(session, token=token, now=now).account_id)


def actor_of(session: Session, account_id: str, scopes: frozenset[Scope] | None = None) -> Actor:
    account = session.get(Account, account_id)
    if account is None or account.closed_at is not None:
        raise Unauthenticated("this account is closed")
    member = session.get(Member, account.member_id)
    if member is None:
        raise Forbidden("this account belongs to no member")
    if member.standing is Standing.GONE:
        raise Unauthenticated("this account's member has left")
    return Actor(
        id=account.id,
        unit_id=account.unit_id,
        member_id=member.id,
        group=member.group,
        standing=member.standing,
        roles=frozenset(Role(role) for role in account.roles),
        scopes=scopes,
    )
