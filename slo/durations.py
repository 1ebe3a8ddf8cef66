"""Durations: OpenSLO's shorthand in, Prometheus' notation out. Whole seconds in between."""

import re

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
YEAR = 365 * DAY

_SHORTHAND = re.compile(r"([1-9]\d*)([mhdw])")
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_EXACT = (("y", YEAR), ("w", WEEK))
_REST = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1))


def parse(text: object) -> int | None:
    """Seconds of a shorthand such as `30d`, `4w`, `12h`, `5m`; None for anything else.

    `M`, `Q` and `Y` are OpenSLO's too, but have no fixed length, so no rate can be taken over them.
    """
    found = _SHORTHAND.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else None


def write(seconds: int) -> str:
    """As Prometheus prints it, and so as Sloth names its records: `5m`, `1h30m`, `30d`, `4w`.

    Source: `Duration.String` of prometheus/common/model; years and weeks only where
    they are exact.

    Raises:
        ValueError: when there is nothing to write.
    """
    if seconds <= 0:
        raise ValueError(f"a window of {seconds} s holds nothing, so no rate can be taken over it")
    for unit, length in _EXACT:
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    text, rest = "", seconds
    for unit, length in _REST:
        number, rest = divmod(rest, length)
        text += f"{number}{unit}" if number else ""
    return text
