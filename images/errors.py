"""The one exception of this room."""


class ImageError(RuntimeError):
    """An image cannot be baked or named; the message names value, consequence and fix."""
