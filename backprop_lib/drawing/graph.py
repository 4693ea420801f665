"""Expression graphs drawn as SVG: every value below the values it was computed from."""

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

# Low and wide boxes, no more than two in most rows: 334 pixels, which a phone shows nearly as large.
BOX_WIDTH, BOX_HEIGHT, APART, DOWN, MARGIN = 158, 42, 10, 24, 4
LEFT, NAME, SIZES = 6, 48, (12, 11)  # where a name begins in a box, its room, and how large letters are
NUMBERS = LEFT + NAME + 5  # where numbers begin
ROOM = BOX_WIDTH - NUMBERS - 3  # for a number behind its word
PORTS = BOX_WIDTH / 2 - 10  # connections begin and end so far from the middle of a box, at most
PASSING, PORT = 24, 30  # the room of a connection that passes a row, and of one that begins or ends
WRITTEN, SLOPE = 18, 70  # more room between two rows, and that of a connection, if slopes are written


def graph_svg(nodes: Sequence[Mapping[str, Any]], lit: Collection[Any] = (), alt: str = "") -> str:
    """An expression graph drawn from top to bottom, as an SVG string.

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
    """Where a connection passes a row between its ends."""

    child: Any
    order: int
    row: int


class _Graph:
    """The checked nodes of `graph_svg`, each in a row below its operands."""

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
        self.row = self._rows()
        self._lay_out()
        self.written = self._values()

    def _rows(self) -> dict[Any, int]:
        """Every node below its operands; a leaf just above its first use."""
        row: dict[Any, int] = {}
        waiting = list(self.nodes)
        while waiting:
            ready = [i for i in waiting if all(p in row for p in self.nodes[i]["parents"])]
            if not ready:
                raise ValueError(f"nodes: expected a graph without a circle, got one at {shown(waiting[0])}")
            for i in ready:
                row[i] = 1 + max((row[p] for p in self.nodes[i]["parents"]), default=-1)
            waiting = [i for i in waiting if i not in row]
        for i, node in self.nodes.items():
            users = [row[j] for j, other in self.nodes.items() if i in other["parents"]]
            if not node["parents"] and users:
                row[i] = min(users) - 1
        return row

    def _lay_out(self) -> None:
        """From the last row to the first, each in the order in which its nodes are used.

        What is computed stands in the middle, the leaves to the right of it: so a chain goes straight down.
        """
        rows: list[list[Any]] = [[] for _ in range(1 + max(self.row.values()))]
        for i, r in self.row.items():
            rows[r].append(i)
        # A connection that passes a row has a place of its own there: (child, order) and the row.
        self.ways: dict[tuple[Any, int], list[Any]] = {}
        used_by: dict[Any, list[tuple[Any, int]]] = {}
        for child, node in self.nodes.items():
            for order, parent in enumerate(node["parents"]):
                passed = range(self.row[parent] + 1, self.row[child])
                way = self.ways[child, order] = [_Passing(child, order, r) for r in passed]
                for one, r in zip(way, passed, strict=True):
                    rows[r].append(one)
                for one, other in pairwise([parent, *way, child]):
                    used_by.setdefault(one, []).append((other, order))
        is_written = any(node["slopes"] for node in self.nodes.values())
        down, passing, port = (DOWN + WRITTEN, SLOPE, SLOPE) if is_written else (DOWN, PASSING, PORT)
        wide = {i: passing if isinstance(i, _Passing) else BOX_WIDTH for row in rows for i in row}
        self.height = 2 * MARGIN + len(rows) * (BOX_HEIGHT + down) - down
        x: dict[Any, float] = {}
        y = self.height - MARGIN - BOX_HEIGHT / 2
        self.at: dict[Any, tuple[float, float]] = {}
        for row in reversed(rows):
            uses = {i: [(x[j], order) for j, order in used_by.get(i, []) if j in x] for i in row}
            row.sort(key=lambda i: min(uses[i], default=(0.0, 0)))
            row.sort(key=self._is_leaf)
            middle = [i for i in row if not self._is_leaf(i)] or row[:1]
            left = (APART - sum(wide[i] + APART for i in middle)) / 2
            for i in row:
                x[i] = left + wide[i] / 2
                left += wide[i] + APART
                self.at[i] = x[i], y
            y -= BOX_HEIGHT + down
        begin = MARGIN - min(x[i] - wide[i] / 2 for i in x)
        self.width = begin + max(x[i] + wide[i] / 2 for i in x) + MARGIN
        self.at = {i: (begin + across, y) for i, (across, y) in self.at.items()}
        self._set_ports(port)

    def _is_leaf(self, i: Any) -> bool:
        return not isinstance(i, _Passing) and not self.nodes[i]["parents"]

    def _set_ports(self, least: float) -> None:
        """At which x every connection begins at its operand, and at which it ends at its node.

        Right below or above the other end if it can, in the order of the other ends, with room between two.
        """
        begins: dict[Any, list[tuple[float, Any, int]]] = {}
        ends: dict[Any, list[tuple[float, Any, int]]] = {}
        for (child, order), way in self.ways.items():
            parent = self.nodes[child]["parents"][order]
            begins.setdefault(parent, []).append((self.at[[*way, child][0]][0], child, order))
            ends.setdefault(child, []).append((self.at[[parent, *way][-1]][0], child, order))
        self.begin, self.end = self._ports(begins, least), self._ports(ends, least)

    def _ports(
        self, wanted: Mapping[Any, list[tuple[float, Any, int]]], least: float
    ) -> dict[tuple[Any, int], float]:
        """The x of every connection, given which x they want at each box; two are at least so far apart."""
        found: dict[tuple[Any, int], float] = {}
        for i, connections in wanted.items():
            connections.sort(key=lambda connection: connection[0])
            middle, n = self.at[i][0], len(connections)
            apart = min(least, 2 * PORTS / max(1, n - 1))
            want = [min(max(x - middle, -PORTS), PORTS) if n > 1 else 0.0 for x, _, _ in connections]
            ports = want[:1]
            for x in want[1:]:
                ports.append(max(x, ports[-1] + apart))
            back = (sum(ports) - sum(want)) / n
            back = max(min(back, ports[0] + PORTS), ports[-1] - PORTS)
            for (_, child, order), x in zip(connections, ports, strict=True):
                found[child, order] = middle + x - back
        return found

    def _values(self) -> dict[Any, str]:
        """The value of every node as text; two operands that differ look different."""
        written = {i: number(float(n["data"])) for i, n in self.nodes.items() if n.get("data") is not None}
        for node in self.nodes.values():
            operands = [i for i in dict.fromkeys(node["parents"]) if i in written]
            apart = told_apart([float(self.nodes[i]["data"]) for i in operands])
            written.update({i: max(written[i], t, key=len) for i, t in zip(operands, apart, strict=True)})
        for node in self.nodes.values():
            if node.get("op") == "-" and node.get("data") is not None:  # what is left is right as written
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
            for order, parent in enumerate(node["parents"]):
                slope = float(node["slopes"][order]) if node["slopes"] else None
                yield self._connection(parent, child, order, slope)
        for i, node in self.nodes.items():
            yield self._box(i, node)

    def _connection(self, parent: Any, child: Any, order: int, slope: float | None) -> str:
        """A smooth line from the foot of the operand to the head of the node; on its last part the slope."""
        x1, x2 = self.begin[child, order], self.end[child, order]
        y1, y2 = self.at[parent][1] + BOX_HEIGHT / 2, self.at[child][1] - BOX_HEIGHT / 2 - 6
        line = f"M{x1:.1f} {y1:.1f}"
        for x, y in (self.at[one] for one in self.ways[child, order]):
            line += _curve(x1, y1, x, y - BOX_HEIGHT / 2) + f"V{y + BOX_HEIGHT / 2:.1f}"
            x1, y1 = x, y + BOX_HEIGHT / 2
        line += _curve(x1, y1, x2, y2)
        bright = not self.lit or (child in self.lit and parent in self.lit)
        ends = f'data-from="{escape(str(parent))}" data-to="{escape(str(child))}"'
        label = ""
        if slope is not None:
            ends += f' data-slope="{data_number(slope)}"'
            ink = sign_color(slope) if bright else QUIET
            text = f"× {fitting(slope, 7)}"
            label = line_of_text((x1 + x2) / 2, (y1 + y2) / 2, text, 12, ink, more=ON_A_LINE)
        stroke = QUIET if bright else GRID
        return (
            f'<g {ends} data-lit="{int(bright)}">'
            f'<path d="{line}" fill="none" stroke="{stroke}" stroke-width="1.5"/>'
            f'<path d="M{x2 - 4:.1f} {y2 - 2:.1f}l4 8l4-8z" fill="{stroke}"/>{label}</g>'
        )

    def _box(self, i: Any, node: Mapping[str, Any]) -> str:
        """Name and operation at the left, the value and the gradient at the right."""
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
        left = x - BOX_WIDTH / 2
        parts = [
            f'<rect x="{left:.1f}" y="{y - BOX_HEIGHT / 2:.1f}" width="{BOX_WIDTH}" '
            f'height="{BOX_HEIGHT}" rx="8" fill="{fill}" '
            f'stroke="{FAINT if is_pale else INK}" stroke-width="{2.4 if is_lit else 1.2}"/>'
        ]
        title = _name(node)
        if op and title != op and " = " not in title:
            title = f"{title} = {op}"
        name, _, rest = title.partition(" = ")
        room = NAME if data is not None or grad is not None else BOX_WIDTH - 2 * LEFT
        lines = [name, f"= {rest}"] if rest else [name]
        for line, height in zip(lines, _lines(y, len(lines)), strict=True):
            size = size_that_fits(line, room, SIZES if line != name else (14, 13, *SIZES))
            line = line if size else line[: int(room / 8) - 1] + "…"
            parts.append(line_of_text(left + LEFT, height, line, size or SIZES[-1], ink, "start"))
        # A gradient that comes later has its place already.
        numbered = [kind for kind, name in (("value", "data"), ("grad", "grad")) if name in node]
        for kind, height in zip(numbered, _lines(y, len(numbered)), strict=True):
            if kind == "value" and data is not None:
                parts.append(_in_a_box(left, height, kind, float(data), self.written[i], ink))
            elif kind == "grad" and grad is not None:
                color = QUIET if is_pale or grad == 0 else sign_color(float(grad))
                parts.append(_in_a_box(left, height, kind, float(grad), number(float(grad)), color))
        return f"<g {attributes}>{''.join(parts)}</g>"


def _lines(y: float, count: int) -> list[float]:
    """Where one line or two stand in a box."""
    return [y - 9, y + 9] if count > 1 else [y] * count


def _in_a_box(left: float, y: float, word: str, value: float, written: str, ink: str) -> str:
    """A number behind its word, in smaller letters if it is long; with fewer digits if it is too long."""
    for text in (written, number(value), fitting(value, 7)):
        words = f"{word} {text}"
        if size := size_that_fits(words, ROOM, SIZES):
            break
    return line_of_text(left + NUMBERS, y, words, size or SIZES[-1], ink, "start")


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    """A part of a path from (x1, y1) to (x2, y2), upright at both ends."""
    middle = (y1 + y2) / 2
    return f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"


def _name(node: Mapping[str, Any]) -> str:
    """The label of a node, else its operation, else its id."""
    return str(node.get("label") or node.get("op") or node["id"])
