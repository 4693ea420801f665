"""The figures to play with: controls, a pure function, a picture; one figure a file."""
