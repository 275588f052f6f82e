"""Rotation inside the key holder: the next key, what is moved to it, and the end of the old one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from registry.errors import Conflict, Invalid
from registry.identity import group, tags, voprf
from registry.identity.document import parse
from registry.keyholder.keyfile import Keys, open_key_file
from registry.keyholder.succession import Succession, next_file, retire
from registry.keys.holder import key_id
from registry.keys.tickets import verify_ticket

from .conftest import NOON
from .holder_process import PASSPHRASE, Process

LI, WANG = parse("11010519491231002X"), parse("440524188001010014")


@pytest.fixture
def own_file(key_file: Path, tmp_path: Path) -> Path:
    """A key file that the test may rotate."""
    path = tmp_path / "own.key"
    shutil.copy(key_file, path)
    return path


@pytest.fixture
def rotating(own_file: Path, tmp_path: Path) -> Process:
    process = Process(tmp_path, own_file, member_ceiling=2000, overall_ceiling=2000)
    process.set_clock(NOON)
    return process


def tag_under(private: bytes) -> bytes:
    return group.multiply(private, voprf.hash_to_group(LI.oprf_input))


def test_the_next_key_is_made_once_and_survives_a_kill(rotating: Process) -> None:
    with rotating.running(kill=True):
        first = rotating.client.begin_rotation()
    with rotating.running():
        assert rotating.client.begin_rotation() == first
    assert next_file(rotating.key_file).stat().st_mode & 0o777 == 0o600


def test_moved_tags_are_those_of_the_next_key_and_proven(rotating: Process, keys: Keys) -> None:
    sealed = [tags.seal_tag(keys.public.sealing_public, tag_under(keys.identity.private))]
    with rotating.running():
        following = rotating.client.begin_rotation()
        moved = rotating.client.move_sealed(sealed)
        assert rotating.client.move(moved.tags[0]) == list(moved.moved[0])
        assert rotating.client.open_sealed(moved.sealed) == moved.moved
    fresh = open_key_file(next_file(rotating.key_file), PASSPHRASE)
    assert moved.moved == ((tag_under(fresh.identity.private),),)
    assert fresh.identity.public == following.public
    pairs = ([keys.public.public, *moved.tags[0]], [following.public, *moved.moved[0]])
    voprf.verify_proof(following.ratio_public, *pairs, moved.proof)


def test_without_a_rotation_nothing_is_moved_or_opened(rotating: Process, keys: Keys) -> None:
    tag = tag_under(keys.identity.private)
    sealed = [tags.seal_tag(keys.public.sealing_public, tag)]
    with rotating.running():
        for ask in (
            lambda: rotating.client.move([tag]),
            lambda: rotating.client.move_sealed(sealed),
            lambda: rotating.client.open_sealed(sealed),
        ):
            with pytest.raises(Conflict):
                ask()


def test_a_thousand_tags_are_moved_at_once_and_not_one_more(rotating: Process, keys: Keys) -> None:
    tag = tag_under(keys.identity.private)
    whole = tags.seal_tags(keys.public.sealing_public, [tag] * 1000)
    with rotating.running():
        rotating.client.begin_rotation()
        assert len(rotating.client.move_sealed([whole]).moved[0]) == 1000
        with pytest.raises(Invalid):
            rotating.client.move_sealed([whole, tags.seal_tag(keys.public.sealing_public, tag)])


def test_evaluations_are_under_the_key_that_is_named(rotating: Process, keys: Keys) -> None:
    blinded = tags.blind(LI)
    with rotating.running():
        following = rotating.client.begin_rotation()
        for public in (keys.public.public, following.public):
            answer = rotating.client.evaluate(
                member="sto", account="lin", elements=[blinded.element], key_id=key_id(public)
            )
            voprf.verify_proof(public, [blinded.element], answer.elements, answer.proof)
            assert answer.key_id == key_id(public)
            former = verify_ticket(answer.ticket, keys.public, NOON, former=key_id(following.public))
            assert former.key_id == answer.key_id
        with pytest.raises(Conflict):
            rotating.client.evaluate(member="sto", account="lin", elements=[blinded.element], key_id="0" * 16)


def test_a_person_matches_under_either_key_and_nobody_else_does(rotating: Process, keys: Keys) -> None:
    with rotating.running():
        client = rotating.client
        client.begin_rotation()
        old = tag_under(keys.identity.private)
        for tag in (old, client.move([old])[0]):
            for document, expected in ((LI, True), (WANG, False)):
                challenge = client.begin_match(tags.seal_tag(keys.public.sealing_public, tag))
                x, z = tags.answer_match(document, challenge.m)
                assert client.finish_match(match_id=challenge.id, x=x, z=z) is expected


def test_retiring_puts_the_next_key_in_the_place_of_the_old_one(own_file: Path, keys: Keys) -> None:
    following = Succession(own_file, PASSPHRASE).begin()
    descriptor = os.open(own_file, os.O_RDONLY)
    with pytest.raises(Invalid):
        retire(own_file, PASSPHRASE, keys.public.key_id)
    assert retire(own_file, PASSPHRASE, key_id(following.public)).public == following.public
    left = open_key_file(own_file, PASSPHRASE)
    assert left.identity == following
    assert left.secret[32:] == keys.secret[32:]
    assert not next_file(own_file).exists()
    assert set(os.read(descriptor, 4096)) == {0}, "what held the old key was overwritten"
    os.close(descriptor)
    with pytest.raises(Conflict):
        retire(own_file, PASSPHRASE, key_id(following.public))


def test_a_next_key_that_does_not_open_ends_nothing(own_file: Path, keys: Keys) -> None:
    following = Succession(own_file, PASSPHRASE).begin()
    with pytest.raises(Invalid):
        retire(own_file, "another passphrase", key_id(following.public))
    assert open_key_file(own_file, PASSPHRASE).identity == keys.identity
