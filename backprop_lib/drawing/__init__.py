"""Arrays in, picture out."""

from backprop_lib.extras import need

need("backprop_lib.drawing", "matplotlib")
