"""A notebook, executed by a real kernel: what stays in the saved file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from shared import QUICK, needs

nbclient = needs("nbclient")
nbformat = needs("nbformat")
needs("ipykernel")


def executed(*cells: str) -> list[list[dict[str, Any]]]:
    """Returns the outputs of each cell."""
    v4 = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python", "language": "python"}
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3")
    # The kernel of this environment, wherever the user's kernels are registered.
    client.create_kernel_manager()
    client.km.kernel_spec.argv[0] = sys.executable
    client.execute()
    return [list(cell.outputs) for cell in notebook.cells]


def test_live_shows_one_block_that_ends_with_the_result(photo: Path, style: Path) -> None:
    first, live, last, plan = executed(
        f"import impasto\nphoto, style, options = {str(photo)!r}, {str(style)!r}, {QUICK!r}",
        "result = impasto.stylize(photo, style, live=True, **options)",
        "result",
        "impasto.plan(photo, style, **options)",
    )
    assert first == []
    blocks = [output for output in live if output["output_type"] == "display_data"]
    assert len(blocks) == 1 and len(live) == 1, live
    html = blocks[0]["data"]["text/html"]
    assert html.count("<img") == 1 and "data:image/png" in html and 'alt="The result"' in html
    assert "scale 2/2, 48x36, step 3/3" in html
    shown = last[0]["data"]
    assert {"text/plain", "text/html", "image/png"} <= set(shown)
    assert "<table" in plan[0]["data"]["text/html"]


def test_pictures_are_shown_side_by_side(photo: Path, style: Path) -> None:
    (outputs,) = executed(f'import impasto\nimpasto.show({str(photo)!r}, {str(style)!r}, titles=["a", "<b>"])')
    html = outputs[0]["data"]["text/html"]
    assert html.count("<img") == 2 and "&lt;b&gt;" in html
