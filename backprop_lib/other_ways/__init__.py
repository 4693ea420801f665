"""The same gradient in other ways: a graph of neurons, automatic differentiation, and the bridge to both."""
