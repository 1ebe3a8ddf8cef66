"""The one exception of this room."""


class YardError(RuntimeError):
    """The yard cannot do what was asked; the message names value, consequence and fix."""
