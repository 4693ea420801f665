"""Expression graphs drawn as SVG: boxes in columns and rows, and connections from operands to results."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

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
PORT = 30  # the room of a connection where it begins or ends
WRITTEN, SLOPE = 18, 70  # more room between two rows, and that of a connection, if slopes are written


def graph_svg(nodes: Sequence[Mapping[str, Any]], lit: Collection[Any] = (), alt: str = "") -> str:
    """An expression graph drawn from top to bottom, as an SVG string.

    nodes   one dict a node, after its operands: `id`, and as wanted `at` (the column and the row of its box;
            if not told, the first column, and a row below the node before), `label`, `op`, `data` and
            `grad` (numbers), `parents` (the ids of its operands, one twice if it is used twice) and
            `slopes` (its slope by each of them, written on the connections)
    lit     the ids to draw bright; if there are any, all else is drawn pale
    alt     replaces the description made from the nodes

    Raises ValueError or TypeError naming the argument.
    """
    graph = _Graph(nodes, lit)
    return document(graph.width, graph.height, alt or graph.reading(), graph.parts())


class _Graph:
    """The checked nodes of `graph_svg`, and where they and their connections are drawn."""

    def __init__(self, nodes: Sequence[Mapping[str, Any]], lit: Collection[Any]) -> None:
        self.nodes: dict[Any, Mapping[str, Any]] = {}
        for i, node in enumerate(listed("nodes", nodes)):
            self.nodes[node["id"]] = self._checked(i, node)
        if not self.nodes:
            raise ValueError("nodes: expected at least one node, got none")
        for item in listed("lit", lit):
            if not isinstance(item, Hashable) or item not in self.nodes:
                raise ValueError(f"lit: expected ids of nodes, got {shown(item)}")
        self.lit = set(lit)
        self._place()
        self._set_ports()
        self.written = self._values()

    def _checked(self, i: int, node: Any) -> Mapping[str, Any]:
        if not isinstance(node, Mapping) or "id" not in node:
            raise TypeError(f"nodes[{i}]: expected a dict with an id, got {shown(node)}")
        if not isinstance(node["id"], Hashable):
            raise TypeError(f"nodes[{i}]: expected a name or number as id, got {shown(node['id'])}")
        if node["id"] in self.nodes:
            raise ValueError(f"nodes[{i}]: expected a new id, got {shown(node['id'])} a second time")
        for name in ("data", "grad"):
            if node.get(name) is not None and numbers(f"nodes[{i}][{name!r}]", node[name]).ndim:
                raise ValueError(f"nodes[{i}][{name!r}]: expected a number, got {shown(node[name])}")
        lists = {name: listed(f"nodes[{i}][{name!r}]", node.get(name, ())) for name in ("parents", "slopes")}
        lists["at"] = listed(f"nodes[{i}]['at']", node.get("at", (0, i)))
        for parent in lists["parents"]:
            if not isinstance(parent, Hashable) or parent not in self.nodes:
                raise ValueError(f"nodes[{i}]: expected ids of earlier nodes as parents, got {shown(parent)}")
        for name, counts in (("at", [2]), ("slopes", [0, len(lists["parents"])])):
            given = numbers(f"nodes[{i}][{name!r}]", lists[name])
            if given.ndim != 1 or len(given) not in counts:
                raise ValueError(
                    f"nodes[{i}][{name!r}]: expected {counts[-1]} numbers, got {shown(lists[name])}"
                )
        return {**node, **lists}

    def _place(self) -> None:
        """The middle of every box, and the size of the picture."""
        self.has_slopes = any(node["slopes"] for node in self.nodes.values())
        across, down = BOX_WIDTH + APART, BOX_HEIGHT + DOWN + WRITTEN * self.has_slopes
        columns, rows = zip(*(node["at"] for node in self.nodes.values()), strict=True)
        self.at = {
            i: (
                MARGIN + BOX_WIDTH / 2 + across * (column - min(columns)),
                MARGIN + BOX_HEIGHT / 2 + down * (row - min(rows)),
            )
            for i, column, row in zip(self.nodes, columns, rows, strict=True)
        }
        self.width = 2 * MARGIN + BOX_WIDTH + across * (max(columns) - min(columns))
        self.height = 2 * MARGIN + BOX_HEIGHT + down * (max(rows) - min(rows))

    def _set_ports(self) -> None:
        """At which x every connection begins below its operand, and at which it ends above its node."""
        begins: dict[Any, list[tuple[float, Any, int]]] = {}
        ends: dict[Any, list[tuple[float, Any, int]]] = {}
        for child, node in self.nodes.items():
            for order, parent in enumerate(node["parents"]):
                begins.setdefault(parent, []).append((self.at[child][0], child, order))
                ends.setdefault(child, []).append((self.at[parent][0], child, order))
        self.begin, self.end = self._ports(begins), self._ports(ends)

    def _ports(self, wanted: Mapping[Any, list[tuple[float, Any, int]]]) -> dict[tuple[Any, int], float]:
        """The x of every connection, given that of its other end: as near to it as the box allows, with room
        between two.
        """
        found: dict[tuple[Any, int], float] = {}
        for i, connections in wanted.items():
            connections.sort(key=lambda connection: connection[0])
            middle, n = self.at[i][0], len(connections)
            apart = min(SLOPE if self.has_slopes else PORT, 2 * PORTS / max(1, n - 1))
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
        """A smooth line from the foot of the operand to the head of the node; in its middle the slope."""
        x1, x2 = self.begin[child, order], self.end[child, order]
        y1, y2 = self.at[parent][1] + BOX_HEIGHT / 2, self.at[child][1] - BOX_HEIGHT / 2 - 6
        middle = (y1 + y2) / 2
        line = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
        bright = not self.lit or (child in self.lit and parent in self.lit)
        ends = f'data-from="{escape(str(parent))}" data-to="{escape(str(child))}"'
        label = ""
        if slope is not None:
            ends += f' data-slope="{data_number(slope)}"'
            ink = sign_color(slope) if bright else QUIET
            text = f"× {fitting(slope, 7)}"
            label = line_of_text((x1 + x2) / 2, middle, text, 12, ink, more=ON_A_LINE)
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


def _name(node: Mapping[str, Any]) -> str:
    """The label of a node, else its operation, else its id."""
    return str(node.get("label") or node.get("op") or node["id"])
