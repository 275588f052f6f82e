"""Keys against RFC 8037, RFC 8032, Wycheproof, and files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry import base64url
from registry.errors import Conflict, Invalid
from registry.signing import jws, keys

# RFC 8037 appendix A.1 to A.4.
D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
JWK = {"crv": "Ed25519", "kty": "OKP", "x": X}
A4 = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
P = 2**255 - 19


def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64url.decode(D, field="d", size=32))


def test_the_thumbprint_is_that_of_rfc_8037_a_3() -> None:
    assert keys.thumbprint(keys.from_jwk(JWK)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_jwk_is_that_of_rfc_8037_a_2() -> None:
    assert keys.to_jwk(private().public_key()) == JWK
    assert keys.raw(keys.from_jwk(JWK)) == base64url.decode(X, field="x")


def test_the_signature_is_that_of_rfc_8037_a_4() -> None:
    assert jwt.PyJWS().encode(b"Example of Ed25519 signing", private(), "EdDSA", {"typ": ""}) == A4
    message, signature = A4.rsplit(".", 1)
    keys.verify_signature(
        keys.from_jwk(JWK), signature=base64url.decode(signature, field="s"), message=message.encode()
    )


def test_the_token_of_rfc_8037_a_4_is_no_statement_of_ours() -> None:
    with pytest.raises(Invalid, match="exactly alg, kid and typ"):
        jws.parse(A4, typ="report+jwt")


# Wycheproof ed25519_test.json: (case, public key, message, signature, valid).
PK = "7d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa"
TEST_R, TEST_S = (
    "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab0",
    "7a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b30d",
)
HANDFUL = [
    (
        1,
        PK,
        "",
        "d4fbdb52bfa726b44d1786a8c0d171c3e62ca83c9e5bbe63de0bb2483f8fd6cc"
        "1429ab72cafc41ab56af02ff8fcc43b99bfe4c7ae940f60f38ebaa9d311c4007",
        True,
    ),
    (3, PK, "54657374", TEST_R + TEST_S, True),
    (10, PK, "3f", "00" * 64, False),  # R = S = 0
    (30, PK, "54657374", "", False),  # empty
    (31, PK, "54657374", TEST_R, False),  # S missing
    (33, PK, "54657374", TEST_R + TEST_S + "2020", False),  # too long
    (63, PK, "54657374", TEST_R + "67654bce3832c2d76f8f6f5dafc08d9339d4eef676573336a5c51eb6f946b31d", False),  # S + L
    (64, PK, "54657374", TEST_R + "5439412b5395d42f462c67008eba6ca839d4eef676573336a5c51eb6f946b32d", False),  # S + 2L
    (
        85,
        "100fdf47fb94f1536a4f7c3fda27383fa03375a8f527c537e6f1703c47f94f86",
        "6a0bc2b0057cedfc0fa2e3f7f7d39279b30f454a69dfd1117c758d86b19d85e0",
        "0971f86d2c9c78582524a103cb9cf949522ae528f8054dc20107d999be673ff4"
        "e25ebf2f2928766b1248bec6e91697775f8446639ede46ad4df4053000000010",
        False,  # S just above the bound
    ),
    (
        151,
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "313233343030",
        "0100000000000000000000000000000000000000000000000000000000000080"
        "c803ee1f2342aa96ff698a393d1ab5e66f3eda101d6d120b394c3fd32c117d0a",
        False,  # R with y = 1 and the sign of x set
    ),
]
PUBLISHED = Path(__file__).parents[4] / "shared" / "vectors" / "wycheproof_ed25519.json"


def wycheproof() -> list[tuple[int, str, str, str, bool]]:
    """All 151 published cases where the file is at hand, else the handful above."""
    if not PUBLISHED.exists():
        return HANDFUL
    groups = json.loads(PUBLISHED.read_text())["testGroups"]
    return HANDFUL + [
        (case["tcId"], group["publicKey"]["pk"], case["msg"], case["sig"], case["result"] == "valid")
        for group in groups
        for case in group["tests"]
    ]


def judged(public: str, message: str, signature: str) -> bool:
    key = keys.from_raw(bytes.fromhex(public))
    try:
        keys.verify_signature(key, signature=bytes.fromhex(signature), message=bytes.fromhex(message))
    except Invalid:
        return False
    return True


def test_signatures_are_judged_as_wycheproof_says() -> None:
    wrong = [case for case, *given, valid in wycheproof() if judged(*given) is not valid]
    assert wrong == []


def small_order_points() -> list[bytes]:
    """The eight points of order 1, 2, 4 and 8, worked out from the curve's equation rather than from a list."""
    d = -121665 * pow(121666, -1, P) % P
    root = pow(2, (P - 1) // 4, P)  # of -1
    # Doubling a point of order 8 gives one of order 4, with y = 0: so y^2 = -x^2, and d·y^4 + 2·y^2 - 1 = 0.
    ys = {0, 1, P - 1}
    for sign in (1, -1):
        half = pow(1 + d, (P + 3) // 8, P)
        half = half if half * half % P == (1 + d) % P else half * root % P
        square = (-1 + sign * half) * pow(d, -1, P) % P
        y = pow(square, (P + 3) // 8, P)
        y = y if y * y % P == square else y * root % P
        if y * y % P == square:
            ys |= {y, P - y}
    return [(y | sign << 255).to_bytes(32, "little") for y in sorted(ys) for sign in (0, 1)]


def test_a_key_under_which_anyone_can_sign_is_refused() -> None:
    points = small_order_points()
    assert len({point[:31] for point in points}) == 5
    for point in points:
        with pytest.raises(Invalid, match="public Ed25519 key"):
            keys.from_raw(point)
    # Why: the neutral element accepts a signature made without any private key, over whatever text.
    neutral = Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    neutral.verify((1).to_bytes(32, "little") + bytes(32), b"any text at all")


@pytest.mark.parametrize("y", [P, P + 1, 2**255 - 1])
def test_a_second_encoding_of_a_point_is_refused(y: int) -> None:
    with pytest.raises(Invalid):
        keys.from_raw(y.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_public_key_has_32_bytes(size: int) -> None:
    with pytest.raises(Invalid):
        keys.from_raw(b"\x07" * size)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC"},
        {"crv": "Ed448"},
        {"crv": "X25519"},
        {"x": X[:-1]},
        {"x": X + "="},
        {"x": X[:-1] + "p"},  # bits that are thrown away
        {"x": 7},
        {"x": None},
        {"d": D},
        {"use": "enc"},
        {"alg": "Ed25519"},
        {"kid": "somebody else"},
        {"x5u": "https://example.org"},
    ],
)
def test_a_jwk_that_is_not_a_plain_public_ed25519_key_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        keys.from_jwk(JWK | change, field="keys")
    assert refused.value.field == "keys"
    assert X not in str(refused.value)


@pytest.mark.parametrize("name", ["crv", "kty", "x"])
def test_a_jwk_without_one_of_its_three_members_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        keys.from_jwk({key: value for key, value in JWK.items() if key != name})


def test_a_jwk_may_carry_its_use_algorithm_and_thumbprint() -> None:
    extra = {"use": "sig", "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}
    assert keys.raw(keys.from_jwk(JWK | extra)) == keys.raw(keys.from_jwk(JWK))


def test_a_key_file_is_read_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    key, path = keys.generate(), tmp_path / "signing.pem"
    old = os.umask(0)
    try:
        keys.store(path, key)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(path).private_bytes_raw() == key.private_bytes_raw()


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    keys.store(path, keys.generate())
    before = path.read_bytes()
    with pytest.raises(Conflict, match="exists already"):
        keys.store(path, keys.generate())
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_key_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "signing.pem"
    keys.store(path, keys.generate())
    path.chmod(mode)
    with pytest.raises(Invalid, match="chmod 600"):
        keys.load(path)


def test_a_key_file_that_is_missing_or_a_folder_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(Invalid, match="cannot be read"):
            keys.load(path)
    with pytest.raises(Invalid, match="cannot be written"):
        keys.store(tmp_path / "no" / "folder.pem", keys.generate())


def pem(key, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


WRONG_PEM = {
    "nothing": b"",
    "no PEM": b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "damaged": pem(private()).replace(b"M", b"?", 1),
    "an elliptic curve key": pem(ec.generate_private_key(ec.SECP256R1())),
    "an Ed448 key": pem(ed448.Ed448PrivateKey.generate()),
    "an X25519 key": pem(x25519.X25519PrivateKey.generate()),
    "an encrypted key": pem(private(), b"secret"),
    "a public key": private()
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
}


@pytest.mark.parametrize("data", WRONG_PEM.values(), ids=WRONG_PEM.keys())
def test_whatever_is_no_private_key_of_ours_gives_one_sentence(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        keys.from_pem(data, field="receipt_key")
    assert str(refused.value) == "receipt_key must be an unencrypted Ed25519 private key in PKCS #8 PEM"
    assert refused.value.field == "receipt_key"
