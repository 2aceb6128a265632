"""Fashion-MNIST: 70,000 pictures of clothes in MNIST's form (Xiao, Rasul & Vollgraf 2017).

It does not ship. It is looked for in the folder that GENSTUDIO_DATA_DIR names, in the user's data
folder and where Debian's package dataset-fashion-mnist puts it. Only `fetch` downloads it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from genstudio import paths
from genstudio.abilities import BadInput
from genstudio.data import _mnist_format
from genstudio.data._base import Dataset, Progress, Source

_CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
_DEBIAN = Path("/usr/share/datasets/fashion-mnist")
MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)
FILES = {  # name: bytes, SHA-256
    "train-images-idx3-ubyte.gz": (
        26_421_856,
        "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    ),
    "train-labels-idx1-ubyte.gz": (
        29_491,
        "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    ),
    "t10k-images-idx3-ubyte.gz": (
        4_422_079,
        "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        5_125,
        "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
    ),
}
_N_BYTES = sum(n_bytes for n_bytes, _ in FILES.values())
_TIMEOUT_S = 30


def _folders() -> list[Path]:
    """Where it is looked for, first come first served."""
    override = paths.data_override()
    named = [override / "fashion-mnist", override] if override is not None else []
    return [*named, paths.user_data() / "fashion-mnist", _DEBIAN]


def _is_it(files: list[Path]) -> bool:
    """Whether the sizes are Fashion-MNIST's: MNIST's files bear the same names."""
    return all(path.suffix != ".gz" or path.stat().st_size == FILES[path.name][0] for path in files)


def _find() -> list[Path] | None:
    for folder in _folders():
        files = _mnist_format.find(folder)
        if files is not None and _is_it(files):
            return files
    return None


def _missing() -> str | None:
    if _find() is not None:
        return None
    looked = ", ".join(str(folder) for folder in _folders())
    return (
        f"Fashion-MNIST is not on this computer (looked in {looked}). Put its four .gz files "
        "there, install Debian's dataset-fashion-mnist, or download it (31 MB): "
        "python -c \"import genstudio.data; genstudio.data.fetch('fashion-mnist')\"."
    )


def _load(argument: str) -> Dataset:
    files = _find()
    if files is None:
        raise BadInput(_missing() or "")
    train, test = _mnist_format.splits(files)
    return Dataset(
        "fashion-mnist", "Fashion-MNIST", _mnist_format.SHAPE, list(_CLASSES), train, test
    )


class _Meter:
    """pooch's progress bar over all files; ends a mirror that sends more than the file holds."""

    def __init__(self, name: str, done: int, progress: Progress | None) -> None:
        self.total = 0  # pooch writes it
        self._n, self._limit, self._done, self._progress = 0, FILES[name][0], done, progress

    def update(self, n: int) -> None:
        self._n += n
        if self._n > self._limit + (1 << 20):  # pooch counts whole chunks
            raise OSError("the mirror sends more than the file holds")
        if self._progress is not None:
            self._progress(self._done + min(self._n, self._limit), _N_BYTES)

    def reset(self) -> None:
        self._n = 0

    def close(self) -> None:
        """Nothing is open."""


def fetch(progress: Progress | None = None) -> Path:
    """Download the four files into the user's data folder, each kept only when its hash fits.

    Raises: BadInput when no mirror gives a right file, or the folder cannot be written.
    """
    folder = paths.user_data() / "fashion-mnist"
    done = 0
    for name, (n_bytes, _) in FILES.items():
        _fetch_file(name, folder, done, progress)
        done += n_bytes
    return folder


def _fetch_file(name: str, folder: Path, done: int, progress: Progress | None) -> None:
    import pooch  # 0.1 s, needed here only

    pooch.get_logger().setLevel(logging.WARNING)
    faults = []
    for mirror in MIRRORS:
        downloader = pooch.HTTPDownloader(
            progressbar=_Meter(name, done, progress), chunk_size=1 << 16, timeout=_TIMEOUT_S
        )
        try:
            pooch.retrieve(
                mirror + name, f"sha256:{FILES[name][1]}", name, folder, downloader=downloader
            )
        except (
            OSError,
            ValueError,
        ) as error:  # requests' errors are OSErrors, a wrong hash is a ValueError
            faults.append(f"{mirror.split('/')[2]}: {str(error).splitlines()[0]}")
        else:
            return
    raise BadInput(
        f"{name} could not be downloaded ({'; '.join(faults)}). Check the connection and try again."
    )


DATASET = Source(
    key="fashion-mnist",
    title="Fashion-MNIST",
    load=_load,
    shape=_mnist_format.SHAPE,
    classes=_CLASSES,
    description="70,000 pictures of clothes, 28 x 28 grey, in MNIST's form.",
    missing=_missing,
    fetch=fetch,
)
