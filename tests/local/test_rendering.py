"""Configuration files say what they were given to say."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.rendering import text_file, toml_text

pytestmark = pytest.mark.pure

_NAMES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=12)
_TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
_PLAIN = st.one_of(_TEXTS, st.booleans(), st.integers(-(2**31), 2**31))
_TABLES = st.recursive(
    st.dictionaries(_NAMES, st.one_of(_PLAIN, st.lists(_TEXTS, max_size=3)), max_size=4),
    lambda inner: st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)  # the machine may be busy; correctness is asked for, not speed
@given(_TABLES)
def test_toml_reads_back_as_what_was_written(content: dict[str, object]) -> None:
    assert _without_empty(tomllib.loads(toml_text(content))) == _without_empty(content)


def test_a_plugin_name_with_dots_stays_one_key() -> None:
    text = toml_text({"plugins": {"io.containerd.grpc.v1.cri": {"sandbox_image": "x"}}})
    assert tomllib.loads(text) == {"plugins": {"io.containerd.grpc.v1.cri": {"sandbox_image": "x"}}}


def test_what_toml_cannot_hold_is_refused_with_the_value() -> None:
    with pytest.raises(TypeError, match="None cannot be written"):
        toml_text({"key": None})


def test_an_unchanged_file_is_not_written_again(tmp_path: Path) -> None:
    file = text_file(tmp_path / "a" / "b", "content")
    before = file.stat().st_mtime_ns
    text_file(file, "content")
    assert file.stat().st_mtime_ns == before, "a rewrite would look like a change to who watches"
    assert file.stat().st_mode & 0o077 == 0, "configuration may hold credentials"


def _without_empty(table: dict[str, object]) -> dict[str, object]:
    """Drop empty tables: the writer leaves them out, and no reader of ours can tell."""
    pairs = {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in table.items()
    }
    return {key: value for key, value in pairs.items() if value != {}}
