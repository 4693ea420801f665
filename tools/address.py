"""Write the address of this repository wherever it is named.

    python tools/address.py https://github.com/you/backprop    set it
    python tools/address.py                                    say what it is

The one place is `Repository` in pyproject.toml; the other links there, the badges of the README, the address
in CITATION.cff and the one that the pages give to Colab are made from it. Until a fork sets its own it is an
example, and there are no badges.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
EXAMPLE, GITHUB = "example.org", "github.com"
PLACES = {
    "pyproject.toml": re.compile(r"(?<=\[project\.urls\]\n)(?:\w+ = .*\n)+"),
    "README.md": re.compile(r"(?<=<!-- badges -->\n)[^<]*(?=<!-- from `make address` -->)"),
    "CITATION.cff": re.compile(r"(?<=^repository-code: ).*", re.MULTILINE),
}
ON_COLAB = re.compile(r"(?<=git clone -q --depth 1 )[^\s\\]+")


def address_in(folder: Path = ROOT) -> str:
    """The address that a folder's pyproject.toml names."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["urls"]["Repository"])


def made_from(address: str) -> dict[str, str]:
    """{file: what stands there} for an address."""
    links = {"Repository": "", "Issues": "/issues", "Changelog": "/blob/HEAD/CHANGELOG.md"}
    return {
        "pyproject.toml": "".join(f'{name} = "{address}{end}"\n' for name, end in links.items()),
        "README.md": badges(address),
        "CITATION.cff": f'"{address}"',
    }


def opens_in(address: str, page: str) -> dict[str, str]:
    """{place: the link that opens a page there}, for a repository on GitHub; elsewhere there are none."""
    where = urlsplit(address)
    if where.netloc != GITHUB:
        return {}
    return {
        "Binder": f"https://mybinder.org/v2/gh{where.path}/HEAD?urlpath=lab/tree/notebooks/{page}",
        "Colab": f"https://colab.research.google.com/github{where.path}/blob/HEAD/notebooks/{page}",
    }


def reports(address: str) -> str:
    """Where an error in a page is reported: `{page}` stands for its name. Nowhere, in the example."""
    if urlsplit(address).netloc == EXAMPLE:
        return ""
    new = "/new?title=Errata:+{page}" if urlsplit(address).netloc == GITHUB else ""
    return f"{address}/issues{new}"


def badges(address: str) -> str:
    """The README's badges, for a repository on GitHub: do the tests pass, and run the pages on Binder."""
    binder = opens_in(address, "00_start_here.ipynb").get("Binder")
    if not binder:
        return ""
    tests = f"{address}/actions/workflows/ci.yml"
    systems = "The tests on 3 systems, Linux, macOS and Windows: passing or failing"
    return (
        f"[![{systems}]({tests}/badge.svg)]({tests})\n"
        f"[![Run the pages on Binder, from page 0 on](https://mybinder.org/badge_logo.svg)]({binder})\n"
    )


def texts(address: str, folder: Path = ROOT) -> dict[Path, str]:
    """Every file that names the address, as it has to be. Raises ValueError if one has no place for it."""
    result, made = {}, made_from(address)
    pages = {path.relative_to(folder).as_posix(): ON_COLAB for path in folder.glob("notebooks/*.ipynb")}
    for name, pattern in (PLACES | pages).items():
        path, ours = folder / name, made.get(name, address)
        text, places = pattern.subn(lambda _, ours=ours: ours, path.read_text(encoding="utf-8"))
        if places != 1:
            raise ValueError(f"{name}: expected one place for the address, found {places}")
        result[path] = text
    return result


def checked(address: str) -> str:
    """The address as it is to be written. Raises ValueError for what is not that of a repository."""
    host, _, path = address.removeprefix("https://").rstrip("/").removesuffix(".git").partition("/")
    host = host.lower().removeprefix("www.")
    whole = f"https://{host}/{path}"
    if not address.startswith("https://") or not re.fullmatch(r"https://[\w.-]+(/[\w.~-]+)+", whole):
        raise ValueError(f"ADDRESS: expected https://github.com/you/backprop or the like, got {address!r}")
    if host == GITHUB and path.count("/") != 1:
        raise ValueError(f"ADDRESS: expected https://{GITHUB}/, an owner and a repository, got {address!r}")
    return whole


def main(arguments: list[str], folder: Path = ROOT) -> int:
    if arguments:
        try:
            address = checked(arguments[0])
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
        for path, text in texts(address, folder).items():
            path.write_text(text, encoding="utf-8", newline="\n")
    print(address_in(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
