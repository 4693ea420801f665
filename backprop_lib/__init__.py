"""Backpropagation, derived on twelve pages, implemented in one small package and checked at every step."""
