"""Every color of every drawing, each with its one meaning.

A color is never the only thing that tells: signs have a dash or a minus, curves a dash and a name, verdicts
a word.
"""

from __future__ import annotations

NEGATIVE, POSITIVE = "#B35806", "#2166AC"
SLOPE = "#B5126B"
RIGHT, WRONG = "#1B7837", "#A1101C"
HELD_OUT = "#6B6B00"
LINE_COLORS = ("#222222", "#4B45C6", "#A35290")
SPECIES_COLORS = ("#762A83", "#0E7C86", "#7A4A2A")
HERE = "#FFC107"
INK, QUIET, FAINT, GRID = "#222222", "#555555", "#8A8A8A", "#E4E4E4"
PAPER, GLOW, LEAF, NOTICE = "#FFFFFF", "#FFF8DC", "#F5F7FA", "#FFF7EE"
TINTS = ("#E6D9EC", "#C9E6EA", "#EBDDD0")  # of the species

MEANINGS = {
    NEGATIVE: "a number below zero",
    POSITIVE: "a number above zero",
    SLOPE: "a slope: a tangent, and what it promises",
    RIGHT: "right: the class of the example, a gradient that passes, a good guess",
    WRONG: "wrong: a gradient that is refused, a guess that missed, a picture that could not be drawn",
    HELD_OUT: "examples that were held out",
    HERE: "where we are: the marker of the step, the epoch or the point",
    INK: "words, and the curve that a picture is about: the cost, the training examples",
    **{color: f"line {i} of those that a picture compares" for i, color in enumerate(LINE_COLORS[1:], 2)},
    QUIET: "words aside, and all that is not meant now",
    FAINT: "axes, and weights that are not known",
    GRID: "the grid",
    PAPER: "the ground",
    GLOW: "the ground of what is meant now",
    LEAF: "the ground of what was not computed but given",
    NOTICE: "the ground of what could not be done",
    **{color: f"species {s} of the flowers" for s, color in enumerate(SPECIES_COLORS)},
    **{tint: f"the area that is answered with species {s}" for s, tint in enumerate(TINTS)},
}
BELOW_TO_ABOVE = ("#7F3B08", NEGATIVE, "#F1A45A", "#F7F7F7", "#7FB2D9", POSITIVE, "#053061")
WRITTEN = (
    NEGATIVE,
    POSITIVE,
    SLOPE,
    RIGHT,
    WRONG,
    HELD_OUT,
    QUIET,
    *LINE_COLORS,
    *SPECIES_COLORS,
)  # in words
GROUNDS = (PAPER, GLOW, LEAF, NOTICE)
