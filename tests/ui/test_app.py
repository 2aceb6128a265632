"""The program as a process: comes up, is told to end while it trains, crashes, and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genstudio import paths
from genstudio.engine import checkpoint

TRAIN = """
import sys
from pathlib import Path
from genstudio.ui import app, main_window

begin = main_window.MainWindow.start

def start(self, *args, **kwargs):
    begin(self, *args, **kwargs)
    self.session.job_progress.connect(lambda p: print("step", p.done, flush=True))
    self.session.ready.connect(train.__get__(self))

def train(self):
    from genstudio.engine.settings import split_settings
    from genstudio.engine.training import Training
    from genstudio.models import family

    def job():
        config, settings = split_settings(
            {"width": 16, "depth": 1, "train.precision": "float32", "train.threads": 1,
             "train.epochs": 500}, family("vae"))
        return Training("vae", "mnist", Path(sys.argv[1]), config, settings)

    self.session.start(job, "endless")

main_window.MainWindow.start = start
sys.exit(app.open_window())
"""


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "GENSTUDIO_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}


@pytest.mark.timeout(180)
def test_sigterm_while_training_saves_and_ends_in_five_seconds(home: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(run)],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("step") and int(line.split()[1]) >= 20:
            break
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    process.stdout.close()
    assert process.wait(20) == 0
    assert time.monotonic() - began < 5.0
    saved = checkpoint.latest(run)
    assert saved is not None
    assert saved.step >= 20
    assert paths.user_session().exists()
    assert not paths.user_session().with_name("running").exists()


@pytest.mark.timeout(120)
def test_the_window_comes_up_and_reports_its_first_picture(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "genstudio"],
        env={**environment(home), "GENSTUDIO_BENCH_STARTUP": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    words = [line.split()[0] for line in done.stdout.splitlines()]
    assert words == ["window", "manifold"]


@pytest.mark.timeout(120)
def test_a_native_crash_is_found_at_the_next_start(home: Path) -> None:
    """The trace of a crash stays on this machine and is offered with the last session."""
    crash = (
        "import faulthandler; from PySide6.QtWidgets import QApplication;"
        " from genstudio.ui import errors; app = QApplication([]);"
        " errors.install(lambda failure: None); faulthandler._sigsegv()"
    )
    again = crash.replace("errors.install", "found = errors.install").replace(
        "faulthandler._sigsegv()", "print(found); errors.clean_exit()"
    )
    first = subprocess.run([sys.executable, "-c", crash], env=environment(home), check=False)
    assert first.returncode != 0
    second = subprocess.run(
        [sys.executable, "-c", again], env=environment(home), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "Segmentation fault" in second.stdout
    third = subprocess.run(
        [sys.executable, "-c", again], env=environment(home), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert third.stdout.strip() == ""
