"""The two page scripts in a real browser against a small server: what is shown, what is sent, what never is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from registry import base64url
from registry.identity import document, group, tags, voprf
from registry.identity.voprf import KeyPair

ONE = "11010519491231002X"
TAIL = ONE[6:]
PAIR = KeyPair.of(group.scalar_random())
TAG = group.multiply(PAIR.private, voprf.hash_to_group(document.parse(ONE).oprf_input))
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)

CHECK = """<!doctype html><html lang="en"><head><title>Check</title>
<meta name="csrf-token" content="t0ken"></head><body>
<form id="check" method="post" action="/leak" data-evaluations-url="/evaluations" data-checks-url="/checks"
  data-receipts-url="/receipts" data-key-id="k1" data-public-key="{public}" data-working="Asking"
  data-no-entry="Not listed. Check {check}." data-entry="Listed under {reference}. Check {check}."
  data-problem-title="There is a problem" data-problem-prefix="Error: " data-failed="It did not work."
  data-details-url="/details" data-error-document-type="Select a country"
  data-error-number-empty="Enter the number" data-error-number-check-digit="Read the number again"
  data-error-purpose="Select a purpose" data-error-consent="Confirm the consent"
  data-error-reference="Enter the reference" data-error-proof="The answer was not proven"
  data-error-network="No answer came">
<select id="document"><option>CN-RIC</option><option>PASSPORT</option></select>
<p id="country-field" hidden><select id="country"><option value="">-</option><option>FRA</option></select></p>
<input name="number" autocomplete="on"><p id="number-error"></p>
<select name="purpose"><option value="">-</option><option value="hiring">Hiring</option></select>
<input type="checkbox" name="consent" value="declared"><input name="reference">
<button type="submit" disabled>Check</button></form>
<button id="receipt" type="button" hidden>Save</button><p id="outcome"></p><p id="no-entry" hidden>fine</p>
<p id="entry" hidden><a id="details" href="#">Read</a></p>
<script src="/check.js"></script></body></html>"""

MATCH = """<!doctype html><html lang="en"><head><title>Case</title><meta name="csrf-token" content="t0ken"></head><body>
<form id="match" method="post" action="/leak" data-begin-url="/begin" data-finish-url="/finish" data-working="Looking"
  data-problem-title="There is a problem" data-problem-prefix="Error: " data-failed="These do not fit." {extra}>
<input name="case"><input name="code"><input name="number"><button type="submit" disabled>Open</button></form>
<p id="outcome"></p><script src="/subject.js"></script></body></html>"""


@dataclass
class Site:
    """A server of the page's own origin. `answers` replaces what an address answers with (status, JSON)."""

    url: str = ""
    bundle: Path = Path()
    requests: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    answers: dict[str, Callable[[Any], tuple[int, Any] | None]] = field(default_factory=dict)
    secret: bytes = field(default_factory=group.scalar_random)
    extra: str = ""

    def page(self, path: str) -> str | None:
        public = base64url.encode(PAIR.public)
        pages = {"/check": CHECK.replace("{public}", public), "/match": MATCH.replace("{extra}", self.extra)}
        return {**pages, "/mine": "<title>Mine</title>welcome"}.get(path)

    def answer(self, path: str, body: Any) -> tuple[int, Any] | None:
        if path in self.answers:
            return self.answers[path](body)
        default = getattr(self, path.strip("/").split("/")[0])
        return 200, default(body)

    def evaluations(self, body: Any, pair: KeyPair = PAIR) -> Any:
        elements = [base64url.decode(element, field="elements") for element in body["elements"]]
        evaluated = voprf.blind_evaluate_batch(pair, elements)
        found = [base64url.encode(element) for element in evaluated.elements]
        return {"key_id": "k1", "elements": found, "proof": base64url.encode(evaluated.proof), "ticket": "a.b"}

    def checks(self, body: Any) -> Any:
        listed = body["tags"] == [base64url.encode(TAG)]
        one = {"id": "c7", "tag": body["tags"][0], "outcome": "entry" if listed else "no-entry"}
        return {"batch": "b9", "checks": [{**one, "reference": "e5" if listed else None}], "receipt": "r.s.t"}

    def receipts(self, body: Any) -> Any:
        return {"receipt": "r.s.t", "entry": "leaf", "proof": "tlog-proof"}

    def begin(self, body: Any) -> Any:
        return {"match_id": "m1", "m": base64url.encode(group.multiply(self.secret, TAG))}

    def finish(self, body: Any) -> Any:
        x, z = (base64url.decode(body[name], field=name) for name in ("x", "z"))
        return {"next": "/mine" if tags.is_match(PAIR.private, self.secret, tags.Answer(x, z)) else None}

    def sent(self, path: str) -> list[Any]:
        return [json.loads(body) for asked, _, body in self.requests if asked == path]

    def headers(self, path: str) -> list[dict[str, str]]:
        return [headers for asked, headers, _ in self.requests if asked == path]


class Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        self.record("")
        page = self.site.page(self.path)
        if page is not None:
            self.reply(200, page.encode(), "text/html; charset=utf-8")
        elif self.path.endswith(".js"):
            self.reply(200, (self.site.bundle / self.path.strip("/")).read_bytes(), "text/javascript; charset=utf-8")
        elif self.path.startswith("/receipts/"):
            self.reply_json(self.site.answer(self.path, None))
        else:
            self.reply(404, b"", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.record(body)
        self.reply_json(self.site.answer(self.path, json.loads(body)))

    def record(self, body: str) -> None:
        self.site.requests.append((self.path, dict(self.headers.items()), body))

    def reply_json(self, answer: tuple[int, Any] | None) -> None:
        if answer is None:
            self.close_connection = True  # the answer is lost on the way
        else:
            self.reply(answer[0], json.dumps(answer[1]).encode(), "application/json")

    def reply(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site(bundle: Path) -> Iterator[Site]:
    site = Site(bundle=bundle)
    handler = type("SiteHandler", (Handler,), {"site": site})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page that fails the test when its script does, or when the number leaves it in whatever form."""
    errors: list[str] = []
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield page
    stored = page.evaluate("[...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie].join()")
    page.close()
    assert errors == []
    assert TAIL not in stored
    assert TAIL not in repr(site.requests)
    assert TAIL.lower() not in repr(site.requests)
    assert "/leak" not in [path for path, _, _ in site.requests]


def fill_check(page: Page, site: Site, number: str = ONE) -> None:
    page.goto(f"{site.url}/check")
    page.fill("#number", number)
    page.select_option("[name=purpose]", "hiring")
    page.check("[name=consent]")
    page.fill("[name=reference]", "HR/2026/17")


def submit(page: Page) -> None:
    page.click("[type=submit]")


def problems_of(page: Page) -> list[str]:
    expect(page.locator("#problems")).to_be_visible()
    expect(page.locator("#problems")).to_be_focused()
    assert page.locator("#problems").get_attribute("role") == "alert"
    return page.locator("#problems li").all_inner_texts()


def test_a_listed_person_is_found_and_only_blinded_elements_and_tags_were_sent(page: Page, site: Site) -> None:
    fill_check(page, site, ONE.lower())
    submit(page)
    expect(page.locator("#outcome")).to_have_text("Listed under e5. Check c7.")
    (evaluation,), (question,) = site.sent("/evaluations"), site.sent("/checks")
    assert set(evaluation) == {"key_id", "elements"}
    assert evaluation["elements"] != question["tags"]
    assert question == {
        "purpose": "hiring",
        "consent": {"kind": "declared", "reference": "HR/2026/17"},
        "tags": [base64url.encode(TAG)],
        "ticket": "a.b",
    }
    (headers,) = site.headers("/checks")
    assert headers["X-CSRF-Token"] == "t0ken"
    assert len(headers["Idempotency-Key"]) == 32
    assert page.input_value("#number") == ""
    expect(page.locator("#outcome")).to_be_focused()
    expect(page.locator("#problems")).to_be_hidden()


def test_somebody_else_is_not_listed(page: Page, site: Site) -> None:
    fill_check(page, site, "44030519900101123X")
    submit(page)
    expect(page.locator("#outcome")).to_have_text("Not listed. Check c7.")


def test_everything_that_is_missing_is_named_at_once_and_nothing_is_sent(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/check")
    submit(page)
    expected = ["Enter the number", "Select a purpose", "Confirm the consent", "Enter the reference"]
    assert problems_of(page) == expected
    assert page.title() == "Error: Check"
    expect(page.locator("#number-error")).to_have_text("Enter the number")
    expect(page.locator("#number")).to_have_attribute("aria-invalid", "true")
    page.click("#problems a >> nth=0")
    expect(page.locator("#number")).to_be_focused()
    page.fill("#number", "110105194912310021")
    page.press("#number", "Enter")
    expect(page.locator("#problems li >> nth=0")).to_have_text("Read the number again")
    assert site.sent("/evaluations") == []
    fill_check(page, site)
    submit(page)
    expect(page.locator("#outcome")).to_contain_text("Listed")
    assert page.title() == "Check"


def test_an_answer_under_another_key_is_not_used(page: Page, site: Site) -> None:
    other = KeyPair.of(group.scalar_random())
    site.answers["/evaluations"] = lambda body: (200, site.evaluations(body, other))
    fill_check(page, site)
    submit(page)
    assert problems_of(page) == ["The answer was not proven"]
    assert site.sent("/checks") == []


@pytest.mark.parametrize("changed", [{"tag": "AAAA"}, {"outcome": "maybe"}, {"outcome": None}, {"tag": None}], ids=str)
def test_an_answer_to_something_else_is_not_shown(page: Page, site: Site, changed: dict[str, Any]) -> None:
    def answer(body: Any) -> tuple[int, Any]:
        good = site.checks(body)
        return 200, {**good, "checks": [good["checks"][0] | changed]}

    site.answers["/checks"] = answer
    fill_check(page, site)
    submit(page)
    assert problems_of(page) == ["It did not work."]
    expect(page.locator("#outcome")).to_have_text("")


def test_a_refusal_of_the_server_stands_at_its_field_as_text(page: Page, site: Site) -> None:
    detail = "<img src=x onerror=alert(1)> is kept elsewhere"
    problem = {"code": "odd", "detail": detail, "errors": [{"pointer": "consent.reference", "detail": detail}]}
    site.answers["/checks"] = lambda body: (422, problem)
    fill_check(page, site)
    submit(page)
    assert problems_of(page) == [detail]
    expect(page.locator("[name=reference]")).to_have_attribute("aria-invalid", "true")


def test_a_question_without_an_answer_is_asked_again_under_the_same_key(page: Page, site: Site) -> None:
    site.answers["/checks"] = lambda body: None
    fill_check(page, site)
    submit(page)
    assert problems_of(page) == ["No answer came"]
    assert page.input_value("#number") == ONE
    site.answers["/checks"] = lambda body: (503, {"code": "busy"})
    submit(page)
    expect(page.locator("#problems li")).to_have_text("It did not work.")
    site.answers.clear()
    submit(page)
    expect(page.locator("#outcome")).to_contain_text("Listed")
    keys = [headers["Idempotency-Key"] for headers in site.headers("/checks")]
    assert len(keys) >= 3
    assert len(set(keys)) == 1
    page.fill("#number", ONE)
    submit(page)
    expect(page.locator("#number")).to_have_value("")
    assert site.headers("/checks")[-1]["Idempotency-Key"] != keys[0]  # an answered question is over


def test_a_refused_question_is_another_one_the_next_time(page: Page, site: Site) -> None:
    site.answers["/checks"] = lambda body: (429, {"code": "too-many"})
    fill_check(page, site)
    for count in (1, 2):
        submit(page)
        assert problems_of(page) == ["It did not work."]
        assert len(site.headers("/checks")) == count
    first, second = (headers["Idempotency-Key"] for headers in site.headers("/checks"))
    assert first != second


def test_two_clicks_ask_once(page: Page, site: Site) -> None:
    fill_check(page, site)
    page.dblclick("[type=submit]")
    expect(page.locator("#outcome")).to_contain_text("Listed")
    assert len(site.sent("/checks")) == 1


def test_what_the_answer_means_stands_below_it_until_the_next_question(page: Page, site: Site) -> None:
    fill_check(page, site)
    submit(page)
    expect(page.locator("#entry")).to_be_visible()
    expect(page.locator("#no-entry")).to_be_hidden()
    assert page.get_attribute("#details", "href") == "/details/c7"
    page.fill("#number", "44030519900101123X")
    submit(page)
    expect(page.locator("#no-entry")).to_be_visible()
    expect(page.locator("#entry")).to_be_hidden()
    submit(page)  # the field is empty now
    expect(page.locator("#no-entry")).to_be_hidden()
    expect(page.locator("#receipt")).to_be_hidden()


def test_a_passport_needs_its_country_and_is_another_document(page: Page, site: Site) -> None:
    fill_check(page, site, "e1234 5678")
    expect(page.locator("#country-field")).to_be_hidden()
    page.select_option("#document", "PASSPORT")
    expect(page.locator("#country-field")).to_be_visible()
    submit(page)
    assert problems_of(page) == ["Select a country"]
    expect(page.locator("#country")).to_have_attribute("aria-invalid", "true")
    page.select_option("#country", "FRA")
    submit(page)
    expect(page.locator("#outcome")).to_contain_text("Not listed")
    passport = document.parse("E12345678", "PASSPORT:FRA")
    tag = group.multiply(PAIR.private, voprf.hash_to_group(passport.oprf_input))
    assert site.sent("/checks")[0]["tags"] == [base64url.encode(tag)]


@pytest.mark.parametrize("proven", [True, False])
def test_the_receipt_is_saved_with_its_proof_if_there_is_one(page: Page, site: Site, proven: bool) -> None:
    if not proven:
        site.answers["/receipts/b9"] = lambda body: (503, {})
    fill_check(page, site)
    expect(page.locator("#receipt")).to_be_hidden()
    submit(page)
    with page.expect_download() as download:
        page.click("#receipt")
    assert download.value.suggested_filename == "b9.json"
    answers = [{"id": "c7", "tag": base64url.encode(TAG), "outcome": "entry", "reference": "e5"}]
    proof = {"entry": "leaf", "proof": "tlog-proof"} if proven else {"entry": None, "proof": None}
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved == {"answers": answers, "receipt": "r.s.t", **proof}


def fill_match(page: Page, site: Site, number: str = ONE) -> None:
    page.goto(f"{site.url}/match")
    page.fill("[name=case]", " ZL-1 ")
    page.fill("[name=code]", "ABCD")
    page.fill("#number", number)
    submit(page)


def test_the_person_of_the_case_comes_in(page: Page, site: Site) -> None:
    fill_match(page, site, f" {ONE} ")
    page.wait_for_url(f"{site.url}/mine")
    assert site.sent("/begin") == [{"case": "ZL-1", "code": "ABCD"}]
    (finished,) = site.sent("/finish")
    assert set(finished) == {"case", "code", "match_id", "x", "z"}
    assert (finished["case"], finished["match_id"]) == ("ZL-1", "m1")
    assert site.headers("/finish")[0]["X-CSRF-Token"] == "t0ken"


FAILURES: dict[str, dict[str, Callable[[Any], tuple[int, Any] | None]]] = {
    "unknown case": {"/begin": lambda body: (422, {"code": "match", "detail": "no such case"})},
    "no answer": {"/begin": lambda body: None},
    "identity element": {"/begin": lambda body: (200, {"match_id": "m", "m": base64url.encode(bytes(32))})},
    "refused": {"/finish": lambda body: (422, {"code": "match", "detail": "wrong"})},
    "server error": {"/finish": lambda body: (500, {})},
    "elsewhere": {"/finish": lambda body: (200, {"next": "https://example.org/"})},
    "script": {"/finish": lambda body: (200, {"next": "javascript:alert(1)"})},
}


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_looks_the_same(page: Page, site: Site, failure: str) -> None:
    site.answers.update(FAILURES[failure])
    fill_match(page, site)
    assert problems_of(page) == ["These do not fit."]
    assert page.url == f"{site.url}/match"


def test_another_person_sees_the_same_failure(page: Page, site: Site) -> None:
    fill_match(page, site, "44030519900101123X")
    assert problems_of(page) == ["These do not fit."]


@pytest.mark.parametrize(
    ("extra", "text"), [("", "These do not fit."), ('data-error-number-length="Give 18 digits"', "Give 18 digits")]
)
def test_a_misspelt_number_costs_no_attempt(page: Page, site: Site, extra: str, text: str) -> None:
    site.extra = extra
    fill_match(page, site, ONE[:-1])
    assert problems_of(page) == [text]
    assert site.sent("/begin") == []


@pytest.mark.parametrize("name", ["check", "match"])
def test_the_number_is_no_part_of_the_form(page: Page, site: Site, name: str) -> None:
    page.goto(f"{site.url}/{name}")
    page.fill("#number", ONE)
    carried = page.evaluate("[...new FormData(document.forms[0]).entries()].flat()")
    assert "reference" in carried or "case" in carried
    assert ONE not in carried
    assert page.get_attribute("#number", "autocomplete") == "off"


def test_an_empty_case_or_code_is_named_and_costs_no_attempt(page: Page, site: Site) -> None:
    site.extra = 'data-error-case="Enter the case" data-error-code="Enter the code"'
    page.goto(f"{site.url}/match")
    page.fill("#number", ONE)
    submit(page)
    assert problems_of(page) == ["Enter the case", "Enter the code"]
    assert site.sent("/begin") == []


def test_without_the_script_nothing_can_be_sent(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for name in ("check", "match"):
        page.goto(f"{site.url}/{name}")
        page.fill("[name=number]", ONE)
        page.press("[name=number]", "Enter")
    context.close()
    assert {headers.get("Content-Length") for _, headers, _ in site.requests} == {None}


def test_a_bundle_carries_its_licences_and_fits_a_strict_policy(bundle: Path) -> None:
    for name in ("check.js", "subject.js", "identity.js"):
        text = (bundle / name).read_text(encoding="utf-8")
        assert "noble-curves - MIT License" in text
        assert "noble-hashes - MIT License" in text
        assert not any(word in text for word in ("innerHTML", "eval(", "new Function", "localStorage", "indexedDB"))
        assert len(text) < 60_000
