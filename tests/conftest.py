"""What holds for all tests."""

import signal


def pytest_configure() -> None:
    """Let tests be interrupted, and let them interrupt.

    A job started in the background inherits an ignored SIGINT, and so would every process that a
    test starts: a test that ends something as Ctrl-C does would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
