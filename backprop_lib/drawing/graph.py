"""Expression graphs drawn as SVG: every value to the right of the values it was computed from."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from backprop_lib.arguments import listed, numbers, shown
from backprop_lib.drawing.colors import FAINT, GLOW, GRID, INK, LEAF, PAPER, QUIET
from backprop_lib.drawing.svg import (
    ON_A_LINE,
    beside_difference,
    data_number,
    document,
    fitting,
    line_of_text,
    number,
    sign_color,
    size_that_fits,
    told_apart,
)

BOX_WIDTH, BOX_HEIGHT, COLUMN, ROW, MARGIN = 96, 66, 112, 84, 8
ROOM, SIZES = BOX_WIDTH - 5, (12, 11, 10)  # for a text in a box, and how large its letters are
WRITTEN = 60  # more room between two columns for the slopes on the connections


def graph_svg(nodes: Sequence[Mapping[str, Any]], lit: Collection[Any] = (), alt: str = "") -> str:
    """An expression graph drawn from left to right, as an SVG string.

    nodes   one dict a node: `id`, and as wanted `label`, `op`, `data` and `grad` (numbers), `parents` (the
            ids of its operands, one twice if it is used twice) and `slopes` (its slope by each of them,
            written on the connections)
    lit     the ids to draw bright; if there are any, all else is drawn pale
    alt     replaces the description made from the nodes

    Raises ValueError or TypeError naming the argument.
    """
    graph = _Graph(nodes, lit)
    return document(graph.width, graph.height, alt or graph.reading(), graph.parts())


class _Passing(NamedTuple):
    """Where a connection passes a column between its ends."""

    child: Any
    order: int
    column: int


class _Graph:
    """The checked nodes of `graph_svg`, each in a column to the right of its operands."""

    def __init__(self, nodes: Sequence[Mapping[str, Any]], lit: Collection[Any]) -> None:
        self.nodes: dict[Any, Mapping[str, Any]] = {}
        for i, node in enumerate(listed("nodes", nodes)):
            if not isinstance(node, Mapping) or "id" not in node:
                raise TypeError(f"nodes[{i}]: expected a dict with an id, got {shown(node)}")
            if not isinstance(node["id"], Hashable):
                raise TypeError(f"nodes[{i}]: expected a name or number as id, got {shown(node['id'])}")
            if node["id"] in self.nodes:
                raise ValueError(f"nodes[{i}]: expected a new id, got {shown(node['id'])} a second time")
            for name in ("data", "grad"):
                if node.get(name) is not None and numbers(f"nodes[{i}][{name!r}]", node[name]).ndim:
                    raise ValueError(f"nodes[{i}][{name!r}]: expected a number, got {shown(node[name])}")
            parents = listed(f"nodes[{i}]['parents']", node.get("parents", ()))
            slopes = listed(f"nodes[{i}]['slopes']", node.get("slopes", ()))
            if slopes and numbers(f"nodes[{i}]['slopes']", slopes).shape != (len(parents),):
                raise ValueError(
                    f"nodes[{i}]['slopes']: expected {len(parents)} numbers, got {shown(slopes)}"
                )
            self.nodes[node["id"]] = {**node, "parents": parents, "slopes": slopes}
        if not self.nodes:
            raise ValueError("nodes: expected at least one node, got none")
        for i, node in enumerate(self.nodes.values()):
            for parent in node["parents"]:
                if not isinstance(parent, Hashable) or parent not in self.nodes:
                    raise ValueError(f"nodes[{i}]: expected the ids of nodes as parents, got {shown(parent)}")
        for item in listed("lit", lit):
            if not isinstance(item, Hashable) or item not in self.nodes:
                raise ValueError(f"lit: expected ids of nodes, got {shown(item)}")
        self.lit = set(lit)
        self.column = self._columns()
        self._lay_out()
        self.written = self._values()

    def _columns(self) -> dict[Any, int]:
        """Every node right of its operands; a leaf just left of its first use."""
        column: dict[Any, int] = {}
        waiting = list(self.nodes)
        while waiting:
            ready = [i for i in waiting if all(p in column for p in self.nodes[i]["parents"])]
            if not ready:
                raise ValueError(f"nodes: expected a graph without a circle, got one at {shown(waiting[0])}")
            for i in ready:
                column[i] = 1 + max((column[p] for p in self.nodes[i]["parents"]), default=-1)
            waiting = [i for i in waiting if i not in column]
        for i, node in self.nodes.items():
            users = [column[j] for j, other in self.nodes.items() if i in other["parents"]]
            if not node["parents"] and users:
                column[i] = min(users) - 1
        return column

    def _lay_out(self) -> None:
        """From the right to the left, each column in the order in which its nodes are used."""
        columns: list[list[Any]] = [[] for _ in range(1 + max(self.column.values()))]
        for i, c in self.column.items():
            columns[c].append(i)
        # A connection that passes a column has a place of its own there: (child, order) and the column.
        self.ways: dict[tuple[Any, int], list[Any]] = {}
        used_by: dict[Any, list[tuple[Any, int]]] = {}
        for child, node in self.nodes.items():
            for order, parent in enumerate(node["parents"]):
                passed = range(self.column[parent] + 1, self.column[child])
                way = self.ways[child, order] = [_Passing(child, order, c) for c in passed]
                for one, c in zip(way, passed, strict=True):
                    columns[c].append(one)
                for one, other in pairwise([parent, *way, child]):
                    used_by.setdefault(one, []).append((other, order))
        row: dict[Any, float] = {}
        for column in reversed(columns):
            uses = {i: [(row[j], order) for j, order in used_by.get(i, []) if j in row] for i in column}
            column.sort(key=lambda i: min(uses[i], default=(0.0, 0)))
            row.update({i: r - (len(column) - 1) / 2 for r, i in enumerate(column)})
        wide = COLUMN + WRITTEN * any(node["slopes"] for node in self.nodes.values())
        self.width = 2 * MARGIN + wide * (len(columns) - 1) + BOX_WIDTH
        self.height = 30 + ROW * max(len(column) for column in columns)
        self.at = {
            i: (MARGIN + wide * c + BOX_WIDTH / 2, self.height / 2 + ROW * row[i])
            for c, column in enumerate(columns)
            for i in column
        }

    def _values(self) -> dict[Any, str]:
        """The value of every node as text; two operands that differ look different."""
        written = {i: number(float(n["data"])) for i, n in self.nodes.items() if n.get("data") is not None}
        for node in self.nodes.values():
            operands = [i for i in dict.fromkeys(node["parents"]) if i in written]
            apart = told_apart([float(self.nodes[i]["data"]) for i in operands])
            written.update({i: max(written[i], t, key=len) for i, t in zip(operands, apart, strict=True)})
        for node in self.nodes.values():
            if node.get("op") == "-":  # what is left is right as written
                for i in filter(written.__contains__, node["parents"]):
                    value = float(self.nodes[i]["data"])
                    written[i] = max(written[i], beside_difference(value, float(node["data"])), key=len)
        return written

    def reading(self) -> str:
        """The graph in words."""
        leaves = sum(not node["parents"] for node in self.nodes.values())
        users = {p for node in self.nodes.values() for p in node["parents"]}
        ends = [
            f"{_name(node)} = {number(float(node['data']))}"
            for i, node in self.nodes.items()
            if i not in users and node.get("data") is not None
        ]
        result = f" Result: {', '.join(ends)}." if ends else ""
        slopes = [
            f"{_name(self.nodes[parent])} to {_name(node)} {number(float(slope))}"
            for node in self.nodes.values()
            for parent, slope in zip(node["parents"], node["slopes"], strict=False)
        ]
        written = f" Slopes on the connections: {', '.join(slopes)}." if slopes else ""
        return f"An expression graph of {len(self.nodes)} nodes, {leaves} of them leaves.{result}{written}"

    def parts(self) -> Iterable[str]:
        for child, node in self.nodes.items():
            # The higher an operand comes from, the higher it arrives.
            before = [[p, *self.ways[child, n]][-1] for n, p in enumerate(node["parents"])]
            arriving = sorted(range(len(before)), key=lambda n: (self.at[before[n]][1], n))
            for order, parent in enumerate(node["parents"]):
                port = 18 * (arriving.index(order) - (len(arriving) - 1) / 2)
                slope = float(node["slopes"][order]) if node["slopes"] else None
                yield self._connection(parent, child, order, port, slope)
        for i, node in self.nodes.items():
            yield self._box(i, node)

    def _connection(self, parent: Any, child: Any, order: int, port: float, slope: float | None) -> str:
        """A smooth line from the right of the operand to the left of the node, so far below its middle.

        A slope is written on the middle of its last part; near the end if one node is used twice.
        """
        (x1, y1), (x2, y2) = self.at[parent], self.at[child]
        x1, x2, y2 = x1 + BOX_WIDTH / 2, x2 - BOX_WIDTH / 2 - 6, y2 + port
        line = f"M{x1:.1f} {y1:.1f}"
        for x, y in (self.at[one] for one in self.ways[child, order]):
            line += _curve(x1, y1, x - BOX_WIDTH / 2, y) + f"H{x + BOX_WIDTH / 2:.1f}"
            x1, y1 = x + BOX_WIDTH / 2, y
        line += _curve(x1, y1, x2, y2)
        twice = self.nodes[child]["parents"].count(parent) > 1
        along, down = (0.703, 0.844) if twice else (0.5, 0.5)
        middle, height = x1 + along * (x2 - x1), y1 + down * (y2 - y1)
        bright = not self.lit or (child in self.lit and parent in self.lit)
        ends = f'data-from="{escape(str(parent))}" data-to="{escape(str(child))}"'
        label = ""
        if slope is not None:
            ends += f' data-slope="{data_number(slope)}"'
            ink = sign_color(slope) if bright else QUIET
            label = line_of_text(middle, height, f"× {fitting(slope, 7)}", 12, ink, more=ON_A_LINE)
        stroke = QUIET if bright else GRID
        return (
            f'<g {ends} data-lit="{int(bright)}">'
            f'<path d="{line}" fill="none" stroke="{stroke}" stroke-width="1.5"/>'
            f'<path d="M{x2 - 2:.1f} {y2 - 4:.1f}l8 4l-8 4z" fill="{stroke}"/>{label}</g>'
        )

    def _box(self, i: Any, node: Mapping[str, Any]) -> str:
        """Name and operation, then the value, then the gradient."""
        x, y = self.at[i]
        data, grad, op = node.get("data"), node.get("grad"), node.get("op") or ""
        attributes = f'data-id="{escape(str(i))}" data-op="{escape(str(op))}"'
        attributes += "" if data is None else f' data-data="{data_number(float(data))}"'
        attributes += "" if grad is None else f' data-grad="{data_number(float(grad))}"'
        is_lit = i in self.lit
        is_pale = bool(self.lit) and not is_lit
        fill = GLOW if is_lit else LEAF if not node["parents"] else PAPER
        ink = QUIET if is_pale else INK
        attributes += f' data-lit="{int(not is_pale)}"'
        parts = [
            f'<rect x="{x - BOX_WIDTH / 2:.1f}" y="{y - BOX_HEIGHT / 2:.1f}" width="{BOX_WIDTH}" '
            f'height="{BOX_HEIGHT}" rx="8" fill="{fill}" '
            f'stroke="{FAINT if is_pale else INK}" stroke-width="{2.4 if is_lit else 1.2}"/>'
        ]
        title = _name(node)
        if op and title != op:
            title = f"{title} = {op}" if len(title) + len(str(op)) < 12 else title
        parts.append(line_of_text(x, y - 20, title if len(title) <= 12 else title[:11] + "…", 13, ink))
        if data is not None:
            parts.append(_in_a_box(x, y + 1, "value", float(data), self.written[i], ink))
        if grad is not None:
            color = QUIET if is_pale or grad == 0 else sign_color(float(grad))
            parts.append(_in_a_box(x, y + 20, "grad", float(grad), number(float(grad)), color))
        return f"<g {attributes}>{''.join(parts)}</g>"


def _in_a_box(x: float, y: float, word: str, value: float, written: str, ink: str) -> str:
    """A number behind its word, in smaller letters if it is long; with fewer digits if it is too long."""
    for text in (written, number(value), fitting(value, 7)):
        words = f"{word} {text}"
        if size := size_that_fits(words, ROOM, SIZES):
            return line_of_text(x, y, words, size, ink)
    return line_of_text(x, y, words, SIZES[-1], ink)


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    """A part of a path from (x1, y1) to (x2, y2), level at both ends."""
    middle = (x1 + x2) / 2
    return f"C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _name(node: Mapping[str, Any]) -> str:
    """The label of a node, else its operation, else its id."""
    return str(node.get("label") or node.get("op") or node["id"])
