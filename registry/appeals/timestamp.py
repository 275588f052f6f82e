"""The signed timestamp of intake: what the subject keeps, so that nobody can later say they came late.

    typ     intake+jwt
    payload {"iss", "aud": the case number, "jti": uid of the act, "iat", "leaf": b64url of the act's commitment,
             "opening": {"record", "salt"}}      both b64url: what the commitment opens to

It is a promise like a receipt's until the leaf stands in the log under a public checkpoint.
"""

from __future__ import annotations

from typing import Final

from registry import base64url
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.log.models import Act
from registry.signing import jws
from registry.signing.keys import PrivateKey
from registry.vault import open_sealed

TYP: Final = "intake+jwt"


def issue(session: Session, *, case: Case, act: Act, issuer: str, key: PrivateKey) -> str:
    """The timestamp of a lodged appeal, signed by the registry's receipt key; the same act gives the same bytes."""
    case_key = key_of(session, case).key
    opening = {
        column: base64url.encode(open_sealed(case_key, getattr(act, column), table="act", row=act.uid, column=column))
        for column in ("record", "salt")
    }
    payload = {
        "iss": issuer,
        "aud": case.number,
        "jti": act.uid,
        "iat": int(act.at.timestamp()),
        "leaf": base64url.encode(act.commitment),
        "opening": opening,
    }
    return jws.sign(payload, typ=TYP, key=key)
