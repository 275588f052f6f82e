"""The build: pinned parts without addresses, nothing done twice, nothing of others committed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FRONTEND = ROOT / "frontend"


def build(root: Path = ROOT) -> None:
    subprocess.run(["bash", str(root / "scripts" / "build_frontend.sh")], check=True, capture_output=True)


def test_the_lock_names_no_address_and_pins_every_part() -> None:
    text = (FRONTEND / "package-lock.json").read_text()
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert packages.pop("")["name"] == "zilu-frontend"
    assert {"node_modules/@noble/curves", "node_modules/@noble/hashes", "node_modules/esbuild"} <= set(packages)
    assert all(part["version"] and part["integrity"].startswith("sha512-") for part in packages.values())


def test_the_package_asks_for_exact_versions() -> None:
    package = json.loads((FRONTEND / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    assert "omit-lockfile-registry-resolved=true" in (FRONTEND / ".npmrc").read_text()


def test_nothing_is_built_when_nothing_changed(bundle: Path) -> None:
    build()
    stamp = bundle / ".stamp"
    before = stamp.stat().st_mtime_ns
    build()
    assert stamp.stat().st_mtime_ns == before


@pytest.mark.long
def test_what_is_missing_or_outdated_is_built_and_the_same_sources_give_the_same_bytes(
    bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "build_frontend.sh", tmp_path / "scripts")
    shutil.copy(ROOT / "requirements-node.lock", tmp_path)
    shutil.copytree(FRONTEND, tmp_path / "frontend", symlinks=True)
    if (ROOT / ".venv").exists():
        (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    own = tmp_path / "registry" / "web" / "static" / "bundle"
    build(tmp_path)
    names = {path.name for path in own.iterdir()}
    built = (ROOT / "scripts" / "build_frontend.sh").read_text()
    scripts = set(re.findall(r"^  ([a-z-]+\.js)$", built, re.M)) | {"identity.js"}
    assert names == scripts | {"zilu.css", ".stamp", ".lock"}
    assert (own / "check.js").read_bytes() == (bundle / "check.js").read_bytes()
    (own / "subject.js").unlink()
    build(tmp_path)
    assert (own / "subject.js").read_bytes() == (bundle / "subject.js").read_bytes()
    source = tmp_path / "frontend" / "src" / "subject.js"
    source.write_text(source.read_text().replace('"working"', '"wandering"'))
    build(tmp_path)
    assert b"wandering" in (own / "subject.js").read_bytes()
    source.write_text("syntax error")
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path)
    with pytest.raises(subprocess.CalledProcessError):  # and again: a failure is not taken for a build
        build(tmp_path)
