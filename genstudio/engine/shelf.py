"""What models there are, read from their cards alone: shipped ones, the user's runs, files the user
opened. No torch.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from genstudio import paths
from genstudio.abilities import BadInput, Card
from genstudio.engine import files

CARD = "card.json"
WEIGHTS = "model.safetensors"
SNAPSHOTS = "snapshots"
_SNAPSHOT = re.compile(r"step-(\d{1,12})\.safetensors")
_HIDDEN = "judge-"  # a measuring instrument, not a model to look at
_MAX_LINK_BYTES = 64 << 10


@dataclass(frozen=True)
class Entry:
    """A model on the shelf. `kind` is "shipped", "run" or "file"."""

    source: str
    card: Card
    kind: str
    path: Path

    @property
    def title(self) -> str:
        return self.card.name


def shipped() -> list[Entry]:
    """Models that come with GenStudio."""
    found = _folders(paths.weights(), "shipped")
    return [entry for entry in found if not entry.card.name.startswith(_HIDDEN)]


def runs() -> list[Entry]:
    """The user's own run folders that have at least one checkpoint, newest first."""
    found = _folders(paths.user_runs(), "run")
    return sorted(found, key=lambda entry: -(entry.path / CARD).stat().st_mtime)


def opened() -> list[Entry]:
    """Weights files and folders elsewhere that the user opened; those that have gone are passed
    over.
    """
    entries = []
    for link in sorted(paths.user_models().glob("*.json")):
        try:
            facts = json.loads(link.read_bytes()[:_MAX_LINK_BYTES])
            path = Path(facts["path"])
            card = Card.model_validate(facts["card"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if path.exists():
            entries.append(Entry(str(path), card, "file", path))
    return entries


def entries() -> list[Entry]:
    return [*shipped(), *runs(), *opened()]


def stamp() -> tuple[tuple[str, int], ...]:
    """Another value whenever `runs` or `opened` would list something else; reads no file."""
    found = []
    for pattern, folder in ((f"*/{CARD}", paths.user_runs()), ("*.json", paths.user_models())):
        for file in folder.glob(pattern):
            try:
                found.append((str(file), file.stat().st_mtime_ns))
            except OSError:  # it went between the two
                continue
    return tuple(sorted(found))


def find(source: str) -> Path | None:
    """The folder or file that `source` names: a shipped name, a run folder or a weights file."""
    folder = paths.weights() / source
    if re.fullmatch(r"[\w.-]+", source) and (folder / CARD).is_file():
        return folder
    path = Path(source).expanduser()
    return path if path.exists() else None


def unknown(source: str) -> BadInput:
    """The sentence for a source that is not there."""
    names = ", ".join(entry.source for entry in shipped())
    return BadInput(
        f"There is no model {source!r}. Choose a shipped one ({names or 'none is installed'}),"
        " a run folder or a weights file."
    )


def describe(source: str) -> Card:
    """The card of a source that has one: a shipped model, a run folder, an opened file, a run's
    snapshot.

    Raises: BadInput when there is no such source or no card for it.
    """
    path = find(source)
    if path is None:
        raise unknown(source)
    if path.is_dir():
        return Card.read(path / CARD)
    for entry in opened():
        if entry.path == path.absolute():
            return entry.card
    for folder in (path.parent, path.parent.parent):
        if (folder / CARD).is_file():
            return Card.read(folder / CARD)
    raise BadInput(f"There is no card for {path}. Open it with File, Open model.")


def snapshots(source: str) -> tuple[tuple[int, str], ...]:
    """(training step, weights file) of a run's stored steps, in order; empty without any."""
    path = find(source)
    folder = path / SNAPSHOTS if path is not None else None
    if folder is None or not folder.is_dir():
        return ()
    found = []
    for file in folder.iterdir():
        match = _SNAPSHOT.fullmatch(file.name)
        if match:
            found.append((int(match.group(1)), str(file)))
    return tuple(sorted(found))


def add(path: Path, card: Card) -> Entry:
    """Put a weights file or run folder from elsewhere on the shelf; the file stays where it is."""
    path = path.absolute()
    folder = paths.user_models()
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    facts = {"path": str(path), "card": card.model_dump(mode="json")}
    files.replace(folder / f"{name}.json", json.dumps(facts, indent=1).encode())
    return Entry(str(path), card, "file", path)


def rename(entry: Entry, name: str) -> None:
    """Give a run or an opened file another name on its card; shipped models keep theirs.

    Raises: BadInput.
    """
    name = name.strip()
    if not name or len(name) > 200 or any(ord(c) < 32 for c in name):
        raise BadInput(f"A name has 1 to 200 printable characters, got {name!r}. Choose another.")
    if entry.kind == "shipped":
        raise BadInput(f"{entry.title} ships with GenStudio and keeps its name.")
    card = entry.card.model_copy(update={"name": name})
    if entry.kind == "file":
        add(entry.path, card)
    else:
        files.replace(entry.path / CARD, (card.model_dump_json(indent=1) + "\n").encode())


def delete(entry: Entry) -> None:
    """Delete a run's folder, or take an opened file off the shelf (the file itself stays).

    Raises: BadInput for a shipped model or a run outside the user's own folder.
    """
    if entry.kind == "shipped":
        raise BadInput(f"{entry.title} ships with GenStudio and cannot be deleted.")
    if entry.kind == "file":
        name = hashlib.sha256(str(entry.path.absolute()).encode()).hexdigest()[:16]
        (paths.user_models() / f"{name}.json").unlink(missing_ok=True)
        return
    if entry.path.resolve().parent != paths.user_runs().resolve():
        raise BadInput(f"{entry.path} is not among your runs and is left alone.")
    shutil.rmtree(entry.path)


def _folders(where: Path, kind: str) -> list[Entry]:
    found = []
    if where.is_dir():
        for folder in sorted(where.iterdir()):
            if (folder / CARD).is_file() and (folder / WEIGHTS).is_file():
                try:
                    card = Card.read(folder / CARD)
                except BadInput:
                    continue
                source = folder.name if kind == "shipped" else str(folder)
                found.append(Entry(source, card, kind, folder))
    return found
