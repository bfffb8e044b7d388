"""A small real worker for the protocol's tests: its job names the script that it follows."""

import ctypes
import errno
import os
import signal
import sys
import threading
import time
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.workers.runtime import Channel, serve


def echo(channel: Channel) -> None:
    """Send each request back; report and wait out pauses; end on stop."""
    for request in channel.requests(channel.job.get("ahead", 4)):
        if channel.control.state == "pause":
            channel.emit({"event": "waiting"})
        if not channel.control.proceed():
            return
        channel.emit({"event": "echo", "value": request["value"]})


def rounds(channel: Channel) -> None:
    """Send each request of each round back, with the process that answers."""
    for number, _ in enumerate(channel.rounds()):
        for request in channel.requests(4):
            if not channel.control.proceed():
                return
            channel.emit({"event": "echo", "value": request["value"], "round": number, "pid": os.getpid()})


def patient(channel: Channel) -> None:
    """Report each change of state until stop."""
    reported = "run"
    channel.emit({"event": "state", "state": reported})
    while reported != "stop":
        if (state := channel.control.state) != reported:
            reported = state
            channel.emit({"event": "state", "state": reported})


def priority(channel: Channel) -> None:
    """Report the worker's priority, as a process and, once it is set, as a session."""
    group, end = Path("/proc/self/autogroup"), time.monotonic() + 5
    session = None
    while group.exists() and not session and time.monotonic() < end:
        session = int(group.read_text().split()[-1])
    channel.emit({"event": "priority", "process": os.nice(0), "session": session})


def giant(channel: Channel) -> None:
    channel.emit({"event": "giant", "text": "x" * channel.job["size"]})


def noisy(channel: Channel) -> None:
    """Print to stdout as Python, as C and as a child process do, between events."""
    channel.emit({"event": "one"})
    print("python noise")
    ctypes.CDLL(None).puts(b"native noise")
    ctypes.CDLL(None).fflush(None)
    os.system("echo child noise; cat")
    channel.emit({"event": "two"})


def many(channel: Channel) -> None:
    """Emit from several threads at once."""

    def emit(number: int) -> None:
        for index in range(200):
            channel.emit({"event": "from", "thread": number, "index": index, "pad": "y" * 2000})

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def user_error(channel: Channel) -> None:
    raise UserError("The file is not there.", "Choose another.")


def bug(channel: Channel) -> None:
    raise ZeroDivisionError("a bug")


def memory(channel: Channel) -> None:
    raise MemoryError


def full_disk(channel: Channel) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "checkpoint")


def quit_silently(channel: Channel) -> None:
    print("about to go", file=sys.stderr, flush=True)
    os._exit(7)


def die(channel: Channel) -> None:
    """Die of a signal after one event."""
    channel.emit({"event": "alive"})
    os.kill(os.getpid(), getattr(signal, channel.job["signal"]))


def crowded_device(channel: Channel) -> None:
    """Answer on a device, and die after the third answer unless the job says that this share is enough."""
    share = os.environ.get("ORCA_DESK_DEVICE_MEMORY", "100%")
    place = "CPU" if os.environ["ORCA_DESK_DEVICE"] == "cpu" else f"CUDA0 ({share})"
    channel.emit({"event": "loading", "place": place})
    if channel.job["dies_loading"] and place not in channel.job["enough"]:
        os.kill(os.getpid(), signal.SIGABRT)
    channel.emit({"event": "ready", "engine": place, "batch": 1, "template_sha256": "", "place": place})
    for number, content in enumerate(channel.requests(ahead=2)):
        if number == 3 and place not in channel.job["enough"]:
            os.kill(os.getpid(), signal.SIGABRT)
        answer = {"text": "so", "finish_reason": "stop", "prompt_tokens": 1, "completion_tokens": 1}
        channel.emit({"event": "answer", "key": content["key"], "seconds": 0.1} | answer)


def hang(channel: Channel) -> None:
    """Stay in native code that ignores a stop."""
    channel.emit({"event": "pid", "pid": os.getpid()})
    while True:
        ctypes.CDLL(None).usleep(900_000)


def measure(channel: Channel) -> None:
    """Report the length of the job's text."""
    channel.emit({"event": "measured", "length": len(channel.job["text"])})


if __name__ == "__main__":
    print("noise before the protocol starts", flush=True)

    def work(channel: Channel) -> None:
        globals()[channel.job["script"]](channel)

    serve(work)
