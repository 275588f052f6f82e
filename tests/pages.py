"""What tests read from a page and send back: the token of its form, its headings, its problems."""

from __future__ import annotations

import html
import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def token_of(client: FlaskClient, path: str) -> str:
    """The CSRF token of the page."""
    text = client.get(path).text
    found = re.search(r'name="csrf[-_]token"[^>]*(?:value|content)="([^"]+)"', text)
    assert found, f"{path} has no token"
    return found[1]


def submit(client: FlaskClient, path: str, data: dict[str, Any]) -> TestResponse:
    """Fill in the form of the page and send it."""
    return client.post(path, data={"csrf_token": token_of(client, path), **data})


def send(client: FlaskClient, page: str, path: str, body: Any, **headers: str) -> TestResponse:
    """What the script of `page` sends to `path`."""
    return client.post(path, json=body, headers={"X-CSRF-Token": token_of(client, page), **headers})


def problems_of(response: TestResponse) -> list[str]:
    """The sentences of the error summary."""
    summary = re.search(r'<div class="govuk-error-summary" role="alert".*?</ul>', response.text, re.S)
    assert summary, "no error summary"
    return [html.unescape(text) for text in re.findall(r"<li><a [^>]*>(.*?)</a>", summary[0], re.S)]


def title_of(response: TestResponse) -> str:
    found = re.search(r"<title>(.*?)</title>", response.text)
    assert found
    return html.unescape(found[1])


def text_of(response: TestResponse) -> str:
    """The words of the page's main part, without markup."""
    main = re.search(r"<main.*</main>", response.text, re.S)
    assert main
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main[0])))
