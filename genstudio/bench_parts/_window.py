"""The real window in a process of its own, told what to do line by line."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENDS_WITHIN_S = 20.0


class Window:
    """A running window; `tell` waits for its answer. `pid` is its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def tell(self, what: str, **how: Any) -> Any:
        """Have the window do `what` (see genstudio.ui.remote) and give its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The measured window ended before it answered.")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"The measured window said: {answer['error']}")
        return answer["answer"]


@contextmanager
def window(environment: dict[str, str]) -> Iterator[Window]:
    """The window of GenStudio with a user folder of its own, ready to be told."""
    with tempfile.TemporaryDirectory(prefix="genstudio-bench-", ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "genstudio.ui.remote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, "GENSTUDIO_HOME": home},
        )
        told = Window(process)
        try:
            told.hear()
            yield told
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
