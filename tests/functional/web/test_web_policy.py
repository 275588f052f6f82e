from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from registry import policy, policy_check
from registry.web.public.policy import LABELS
from registry.web.wording import span
from tests.pages import text_of


def test_the_rules_name_every_offence_level_and_standard_of_proof(visitor: FlaskClient) -> None:
    text = text_of(visitor.get("/policy"))
    for offence in policy.OFFENCES.values():
        assert offence.en in text
        assert offence.zh in text
    for step in policy.LADDER:
        assert f"{step.level} ({step.name})" in text
        assert f"{step.other_from:,} records" in text
        assert f"{step.rehabilitation} of the term" in text
    assert "D A suspicion, which is never listed never" in text
    assert "Police case" in text
    assert "sale, version 1" in text
    assert "permanent, capped at 5 years" in text


def test_a_changed_policy_changes_the_page(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "RESPONSE_WINDOW", 41 * policy.DAY)
    monkeypatch.setattr(policy, "MAX_TERM", None)
    text = text_of(visitor.get("/policy"))
    assert "From the letter to the listing; nothing is visible before 41 days" in text
    assert "capped" not in text
    assert "reviewed every 5 years" in text


def test_chinese_readers_read_the_same_rules(visitor: FlaskClient) -> None:
    text = text_of(visitor.get("/policy", headers={"Accept-Language": "zh-CN"}))
    for part in (
        "出售客户信息 sale，第 1 版",
        "公安立案",
        "期限的 3/4",
        "自发现至期限提醒 7 天",
        "程序令牌有效期 10 分钟",
        "登录有效期 12 小时",
    ):
        assert part in text


def test_every_length_of_time_in_the_policy_is_on_the_page(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "TIME_FOR_TEA", timedelta(minutes=17), raising=False)
    text = text_of(visitor.get("/policy"))
    assert "Time for tea 17 minutes" in text
    for length in policy_check.durations().values():
        assert span(length) in text


def test_every_length_has_a_label_and_no_label_is_left_of_a_rule_that_is_gone() -> None:
    assert LABELS.keys() == policy_check.durations().keys()


@pytest.mark.parametrize(
    ("length", "read"),
    [
        (timedelta(seconds=60), "1 minute"),
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(hours=12), "12 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=730), "2 years"),
    ],
)
def test_lengths_read_as_people_say_them(length: timedelta, read: str) -> None:
    assert span(length) == read
