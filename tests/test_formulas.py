"""The formulas of the ledgers mean what they say: each is read, measured, and compared with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from backprop_lib.costs import COSTS
from backprop_lib.course.ledgers import ledger
from backprop_lib.equations import backprop
from backprop_lib.network import Network

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((3, 1)), np.array([[0.0], [1.0]])
LAYER = r"(?:[lL]|\{l[+-]1\})"
SYMBOL = rf"C_x|[azwb]\^{LAYER}_(?:\w|\{{\w\w\}})"
SUM_OVER_ROADS = r"\frac{\partial}{\partial z^l_j}\left(\sum_i w^{l+1}_{ki}\sigma(z^l_i) + b^{l+1}_k\right)"
ROW_OF_TRANSPOSE = r"\left[(w^{l+1})^T\delta^{l+1}\right]_j"


@dataclass
class Reader:
    """What the symbols of a formula stand for: the numbers of a net, and slopes that are measured."""

    net: Network
    cost: str
    letters: dict[str, int]  # l, j, k, and i in a sum

    def layer(self, text: str) -> int:
        return self.letters["l"] + {"l+1": 1, "l": 0, "l-1": -1}[text] if text != "L" else self.net.L

    def place(self, symbol: str) -> tuple[str, int, tuple[int, int]]:
        """w^{l+1}_{kj} is (w, l + 1, (k, j)), and z^l_j is (z, l, (j, 0))."""
        name, layer, letters = re.fullmatch(r"(\w)\^\{?(.+?)\}?_\{?(\w+)\}?", symbol).groups()
        row, *column = (self.letters[letter] for letter in letters)
        return name, self.layer(layer), (row, *(column or [0]))

    def value(self, symbol: str, moved: str = "", step: float = 0.0) -> float:
        """The number that a symbol stands for, while another is moved, and with it all that comes after."""
        numbers = {}

        def note(name, l, array):
            numbers[name, l] = array.copy()
            if moved and self.place(moved)[:2] == (name, l):
                numbers[name, l][self.place(moved)[2]] += step
            return numbers[name, l]

        a = note("a", 0, X)
        for l in range(1, self.net.L + 1):
            z = note("z", l, note("w", l, self.net.w[l]) @ a + note("b", l, self.net.b[l]))
            a = note("a", l, self.net.sigma[l](z))
        if symbol == "C_x":
            return float(COSTS[self.cost](a, Y)[0])
        name, l, index = self.place(symbol)
        return float(numbers[name, l][index])

    def slope(self, of: str, by: str, h: float = 1e-5) -> float:
        return (self.value(of, by, h) - self.value(of, by, -h)) / (2 * h)

    def read(self, formula: str) -> float:
        """The value of a product, or of a sum of products over the neurons of a layer."""
        formula = formula.replace(SUM_OVER_ROADS, r"\frac{\partial z^{l+1}_k}{\partial z^l_j}")
        formula = formula.replace(ROW_OF_TRANSPOSE, r"\sum_k w^{l+1}_{kj}\delta^{l+1}_k")
        if summed := re.match(r"\\sum_(\w) (.*)", formula):
            letter, product = summed.groups()
            layer = re.search(rf"\^({LAYER})_{letter}", product)[1].strip("{}")
            neurons = range(self.net.sizes[self.layer(layer)])
            return sum(replace(self, letters=self.letters | {letter: i}).read(product) for i in neurons)
        meanings = {
            rf"\\frac\{{\\partial ({SYMBOL})\}}\{{\\partial ({SYMBOL})\}}": self.slope,
            rf"\\delta\^({LAYER}_\w)": lambda neuron: self.slope("C_x", f"z^{neuron}"),
            rf"\\sigma'\(z\^({LAYER}_\w)\)": lambda neuron: self.slope(f"a^{neuron}", f"z^{neuron}"),
            r"J_\{(\w)(\w)\}": lambda k, j: self.slope(f"a^L_{k}", f"z^L_{j}"),
            rf"({SYMBOL})": self.value,
            r"\\cdot 1|\\,| ": lambda: 1.0,
        }
        product = 1.0
        while formula:
            found = [(match, m) for p, m in meanings.items() if (match := re.match(p, formula))]
            assert len(found) == 1, f"no symbol of the course: {formula}"
            match, meaning = found[0]
            product *= meaning(*match.groups())
            formula = formula[match.end() :]
        return product


NETS = [
    ([("tanh", 4), ("sigmoid", 2)], "quadratic"),
    ([("sigmoid", 3), ("tanh", 4), ("sigmoid", 2)], "binary_cross_entropy"),
    ([("tanh", 4), ("softmax", 2)], "cross_entropy"),
]
CASES = [
    (equation, names, cost, l)
    for names, cost in NETS
    for equation in (1, 2, 3, 4)
    for l in range(1, len(names) + 1)
    if (equation != 1 or l == len(names)) and (equation != 2 or l < len(names))
]


def net_of(names):
    net = Network([("identity", 3), *names], seed=3)
    net.theta += 0.3 * np.random.default_rng(4).standard_normal(net.theta.size)
    return net


@pytest.mark.parametrize("equation, names, cost, l", CASES)
def test_a_formula_read_by_itself_has_the_value_of_its_line(equation, names, cost, l) -> None:
    net = net_of(names)
    for j, k in ((0, 2), (1, 1)):
        proof = ledger(equation, net, X, Y, cost, l=l, j=j, k=k)
        for line in proof.lines:
            read = Reader(net, cost, {"l": l, "j": j, "k": k}).read(line.formula)
            assert read == pytest.approx(line.value, rel=1e-6), line.formula


@pytest.mark.parametrize(
    "formula, other",
    [
        (r"\delta^l_j", r"\delta^l_k"),
        (r"\frac{\partial C_x}{\partial z^L_j}", r"\frac{\partial C_x}{\partial a^L_j}"),
        (r"\sum_k \delta^{l+1}_k\,w^{l+1}_{kj}", r"\sum_k \delta^{l+1}_k\,w^{l+1}_{jk}"),
        (r"\frac{\partial C_x}{\partial w^l_{jk}}", r"\frac{\partial C_x}{\partial w^l_{kj}}"),
        (ROW_OF_TRANSPOSE, r"\sum_k w^{l+1}_{jk}\delta^{l+1}_k"),
    ],
)
def test_another_letter_has_another_value(formula, other) -> None:
    net = Network([("identity", 3), ("tanh", 2), ("sigmoid", 2)], seed=1)
    reader = Reader(net, "quadratic", {"l": 1, "j": 1, "k": 0})
    assert reader.read(formula) != pytest.approx(reader.read(other), rel=1e-3)


@pytest.mark.parametrize("formula", [r"\partial C_x", r"\Delta^l_j", "c_x", r"a^l_j + 1"])
def test_what_is_no_formula_of_the_course_is_not_read(formula) -> None:
    reader = Reader(net_of(NETS[0][0]), "quadratic", {"l": 1, "j": 1, "k": 0})
    with pytest.raises(AssertionError, match="no symbol of the course"):
        reader.read(formula)


@pytest.mark.parametrize("equation, names, cost, l", CASES)
def test_the_title_names_what_the_first_line_measures(equation, names, cost, l) -> None:
    net = net_of(names)
    run = backprop(net, X, Y, cost)
    for j, k in ((0, 2), (1, 1)):
        proof = ledger(equation, net, X, Y, cost, l=l, j=j, k=k)
        title, symbol, layer, *index = re.fullmatch(
            r"(Equation \(\d\), line by line, for) (w|b|delta)\[(\d)\]\[(\d)(?:, (\d))?\]", proof.title
        ).groups()
        array = {"w": run.gradient.w, "b": run.gradient.b, "delta": run.delta}[symbol][int(layer)]
        assert title == f"Equation ({equation}), line by line, for"
        assert symbol == {3: "b", 4: "w"}.get(equation, "delta")
        assert proof.lines[0].value == pytest.approx(array[int(index[0]), int(index[1] or 0)], rel=1e-12)


@pytest.mark.parametrize("equation, names, cost, l", CASES)
def test_every_line_says_why_in_lower_case_and_the_last_which_equation_it_is(
    equation, names, cost, l
) -> None:
    lines = ledger(equation, net_of(names), X, Y, cost, l=l).lines
    assert all(line.why[0].islower() for line in lines)
    last = "softmax: the full Jacobian stays" if (equation, names[-1][0]) == (1, "softmax") else None
    assert lines[-1].why.endswith(last or f": equation ({equation})")
    assert "measured" in lines[0].why and not any("measured" in line.why for line in lines[1:])


@pytest.mark.parametrize("equation, l", [(1, 3), (2, 2), (3, 3), (4, 3)])
def test_what_is_not_chosen_is_the_last_layer_the_first_neuron_and_the_quadratic_cost(equation, l) -> None:
    net = net_of([("tanh", 4), ("tanh", 4), ("sigmoid", 2)])
    assert ledger(equation, net, X, Y) == ledger(equation, net, X, Y, "quadratic", l=l, j=0, k=0)
