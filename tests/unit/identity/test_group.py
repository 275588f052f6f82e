"""ristretto255: RFC 9496 values, the laws of the group, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.identity import group

ORDER = 2**252 + 27742317777372353535851937790883648493
IDENTITY = bytes(32)
GENERATOR = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")

# RFC 9496, appendix A.2 (a choice of each kind), the identity, and wrong sizes.
BAD_ELEMENTS = {
    "identity": IDENTITY,
    "empty": b"",
    "31 bytes": GENERATOR[:31],
    "33 bytes": GENERATOR + b"\0",
    "64 bytes": GENERATOR * 2,
    "field element over p, high bit": bytes.fromhex("00" + "ff" * 31),
    "field element over p": bytes.fromhex("ff" * 31 + "7f"),
    "p itself": bytes.fromhex("ed" + "ff" * 30 + "7f"),
    "negative": bytes.fromhex("01" + "00" * 31),
    "negative and large": bytes.fromhex("ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20"),
    "no square": bytes.fromhex("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"),
    "the generator with the unused bit set": GENERATOR[:31] + bytes([GENERATOR[31] | 0x80]),
}
BAD_SCALARS = {
    "zero": bytes(32),
    "empty": b"",
    "31 bytes": b"\1" * 31,
    "33 bytes": b"\1" + bytes(32),
    "the order": ORDER.to_bytes(32, "little"),
    "one more than the order": (ORDER + 1).to_bytes(32, "little"),
    "one with the unused bit set": (1 + 2**255).to_bytes(32, "little"),
    "all ones": b"\xff" * 32,
}

scalars = st.integers(1, ORDER - 1).map(lambda n: n.to_bytes(32, "little"))


def scalar(number: int) -> bytes:
    return (number % ORDER).to_bytes(32, "little")


def number(value: bytes) -> int:
    return int.from_bytes(value, "little")


def field_of_refusal(act: Callable[[], object]) -> str | None:
    with pytest.raises(Invalid) as caught:
        act()
    return caught.value.field


def test_the_generator_and_its_double_are_those_of_rfc_9496() -> None:
    double = bytes.fromhex("6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919")
    assert group.multiply_base(scalar(1)) == GENERATOR
    assert group.multiply_base(scalar(2)) == group.add(GENERATOR, GENERATOR) == double


def test_uniform_bytes_map_to_the_element_of_rfc_9496() -> None:
    uniform = bytes.fromhex(
        "5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c1"
        "4d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6"
    )
    expected = "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"
    assert group.element_from_uniform(uniform).hex() == expected


@pytest.mark.parametrize("bad", BAD_ELEMENTS.values(), ids=BAD_ELEMENTS)
def test_whatever_is_no_element_is_refused_by_every_operation(bad: bytes) -> None:
    one = scalar(1)
    for act in (
        lambda: group.require_element(bad),
        lambda: group.multiply(one, bad),
        lambda: group.multiply_each(one, [GENERATOR, bad]),
        lambda: group.add(bad, GENERATOR),
        lambda: group.add(GENERATOR, bad),
        lambda: group.weighted_sum([one], [bad]),
    ):
        assert field_of_refusal(act) == "element"


@pytest.mark.parametrize("bad", BAD_SCALARS.values(), ids=BAD_SCALARS)
def test_whatever_is_no_scalar_is_refused_by_every_operation(bad: bytes) -> None:
    one = scalar(1)
    for act in (
        lambda: group.require_scalar(bad),
        lambda: group.multiply(bad, GENERATOR),
        lambda: group.multiply_each(bad, []),
        lambda: group.multiply_base(bad),
        lambda: group.scalar_multiply(bad, one),
        lambda: group.scalar_multiply(one, bad),
        lambda: group.scalar_subtract(bad, one),
        lambda: group.scalar_subtract(one, bad),
        lambda: group.scalar_invert(bad),
        lambda: group.scalar_invert_each([one, bad]),
    ):
        assert field_of_refusal(act) == "scalar"


def test_an_element_and_its_negative_have_no_sum_here() -> None:
    negative = group.multiply_base(scalar(-1))
    assert field_of_refusal(lambda: group.add(GENERATOR, negative)) == "element"
    assert field_of_refusal(lambda: group.weighted_sum([scalar(1)] * 2, [GENERATOR, negative])) == "element"


def test_a_refusal_does_not_repeat_what_was_handed_in() -> None:
    with pytest.raises(Invalid) as caught:
        group.require_element(b"\x07" * 32)
    assert "0707" not in str(caught.value)
    assert "x07" not in str(caught.value)


@settings(max_examples=30, deadline=None)
@given(left=scalars, right=scalars)
def test_scalars_are_the_integers_modulo_the_order(left: bytes, right: bytes) -> None:
    assert group.scalar_multiply(left, right) == scalar(number(left) * number(right))
    assert group.scalar_subtract(left, right) == scalar(number(left) - number(right))
    assert group.scalar_invert(left) == scalar(pow(number(left), -1, ORDER))


@settings(max_examples=20, deadline=None)
@given(values=st.lists(scalars, max_size=6))
def test_many_scalars_are_inverted_as_each_would_be(values: list[bytes]) -> None:
    assert group.scalar_invert_each(values) == [scalar(pow(number(value), -1, ORDER)) for value in values]


@settings(max_examples=20, deadline=None)
@given(pairs=st.lists(st.tuples(scalars, scalars), min_size=1, max_size=4))
def test_a_weighted_sum_is_the_product_with_the_sum(pairs: list[tuple[bytes, bytes]]) -> None:
    total = sum(number(weight) * number(exponent) for weight, exponent in pairs)
    elements = [group.multiply_base(exponent) for _, exponent in pairs]
    if total % ORDER:
        assert group.weighted_sum([weight for weight, _ in pairs], elements) == group.multiply_base(scalar(total))


@settings(max_examples=30, deadline=None)
@given(wide=st.binary(min_size=64, max_size=64))
def test_uniform_bytes_are_reduced_modulo_the_order(wide: bytes) -> None:
    assert group.scalar_from_uniform(wide) == scalar(number(wide))


def test_random_scalars_are_canonical_and_differ() -> None:
    drawn = {group.scalar_random() for _ in range(50)}
    assert len(drawn) == 50
    for value in drawn:
        group.require_scalar(value)
