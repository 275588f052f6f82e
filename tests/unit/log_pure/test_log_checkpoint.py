"""Signed notes, checkpoints and cosignatures against the examples of C2SP and against forgers."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.log import checkpoint
from registry.log.checkpoint import Checkpoint, Cosignature, Kind, Note, VerifierKey
from registry.log.tree import EMPTY_ROOT
from registry.signing.keys import verify_signature

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
ORIGIN = "registry.example/log"
HEAD = Checkpoint(ORIGIN, 70_000, hashlib.sha256(b"root").digest())
LOG_KEY, W1_KEY, W2_KEY, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3, 4))
LOG = checkpoint.verifier_key(ORIGIN, LOG_KEY.public_key())
W1 = checkpoint.verifier_key("regulator.example/witness", W1_KEY.public_key(), kind=Kind.WITNESS)
W2 = checkpoint.verifier_key("union.example/witness", W2_KEY.public_key(), kind=Kind.WITNESS)
SIGNED = checkpoint.sign(HEAD, key=LOG_KEY)
BY_W1 = checkpoint.cosign(HEAD, name=W1.name, key=W1_KEY, now=NOW)
BY_W2 = checkpoint.cosign(HEAD, name=W2.name, key=W2_KEY, now=NOW + timedelta(seconds=5))
COSIGNED = checkpoint.attach(SIGNED, [BY_W1, BY_W2])


def open_it(
    note: str, *, log: VerifierKey = LOG, witnesses: tuple[VerifierKey, ...] = (W1, W2), quorum: int = 0
) -> checkpoint.Opened:
    return checkpoint.open_checkpoint(note, log=log, origin=ORIGIN, witnesses=witnesses, quorum=quorum)


def line(name: str, data: bytes) -> str:
    return f"— {name} {base64.b64encode(data).decode()}\n"


def vkey_of(name: str, kind: int, key: bytes) -> str:
    """A verifier key with a right id, whatever else is wrong with it."""
    key_id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(bytes([kind]) + key).decode()}"


# The example of C2SP signed-note.
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The verifier key of the Go checksum database, as the go command has it.
GO = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
# The examples of C2SP tlog-checkpoint and tlog-cosignature; their keys are not published.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
# An Italian poem whose text has an empty line, from signed-note: the last empty line is the split.
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)


def test_the_published_note_verifies_under_its_published_key() -> None:
    key, note = checkpoint.parse_vkey(FOO), checkpoint.parse_note(FOO_NOTE)
    [signature] = note.signatures
    assert (signature.name, signature.key_id.hex()) == ("example.com/foo", "530d903a") == (key.name, key.id.hex())
    verify_signature(key.key, signature=signature.data, message=note.text.encode())
    assert note.encode() == FOO_NOTE


@pytest.mark.parametrize("vkey", [FOO, GO, LOG.vkey, W1.vkey])
def test_verifier_keys_are_read_back(vkey: str) -> None:
    assert checkpoint.parse_vkey(vkey).vkey == vkey


def test_the_published_checkpoint_is_read() -> None:
    note = checkpoint.parse_note(SOFA)
    head = checkpoint.parse_text(note.text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert head.text == note.text
    cosignature = note.signatures[1].data
    assert (int.from_bytes(cosignature[:8], "big"), len(cosignature)) == (1679315147, 72)
    assert note.encode() == SOFA


def test_text_and_signatures_are_split_at_the_last_empty_line() -> None:
    note = checkpoint.parse_note(POEM)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert len(note.signatures) == 1
    assert note.encode() == POEM


def test_a_checkpoint_is_three_lines_and_the_signature_of_the_log() -> None:
    root = base64.b64encode(HEAD.root).decode()
    text = f"registry.example/log\n70000\n{root}\n"
    key_id = hashlib.sha256(b"registry.example/log\n\x01" + LOG_KEY.public_key().public_bytes_raw()).digest()[:4]
    assert f"{text}\n{line(ORIGIN, key_id + LOG_KEY.sign(text.encode()))}" == SIGNED
    assert open_it(SIGNED).checkpoint == HEAD
    assert open_it(SIGNED).cosignatures == ()


def test_a_cosignature_is_a_time_and_a_signature_over_both() -> None:
    seconds = int(NOW.timestamp())
    message = f"cosignature/v1\ntime {seconds}\n{HEAD.text}".encode()
    key_id = hashlib.sha256(W1.name.encode() + b"\n\x04" + W1_KEY.public_key().public_bytes_raw()).digest()[:4]
    expected = line(W1.name, key_id + seconds.to_bytes(8, "big") + W1_KEY.sign(message))
    assert BY_W1.line == expected
    assert checkpoint.parse_signature(expected[:-1]) == BY_W1


def test_cosignatures_are_counted_and_dated() -> None:
    opened = open_it(COSIGNED, quorum=2)
    assert opened.cosignatures == (Cosignature(W1.name, NOW), Cosignature(W2.name, NOW + timedelta(seconds=5)))


def test_an_empty_log_has_a_checkpoint_too() -> None:
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert open_it(checkpoint.sign(empty, key=LOG_KEY)).checkpoint == empty


@pytest.mark.parametrize(
    ("note", "witnesses", "quorum"),
    [
        (SIGNED, (W1, W2), 1),
        (checkpoint.attach(SIGNED, [BY_W1]), (W1, W2), 2),
        (checkpoint.attach(SIGNED, [BY_W1]), (W2,), 1),
        (COSIGNED, (W1,), 2),
        (COSIGNED, (), 1),
        (
            checkpoint.attach(
                SIGNED, [BY_W1, checkpoint.cosign(HEAD, name=W1.name, key=W1_KEY, now=NOW + timedelta(seconds=1))]
            ),
            (W1, W2),
            2,
        ),
    ],
)
def test_a_quorum_is_of_different_known_witnesses(note: str, witnesses: tuple[VerifierKey, ...], quorum: int) -> None:
    with pytest.raises(Invalid) as refused:
        open_it(note, witnesses=witnesses, quorum=quorum)
    assert refused.value.code == "checkpoint-quorum"


def test_a_witness_that_signed_twice_counts_once_with_its_latest_time() -> None:
    later = checkpoint.cosign(HEAD, name=W1.name, key=W1_KEY, now=NOW + timedelta(seconds=60))
    note = checkpoint.attach(SIGNED, [later, BY_W1])
    assert open_it(note, quorum=1).cosignatures == (Cosignature(W1.name, NOW + timedelta(seconds=60)),)


def test_signatures_by_unknown_keys_are_ignored() -> None:
    strange = [
        line("stranger.example", bytes(4) + bytes(64)),
        line(ORIGIN, b"\1\2\3\4" + bytes(64)),  # the name of the log, another id
        line("other.example/log", LOG.id + bytes(64)),  # the id of the log, another name
        line("post.quantum", bytes(4) + bytes(2420)),
    ]
    note = SIGNED.replace("\n\n", "\n\n" + "".join(strange))
    assert open_it(note + BY_W1.line, quorum=1).checkpoint == HEAD


def test_sixty_four_signatures_are_read_and_no_more() -> None:
    more = [line(f"w{n}.example", bytes(68)) for n in range(63)]
    assert open_it(SIGNED + "".join(more)).checkpoint == HEAD
    with pytest.raises(Invalid, match="at most 64"):
        open_it(SIGNED + "".join(more) + line("w63.example", bytes(68)))


def test_no_more_is_read_than_a_note_may_have() -> None:
    with pytest.raises(Invalid):
        open_it(SIGNED + line("w.example", bytes(checkpoint.MAX_NOTE)))


def cosigned_in(seconds: int) -> str:
    signature = W1_KEY.sign(f"cosignature/v1\ntime {seconds}\n{HEAD.text}".encode())
    return line(W1.name, W1.id + seconds.to_bytes(8, "big") + signature)


OTHER_HEAD = Checkpoint(ORIGIN, 70_001, HEAD.root)
WRONG = {
    "log's signature over another head": SIGNED.replace("70000", "70001"),
    "log's signature by another key": SIGNED.replace(
        base64.b64encode(LOG.id + LOG_KEY.sign(HEAD.text.encode())).decode(),
        base64.b64encode(LOG.id + STRANGER.sign(HEAD.text.encode())).decode(),
    ),
    "a second, wrong signature of the log": SIGNED + line(ORIGIN, LOG.id + bytes(64)),
    "log's signature cut short": SIGNED + line(ORIGIN, LOG.id + bytes(63)),
    "witness's signature of another head": SIGNED
    + checkpoint.cosign(OTHER_HEAD, name=W1.name, key=W1_KEY, now=NOW).line,
    "witness's signature with another time": SIGNED + line(W1.name, W1.id + bytes(7) + b"\1" + BY_W1.data[8:]),
    "witness's signature with a time out of range": SIGNED + line(W1.name, W1.id + b"\xff" * 8 + bytes(64)),
    "witness's signature in the year 10000": SIGNED + cosigned_in(253_402_300_800),
    "witness's signature at the end of time": SIGNED + cosigned_in(2**64 - 1),
    "witness's plain signature": SIGNED + line(W1.name, W1.id + W1_KEY.sign(HEAD.text.encode())),
    "witness's empty time": SIGNED + line(W1.name, W1.id + b"\1"),
    "witness's line by another key": SIGNED
    + line(W1.name, W1.id + checkpoint.cosign(HEAD, name=W1.name, key=STRANGER, now=NOW).data),
    "a good and a bad line of one witness": COSIGNED + line(W1.name, W1.id + bytes(72)),
}


@pytest.mark.parametrize("note", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_signature_by_a_known_key_refuses_the_whole_note(note: str) -> None:
    with pytest.raises(Invalid) as refused:
        open_it(note)
    assert refused.value.code == "signature-wrong"


@pytest.mark.parametrize(
    "note",
    [
        HEAD.text + "\n" + BY_W1.line,
        HEAD.text + "\n" + line("stranger.example", bytes(68)),
        Note(HEAD.text, (checkpoint.cosign(HEAD, name=ORIGIN, key=LOG_KEY, now=NOW),)).encode(),
    ],
)
def test_a_note_that_the_log_did_not_sign_is_refused(note: str) -> None:
    with pytest.raises(Invalid) as refused:
        open_it(note)
    assert refused.value.code == "checkpoint-unsigned"


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = Checkpoint("registry.example/other", 5, HEAD.root)
    note = Note(other.text, (checkpoint.Signature(ORIGIN, LOG.id, LOG_KEY.sign(other.text.encode())),)).encode()
    with pytest.raises(Invalid) as refused:
        open_it(note)
    assert (refused.value.field, refused.value.code) == ("origin", "checkpoint-origin")


MALFORMED_NOTES = {
    "nothing": "",
    "no signatures": HEAD.text + "\n",
    "no empty line": HEAD.text + BY_W1.line,
    "no last line feed": SIGNED[:-1],
    "a line after the signatures": SIGNED + "more\n",
    "an empty line after the signatures": SIGNED + "\n",
    "carriage returns": SIGNED.replace("\n", "\r\n"),
    "a tab": SIGNED.replace("70000", "70000\t"),
    "a null": SIGNED.replace("70000", "7\x000000"),
    "an escape": SIGNED.replace("log\n", "log\x1b[2J\n", 1),
    "a lone surrogate": SIGNED.replace("log\n", "log\ud800\n", 1),
    "a hyphen for the dash": SIGNED.replace("—", "-"),
    "an en dash": SIGNED.replace("—", "\u2013"),
    "two spaces": SIGNED.replace("— ", "—  "),
    "a space after it": SIGNED[:-1] + " \n",
    "a name with a plus": SIGNED + line("a+b", bytes(68)),
    "a name with a wide space": SIGNED + line("a\u3000b", bytes(68)),
    "no name": SIGNED + line("", bytes(68)),
    "a signature that is only a key id": SIGNED + line("w.example", bytes(4)),
    "base64 without padding": SIGNED.replace("==\n", "\n").replace("=\n", "\n"),
    "base64url": SIGNED + "— w.example " + base64.urlsafe_b64encode(b"\xff" * 68).decode() + "\n",
    "loose bits": SIGNED + "— w.example AAAAAAB=\n",
    "a line separator": SIGNED[:-1] + "\u2028",
}


@pytest.mark.parametrize("note", MALFORMED_NOTES.values(), ids=MALFORMED_NOTES.keys())
def test_what_is_no_signed_note_is_refused(note: str) -> None:
    with pytest.raises(Invalid) as refused:
        open_it(note)
    assert refused.value.field == "checkpoint"


def test_signatures_without_a_text_are_no_note() -> None:
    with pytest.raises(Invalid):
        checkpoint.parse_note(BY_W1.line)


ROOT = base64.b64encode(HEAD.root).decode()
MALFORMED_TEXTS = {
    "an extension line": HEAD.text + "extension\n",
    "a fourth line without line feed": HEAD.text + "extension",
    "two lines": f"{ORIGIN}\n70000\n",
    "no last line feed": HEAD.text[:-1],
    "no origin": f"\n70000\n{ROOT}\n",
    "leading zero": f"{ORIGIN}\n070000\n{ROOT}\n",
    "plus": f"{ORIGIN}\n+70000\n{ROOT}\n",
    "minus": f"{ORIGIN}\n-1\n{ROOT}\n",
    "no size": f"{ORIGIN}\n\n{ROOT}\n",
    "hexadecimal": f"{ORIGIN}\n0x10\n{ROOT}\n",
    "underscore": f"{ORIGIN}\n70_000\n{ROOT}\n",
    "other digits": f"{ORIGIN}\n\u0661\n{ROOT}\n",
    "2^63": f"{ORIGIN}\n{2**63}\n{ROOT}\n",
    "20 digits": f"{ORIGIN}\n{10**19}\n{ROOT}\n",
    "space after the size": f"{ORIGIN}\n70000 \n{ROOT}\n",
    "root of 31 bytes": f"{ORIGIN}\n70000\n{base64.b64encode(bytes(31)).decode()}\n",
    "root of 33 bytes": f"{ORIGIN}\n70000\n{base64.b64encode(bytes(33)).decode()}\n",
    "root in hexadecimal": f"{ORIGIN}\n70000\n{HEAD.root.hex()}\n",
    "root without padding": f"{ORIGIN}\n70000\n{ROOT[:-1]}\n",
    "root with loose bits": f"{ORIGIN}\n70000\n{'A' * 42}B=\n",
    "empty tree with a root": f"{ORIGIN}\n0\n{ROOT}\n",
    "leaves with the root of none": f"{ORIGIN}\n1\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
    "a control character": f"{ORIGIN}\x07\n70000\n{ROOT}\n",
}


@pytest.mark.parametrize("text", MALFORMED_TEXTS.values(), ids=MALFORMED_TEXTS.keys())
def test_what_is_no_checkpoint_is_refused_even_signed(text: str) -> None:
    with pytest.raises(Invalid):
        checkpoint.parse_text(text)
    with pytest.raises(Invalid):
        open_it(Note(text, (checkpoint.Signature(ORIGIN, LOG.id, LOG_KEY.sign(text.encode())),)).encode())


@pytest.mark.parametrize(
    "head",
    [
        Checkpoint("two words", 1, HEAD.root),
        Checkpoint("a+b", 1, HEAD.root),
        Checkpoint("", 1, HEAD.root),
        Checkpoint("a\nb", 1, HEAD.root),
        Checkpoint("a\x07", 1, HEAD.root),
        Checkpoint(ORIGIN, -1, HEAD.root),
        Checkpoint(ORIGIN, 1, b"short"),
        Checkpoint(ORIGIN, 0, HEAD.root),
        Checkpoint(ORIGIN, 2**63, HEAD.root),
    ],
)
def test_what_could_not_be_opened_is_not_signed(head: Checkpoint) -> None:
    with pytest.raises(Invalid):
        checkpoint.sign(head, key=LOG_KEY)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        FOO.replace("530d903a", "530d903b"),
        FOO.replace("530d903a", "530D903A"),
        FOO.replace("example.com/foo", "example.com/bar"),
        FOO + "AAAA",
        FOO[:-4],
        FOO.replace("+A", "+B"),
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        " " + FOO,
        FOO + "\n",
        checkpoint.VerifierKey("two words", Kind.LOG, LOG.key).vkey,
        vkey_of("a\x07", 1, LOG_KEY.public_key().public_bytes_raw()),
        vkey_of("a", 6, bytes(range(32))),
        vkey_of("a", 1, bytes(32)),
    ],
)
def test_a_verifier_key_that_is_not_exact_is_refused(vkey: str) -> None:
    with pytest.raises(Invalid):
        checkpoint.parse_vkey(vkey)


def test_a_log_key_is_no_witness_and_a_witness_key_no_log() -> None:
    with pytest.raises(Invalid, match="kind"):
        open_it(COSIGNED, witnesses=(LOG,))
    with pytest.raises(Invalid, match="kind"):
        open_it(COSIGNED, log=W1)


def test_one_key_cannot_have_two_roles() -> None:
    alias = checkpoint.verifier_key("alias.example", W1_KEY.public_key(), kind=Kind.WITNESS)
    twice = checkpoint.attach(SIGNED, [BY_W1, checkpoint.cosign(HEAD, name="alias.example", key=W1_KEY, now=NOW)])
    with pytest.raises(Invalid, match="of their own"):
        open_it(twice, witnesses=(W1, alias), quorum=2)
    own = checkpoint.verifier_key(ORIGIN, LOG_KEY.public_key(), kind=Kind.WITNESS)
    with pytest.raises(Invalid, match="of their own"):
        open_it(SIGNED, witnesses=(own,))


def test_a_signature_is_attached_once() -> None:
    assert checkpoint.attach(COSIGNED, [BY_W1, BY_W2]) == COSIGNED
    assert checkpoint.attach(SIGNED, []) == SIGNED


@given(st.data())
def test_an_altered_checkpoint_never_opens_as_another(data: st.DataObject) -> None:
    at, cut = data.draw(st.integers(0, len(COSIGNED))), data.draw(st.integers(0, 4))
    put = data.draw(st.text("\n —+=/A0179ab\u3000", max_size=4))
    bad = COSIGNED[:at] + put + COSIGNED[at + cut :]
    try:
        opened = open_it(bad)
    except Invalid:
        return
    assert opened.checkpoint == HEAD
    assert set(opened.cosignatures) <= set(open_it(COSIGNED).cosignatures)


@given(st.data())
def test_no_altered_character_of_the_log_s_own_note_is_borne(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SIGNED) - 1))
    put = data.draw(st.sampled_from("\n —+=/A0179ab"))
    if put == SIGNED[at]:
        return
    with pytest.raises(Invalid):
        open_it(SIGNED[:at] + put + SIGNED[at + 1 :])


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1
)


@given(NAMES, st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_is_read_back(origin: str, size: int, root: bytes) -> None:
    head = Checkpoint(origin, size, root)
    log = checkpoint.verifier_key(origin, LOG_KEY.public_key())
    note = checkpoint.sign(head, key=LOG_KEY)
    assert checkpoint.open_checkpoint(note, log=log, origin=origin).checkpoint == head
    assert checkpoint.parse_note(note).encode() == note
    assert checkpoint.parse_vkey(log.vkey).vkey == log.vkey


@given(st.text() | st.text("\n —+=/A0179ab", max_size=80))
def test_no_text_does_anything_but_open_or_be_refused(text: str) -> None:
    for read in (checkpoint.parse_note, checkpoint.parse_text, checkpoint.parse_vkey, checkpoint.parse_signature):
        try:
            read(text)
        except Invalid:
            continue
