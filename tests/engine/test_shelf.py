"""The shelf: what is listed, renamed, deleted and refused, from cards alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from genstudio import paths
from genstudio.abilities import BadInput, Card
from genstudio.engine import shelf


def make_run(name: str, folder: Path | None = None) -> Path:
    run = (folder or paths.user_runs()) / name
    (run / "snapshots").mkdir(parents=True)
    card = Card(name=name, family="vae", shape=(1, 28, 28), latent_dim=2)
    (run / "card.json").write_text(card.model_dump_json())
    (run / "model.safetensors").write_bytes(b"")
    for step in (0, 10, 200):
        (run / "snapshots" / f"step-{step:06d}.safetensors").write_bytes(b"")
    (run / "snapshots" / "step-000300.safetensors.tmp-1").write_bytes(b"")
    return run


def test_runs_are_listed_and_described(home: Path) -> None:
    run = make_run("vae beta 4")
    (paths.user_runs() / "unfinished").mkdir()
    assert [entry.title for entry in shelf.runs()] == ["vae beta 4"]
    assert shelf.describe(str(run)).latent_dim == 2
    assert [step for step, _ in shelf.snapshots(str(run))] == [0, 10, 200]
    assert shelf.describe(shelf.snapshots(str(run))[1][1]).name == "vae beta 4"


def test_a_damaged_card_is_passed_over(home: Path) -> None:
    make_run("good")
    (make_run("bad") / "card.json").write_text("{")
    assert [entry.title for entry in shelf.runs()] == ["good"]


def test_rename_and_delete_a_run(home: Path) -> None:
    run = make_run("first")
    shelf.rename(shelf.runs()[0], "my best")
    assert shelf.runs()[0].title == "my best"
    with pytest.raises(BadInput, match="1 to 200"):
        shelf.rename(shelf.runs()[0], "  ")
    shelf.delete(shelf.runs()[0])
    assert not run.exists()


def test_an_opened_file_stays_where_it_is(home: Path, tmp_path: Path) -> None:
    run = make_run("elsewhere", tmp_path)
    file = run / "model.safetensors"
    shelf.add(file, Card(name="borrowed", family="vae", shape=(1, 28, 28)))
    entry = shelf.opened()[0]
    assert entry.card.name == "borrowed"
    shelf.rename(entry, "lent")
    assert [e.title for e in shelf.opened()] == ["lent"]
    shelf.delete(shelf.opened()[0])
    assert shelf.opened() == []
    assert file.exists()


def test_shipped_models_and_strangers_are_left_alone(home: Path, tmp_path: Path) -> None:
    card = Card(name="x", family="vae", shape=(1, 28, 28))
    run = make_run("x", tmp_path)
    with pytest.raises(BadInput, match="ships with GenStudio"):
        shelf.delete(shelf.Entry("x", card, "shipped", run))
    with pytest.raises(BadInput, match="left alone"):
        shelf.delete(shelf.Entry("x", card, "run", run))
    assert run.exists()


def test_an_unknown_source_is_one_sentence(home: Path) -> None:
    with pytest.raises(BadInput, match="There is no model 'nothing'"):
        shelf.describe("nothing")


def test_the_shelf_needs_no_torch() -> None:
    code = (
        "import sys; from genstudio.engine import shelf; shelf.entries();"
        " print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
