"""Which set of routines (kernel) OpenBLAS takes: how a matrix product is rounded depends on it.

    python tools/kernels.py make ...   run this command under each of two: an older one and a Haswell
    python tools/kernels.py --older make ...   under one of them only; --newer for the other

OpenBLAS chooses by the processor; OPENBLAS_CORETYPE asks for another, and a name that it does not know, or
that the processor cannot run, is passed over without a word. So the tests ask what is really in use: with
EXPECTED_KERNEL, EXPECTED_SIMD or EXPECTED_THREADS set, conftest.py lets no test run in another surrounding.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cache

# All that OpenBLAS 0.3 may have been built with, oldest first; numpy's wheels hold some of them.
CORE_TYPES = {
    "x86_64": (
        "Prescott Core2 Penryn Dunnington Nehalem Atom Opteron Opteron_SSE3 Barcelona Bobcat Bulldozer "
        "Piledriver Steamroller Excavator Sandybridge Haswell Zen SkylakeX Cooperlake SapphireRapids"
    ),
    "arm64": (
        "ARMV8 CORTEXA53 CORTEXA55 CORTEXA57 CORTEXA72 CORTEXA73 FALKOR THUNDERX THUNDERX2T99 TSV110 "
        "EMAG8180 NEOVERSEN1 NEOVERSEV1 NEOVERSEN2 THUNDERX3T110 VORTEX A64FX ARMV8SVE"
    ),
}
# An older kernel and that of most laptops and servers, for `make test-kernels`.
PAIRS = {"x86_64": ("Nehalem", "Haswell"), "arm64": ("ARMV8", "NEOVERSEN1")}
ALSO_CALLED = {"Katmai": "Prescott"}  # what OpenBLAS answers when it has been asked for the second

# Run with a kernel: a processor that lacks what the kernel needs dies here.
PROBE = """
import sys
sys.path[:0] = [{tools!r}]
import numpy as np, kernels
a = np.linspace(-1.0, 1.0, 70 * 70).reshape(70, 70)
assert np.isfinite(a @ a).all() and np.isfinite(a @ a[0]).all() and np.isfinite(a[0] @ a[0])
print(kernels.in_use())
"""


class KernelError(Exception):
    """A kernel that cannot be had here; the message says what was found in its place."""


def family() -> str:
    """The family of the processor, as it is named in CORE_TYPES."""
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(machine, machine)


def blas() -> Mapping[str, object]:
    """What threadpoolctl says of the OpenBLAS of numpy; empty if numpy has another library."""
    import numpy  # noqa: F401  what is not loaded is not found
    from threadpoolctl import threadpool_info

    return next((info for info in threadpool_info() if info.get("internal_api") == "openblas"), {})


def in_use() -> str:
    """The kernel that numpy's matrix products take in this process."""
    name = str(blas().get("architecture", "none of OpenBLAS's"))
    return ALSO_CALLED.get(name, name)


def simd_features() -> list[str]:
    """The processor's features beyond the baseline that numpy's own loops take in this process."""
    import numpy as np

    return list(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))


def unmet(environment: Mapping[str, str]) -> Iterator[str]:
    """What is not as the variables EXPECTED_… ask for, a sentence each."""
    wanted = environment.get("EXPECTED_KERNEL")
    if wanted and wanted.lower() != in_use().lower():
        yield f"EXPECTED_KERNEL: expected OpenBLAS's kernel {wanted}, numpy takes {in_use()}"
    if environment.get("EXPECTED_SIMD") == "off" and simd_features():
        yield f"EXPECTED_SIMD: expected none but the baseline, numpy takes {' '.join(simd_features())}"
    threads = environment.get("EXPECTED_THREADS")
    if threads and threads != str(blas().get("num_threads")):
        yield f"EXPECTED_THREADS: expected {threads}, OpenBLAS takes {blas().get('num_threads')}"


def asked_for(kernel: str) -> dict[str, str]:
    """The environment that asks for a kernel and lets no test run without it."""
    return {"OPENBLAS_CORETYPE": kernel, "EXPECTED_KERNEL": kernel}


def without_simd() -> dict[str, str]:
    """The environment that switches off all of numpy's SIMD loops but the baseline's, and sees to it."""
    features = " ".join(simd_features()) or os.environ.get("NPY_DISABLE_CPU_FEATURES", "")  # off already
    return {"NPY_DISABLE_CPU_FEATURES": features, "EXPECTED_SIMD": "off"}


def obtained(kernel: str) -> str:
    """The kernel that a fresh process takes when it asks for this one, or how that process ended."""
    tools = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(tools=tools)],
        env={**os.environ, "OPENBLAS_CORETYPE": kernel},
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() if done.returncode == 0 else f"a process that ends with {done.returncode}"


@cache
def runnable() -> list[str]:
    """The kernels of numpy's OpenBLAS that this processor can run, oldest first."""
    return [name for name in CORE_TYPES.get(family(), "").split() if obtained(name).lower() == name.lower()]


def pair() -> tuple[str, str]:
    """The two kernels of `make test-kernels`; KernelError if one of them cannot be had."""
    if family() not in PAIRS:
        raise KernelError(f"expected a processor of the family {' or '.join(PAIRS)}, this one is {family()}")
    for kernel in PAIRS[family()]:
        if (got := obtained(kernel)).lower() != kernel.lower():
            raise KernelError(f"{kernel}: expected that this processor and numpy can run it, got {got}")
    return PAIRS[family()]


def main(command: list[str]) -> int:
    try:
        older, newer = pair()
    except KernelError as error:
        print(error, file=sys.stderr)
        return 1
    chosen = {"--older": [older], "--newer": [newer]}.get(command[0], [])
    command = command[len(chosen) :]
    for kernel in chosen or [older, newer]:
        start = time.monotonic()
        print(f"-- {kernel}", flush=True)
        if status := subprocess.run(command, env={**os.environ, **asked_for(kernel)}).returncode:
            print(f"{kernel}: FAILED", flush=True)
            return status
        print(f"{kernel}: passed in {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
