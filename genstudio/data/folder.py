"""The user's own images: folder:PATH or folder:PATH?size=S.

Subfolders that hold pictures are the classes; a folder without such subfolders is one class. A
picture is cut to its central square and resized to S x S: 28 unless given, or the pictures' own
size where all are squares of one size from 8 to 64. The result is grey where every file is stored
in grey, else RGB. Every tenth picture or so is for testing, chosen by a hash of its name within the
folder, so that adding pictures moves none from one split to the other. Nothing outside the folder
is read, and what was left out is said in the notes.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genstudio.abilities import BadInput
from genstudio.data import _image
from genstudio.data._base import Dataset, Reading, Source, Split

DEFAULT_SIZE = 28
SIZES = (4, 256)  # what size=S may be
OWN_SIZES = (8, 64)  # kept as they are, where all pictures agree
MAX_FILES = 200_000
MAX_BYTES = 1 << 30  # of the images in memory
TEST_SHARE = 0.1

_MAX_NOTES = 20


@dataclass
class _Scan:
    """What lies in the folder: picture files by their name within it, and what was passed over."""

    root: Path
    files: list[str] = field(default_factory=list)  # "class/name" or "name", posix, sorted
    skipped: list[str] = field(default_factory=list)
    n_seen: int = 0


def parse(argument: str) -> tuple[Path, int | None]:
    """Folder and size of PATH[?size=S]; a folder whose own name ends like that is taken as it is.

    Raises: BadInput.
    """
    path, mark, option = argument.rpartition("?")
    if not mark or _is_folder(Path(argument).expanduser()):
        return Path(argument).expanduser(), None
    match = re.fullmatch(r"size=([0-9]{1,6})", option)
    if match is None or not SIZES[0] <= int(match[1]) <= SIZES[1]:
        low, high = SIZES
        raise BadInput(f"Behind the ? of a folder stands size={low} to {high}, got {option!r}.")
    return Path(path).expanduser(), int(match[1])


def scan(root: Path) -> _Scan:
    """The picture files of `root` and of its direct subfolders.

    Raises: BadInput when it cannot be read, or holds too many files.
    """
    found = _Scan(root)
    if not _is_folder(root):
        raise BadInput(f"{root} is not a folder that can be read. Choose a folder of pictures.")
    real_root = os.path.realpath(root)
    top, folders = _scan_one(found, "", real_root)
    below: list[str] = []
    for folder in folders:
        inside, nested = _scan_one(found, folder, real_root)
        below += inside
        found.skipped += [f"{name}: a folder within a class" for name in nested]
        if not inside:
            found.skipped.append(f"{folder}: a folder without pictures")
    if below:
        found.skipped += [f"{name}: beside the class folders, not in one" for name in top]
    found.files = sorted(below or top)
    return found


def _scan_one(found: _Scan, folder: str, real_root: str) -> tuple[list[str], list[str]]:
    """Pictures and subfolders of the subfolder `folder` of the root, "" for the root itself."""
    pictures, folders = [], []
    for entry in _entries(found, folder):
        name = f"{folder}/{entry.name}" if folder else entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if not Path(target).is_relative_to(real_root):
                found.skipped.append(f"{name}: a link out of the folder")
                continue
            if not Path(target).is_file():
                found.skipped.append(f"{name}: a link to no file")
                continue
        elif entry.is_dir():
            folders.append(name)
            continue
        if entry.name.lower().endswith(_image.SUFFIXES) and entry.is_file():
            pictures.append(name)
        else:
            found.skipped.append(f"{name}: not a picture")
    return pictures, folders


def _entries(found: _Scan, folder: str) -> Iterator[os.DirEntry[str]]:
    """The entries of a folder, counted.

    Raises: BadInput when there are too many, or the root cannot be listed.
    """
    try:
        with os.scandir(found.root / folder) as entries:
            for entry in entries:
                found.n_seen += 1
                if found.n_seen > MAX_FILES:
                    raise BadInput(
                        f"{found.root} holds more than {MAX_FILES} files. Choose a smaller folder."
                    )
                yield entry
    except OSError as error:
        if not folder:
            raise BadInput(
                f"{found.root} cannot be read: {error.strerror}. Choose another folder."
            ) from error
        found.skipped.append(f"{folder}: cannot be read ({error.strerror})")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long a name, a zero byte
        return False


def _survey(found: _Scan, size: int | None) -> Generator[Reading, None, tuple[int, int]]:
    """Channels and size of the images, from the headers; unreadable files move to `skipped`.

    The first half of the work, one file at a time.
    """
    readable, sizes, all_grey = [], set(), True
    for i, name in enumerate(found.files):
        yield Reading(i, 2 * len(found.files))
        try:
            (width, height), grey = _image.look(found.root / name)
        except BadInput as error:
            found.skipped.append(_reason(found, name, error))
            continue
        readable.append(name)
        sizes.add((width, height))
        all_grey = all_grey and grey
    found.files = readable
    if size is None:
        size = DEFAULT_SIZE
        if len(sizes) == 1:
            width, height = sizes.pop()
            if width == height and OWN_SIZES[0] <= width <= OWN_SIZES[1]:
                size = width
    return (1 if all_grey else 3), size


def _reason(found: _Scan, name: str, error: BadInput) -> str:
    """The complaint about a file, with its name within the folder instead of the whole path."""
    return str(error).replace(str(found.root / name), name, 1).split(". ")[0]


def _read(found: _Scan, channels: int, size: int) -> Generator[Reading, None, np.ndarray]:
    """Images uint8 (N, channels, size, size) of `found.files`, less those that are damaged.

    The second half of the work, one file at a time.
    """
    n_bytes = len(found.files) * channels * size * size
    if n_bytes > MAX_BYTES:
        raise BadInput(
            f"{len(found.files)} pictures of {channels} x {size} x {size} take "
            f"{n_bytes / 2**30:.1f} GiB, {MAX_BYTES / 2**30:g} are allowed. "
            "Choose a smaller size or fewer pictures."
        )
    images = np.empty((len(found.files), channels, size, size), np.uint8)
    readable: list[str] = []
    for i, name in enumerate(found.files):
        yield Reading(len(found.files) + i, 2 * len(found.files))
        try:
            picture = _image.open_picture(found.root / name, at_least=2 * size)
        except BadInput as error:
            found.skipped.append(_reason(found, name, error))
            continue
        square = _image.fit(picture, size, size).convert("L" if channels == 1 else "RGB")
        pixels = np.asarray(square)
        images[len(readable)] = pixels if channels == 1 else pixels.transpose(2, 0, 1)
        readable.append(name)
    found.files = readable
    return images[: len(readable)]


def is_test(names: list[str]) -> np.ndarray:
    """Which of the names within the folder are for testing, bool (N,): about TEST_SHARE of them.

    Each by its own SHA-256 alone; of two or more at least one on either side.
    """
    hashes = np.array([_hash(name) for name in names])
    chosen = hashes < TEST_SHARE
    if len(names) > 1 and not chosen.any():
        chosen[hashes.argmin()] = True
    if len(names) > 1 and chosen.all():
        chosen[hashes.argmax()] = False
    return chosen


def _hash(name: str) -> float:
    """A number in [0, 1) from a name, the same on every system."""
    normal = unicodedata.normalize("NFC", name).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(normal).digest()[:6], "big") / 2.0**48


def _notes(found: _Scan) -> str:
    if not found.skipped:
        return ""
    shown = sorted(found.skipped)[:_MAX_NOTES]
    more = len(found.skipped) - len(shown)
    tail = [f"and {more} more"] if more else []
    lines = "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in shown + tail)
    return f"Left out of {found.root.name}:\n{lines}"


def _load(argument: str) -> Dataset:
    work = _reading(argument)
    while True:
        try:
            next(work)
        except StopIteration as end:
            dataset: Dataset = end.value
            return dataset


def _reading(argument: str) -> Generator[Reading, None, Dataset]:
    root, size = parse(argument)
    root = Path(os.path.abspath(root))  # noqa: PTH100 (resolve() would follow links)
    found = scan(root)
    channels, side = yield from _survey(found, size)
    images = yield from _read(found, channels, side)
    if len(found.files) < 2:
        hint = f" {found.skipped[0]}." if found.skipped else ""
        raise BadInput(
            f"{root} holds {len(found.files)} pictures that can be read, at least 2 are needed "
            f"({', '.join(_image.FORMATS)}).{hint}"
        )
    owners = [name.rpartition("/")[0] or root.name for name in found.files]
    classes, labels = np.unique(owners, return_inverse=True)  # sorted, (N,)
    labels = labels.astype(np.int64)
    test = is_test(found.files)
    return Dataset(
        name=f"folder:{root}" + ("" if size is None else f"?size={size}"),
        title=root.name,
        shape=(channels, side, side),
        classes=[str(name) for name in classes],
        train=_split(images[~test], labels[~test]),
        test=_split(images[test], labels[test]),
        notes=_notes(found),
    )


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    import torch

    return Split(images=torch.from_numpy(images), labels=torch.from_numpy(labels))


DATASET = Source(
    key="folder",
    title="Folder of images",
    load=_load,
    reading=_reading,
    argument="PATH[?size=S]",
    needs_argument=True,
    description=(
        "Your own PNG, JPEG, WebP, BMP, GIF or TIFF images; subfolders are the classes. Cut to a "
        "square and resized to S x S (28 unless given)."
    ),
)
