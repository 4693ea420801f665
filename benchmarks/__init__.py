"""How fast `backprop_lib` is beside its peers: `make bench` measures it and writes benchmarks/README.md."""

import os

# One thread, for every library; said before numpy comes in.
for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_ENABLE_X64"] = "true"  # and in float64
