"""Expression graphs drawn as SVG: every value to the right of the values it was computed from."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from backprop_lib.arguments import listed, numbers, shown
from backprop_lib.drawing.svg import (
    GLOW,
    HALO,
    INK,
    PAPER,
    data_number,
    document,
    line_of_text,
    number,
    sign_color,
)

LEAF, QUIET = "#F5F7FA", "#555555"
BOX_WIDTH, BOX_HEIGHT, COLUMN, ROW, MARGIN = 96, 66, 112, 84, 8
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
        row: dict[Any, float] = {}
        for column in reversed(columns):
            uses = {
                i: [(row[j], at) for j in row for at, p in enumerate(self.nodes[j]["parents"]) if p == i]
                for i in column
            }
            column.sort(key=lambda i: min(uses[i], default=(0.0, 0)))
            row.update({i: r - (len(column) - 1) / 2 for r, i in enumerate(column)})
        wide = COLUMN + WRITTEN * any(node["slopes"] for node in self.nodes.values())
        self.width = 2 * MARGIN + wide * (len(columns) - 1) + BOX_WIDTH
        self.height = 30 + ROW * max(len(column) for column in columns)
        self.at = {
            i: (MARGIN + wide * c + BOX_WIDTH / 2, self.height / 2 + ROW * row[i])
            for i, c in self.column.items()
        }

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
            arriving = sorted(range(len(node["parents"])), key=lambda n: (self.at[node["parents"][n]][1], n))
            for order, parent in enumerate(node["parents"]):
                port = 18 * (arriving.index(order) - (len(arriving) - 1) / 2)
                slope = float(node["slopes"][order]) if node["slopes"] else None
                yield self._connection(parent, child, port, slope)
        for i, node in self.nodes.items():
            yield self._box(i, node)

    def _connection(self, parent: Any, child: Any, port: float, slope: float | None) -> str:
        """A smooth line from the right of the operand to the left of the node, so far below its middle.

        A slope is written on the middle of the line.
        """
        (x1, y1), (x2, y2) = self.at[parent], self.at[child]
        x1, x2, y2 = x1 + BOX_WIDTH / 2, x2 - BOX_WIDTH / 2 - 6, y2 + port
        middle = (x1 + x2) / 2
        line = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        bright = not self.lit or (child in self.lit and parent in self.lit)
        ends = f'data-from="{escape(str(parent))}" data-to="{escape(str(child))}"'
        label = ""
        if slope is not None:
            ends += f' data-slope="{data_number(slope)}"'
            label = line_of_text(
                middle, (y1 + y2) / 2, f"× {_fitting(slope)}", 12, sign_color(slope), more=HALO
            )
        return (
            f'<g {ends} opacity="{1 if bright else 0.35}">'
            f'<path d="{line}" fill="none" stroke="#666666" stroke-width="1.5"/>'
            f'<path d="M{x2 - 2:.1f} {y2 - 4:.1f}l8 4l-8 4z" fill="#666666"/>{label}</g>'
        )

    def _box(self, i: Any, node: Mapping[str, Any]) -> str:
        """Name and operation, then the value, then the gradient."""
        x, y = self.at[i]
        data, grad, op = node.get("data"), node.get("grad"), node.get("op") or ""
        attributes = f'data-id="{escape(str(i))}" data-op="{escape(str(op))}"'
        attributes += "" if data is None else f' data-data="{data_number(float(data))}"'
        attributes += "" if grad is None else f' data-grad="{data_number(float(grad))}"'
        is_lit = i in self.lit
        fill = GLOW if is_lit else LEAF if not node["parents"] else PAPER
        faded = ' opacity="0.45"' if self.lit and not is_lit else ""
        parts = [
            f'<rect x="{x - BOX_WIDTH / 2:.1f}" y="{y - BOX_HEIGHT / 2:.1f}" width="{BOX_WIDTH}" '
            f'height="{BOX_HEIGHT}" rx="8" fill="{fill}" '
            f'stroke="{INK}" stroke-width="{2.4 if is_lit else 1.2}"/>'
        ]
        title = _name(node)
        if op and title != op:
            title = f"{title} = {op}" if len(title) + len(str(op)) < 12 else title
        parts.append(line_of_text(x, y - 20, title if len(title) <= 12 else title[:11] + "…", 13, INK))
        if data is not None:
            parts.append(line_of_text(x, y + 1, f"value {_fitting(float(data))}", 12))
        if grad is not None:
            color = QUIET if grad == 0 else sign_color(float(grad))
            parts.append(line_of_text(x, y + 20, f"grad {_fitting(float(grad))}", 12, color))
        return f"<g {attributes}{faded}>{''.join(parts)}</g>"


def _fitting(value: float) -> str:
    """The number with three digits, or with two where the box has no room for more."""
    text = number(value)
    return text if len(text) <= 7 else number(value, 2)


def _name(node: Mapping[str, Any]) -> str:
    """The label of a node, else its operation, else its id."""
    return str(node.get("label") or node.get("op") or node["id"])
