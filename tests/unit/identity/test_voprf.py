"""Every published vector, then what the vectors do not show: any batch works, any damage is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.identity import group, voprf
from registry.identity.voprf import KeyPair, Mode

from .vectors import KEY_INFO, SEED, VECTORS, Vector

BATCHES = st.lists(st.binary(max_size=60), min_size=1, max_size=5)


def unhex(values: str) -> list[bytes]:
    return [bytes.fromhex(value) for value in values.split(",")]


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return KeyPair.of(group.scalar_random())


def refusal(*arguments: object) -> str | None:
    with pytest.raises(Invalid) as caught:
        voprf.verify_proof(*arguments)  # type: ignore[arg-type]
    return caught.value.field


@pytest.mark.parametrize("vector", VECTORS)
def test_the_key_pair_of_the_vector_is_derived_from_its_seed(vector: Vector) -> None:
    pair = voprf.derive_key_pair(bytes.fromhex(SEED), bytes.fromhex(KEY_INFO), vector.mode)
    assert pair.private.hex() == vector.private
    assert pair.public.hex() == vector.public or vector.mode is Mode.OPRF  # that mode publishes no key


@pytest.mark.parametrize("vector", VECTORS)
def test_blinding_gives_the_elements_of_the_vector(vector: Vector) -> None:
    for data, scalar, element in zip(*map(unhex, (vector.inputs, vector.blinds, vector.blinded)), strict=True):
        assert voprf.blind(data, scalar=scalar, mode=vector.mode).element == element


@pytest.mark.parametrize("vector", VECTORS)
def test_each_element_evaluates_to_the_one_of_the_vector(vector: Vector) -> None:
    private = bytes.fromhex(vector.private)
    for element, evaluated in zip(*map(unhex, (vector.blinded, vector.evaluated)), strict=True):
        assert voprf.blind_evaluate(private, element) == evaluated


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.proof])
def test_a_batch_evaluates_to_the_elements_and_the_proof_of_the_vector(vector: Vector) -> None:
    pair = KeyPair.of(bytes.fromhex(vector.private))
    evaluated = voprf.blind_evaluate_batch(pair, unhex(vector.blinded), nonce=bytes.fromhex(vector.nonce))
    assert list(evaluated.elements) == unhex(vector.evaluated)
    assert evaluated.proof.hex() == vector.proof


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.proof])
def test_the_proof_of_the_vector_is_accepted_and_each_flipped_bit_in_it_refused(vector: Vector) -> None:
    statement = bytes.fromhex(vector.public), unhex(vector.blinded), unhex(vector.evaluated)
    proof = bytes.fromhex(vector.proof)
    voprf.verify_proof(*statement, proof)
    for bit in range(0, 8 * len(proof), 17):
        assert refusal(*statement, flipped(proof, bit)) == "proof"


@pytest.mark.parametrize("vector", VECTORS)
def test_finalizing_gives_the_outputs_of_the_vector(vector: Vector) -> None:
    columns = map(unhex, (vector.inputs, vector.blinds, vector.evaluated, vector.outputs))
    for data, scalar, evaluated, output in zip(*columns, strict=True):
        assert voprf.finalize(data, scalar, evaluated) == output


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "little") ^ (1 << bit)).to_bytes(len(data), "little")


@settings(max_examples=25, deadline=None)
@given(inputs=BATCHES)
def test_blinding_evaluating_verifying_and_unblinding_gives_the_key_times_the_hash(inputs: list[bytes]) -> None:
    pair = KeyPair.of(group.scalar_random())
    blinded = [voprf.blind(data) for data in inputs]
    evaluated = voprf.blind_evaluate_batch(pair, [one.element for one in blinded])
    voprf.verify_proof(pair.public, [one.element for one in blinded], evaluated.elements, evaluated.proof)
    for data, one, element in zip(inputs, blinded, evaluated.elements, strict=True):
        assert voprf.unblind(one.blind, element) == group.multiply(pair.private, voprf.hash_to_group(data))


@settings(max_examples=25, deadline=None)
@given(inputs=BATCHES, at=st.integers(0, 4))
def test_an_element_evaluated_under_another_key_is_refused_anywhere_in_a_batch(inputs: list[bytes], at: int) -> None:
    pair = KeyPair.of(group.scalar_random())
    elements = [voprf.hash_to_group(data) for data in inputs]
    evaluated = voprf.blind_evaluate_batch(pair, elements)
    wrong = list(evaluated.elements)
    wrong[at % len(wrong)] = voprf.blind_evaluate(group.scalar_random(), elements[at % len(wrong)])
    assert refusal(pair.public, elements, wrong, evaluated.proof) == "proof"


def test_a_batch_in_another_order_than_its_proof_is_refused(pair: KeyPair) -> None:
    elements = [voprf.hash_to_group(b"a"), voprf.hash_to_group(b"b")]
    evaluated = voprf.blind_evaluate_batch(pair, elements)
    assert refusal(pair.public, elements, evaluated.elements[::-1], evaluated.proof) == "proof"


def test_a_proof_is_refused_under_another_public_key_than_the_pinned_one(pair: KeyPair) -> None:
    elements = [voprf.hash_to_group(b"a")]
    evaluated = voprf.blind_evaluate_batch(pair, elements)
    other = KeyPair.of(group.scalar_random()).public
    assert refusal(other, elements, evaluated.elements, evaluated.proof) == "proof"


@pytest.mark.parametrize("proof", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_a_proof_of_another_size_or_without_scalars_is_refused(pair: KeyPair, proof: bytes) -> None:
    element = voprf.hash_to_group(b"a")
    assert refusal(pair.public, [element], [element], proof) == "proof"


def test_a_longer_proof_that_begins_with_a_good_one_is_refused(pair: KeyPair) -> None:
    elements = [voprf.hash_to_group(b"a")]
    evaluated = voprf.blind_evaluate_batch(pair, elements)
    assert refusal(pair.public, elements, evaluated.elements, evaluated.proof + b"\0") == "proof"


def test_fewer_or_more_evaluated_elements_than_were_sent_are_refused(pair: KeyPair) -> None:
    elements = [voprf.hash_to_group(b"a"), voprf.hash_to_group(b"b")]
    evaluated = voprf.blind_evaluate_batch(pair, elements)
    assert refusal(pair.public, elements, evaluated.elements[:1], evaluated.proof) == "elements"
    assert refusal(pair.public, elements[:1], evaluated.elements, evaluated.proof) == "elements"


def test_an_empty_batch_is_neither_evaluated_nor_verified(pair: KeyPair) -> None:
    with pytest.raises(Invalid):
        voprf.blind_evaluate_batch(pair, [])
    assert refusal(pair.public, [], [], bytes(64)) == "elements"


def test_a_batch_over_the_limit_of_the_rfc_is_refused_before_any_work(pair: KeyPair) -> None:
    with pytest.raises(Invalid) as caught:
        voprf.blind_evaluate_batch(pair, [voprf.hash_to_group(b"a")] * 65_536)
    assert caught.value.field == "elements"


def test_an_input_over_the_limit_of_the_rfc_is_refused_everywhere(pair: KeyPair) -> None:
    for act in (voprf.blind, voprf.hash_to_group, lambda data: voprf.finalize(data, pair.private, pair.public)):
        with pytest.raises(Invalid) as caught:
            act(bytes(65_536))
        assert caught.value.field == "input"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_seed_of_another_size_than_32_bytes_is_refused(size: int) -> None:
    with pytest.raises(Invalid):
        voprf.derive_key_pair(bytes(size), b"")


def test_two_proofs_of_one_statement_differ_and_both_hold(pair: KeyPair) -> None:
    elements = [voprf.hash_to_group(b"a")]
    first, second = (voprf.blind_evaluate_batch(pair, elements) for _ in range(2))
    assert first.elements == second.elements
    assert first.proof != second.proof
    voprf.verify_proof(pair.public, elements, second.elements, second.proof)


def test_a_broken_random_source_gives_no_two_statements_the_same_nonce(
    pair: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.identity.voprf.secrets.token_bytes", bytes)
    used: list[bytes] = []
    honest = group.multiply_base

    def recording(scalar: bytes) -> bytes:
        used.append(scalar)
        return honest(scalar)

    monkeypatch.setattr(group, "multiply_base", recording)
    for data in (b"a", b"b"):
        voprf.blind_evaluate_batch(pair, [voprf.hash_to_group(data)])
    voprf.blind_evaluate_batch(KeyPair.of(group.scalar_random()), [voprf.hash_to_group(b"a")])
    assert len(used) == len(set(used)) == 4  # three nonces and the base product of the new pair


def test_with_a_broken_random_source_the_nonce_is_still_unknown_to_who_has_no_key(
    pair: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.identity.voprf.secrets.token_bytes", bytes)
    m, z = voprf.hash_to_group(b"m"), voprf.hash_to_group(b"z")
    outsider = KeyPair(group.scalar_random(), pair.public)
    assert voprf._hedged_nonce(pair, m, z) == voprf._hedged_nonce(pair, m, z)
    assert voprf._hedged_nonce(pair, m, z) != voprf._hedged_nonce(outsider, m, z)


def test_secrets_do_not_show_in_a_repr(pair: KeyPair) -> None:
    blinded = voprf.blind(b"a")
    assert repr(pair.private) not in repr(pair)
    assert repr(blinded.blind) not in repr(blinded)
