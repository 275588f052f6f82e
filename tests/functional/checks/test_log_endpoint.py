"""The log's read interface, as C2SP tlog-tiles has it."""

from __future__ import annotations

import gzip
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from registry.db import Store
from registry.keys.holder import Holder
from registry.log import checkpoint, tiles, tree
from registry.log.sequencer import sequence
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast

ORIGIN = settings().log_origin
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture
def size(store: Store, cast: Cast, now: datetime) -> int:
    head = sequence(store, key=SECRETS.log_key, origin=ORIGIN, now=now)
    assert head is not None
    return head.size


def test_the_checkpoint_is_text_that_is_hardly_cached(visitor: FlaskClient, size: int) -> None:
    response = visitor.get("/log/checkpoint")
    log = checkpoint.verifier_key(ORIGIN, SECRETS.log_key.public_key())
    assert checkpoint.open_checkpoint(response.text, log=log, origin=ORIGIN).checkpoint.size == size
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == "max-age=1"


def test_tiles_and_bundles_are_bytes_that_never_change(visitor: FlaskClient, size: int) -> None:
    hashes = visitor.get(f"/log/tile/0/000.p/{size}", headers={"Accept-Encoding": "gzip"})
    bundle = visitor.get(f"/log/tile/entries/000.p/{size}")
    for response in (hashes, bundle):
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Cache-Control"] == IMMUTABLE
        assert "Content-Encoding" not in response.headers
    entries = tiles.parse_bundle(bundle.data, width=size)
    assert hashes.data == b"".join(map(tree.leaf_hash, entries))
    narrow = visitor.get("/log/tile/0/000.p/3")  # of an earlier checkpoint
    assert narrow.data == hashes.data[:96]


def test_a_bundle_is_compressed_for_who_takes_it(visitor: FlaskClient, size: int) -> None:
    path = f"/log/tile/entries/000.p/{size}"
    plain, packed = visitor.get(path), visitor.get(path, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert all("Accept-Encoding" in response.headers["Vary"] for response in (packed, plain))
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)
    refused = visitor.get(path, headers={"Accept-Encoding": "identity, gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize(
    "path",
    ["0/000", "0/001", "1/000.p/1", "entries/001", "0/000.p/256", "0/0", "00/000.p/1", "64/000", "x/000", "0/000.p/0"],
)
def test_what_the_log_does_not_have_is_404(visitor: FlaskClient, size: int, path: str) -> None:
    assert visitor.get(f"/log/tile/{path}").status_code == 404


def test_before_the_first_checkpoint_there_is_nothing(visitor: FlaskClient) -> None:
    for path in ("/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"):
        assert visitor.get(path).status_code == 404


def test_keys_that_do_not_stand_in_the_log_yet_are_later(visitor: FlaskClient, size: int, holder: Holder) -> None:
    response = visitor.get("/log/keys")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
