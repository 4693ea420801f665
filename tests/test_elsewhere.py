"""What page 12 shows and says of PyTorch is what the benchmark runs and holds against the package."""

from __future__ import annotations

import re

import pytest
from documents import ROOT
from execute_pages import joined, read

from benchmarks import __main__ as bench
from benchmarks import pytorch_names
from benchmarks.measure import Job, WrongAnswerError

PAGE = read(ROOT / "notebooks" / "12_the_same_four_equations_elsewhere.ipynb")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_pytorch_loop_of_the_page_is_the_text_that_the_benchmark_runs() -> None:
    blocks = [block for cell in PAGE["cells"] for block in BLOCK.findall(joined(cell["source"]))]
    assert blocks == [(ROOT / "benchmarks" / "pytorch_loop.py").read_text(encoding="utf-8")]
    peers = (ROOT / "benchmarks" / "peers.py").read_text(encoding="utf-8")
    assert "import one_epoch, steepest_descent" in peers and "one_epoch(model, optimizer, x, y" in peers


def test_the_costs_of_pytorch_that_the_page_names_are_held_against_the_package(monkeypatch) -> None:
    prose = "".join(joined(cell["source"]) for cell in PAGE["cells"] if cell["cell_type"] == "markdown")
    assert set(re.findall(r"`(\w+Loss)`", prose)) == {name for name, *_ in pytorch_names.COSTS}
    wrong = (Job("ours", lambda: None, lambda: [1.0]), Job("theirs", lambda: None, lambda: [1.1]))
    monkeypatch.setattr(pytorch_names, "said", lambda: [wrong])
    run = bench.Bench(quick=True)
    run.absent = {}
    with pytest.raises(WrongAnswerError, match="theirs: differs from ours"):
        run.measure()
