from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.pages import text_of


@pytest.mark.parametrize(
    ("who", "links"), [("hana", ["/check"]), ("rex", ["/regulator/entries"]), ("rui", []), ("cleo", [])]
)
def test_everyone_sees_their_own_doors(signed_in: SignIn, cast: Cast, who: str, links: list[str]) -> None:
    page = signed_in(cast[who]).get("/home")
    assert page.status_code == 200
    for path in ("/check", "/regulator/entries"):
        assert (f'href="{path}"' in page.text) is (path in links)
    assert who.title() in text_of(page)


def test_home_is_for_those_who_have_signed_in(visitor: FlaskClient) -> None:
    assert visitor.get("/home").location == "/sign-in?next=/home"
