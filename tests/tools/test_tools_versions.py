from __future__ import annotations

import pytest

from tools import versions

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("Kubernetes v1.34.2", "1.34.2"),
        ("git version 2.39.5", "2.39.5"),
        ("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3", "1.6.20"),
        ("Docker version 20.10.24+dfsg1, build 5d6db84", "20.10.24"),
        ("ip utility, iproute2-6.1.0, libbpf 1.1.0", "6.1.0"),
        ("ipset v7.17, protocol version: 7", "7.17"),
        ("no such flag", None),
    ],
)
def test_the_version_is_found_in_what_real_tools_print(printed: str, version: str | None) -> None:
    assert versions.find(printed) == version


@pytest.mark.parametrize(
    ("version", "wanted", "fit"),
    [
        ("1.34.2", "==1.34.2", True),
        ("1.34.20", "==1.34.2", False),
        ("1.32.0", ">=1.33,<1.36", False),
        ("1.35.9", ">=1.33,<1.36", True),
        ("1.36", ">=1.33,<1.36", False),
        ("28.2.2", ">=20.10", True),
        ("2.0", "==2", True),
        ("1.9", ">=1.10", False),
    ],
)
def test_versions_compare_as_numbers_not_as_text(version: str, wanted: str, fit: bool) -> None:  # noqa: FBT001
    assert versions.satisfies(version, wanted) is fit


def test_a_constraint_that_cannot_be_read_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="~=1"):
        versions.satisfies("1.0", ">=1,~=1")
