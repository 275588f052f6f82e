"""The demo's guide names pages as those who follow it find them."""

from __future__ import annotations

import re

import pytest

from registry.access import Actor, allowed
from registry.accounts.rules import Role
from registry.cli.demo import guide
from registry.cli.demo.people import MEMBERS, PARTS
from registry.members.models import Standing
from registry.web.language import catalogue
from registry.web.nav import LINKS

ACCOUNTS = {*PARTS, *(f"{member}-admin" for member in MEMBERS)}
STEP = re.compile(r"([a-z0-9-]+) › ([^›:：.。,，;；]+?) ?[›:：.。,，;；]")
STEPS = 13  # of the guide, that begin with an account and its page


@pytest.mark.parametrize(("text", "locale"), [(guide.ENGLISH, "en"), (guide.CHINESE, "zh_Hans_CN")], ids=["en", "zh"])
def test_each_page_stands_in_the_navigation_of_whom_the_guide_sends_there(text: str, locale: str) -> None:
    named = [step for step in STEP.findall(re.sub(r"\s+", " ", text)) if step[0] in ACCOUNTS]
    assert len(named) == STEPS, named
    assert [(account, page) for account, page in named if page not in pages(account, locale)] == []


def pages(account: str, locale: str) -> list[str]:
    roles = frozenset([Role.MEMBER_ADMIN] if account.endswith("-admin") else PARTS[account].roles)
    actor = Actor(account, "unit", "member", "group", Standing.ADMITTED, roles)
    return [catalogue(locale).gettext(str(link.text)) for link in LINKS if allowed(actor, link.action)]
