from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry import config
from registry.config import Settings, load, load_client, read_secrets
from registry.errors import Invalid

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(Invalid) as caught:
        load(path)
    return caught.value.message


def test_the_example_is_understood_and_paths_stand_beside_it(example: Path) -> None:
    settings = load(example)
    assert settings.secrets.pepper == example.parent / "keys/pepper.key"
    assert settings.database.url == f"sqlite:///{example.parent / 'registry.db'}"
    assert settings.log_origin == "registry.example/log"


def test_the_example_names_every_setting() -> None:
    text = EXAMPLE.read_text()
    for section, field in Settings.model_fields.items():
        names = getattr(field.annotation, "model_fields", {})
        assert f"[{section}" in text
        assert all(re.search(rf"^#? ?({name} = |\[{section}\.{name}\])", text, re.M) for name in names), section


def test_settings_are_frozen(example: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(example).server.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[server]", "[server]\nspeed = 1", "server.speed is not a setting"),
        ("[server]", "[surplus]\n[server]", "surplus is not a setting"),
        ('pepper = "keys/pepper.key"', "", "secrets.pepper is missing"),
        ("port = 8420", "port = 70000", "server.port"),
        ('issuer = "https://registry.example"', 'issuer = "registry"', "registry.issuer"),
        ("[registry]", "[registry", "is not TOML"),
        ('url = "sqlite:///registry.db"', 'url = "mysql://x"', "database.url"),
    ],
)
def test_what_is_not_understood_is_refused_in_one_sentence(example: Path, old: str, new: str, said: str) -> None:
    assert old in example.read_text()
    example.write_text(example.read_text().replace(old, new))
    sentence = refusal(example)
    assert said in sentence
    assert "\n" not in sentence


def test_a_refusal_does_not_repeat_a_value(example: Path) -> None:
    example.write_text(example.read_text().replace('"https://registry.example"', '"11010519491231002X"'))
    assert "11010519491231002X" not in refusal(example)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "nowhere.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "is not TOML" in refusal(binary)


def test_there_are_no_fallback_secrets(example: Path) -> None:
    with pytest.raises(Invalid, match=r"secrets\.vault_key: .* cannot be read"):
        read_secrets(load(example).secrets)


@pytest.mark.parametrize("content", ["", "short", "!" * 43])
def test_a_secret_must_be_32_bytes(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pepper.key"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(Invalid, match="32 bytes"):
        config._key_32(path, "secrets.pepper")


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pepper.key"
    path.write_text("A" * 43)
    path.chmod(0o640)
    with pytest.raises(Invalid, match="others can read"):
        config.read_secret(path, "secrets.pepper")


def test_a_members_own_file_needs_only_the_issuer_and_its_profiles(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[registry]\nissuer = "https://r.example"\n[client.hr]\naccount = "hr"\nclient_key = "k.pem"\n')
    assert load_client(path).client["hr"].client_key == tmp_path / "k.pem"
