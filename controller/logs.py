"""Structured logs: one JSON object a line on stderr."""

import logging
import os

from pythonjsonlogger.json import JsonFormatter


def set_up() -> None:
    """Log as JSON; the level comes from `LOG_LEVEL` (default INFO)."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
            defaults={},
        )
    )
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO").upper(), handlers=[handler])
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.getLogger("kopf").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
