"""Runs every notebook in `notebooks/` with a real kernel, at a small size, and holds each pair of files together.

A notebook is kept as a script (`.py`, jupytext's percent format), which is edited and reviewed, and as `.ipynb` without
outputs, which opens everywhere. `python python/tests/test_notebooks.py` writes the second from the first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shared import needs

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
SCRIPTS = sorted(FOLDER.glob("*.py"))
RUNS = [
    pytest.param(script, id=script.stem, marks=[pytest.mark.ray] if "\nimport ray\n" in script.read_text() else [])
    for script in SCRIPTS
]

SIZE = "96"
"""Long edge of the pictures in tests."""

HUNG = 1800
"""Seconds after which a cell counts as hung. It is no measure of speed."""

pytestmark = pytest.mark.notebook


def notebook_of(script: Path) -> Any:
    """Returns the notebook of a script, with ids that depend on the order of the cells alone."""
    import jupytext

    notebook = jupytext.read(script)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    return notebook


def write(script: Path) -> None:
    """Writes the paired `.ipynb`."""
    import nbformat

    notebook = notebook_of(script)
    (notebook.nbformat, notebook.nbformat_minor) = (4, 5)
    nbformat.validate(notebook)
    script.with_suffix(".ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def test_there_are_notebooks() -> None:
    assert SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_both_files_of_a_notebook_are_the_same_and_hold_no_outputs(script: Path) -> None:
    needs("jupytext")
    needs("nbformat")
    import nbformat

    paired = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    cells = [(cell.cell_type, cell.source) for cell in notebook_of(script).cells]
    assert [(cell.cell_type, cell.source) for cell in paired.cells] == cells, "run this file to write the pair anew"
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in paired.cells)


@pytest.mark.parametrize("script", RUNS)
def test_a_notebook_runs_from_top_to_bottom(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("jupytext", "nbclient", "ipykernel", "matplotlib"):
        needs(module)
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )

    monkeypatch.setenv("IMPASTO_NOTEBOOK_SIZE", SIZE)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    client = NotebookClient(
        notebook_of(script), timeout=HUNG, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    )
    try:
        client.execute()
    # A timeout and a dead kernel are no errors of a cell for nbclient.
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        pytest.fail(f"{script.name}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    for each in SCRIPTS:
        write(each)
