"""The shop's Go code, held to its own tests and to Go's habits."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure


def run(shop: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=shop,
        env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_services_and_the_load_generator_pass_their_tests(
    shop: Path, postgres: dict[str, str]
) -> None:
    done = run(shop, "go", "test", "./...", **postgres)
    assert done.returncode == 0, done.stdout + done.stderr


def test_go_vet_finds_nothing(shop: Path) -> None:
    done = run(shop, "go", "vet", "./...")
    assert done.returncode == 0, done.stderr


def test_the_go_code_is_formatted(shop: Path) -> None:
    done = run(shop, "gofmt", "-l", ".")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_go_mod_is_tidy(shop: Path) -> None:
    done = run(shop, "go", "mod", "verify")
    assert done.returncode == 0, done.stderr
    done = run(shop, "go", "mod", "tidy", "-diff")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_unknown_variant_does_not_start(shop: Path, tmp_path: Path) -> None:
    variant = "switchyard.dev/shop/internal/release.variant=v9"
    built = run(shop, "go", "build", "-ldflags", f"-X {variant}", "-o", f"{tmp_path}/", "./orders")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([tmp_path / "orders"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert '"v9"' in done.stderr
    assert "v1, v2" in done.stderr, "the error must say what can be built"


def test_the_same_inputs_build_the_same_bytes_wherever_the_checkout_is(
    shop: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(shop, elsewhere)
    binaries: list[bytes] = []
    for checkout in (shop, elsewhere):
        out = tmp_path / f"binary-{len(binaries)}"
        built = run(
            checkout,
            *("go", "build", "-trimpath", "-buildvcs=false"),
            *("-ldflags", "-s -w -buildid= -X switchyard.dev/shop/internal/release.variant=v2"),
            *("-o", str(out), "./recommender"),
        )
        assert built.returncode == 0, built.stderr
        assert str(checkout).encode() not in out.read_bytes(), "its path is in the binary"
        binaries.append(out.read_bytes())
    assert binaries[0] == binaries[1], "an image's digest would change without a changed input"
