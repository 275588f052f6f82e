"""The tag from both sides, what is stored of it, and the case match."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.identity import group, tags, voprf
from registry.identity.document import Document, parse
from registry.identity.voprf import Blinded, Evaluated, KeyPair

from .test_group import BAD_ELEMENTS

LI = parse("11010519491231002X")
WANG = parse("440524188001010014")
PEPPER = bytes(range(32))

documents = st.builds(Document, st.just("PASSPORT:KAZ"), st.from_regex(r"\A[A-Z0-9]{5,20}\Z"))


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return KeyPair.of(group.scalar_random())


@pytest.fixture(scope="module")
def sealing() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


def tag_of(document: Document, pair: KeyPair) -> bytes:
    return group.multiply(pair.private, voprf.hash_to_group(document.oprf_input))


def evaluate(pair: KeyPair, blinded: list[Blinded]) -> Evaluated:
    return voprf.blind_evaluate_batch(pair, [one.element for one in blinded])


@settings(max_examples=20, deadline=None)
@given(batch=st.lists(documents, min_size=1, max_size=4))
def test_client_and_key_holder_together_compute_the_key_times_the_hash(batch: list[Document]) -> None:
    pair = KeyPair.of(group.scalar_random())
    blinded = [tags.blind(document) for document in batch]
    evaluated = evaluate(pair, blinded)
    expected = [tag_of(document, pair) for document in batch]
    assert tags.unblind_batch(pair.public, blinded, evaluated) == expected
    assert [tags.unblind(one.blind, e) for one, e in zip(blinded, evaluated.elements, strict=True)] == expected


def test_no_tag_comes_out_of_an_evaluation_whose_proof_does_not_fit(pair: KeyPair) -> None:
    blinded = [tags.blind(LI)]
    other = KeyPair.of(group.scalar_random())
    with pytest.raises(Invalid) as caught:
        tags.unblind_batch(pair.public, blinded, evaluate(other, blinded))
    assert caught.value.field == "proof"


def test_blinding_twice_gives_elements_that_have_nothing_in_common() -> None:
    assert tags.blind(LI).element != tags.blind(LI).element


def test_the_handle_is_the_hmac_of_the_tag_under_the_pepper(pair: KeyPair) -> None:
    tag = tag_of(LI, pair)
    expected = hmac.new(PEPPER, b"zilu/handle/v1" + tag, hashlib.sha256).digest()
    assert tags.handle(PEPPER, tag) == expected
    assert tags.handle(bytes(32), tag) != expected


@pytest.mark.parametrize("pepper", [b"", bytes(31), bytes(33)])
def test_a_pepper_of_another_size_is_refused(pepper: bytes, pair: KeyPair) -> None:
    with pytest.raises(Invalid) as caught:
        tags.handle(pepper, tag_of(LI, pair))
    assert caught.value.field == "pepper"


@pytest.mark.parametrize("bad", BAD_ELEMENTS.values(), ids=BAD_ELEMENTS)
def test_what_is_no_element_is_no_tag(bad: bytes, pair: KeyPair, sealing: X25519PrivateKey) -> None:
    answer = tags.Answer(x=pair.public, z=pair.public)
    for act in (
        lambda: tags.handle(PEPPER, bad),
        lambda: tags.seal_tag(sealing.public_key().public_bytes_raw(), bad),
        lambda: tags.challenge_match(bad),
        lambda: tags.answer_match(LI, bad),
        lambda: tags.is_match(pair.private, pair.private, answer._replace(x=bad)),
        lambda: tags.is_match(pair.private, pair.private, answer._replace(z=bad)),
    ):
        with pytest.raises(Invalid) as caught:
            act()
        assert caught.value.field == "element"


def test_a_sealed_tag_opens_to_the_same_tag_and_never_looks_the_same(pair: KeyPair, sealing: X25519PrivateKey) -> None:
    tag, public = tag_of(LI, pair), sealing.public_key().public_bytes_raw()
    first, second = tags.seal_tag(public, tag), tags.seal_tag(public, tag)
    assert first != second
    assert len(first) == tags.SEALED_SIZE
    assert tags.open_tag(sealing.private_bytes_raw(), first) == tag


def test_a_sealed_tag_that_was_changed_cut_or_meant_for_another_is_refused(
    pair: KeyPair, sealing: X25519PrivateKey
) -> None:
    sealed = tags.seal_tag(sealing.public_key().public_bytes_raw(), tag_of(LI, pair))
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in (0, 31, 32, 63, 64, 79)]
    for bad in (b"", sealed[:-1], sealed + b"\0", bytes(80), *changed):
        with pytest.raises(Invalid) as caught:
            tags.open_tag(sealing.private_bytes_raw(), bad)
        assert caught.value.field == "sealed_tag"
    with pytest.raises(Invalid):
        tags.open_tag(X25519PrivateKey.generate().private_bytes_raw(), sealed)


@pytest.mark.parametrize("bad", BAD_ELEMENTS.values(), ids=BAD_ELEMENTS)
def test_what_was_sealed_well_but_is_no_tag_is_refused(bad: bytes, sealing: X25519PrivateKey) -> None:
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    sealed = suite.encrypt(bad, sealing.public_key(), info=b"zilu/sealed-tag/v1")
    with pytest.raises(Invalid) as caught:
        tags.open_tag(sealing.private_bytes_raw(), sealed)
    assert caught.value.field == "sealed_tag"


@settings(max_examples=15, deadline=None)
@given(document=documents, other=documents)
def test_only_the_document_of_the_case_matches(document: Document, other: Document) -> None:
    pair = KeyPair.of(group.scalar_random())
    challenge = tags.challenge_match(tag_of(document, pair))
    answer = tags.answer_match(other, challenge.element)
    assert tags.is_match(pair.private, challenge.secret, answer) == (document == other)


def test_an_answer_to_one_challenge_does_not_fit_another(pair: KeyPair) -> None:
    first, second = (tags.challenge_match(tag_of(LI, pair)) for _ in range(2))
    answer = tags.answer_match(LI, first.element)
    assert tags.is_match(pair.private, first.secret, answer)
    assert not tags.is_match(pair.private, second.secret, answer)


def test_the_challenge_itself_is_no_answer(pair: KeyPair) -> None:
    challenge = tags.challenge_match(tag_of(LI, pair))
    for x in (challenge.element, tag_of(LI, pair), tag_of(WANG, pair)):
        assert not tags.is_match(pair.private, challenge.secret, tags.Answer(x=x, z=challenge.element))


def test_the_secret_of_a_challenge_does_not_show_in_a_repr(pair: KeyPair) -> None:
    challenge = tags.challenge_match(tag_of(LI, pair))
    assert repr(challenge.secret) not in repr(challenge)


def test_each_of_a_batch_opens_by_itself_and_not_once_it_was_changed() -> None:
    sealing, pair = X25519PrivateKey.generate(), KeyPair.of(group.scalar_random())
    found = [tag_of(LI, pair), tag_of(LI, KeyPair.of(group.scalar_random()))]
    private = sealing.private_bytes_raw()
    sealed = tags.seal_each(sealing.public_key().public_bytes_raw(), found)
    assert [tags.open_tag(private, one) for one in sealed] == found
    assert {len(one) for one in sealed} == {tags.EACH_SIZE}
    exchanged = sealed[0][:80] + sealed[1][80:]  # of one batch: the same key, so this is the second
    assert tags.open_tag(private, exchanged) == found[1]
    for at in (0, 40, 79, 80, 91, 92, 139):
        bad = bytearray(sealed[0])
        bad[at] ^= 1
        with pytest.raises(Invalid):
            tags.open_tag(private, bytes(bad))
    with pytest.raises(Invalid):
        tags.open_tag(X25519PrivateKey.generate().private_bytes_raw(), sealed[0])
    with pytest.raises(Invalid):
        tags.seal_each(sealing.public_key().public_bytes_raw(), [*found, bytes(32)])
