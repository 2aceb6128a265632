"""Projects: what is saved comes back, and a damaged file is refused with a sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genstudio import project
from genstudio.abilities import BadInput
from genstudio.project import Project

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
# the first format ever saved; it must open for ever
VERSION_1 = b"""{"schema_version": 1, "data": "mnist", "seed": 7, "models": {"A": "vae-mnist-2d"},
"panel": "manifold", "panels": {"manifold": {"pins": [[0.5, -1.0]]}},
"settings": {"theme": "dark"}}"""


@given(
    st.dictionaries(st.sampled_from("ABCD"), st.text(max_size=30)),
    st.dictionaries(st.text(max_size=8), st.dictionaries(st.text(max_size=8), VALUES, max_size=3)),
    st.integers(0, 2**63 - 1),
)
def test_what_is_saved_comes_back(models: dict, panels: dict, seed: int) -> None:
    saved = Project(models=models, panels=panels, seed=seed)
    assert project.loads(project.dumps(saved)) == saved


def test_the_first_version_opens() -> None:
    opened = project.loads(VERSION_1)
    assert opened.panels["manifold"]["pins"] == [[0.5, -1.0]]
    assert opened.models == {"A": "vae-mnist-2d"}
    assert opened.seed == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[1, 2]", "not a GenStudio project"),
        (b'{"schema_version": 99}', "newer GenStudio"),
        (b'{"schema_version": "1"}', "newer GenStudio"),
        (b'{"schema_version": 1, "seed": -4}', "damaged at seed"),
        (b'{"schema_version": 1, "other": 1}', "damaged at other"),
        (b"[" * 100_000, "not JSON"),
        (
            json.dumps({"schema_version": 1, "panels": {}}).encode() + b" " * project.MAX_BYTES,
            "more",
        ),
    ],
)
def test_a_damaged_file_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        project.loads(text, "holiday.genstudio")


def test_deep_nesting_is_refused() -> None:
    deep: dict = {}
    for _ in range(100):
        deep = {"a": deep}
    text = json.dumps({"schema_version": 1, "panels": {"manifold": deep}}).encode()
    with pytest.raises(BadInput, match="not a GenStudio project"):
        project.loads(text)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(text: bytes) -> None:
    with pytest.raises(BadInput, match=r"\.$"):
        project.loads(text)
