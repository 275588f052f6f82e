"""`POST /oauth/token`: client credentials with `private_key_jwt`. The errors are OAuth's own (RFC 6749 section 5.2)."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, jsonify, request

from registry import policy
from registry.access import Action, needs
from registry.accounts.tokens import issue
from registry.api.context import running
from registry.errors import Unauthenticated

bp = APIBlueprint("oauth", __name__, tag="Sign-in")

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@bp.post("/oauth/token")
@needs(Action.PUBLIC)
def token() -> Response | tuple[Response, int]:
    """A bearer token of ten minutes for a fresh client assertion."""
    form = request.form
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "grant_type must be client_credentials", 400)
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        return _refused("invalid_request", f"send client_assertion with client_assertion_type {ASSERTION_TYPE}", 400)
    run = running()
    try:
        with run.store.write() as session:
            access, scopes = issue(
                session,
                assertion=form["client_assertion"],
                scope=form.get("scope", ""),
                issuer=run.issuer,
                now=run.clock(),
            )
    except Unauthenticated as error:
        return _refused("invalid_client", error.message, 401)
    answer = jsonify(
        access_token=access,
        token_type="Bearer",  # noqa: S106 - a type, not a token
        expires_in=int(policy.TOKEN_LIFE.total_seconds()),
        scope=" ".join(scopes),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refused(error: str, description: str, status: int) -> tuple[Response, int]:
    return jsonify(error=error, error_description=description), status
