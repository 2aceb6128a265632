"""A screen to measure on: the one there is, an Xvfb of our own, or none; a hand and an eye on X.

The hand and the eye work from outside through libX11: the pointer is warped by the X server, and
the pixels are read back from it, so that a figure holds all that lies between.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

ALL_PLANES = ctypes.c_ulong(-1)
Z_PIXMAP = 2


@contextmanager
def screen() -> Iterator[tuple[dict[str, str], str]]:
    """(environment for a window, what the screen is: its DISPLAY, "Xvfb" or "offscreen")."""
    environment = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
    if environment.get("DISPLAY"):
        yield environment, environment["DISPLAY"]
    elif shutil.which("Xvfb") is None:
        yield {**environment, "QT_QPA_PLATFORM": "offscreen"}, "offscreen"
    else:
        with _xvfb() as display:
            yield {**environment, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}, "Xvfb"


@contextmanager
def _xvfb() -> Iterator[str]:
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start.")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


class HandAndEye:
    """The pointer and the pixels of an X display."""

    def __init__(self, display: str) -> None:
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
        x11.XDefaultRootWindow.restype = ctypes.c_ulong
        x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        whole, size = ctypes.c_int, ctypes.c_uint
        x11.XWarpPointer.argtypes = [
            *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong),
            *(whole, whole, size, size, whole, whole),
        ]
        x11.XGetImage.restype = ctypes.POINTER(_XImage)
        x11.XGetImage.argtypes = [
            *(ctypes.c_void_p, ctypes.c_ulong, whole, whole),
            *(size, size, ctypes.c_ulong, whole),
        ]
        x11.XDestroyImage.argtypes = [ctypes.POINTER(_XImage)]
        for name in ("XFlush", "XSync", "XCloseDisplay"):
            getattr(x11, name).argtypes = [ctypes.c_void_p, *([whole] if name == "XSync" else [])]
        self._x11 = x11
        self._display = x11.XOpenDisplay(display.encode())
        if not self._display:
            raise RuntimeError(f"The X display {display} cannot be opened.")
        self._root = x11.XDefaultRootWindow(self._display)

    def move(self, x: int, y: int) -> None:
        """Move the pointer to (x, y) of the screen."""
        self._x11.XWarpPointer(self._display, 0, self._root, 0, 0, 0, 0, x, y)
        self._x11.XFlush(self._display)

    def look(self, x: int, y: int, width: int, height: int) -> bytes:
        """The pixels of a rectangle of the screen."""
        image = self._x11.XGetImage(
            self._display, self._root, x, y, width, height, ALL_PLANES, Z_PIXMAP
        )
        if not image:
            raise RuntimeError("The X server gave no picture.")
        try:
            held = image.contents
            return ctypes.string_at(held.data, held.bytes_per_line * held.height)
        finally:
            self._x11.XDestroyImage(image)

    def close(self) -> None:
        self._x11.XCloseDisplay(self._display)


class _XImage(ctypes.Structure):
    """The beginning of Xlib's XImage; Xlib owns and frees the rest."""

    _fields_ = (
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("xoffset", ctypes.c_int),
        ("format", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("byte_order", ctypes.c_int),
        ("bitmap_unit", ctypes.c_int),
        ("bitmap_bit_order", ctypes.c_int),
        ("bitmap_pad", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int),
    )
