from __future__ import annotations

import subprocess
import sys

import pytest

from genstudio.engine import memory

_FAULTS = """
import resource, sys
import torch
from genstudio.engine.memory import give_back, keep_freed_memory

def faults(n):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(n):
        torch.ones(16_000_000)  # 64 MB, more than glibc ever keeps by itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1])

torch.set_num_threads(1)
faults(2)
cleared = faults(5)
assert keep_freed_memory()
faults(40)  # the heap grows by some blocks first: freed ones lie between small ones that stay
kept = faults(5)
held = resident()
give_back()
print(cleared, kept, held - resident())
"""


@pytest.mark.skipif(memory._glibc() is None, reason="malloc is tuned on Linux with glibc only")
def test_freed_memory_is_kept_and_can_be_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS], capture_output=True, text=True, check=True, timeout=60
    )
    cleared, kept, given_back = map(int, done.stdout.split())
    assert cleared > 5 * 25  # 32 pages of 2 MB each time, or 15,625 small ones
    assert kept < 0.05 * cleared
    assert given_back > 10_000  # pages of 4 kB


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    memory.keep_freed_memory.cache_clear()
    try:
        assert not memory.keep_freed_memory()
        memory.give_back()
    finally:
        memory.keep_freed_memory.cache_clear()
