"""What every part of a `TrafficSwitch` is built from: frozen models, durations and moments."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

_DURATION = re.compile(r"(\d+)(ms|h|m|s)")
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}


def parse_duration(text: object) -> timedelta:
    """Read a duration such as `1h`, `5m`, `1m30s` or `200ms`.

    Raises:
        ValueError: when the text is anything else.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not re.fullmatch(r"(\d+(ms|h|m|s))+", text):
        raise ValueError(
            f"{text!r} is not a duration, so no deadline can be kept; write e.g. 30s, 5m or 1h"
        )
    parts = (timedelta(**{_UNITS[unit]: int(number)}) for number, unit in _DURATION.findall(text))
    return sum(parts, timedelta())


def write_duration(length: timedelta) -> str:
    """The shortest text that `parse_duration` reads back."""
    rest = round(length.total_seconds() * 1000)
    text = ""
    for unit, milliseconds in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        number, rest = divmod(rest, milliseconds)
        text += f"{number}{unit}" if number else ""
    return text or "0s"


def write_moment(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_milliseconds(moment: datetime) -> datetime:
    """Cut to what is written, so that a status equals itself after a round trip."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
Moment = Annotated[datetime, AfterValidator(_to_milliseconds), PlainSerializer(write_moment)]


class Model(BaseModel):
    """Frozen; camelCase outside, snake_case inside; fields of newer versions are let pass."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )

    def dump(self) -> dict[str, Any]:
        """As the API server keeps it: camelCase, without what is absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
