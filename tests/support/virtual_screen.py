"""A screen that nobody sees: Xvfb, looked at through its framebuffer and clicked at with xdotool."""

import contextlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

NEEDED = ("Xvfb", "xdotool")
SIZE = (1600, 1000)


def missing_programs() -> list[str]:
    """Return the programs that this module needs and that are not here."""
    return [name for name in NEEDED if not shutil.which(name)]


class Screen:
    """A running Xvfb."""

    def __init__(self, display: str, framebuffer: Path) -> None:
        self.display, self._framebuffer = display, framebuffer

    def xdotool(self, *arguments: str, timeout: float = 30) -> str:
        """Run xdotool on this screen and return what it prints."""
        return subprocess.run(
            [str(shutil.which("xdotool")), *arguments],
            env=os.environ | {"DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
        ).stdout

    def click(self, x: int, y: int) -> None:
        """Click at a place with the left button, and move away: what is pointed at looks different."""
        self.xdotool("mousemove", str(x), str(y), "click", "1", "mousemove", "1", "1")

    def find(self, colour: str, *, at_least: tuple[int, int]) -> tuple[int, int] | None:
        """Return the middle of the first patch of `colour` (#rrggbb) of some width and height, or None."""
        width, height, stride, pixels = self._read()
        wanted = bytes.fromhex(colour[5:7] + colour[3:5] + colour[1:3])  # the framebuffer has B, G, R, unused
        row_wanted = (wanted + b"\x00") * at_least[0]
        for top in range(height - at_least[1]):
            line = pixels[top * stride : top * stride + 4 * width]
            line = b"".join(line[place : place + 3] + b"\x00" for place in range(0, len(line), 4))
            left = line.find(row_wanted) // 4 if row_wanted in line else -1
            if left >= 0 and self._is_tall(pixels, stride, left + 4, top, at_least[1], wanted):
                return left + at_least[0] // 2, top + at_least[1] // 2
        return None

    def picture(self) -> bytes:
        """Return the screen as a binary PPM file."""
        width, height, stride, pixels = self._read()
        rows = []
        for top in range(height):
            line = pixels[top * stride : top * stride + 4 * width]
            rgb = bytearray(3 * width)
            rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
            rows.append(bytes(rgb))
        return f"P6 {width} {height} 255\n".encode() + b"".join(rows)

    @staticmethod
    def _is_tall(pixels: bytes, stride: int, x: int, top: int, height: int, wanted: bytes) -> bool:
        places = (row * stride + 4 * x for row in range(top, top + height))
        return sum(pixels[place : place + 3] == wanted for place in places) >= 0.6 * height

    def _read(self) -> tuple[int, int, int, bytes]:
        """Return width, height, bytes a row and pixels of the window dump that Xvfb keeps up to date."""
        data = self._framebuffer.read_bytes()
        header = struct.unpack(">25I", data[:100])
        size, width, height, stride, colours = header[0], header[4], header[5], header[12], header[19]
        return width, height, stride, data[size + 12 * colours :]


@contextlib.contextmanager
def virtual_screen(folder: Path) -> Iterator[Screen]:
    """Start Xvfb on a free display, with its framebuffer in `folder`; end it with the block."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        f"{SIZE[0]}x{SIZE[1]}x24",
        "-fbdir",
        str(folder),
    ]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as stream:
                number = stream.readline().strip()
            yield Screen(f":{number}", folder / "Xvfb_screen0")
        finally:
            server.terminate()
