"""What everyone may know: the panels' decisions and the registry's figures, and nobody's name in them."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from registry.web.public import statistics
from tests.accused import Accused
from tests.pages import text_of


@pytest.mark.parametrize("path", ["/decisions", "/statistics"])
def test_both_pages_are_open_before_anything_has_happened(visitor: FlaskClient, path: str) -> None:
    assert f'href="{path}"' in visitor.get("/").text
    assert visitor.get(path).status_code == 200
    assert "No panel has decided yet." in text_of(visitor.get("/decisions"))


def test_a_decision_is_published_without_case_person_or_panel(visitor: FlaskClient, accused: Accused) -> None:
    accused.lodged().proofed().admitted().sequenced().decided("void")
    page = visitor.get("/decisions")
    text = text_of(page)
    assert "1 decision." in text
    assert "March 2026 The report is void: nothing of it may be held against the person. All three agreed." in text
    assert "It is not true." in text
    for hidden in (accused.case_number, accused.case_id, accused.appeal().id, "says so", "I was away.", "acme"):
        assert hidden not in page.text
    chinese = text_of(visitor.get("/decisions", headers={"Accept-Language": "zh-CN"}))
    assert "2026年3月" in chinese


def test_figures_stand_in_tables_with_their_targets_and_pictures(visitor: FlaskClient, accused: Accused) -> None:
    accused.lodged().proofed().admitted().sequenced().decided("void")
    text = text_of(visitor.get("/statistics"))
    assert "From the proof of identity to the admission 1 0 days 0 days 1 day 1" in text
    assert "From the proof of identity to the decision 1 0 days 0 days 5 days to 20 days 1" in text
    assert "From the report to the countersignature 1 0 days 0 days none is set –" in text
    assert "March 2026 1 0 1 1 1" in text
    assert "Acme 1 1 100%" in text
    for name in statistics.CHARTS:
        drawn = visitor.get(f"/statistics/{name}.svg")
        assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
        assert not re.search(r"<script|href=|@import|url\(", drawn.text)
    assert visitor.get("/statistics/other.svg").status_code == 404


def test_decisions_are_paged(visitor: FlaskClient, accused: Accused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "ROWS", 1)
    accused.lodged().proofed().admitted().sequenced().decided("keep")
    for page in ("1", "2", "0", "-1", "x", "9" * 30):
        assert "1 decision." in text_of(visitor.get(f"/decisions?page={page}"))
