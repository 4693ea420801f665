"""The loop that page 12 shows is the file that the benchmark runs."""

from __future__ import annotations

import re

from documents import ROOT
from execute_pages import joined, read

PAGE = read(ROOT / "notebooks" / "12_the_same_four_equations_elsewhere.ipynb")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_pytorch_loop_of_the_page_is_the_text_that_the_benchmark_runs() -> None:
    blocks = [block for cell in PAGE["cells"] for block in BLOCK.findall(joined(cell["source"]))]
    assert blocks == [(ROOT / "benchmarks" / "pytorch_loop.py").read_text(encoding="utf-8")]
    peers = (ROOT / "benchmarks" / "peers.py").read_text(encoding="utf-8")
    assert "import one_epoch, steepest_descent" in peers and "one_epoch(model, optimizer, x, y" in peers
