"""What an OpenSLO file can get wrong: every problem at once, each with its consequence and fix."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One refusal.

    Attributes:
        file: the file it stands in.
        where: the object and the field, such as `SLO availability: spec.timeWindow`.
        value: what is written there.
        consequence: what that would do.
        fix: what to write instead.
    """

    file: str
    where: str
    value: str
    consequence: str
    fix: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.where}" if self.where else self.file
        return f"{where}: {self.value}\n     {self.consequence}\n     fix: {self.fix}"


class SloError(Exception):
    """SLO files were refused; its text names every problem, and nothing was generated."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        listed = "\n".join(f"  {i}. {problem}" for i, problem in enumerate(self.problems, 1))
        super().__init__(f"the SLO files have {count}; no rule was generated.\n{listed}")
