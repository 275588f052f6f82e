from __future__ import annotations

import re

import pytest

from registry.base64url import encode
from registry.keys.holder import Holder
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.pages import text_of


def test_the_page_knows_the_key_and_never_sends_the_file(signed_in: SignIn, cast: Cast, holder: Holder) -> None:
    page = signed_in(cast.hana).get("/check/file")
    assert f'data-public-key="{encode(holder.public().public)}"' in page.text
    (field,) = re.findall(r'<input [^>]*id="file"[^>]*>', page.text)
    assert "name=" not in field  # no submission of the form could carry it
    assert "zilu check --file" in text_of(page)  # for whoever has no JavaScript


@pytest.mark.parametrize("who", ["rui", "rex", "olaf"])
def test_only_hr_sees_the_page(signed_in: SignIn, cast: Cast, who: str) -> None:
    assert signed_in(cast[who]).get("/check/file").status_code == 403
