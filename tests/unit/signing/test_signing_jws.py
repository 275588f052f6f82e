"""The gate before the signature: each attack is a row, and every token in it is truly signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.base64url import encode
from registry.errors import Forbidden, Invalid
from registry.signing import canonical, jws, keys

TYP = "report+jwt"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KID = keys.thumbprint(KEY.public_key())
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
HEADER = {"alg": "EdDSA", "kid": KID, "typ": TYP}
PAYLOAD = {"iss": "M-01", "jti": "r1", "narrative": "出售客户资料"}
KNOWN = {KID: KEY.public_key()}
ORDER = 2**252 + 27742317777372353535851937790883648493  # L of RFC 8032


def signed(header: object, payload: object = PAYLOAD, key: Ed25519PrivateKey = KEY) -> str:
    """A token with a right signature over whatever stands in it; dicts are written as JSON, bytes as they are."""

    def as_bytes(part: object) -> bytes:
        return part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":"), sort_keys=True).encode()

    payload_bytes = canonical.dumps(payload) if isinstance(payload, dict) else as_bytes(payload)
    message = f"{encode(as_bytes(header))}.{encode(payload_bytes)}"
    return f"{message}.{encode(key.sign(message.encode()))}"


def verify(token: str) -> jws.Statement:
    return jws.verify(token, typ=TYP, key_for=KNOWN.__getitem__)


GOOD = signed(HEADER)
MESSAGE, SIGNATURE = GOOD.rsplit(".", 1)


def test_a_statement_is_signed_and_verified() -> None:
    token = jws.sign(PAYLOAD, typ=TYP, key=KEY)
    statement = verify(token)
    assert statement.payload == PAYLOAD
    assert statement.kid == KID
    assert statement.digest == hashlib.sha256(canonical.dumps(PAYLOAD)).digest()
    assert jws.parse(token, typ=TYP) == jws.Unverified(KID, PAYLOAD, canonical.dumps(PAYLOAD))


def test_what_we_sign_is_plain_jws_for_others() -> None:
    token = jws.sign(PAYLOAD, typ=TYP, key=KEY)
    complete = jwt.PyJWS().decode_complete(token, KEY.public_key(), algorithms=["EdDSA"])
    assert complete["header"] == HEADER
    assert json.loads(complete["payload"]) == PAYLOAD
    assert token == GOOD


def test_the_header_may_be_written_in_another_order() -> None:
    other = signed(b'{ "typ":"report+jwt", "kid":"' + KID.encode() + b'", "alg":"EdDSA" }')
    assert other != GOOD
    assert verify(other).digest == verify(GOOD).digest


def raw_header(text: str) -> bytes:
    return text.replace("KID", KID).replace("TYP", TYP).encode()


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in HEADER.items() if key != name}


def hmac_token(secret: bytes, alg: str = "HS256") -> str:
    message = signed(HEADER | {"alg": alg}).rsplit(".", 1)[0]
    return f"{message}.{encode(hmac.digest(secret, message.encode(), 'sha256'))}"


def standard_alphabet() -> str:
    """A right signature whose text has a "-" or "_", in the standard alphabet."""
    for n in range(1000):
        token = signed(HEADER, {"n": n})
        message, signature = token.rsplit(".", 1)
        if {"-", "_"} & set(signature):
            return f"{message}.{signature.replace('-', '+').replace('_', '/')}"
    raise AssertionError


def loose_bits(segment: int) -> str:
    """The same bytes once more, with the bits set that a lax decoder throws away; signed as it stands."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    payload = next(p for n in range(9) if len(canonical.dumps(p := {"a": "x" * n})) % 3)
    header = next(h for n in range(9) if len(json.dumps(h := HEADER) + " " * n) % 3)
    pad = next(n for n in range(3) if (len(json.dumps(header)) + n) % 3)
    parts = [encode(json.dumps(header).encode() + b" " * pad), encode(canonical.dumps(payload))]
    last = alphabet.index(parts[segment][-1])
    parts[segment] = parts[segment][:-1] + alphabet[last + 1]
    message = ".".join(parts)
    return f"{message}.{encode(KEY.sign(message.encode()))}"


def malleable() -> str:
    """S + L: the same signature to a verifier that forgets to check the range."""
    signature = jwt.utils.base64url_decode(SIGNATURE)
    s = int.from_bytes(signature[32:], "little") + ORDER
    return f"{MESSAGE}.{encode(signature[:32] + s.to_bytes(32, 'little'))}"


PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
JWK = keys.to_jwk(KEY.public_key())

ATTACKS: dict[str, str | Callable[[], str]] = {
    "alg none": signed(HEADER | {"alg": "none"}),
    "alg none without signature": signed(HEADER | {"alg": "none"}).rsplit(".", 1)[0] + ".",
    "alg nOnE": signed(HEADER | {"alg": "nOnE"}),
    "alg HS256 keyed with the public PEM": hmac_token(PEM),
    "alg HS256 keyed with the raw public key": hmac_token(keys.raw(KEY.public_key())),
    "alg EdDSA with an HMAC": hmac_token(PEM, "EdDSA"),
    "alg list": signed(HEADER | {"alg": ["EdDSA", "none"]}),
    "alg Ed25519": signed(HEADER | {"alg": "Ed25519"}),
    "alg eddsa": signed(HEADER | {"alg": "eddsa"}),
    "alg missing": signed(without("alg")),
    "alg null": signed(HEADER | {"alg": None}),
    "kid missing": signed(without("kid")),
    "kid object": signed(HEADER | {"kid": {"a": 1}}),
    "kid number": signed(HEADER | {"kid": 7}),
    "kid too short": signed(HEADER | {"kid": KID[:-1]}),
    "kid path": signed(HEADER | {"kid": "../../" + KID[:37]}),
    "kid followed by a line feed": signed(HEADER | {"kid": KID + "\n"}),
    "typ missing": signed(without("typ")),
    "typ of another kind": signed(HEADER | {"typ": "consent+jwt"}),
    "typ in capitals": signed(HEADER | {"typ": "REPORT+JWT"}),
    "typ null": signed(HEADER | {"typ": None}),
    "unknown crit": signed(HEADER | {"crit": ["exp"], "exp": 1}),
    "empty crit": signed(HEADER | {"crit": []}),
    "b64 false": signed(HEADER | {"b64": False, "crit": ["b64"]}),
    "b64 true": signed(HEADER | {"b64": True}),
    "jwk of the attacker": signed(HEADER | {"jwk": JWK}, key=OTHER),
    "jku of the attacker": signed(HEADER | {"jku": "https://example.org/keys"}),
    "x5c": signed(HEADER | {"x5c": []}),
    "cty": signed(HEADER | {"cty": "json"}),
    "duplicate alg": signed(raw_header('{"alg":"none","alg":"EdDSA","kid":"KID","typ":"TYP"}')),
    "duplicate kid": signed(raw_header('{"alg":"EdDSA","kid":"A","kid":"KID","typ":"TYP"}')),
    "duplicate typ by escape": signed(raw_header('{"alg":"EdDSA","kid":"KID","typ":"x","\\u0074yp":"TYP"}')),
    "header with byte order mark": signed(b"\xef\xbb\xbf" + json.dumps(HEADER).encode()),
    "header in UTF-16": signed(json.dumps(HEADER).encode("utf-16")),
    "header list": signed([HEADER]),
    "header text": signed(b'"EdDSA"'),
    "header empty": "." + GOOD.split(".", 1)[1],
    "header deeply nested": signed(b'{"alg":' + b"[" * 100 + b"]" * 100 + b"}"),
    "header huge": signed(json.dumps(HEADER).encode() + b" " * 600),
    "payload empty": signed(HEADER, b""),
    "payload list": signed(HEADER, b"[]"),
    "payload text": signed(HEADER, b'"a"'),
    "payload with duplicate claim": signed(HEADER, b'{"iss":"M-01","iss":"M-02"}'),
    "payload with NaN": signed(HEADER, b'{"a":NaN}'),
    "payload with 1e400": signed(HEADER, b'{"a":1e400}'),
    "payload with a float": signed(HEADER, b'{"a":0.5}'),
    "payload with a 30-digit integer": signed(HEADER, b'{"a":' + b"1" * 30 + b"}"),
    "payload with byte order mark": signed(HEADER, b'\xef\xbb\xbf{"a":1}'),
    "payload in UTF-16": signed(HEADER, '{"a":1}'.encode("utf-16")),
    "payload with a lone surrogate": signed(HEADER, b'{"a":"\\ud800"}'),
    "payload with white space": signed(HEADER, b'{"a": 1}'),
    "payload in another order": signed(HEADER, b'{"b":1,"a":1}'),
    "payload deeply nested": signed(HEADER, b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "payload too large": signed(HEADER, b'{"a":"' + b"x" * canonical.MAX_BYTES + b'"}'),
    "token far too large": "A" * 10_000_000 + "." + GOOD,
    "loose bits in the header": lambda: loose_bits(0),
    "loose bits in the payload": lambda: loose_bits(1),
    "loose bits in the signature": MESSAGE + "." + SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 1),
    "padded header": GOOD.split(".")[0] + "=" + GOOD[GOOD.index(".") :],
    "padded signature": GOOD + "==",
    "line feed after it": GOOD + "\n",
    "space before it": " " + GOOD,
    "space inside": MESSAGE + ". " + SIGNATURE,
    "standard base64 signature": standard_alphabet,
    "two segments": MESSAGE,
    "four segments": GOOD + ".AAAA",
    "five segments": "a.b.c.d.e",
    "empty": "",
    "three empty segments": "..",
    "full-width letters": GOOD.replace("e", "\uff45", 1),
    "signature of 63 bytes": MESSAGE + "." + encode(KEY.sign(MESSAGE.encode())[:63]),
    "signature of 65 bytes": MESSAGE + "." + encode(KEY.sign(MESSAGE.encode()) + b"\0"),
    "signature made malleable": malleable,
    "signature of zeros": MESSAGE + "." + encode(bytes(64)),
    "signature by another key": signed(HEADER, key=OTHER),
    "signature over another payload": MESSAGE + "." + signed(HEADER, {"a": 1}).rsplit(".", 1)[1],
    "JSON serialisation": json.dumps({"payload": "e30", "signatures": [{"protected": "e30", "signature": "x"}]}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(name: str) -> None:
    token = ATTACKS[name]
    token = token if isinstance(token, str) else token()
    with pytest.raises(Invalid) as refused:
        verify(token)
    error = refused.value
    assert error.field in ("signature", "statement")
    assert error.code.startswith(("signature-", "statement-"))
    assert error.__suppress_context__ or error.__context__ is None
    assert not any(len(part) > 8 and part in str(error) for part in token.split("."))


# What PyJWT alone takes for good: without the gate, each of these tokens would verify.
ONLY_THE_GATE = [
    "duplicate alg",
    "duplicate kid",
    "duplicate typ by escape",
    "jku of the attacker",
    "x5c",
    "cty",
    "b64 true",
    "typ of another kind",
    "typ missing",
    "kid too short",
    "payload empty",
    "payload with duplicate claim",
    "payload with NaN",
    "payload with 1e400",
    "payload in UTF-16",
    "payload with a lone surrogate",
    "payload in another order",
    "padded signature",
]


@pytest.mark.parametrize("name", ONLY_THE_GATE)
def test_the_library_alone_would_have_accepted_it(name: str) -> None:
    jwt.PyJWS().decode_complete(str(ATTACKS[name]), KEY.public_key(), algorithms=["EdDSA"])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("payload with duplicate claim", "statement-not-canonical"),
        ("payload too large", "statement-too-large"),
        ("typ of another kind", "statement-kind"),
        ("duplicate alg", "statement-not-canonical"),
        ("alg none", "signature-malformed"),
        ("four segments", "signature-malformed"),
        ("signature by another key", "signature-wrong"),
        ("signature made malleable", "signature-wrong"),
    ],
)
def test_the_refusal_has_a_code(name: str, code: str) -> None:
    token = ATTACKS[name]
    with pytest.raises(Invalid) as refused:
        verify(token if isinstance(token, str) else token())
    assert refused.value.code == code


def test_a_key_that_nobody_enrolled_is_unknown() -> None:
    with pytest.raises(Invalid) as refused:
        jws.verify(jws.sign(PAYLOAD, typ=TYP, key=OTHER), typ=TYP, key_for=KNOWN.__getitem__)
    assert refused.value.code == "key-unknown"


def test_a_key_found_under_anothers_name_is_not_used() -> None:
    with pytest.raises(Invalid) as refused:
        jws.verify(signed(HEADER, key=OTHER), typ=TYP, key_for=lambda _kid: OTHER.public_key())
    assert refused.value.code == "key-unknown"


def test_the_callers_own_refusal_of_a_key_passes_through() -> None:
    def revoked(_kid: str) -> keys.PublicKey:
        raise Forbidden("key was revoked")

    with pytest.raises(Forbidden):
        jws.verify(GOOD, typ=TYP, key_for=revoked)


def test_another_curve_of_eddsa_is_not_taken() -> None:
    key = ed448.Ed448PrivateKey.generate()
    token = jwt.PyJWS().encode(canonical.dumps(PAYLOAD), key, algorithm="EdDSA", headers=HEADER)
    with pytest.raises(Invalid, match="compact JWS"):
        verify(token)


@pytest.mark.parametrize("payload", [{"a": 1.5}, {"a": 2**53}, {"a": "x" * canonical.MAX_BYTES}, {"a": "\udc00"}])
def test_what_would_not_verify_is_not_signed(payload: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        jws.sign(payload, typ=TYP, key=KEY)


def test_the_greatest_statement_passes() -> None:
    payload = {"a": "x" * (canonical.MAX_BYTES - 8)}
    assert verify(jws.sign(payload, typ=TYP, key=KEY)).payload == payload


@given(st.data())
def test_a_token_altered_anywhere_never_verifies(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text("ABab01-_.=+ \n\u00e9", max_size=3))
    bad = GOOD[:at] + put + GOOD[at + cut :]
    if bad == GOOD:
        return
    with pytest.raises(Invalid):
        verify(bad)


@given(st.text() | st.text("ABab01-_.", max_size=200))
def test_no_text_does_anything_but_verify_or_be_refused(text: str) -> None:
    with pytest.raises(Invalid):
        verify(text)


@given(st.dictionaries(st.text("abc", max_size=3), st.integers(-9, 9) | st.text("é汉x", max_size=5), max_size=4))
def test_whatever_was_signed_is_read_back(payload: dict[str, object]) -> None:
    assert verify(jws.sign(payload, typ=TYP, key=KEY)).payload == payload
