from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.errors import SourceFailed
from tools.recipe import Trim
from tools.trim import leave_out

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pure

TRIM = Trim(module="example.org/m", path="a/b.go", words=("heavy", "huge"))


def test_lines_with_the_words_go_and_all_others_stay(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "a/b.go"
    file.write_text('import (\n\theavy "x"\n\thuge "y"\n\tlight "z"\n)\nvar v = heavy.New\n')
    leave_out(TRIM, tmp_path)
    assert file.read_text() == 'import (\n\tlight "z"\n)\n'


def test_a_version_that_no_longer_has_them_is_not_built_by_guess(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.go").write_text("import heavy\n")
    with pytest.raises(SourceFailed, match=r"example.org/m/a/b.go no longer holds huge"):
        leave_out(TRIM, tmp_path)
