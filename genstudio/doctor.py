"""What is installed, what is missing, and the one line that mends it.

Imported at every start, so it imports nothing heavy by itself.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

REMEDY = 'pip install "PySide6-Essentials==6.11.3" "shiboken6==6.11.3"'

# What Qt opens at run time on Linux, and the Debian and Ubuntu package that holds it.
OFFSCREEN_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
}
SCREEN_LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}
PACKAGES = (
    "PySide6-Essentials",
    "shiboken6",
    "torch",
    "numpy",
    "pyqtgraph",
    "superqt",
    "pydantic",
    "safetensors",
    "pillow",
    "platformdirs",
    "pooch",
    "typer",
    "rich",
)
MIN_FREE_BYTES = 1 << 30


# At start -------------------------------------------------------------------------------------


def known_bad(pyside: str, python: tuple[int, ...]) -> str | None:
    """Why this PySide6 must not run on this Python, with the remedy, or None.

    6.12 on Python 3.11 gives away references of None and True with every call and signal, and
    aborts the process after some 570 signals. From Python 3.12 on these objects are never freed.
    """
    version = tuple(int(part) for part in pyside.split(".")[:2] if part.isdigit())
    if version >= (6, 12) and tuple(python[:2]) < (3, 12):
        return (
            f"PySide6 {pyside} on Python {'.'.join(map(str, python[:2]))} loses references and "
            f"aborts the program after some minutes. Run: {REMEDY}"
        )
    if tuple(pyside.split(".")[:3]) in (("6", "11", "0"), ("6", "11", "1")):
        return f"PySide6 {pyside} crashes when a panel is torn off its place. Run: {REMEDY}"
    return None


def refuse_known_bad() -> None:
    """Raises: BadInput with the remedy when this PySide6 must not run on this Python."""
    version = _version("PySide6-Essentials")
    reason = known_bad(version, sys.version_info[:3]) if version else None
    if reason is not None:
        from genstudio.abilities import BadInput

        raise BadInput(reason)


def has_screen() -> bool:
    """Whether a window can be shown: elsewhere than on Linux always."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def refuse_missing_screen() -> None:
    """Raises: BadInput when there is no screen and none is asked for by QT_QPA_PLATFORM."""
    if not has_screen() and not os.environ.get("QT_QPA_PLATFORM"):
        from genstudio.abilities import BadInput

        raise BadInput(
            "There is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set. "
            "Run `genstudio tour --out tour` to have every panel photographed instead."
        )


def explain_import(error: ImportError) -> Exception:
    """The error to raise when Qt cannot be loaded: with the apt line where a library is missing."""
    from genstudio.abilities import BadInput

    missing = [name for name in {**OFFSCREEN_LIBRARIES, **SCREEN_LIBRARIES} if name in str(error)]
    if missing:
        return BadInput(f"Qt needs {', '.join(missing)}. Run: {apt_line(missing_libraries())}")
    return error


def _version(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


# Libraries ------------------------------------------------------------------------------------


def missing_libraries(wanted: dict[str, str] | None = None) -> list[str]:
    """The libraries that Qt needs and the system lacks; none are looked for outside Linux."""
    if not sys.platform.startswith("linux"):
        return []
    import ctypes

    missing = []
    for name in wanted if wanted is not None else {**OFFSCREEN_LIBRARIES, **SCREEN_LIBRARIES}:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def apt_line(libraries: list[str]) -> str:
    """The line that installs `libraries` on Debian and Ubuntu."""
    known = {**OFFSCREEN_LIBRARIES, **SCREEN_LIBRARIES}
    return "sudo apt-get install -y " + " ".join(known[name] for name in libraries)


# The report -----------------------------------------------------------------------------------


def examine() -> dict[str, Any]:
    """Everything that `genstudio doctor` says; `problems` holds one sentence for each."""
    versions = {name: _version(name) for name in PACKAGES}
    missing = missing_libraries()
    report: dict[str, Any] = {
        "genstudio": _own_version(),
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": platform.platform(),
        "versions": versions,
        "known_bad": known_bad(versions["PySide6-Essentials"] or "0", sys.version_info[:3]),
        "screen": has_screen(),
        "missing_libraries": missing,
        "install_libraries": apt_line(missing) if missing else None,
        "torch": _torch(),
        "folders": _folders(),
    }
    return {**report, "problems": _problems(report)}


def _own_version() -> str:
    from genstudio import __version__

    return __version__


def _torch() -> dict[str, Any]:
    """Devices, threads and number formats, or the error that torch fails to load with."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return {"error": str(error)}
    cuda = torch.cuda.is_available()
    return {
        "version": torch.__version__,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16_arithmetic": _has_bfloat16(),
        "cuda": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        if cuda
        else [],
        "mps": torch.backends.mps.is_available(),
    }


def _has_bfloat16() -> bool | None:
    """Whether this processor multiplies bfloat16 itself; None where that cannot be read."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 (start-up: no pathlib)
            flags = next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        return None
    return any(flag in flags.split() for flag in ("avx512_bf16", "amx_bf16", "bf16"))


def _folders() -> dict[str, dict[str, Any]]:
    from genstudio import paths

    folders = {
        "home": paths.user_home(),
        "runs": paths.user_runs(),
        "data": paths.user_data(),
        "logs": paths.user_logs(),
    }
    return {name: _folder(path) for name, path in folders.items()}


def _folder(path: Any) -> dict[str, Any]:
    """Whether files can be written in `path`, which may not exist yet, and how many bytes fit."""
    import shutil
    import tempfile

    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            writable = True
    except OSError:
        writable = False
    free = shutil.disk_usage(place).free if place.exists() else None
    return {"path": str(path), "writable": writable, "free_bytes": free}


def _problems(report: dict[str, Any]) -> list[str]:
    problems = [
        f"{name} is not installed. Run: pip install -c constraints.txt genstudio"
        for name, version in report["versions"].items()
        if version is None
    ]
    if report["known_bad"]:
        problems.append(report["known_bad"])
    if report["missing_libraries"]:
        names = ", ".join(report["missing_libraries"])
        problems.append(f"Qt may need {names}. Run: {report['install_libraries']}")
    if "error" in report["torch"]:
        problems.append(f"torch does not load: {report['torch']['error']}.")
    for name, folder in report["folders"].items():
        if not folder["writable"]:
            problems.append(
                f"The {name} folder {folder['path']} cannot be written. "
                "Set GENSTUDIO_HOME to a folder that can."
            )
    home = report["folders"]["home"]
    if home["free_bytes"] is not None and home["free_bytes"] < MIN_FREE_BYTES:
        problems.append(f"Less than 1 GB is free at {home['path']}. Make room for checkpoints.")
    return problems


def lines(report: dict[str, Any]) -> list[str]:
    """The report as text."""
    torch = report["torch"]
    text = [
        f"GenStudio {report['genstudio']}, Python {report['python']}, {report['system']}",
        ", ".join(f"{name} {version or 'missing'}" for name, version in report["versions"].items()),
    ]
    if "error" not in torch:
        bfloat16 = {True: "yes", False: "no", None: "unknown"}[torch["bfloat16_arithmetic"]]
        graphics = ", ".join(torch["cuda"]) or ("MPS" if torch["mps"] else "none")
        text.append(
            f"Processor: {torch['cores']} cores, {torch['instructions']}, torch uses "
            f"{torch['threads']} threads, bfloat16 arithmetic: {bfloat16}; graphics: {graphics}"
        )
    text.append(f"Screen: {'yes' if report['screen'] else 'none'}")
    for name, folder in report["folders"].items():
        free = folder["free_bytes"]
        room = "" if free is None else f", {free / 1e9:.1f} GB free"
        can = "writable" if folder["writable"] else "NOT writable"
        text.append(f"Folder for {name}: {folder['path']} ({can}{room})")
    text += [f"! {problem}" for problem in report["problems"]] or ["No problem found."]
    return text
