"""Shows what the package logs, for ``--verbose``."""

from __future__ import annotations

import logging
import sys

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def show_logs(verbosity: int) -> None:
    """Send the package's log to stderr: what is done and how long it takes with 1, all with 2."""
    logger = logging.getLogger("pygenn_lite")
    for handler in list(logger.handlers):
        if getattr(handler, "of_command_line", False):
            logger.removeHandler(handler)
    logger.setLevel(LEVELS[min(verbosity, 2)])
    if verbosity:
        handler = _terminal_handler() if sys.stderr.isatty() else _plain_handler()
        handler.of_command_line = True  # type: ignore[attr-defined]
        logger.addHandler(handler)


def _terminal_handler() -> logging.Handler:
    from rich.console import Console
    from rich.logging import RichHandler

    return RichHandler(console=Console(stderr=True), show_path=False, log_time_format="%X")


def _plain_handler() -> logging.Handler:
    """For files: one line for each message, however long, with the date."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
