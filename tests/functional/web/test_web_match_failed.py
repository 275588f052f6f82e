"""A wrong number in the browser: refused, and the refusal is kept."""

from __future__ import annotations

import sqlalchemy as sa
from flask.testing import FlaskClient

from registry.db import Store
from registry.notices.models import CaseMatch
from tests.accused import Accused
from tests.filing import OTHER_NUMBER
from tests.functional.web.test_web_match import attempt


def test_a_wrong_number_closes_its_match_and_sets_no_cookie(
    visitor: FlaskClient, accused: Accused, store: Store
) -> None:
    refused = attempt(visitor, accused.case_number, accused.code, OTHER_NUMBER)
    assert refused.status_code == 403
    assert "zilu-case" not in refused.headers.get("Set-Cookie", "")
    with store.read() as session:
        assert session.scalars(sa.select(CaseMatch)).one().closed_at is not None
