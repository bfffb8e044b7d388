"""Log files in the library's folder, for reading afterwards what went wrong."""

import faulthandler
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

LOG_NAME = "orca-desk.log"
WARNINGS = "py.warnings"  # the name of the logger that gets captured warnings
CRASH_NAME = "crash.log"
BYTES, KEPT = 1_000_000, 3
FORMAT = "%(asctime)s %(levelname)s %(process)d %(threadName)s %(name)s: %(message)s"


def keep_warnings_in_logs() -> None:
    """Send Python's warnings, which are for developers, to the log instead of the terminal.

    They stay there if the developer has chosen what to do with them (`-W`, PYTHONWARNINGS).
    """
    if not sys.warnoptions:
        logging.getLogger(WARNINGS).addHandler(logging.NullHandler())  # without one they go to the terminal
        logging.captureWarnings(True)


@contextmanager
def logging_to(folder: Path) -> Iterator[Path]:
    """Log to `folder` while the block runs; yield the log file.

    Uncaught exceptions, in any thread, go to the log before the previous hooks handle them. If native code
    crashes, the Python stacks of all threads go to crash.log. Raises OSError if `folder` is not writable.
    """
    from logging.handlers import RotatingFileHandler  # brings sockets and more, which workers go without

    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / LOG_NAME, maxBytes=BYTES, backupCount=KEPT, encoding="utf-8", errors="backslashreplace"
    )
    handler.setFormatter(logging.Formatter(FORMAT))
    logger = logging.getLogger("orca_desk")
    level = logger.level
    logger.setLevel(logging.INFO)
    for one in (logger, logging.getLogger(WARNINGS)):
        one.addHandler(handler)
    watched = faulthandler.is_enabled()
    with (folder / CRASH_NAME).open("a", encoding="utf-8") as crashes, _uncaught_logged(logger):
        faulthandler.enable(crashes)
        try:
            yield folder / LOG_NAME
        finally:
            faulthandler.disable()
            if watched:
                faulthandler.enable()
            for one in (logger, logging.getLogger(WARNINGS)):
                one.removeHandler(handler)
            logger.setLevel(level)
            handler.close()


@contextmanager
def _uncaught_logged(logger: logging.Logger) -> Iterator[None]:
    """Log every uncaught exception, then call the hook that was installed before."""
    main, threads = sys.excepthook, threading.excepthook

    def in_main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            logger.critical("uncaught exception", exc_info=(kind, error, trace))
        main(kind, error, trace)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            name = args.thread.name if args.thread else "an ended thread"
            logger.critical("uncaught exception in %s", name, exc_info=args.exc_value)
        threads(args)

    sys.excepthook, threading.excepthook = in_main, in_thread
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = main, threads
