"""The data are what their README says; bad files and bad requests are refused by name and line."""

from __future__ import annotations

import codecs
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib.data import Dataset, load_csv, load_digits, load_iris, one_hot, split, standardize, xor

FOLDER = Path(__file__).parents[1] / "datasets"
IRIS = load_iris()


def test_iris_is_fishers_own_table() -> None:
    assert IRIS.x.shape == (150, 4) and np.bincount(IRIS.labels).tolist() == [50, 50, 50]
    rows = {0: [5.1, 3.5, 1.4, 0.2], 50: [7.0, 3.2, 4.7, 1.4], 100: [6.3, 3.3, 6.0, 2.5]}
    rows |= {34: [4.9, 3.1, 1.5, 0.2], 37: [4.9, 3.6, 1.4, 0.1]}
    assert all(IRIS.x[i].tolist() == row for i, row in rows.items())


def test_digits_are_1797_pictures_from_0_to_1() -> None:
    digits = load_digits()
    assert digits.x.shape == (1797, 64) and (digits.x.min(), digits.x.max()) == (0.0, 1.0)
    assert np.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.mark.parametrize("name", ["iris.csv", "digits.csv"])
def test_the_readme_has_the_checksum_of(name) -> None:
    digest = hashlib.sha256((FOLDER / name).read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    assert f"| `{name}` | `{digest}` |" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_xor_is_its_own_table() -> None:
    assert np.hstack([xor().x, xor().y]).tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]


def test_one_hot_undoes_argmax() -> None:
    assert np.array_equal(one_hot(IRIS.labels, 3), IRIS.y) and np.array_equal(IRIS.y.argmax(1), IRIS.labels)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.7, 0.95, np.float32(0.7)])
def test_a_split_takes_its_share_of_every_class_and_loses_nothing(fraction) -> None:
    train, rest = split(IRIS, fraction, seed=4)
    assert np.bincount(train.labels).tolist() == [round(50 * fraction)] * 3
    rows = [tuple(r) for part in (train, rest) for r in part.x.tolist()]
    assert sorted(rows) == sorted(tuple(r) for r in IRIS.x.tolist())


def test_a_split_is_decided_by_its_seed() -> None:
    one, same, other = (split(IRIS, seed=seed)[0].x for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_scaling_looks_at_the_training_set_alone() -> None:
    train, rest = split(IRIS)
    far = Dataset(rest.x + 1e6, rest.y, rest.labels, rest.class_names, rest.feature_names)
    scaled, scaled_rest = standardize(train, rest)
    assert np.allclose(scaled.x.mean(axis=0), 0, atol=1e-12) and np.allclose(scaled.x.std(axis=0), 1)
    assert np.array_equal(standardize(train, far)[0].x, scaled.x)
    assert np.allclose((scaled_rest.x * train.x.std(axis=0)) + train.x.mean(axis=0), rest.x)


def test_a_feature_is_scaled_however_small_it_is() -> None:
    small = Dataset(
        IRIS.x * [1, 1e-3, 1e-9, 1e-150], IRIS.y, IRIS.labels, IRIS.class_names, IRIS.feature_names
    )
    assert np.allclose(standardize(small)[0].x, standardize(IRIS)[0].x, rtol=1e-12, atol=1e-12)


def test_a_data_set_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        IRIS.x[0, 0] = 1


def test_columns_are_the_rows_turned() -> None:
    x, y = IRIS.columns()
    assert x.shape == (4, 150) and y.shape == (3, 150) and np.array_equal(x[:, 7], IRIS.x[7])


HEADER = "a,b,class\n"


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "line 1: expected the header 'a,b,class', got nothing"),
        ("a,c,class\n1,2,no\n", "line 1, column 2: expected the header 'b', got 'c'"),
        (HEADER, "line 2: expected at least one example"),
        (HEADER + "1,2,no\n1,2\n", "line 3: expected 3 fields, got 2"),
        (HEADER + "1,2,3,no\n", "line 2: expected 3 fields, got 4 in '1,2,3,no'"),
        (HEADER + "\n1,2,no\n", "line 2: expected 3 fields, got 0"),
        (HEADER + "1,two,no\n", "line 2: expected a finite number, got 'two'"),
        (HEADER + "1,,no\n", "line 2: expected a finite number, got ''"),
        (HEADER + "1,nan,no\n", "line 2: expected a finite number, got 'nan'"),
        (HEADER + "1,inf,no\n", "line 2: expected a finite number, got 'inf'"),
        (HEADER + "1,2,maybe\n", "line 2: expected a class of no, yes, got 'maybe'"),
        (HEADER + "1,1_000,no\n", "line 2: expected a finite number, got '1_000'"),
        (HEADER + "1,0x10,no\n", "line 2: expected a finite number, got '0x10'"),
        (HEADER + '1,2,no\n1,2,"no\n1,2,no\n', "line 3: not a line of a CSV file: a quote that is not"),
        (HEADER + '1,2,no\n1,"2"x,no\n', "line 3: not a line of a CSV file"),
        (HEADER + "1,2,no\n1,٥,no\n", "line 3: expected a finite number, got '٥'"),
        (HEADER + "1,2,no\n1,2\0,no\n", "line 3: expected text, got a NUL"),
        ("a,b,class \n1,2,no\n", "line 1, column 3: expected the header 'class', got 'class '"),
        ("a;b;class\n1;2;no\n", "line 1: expected the header 'a,b,class' with 3 columns, got 'a;b;"),
        (HEADER + "1,2,no\n" + "1" * 200_000 + ",2,no\n", "line 3: not a line of a CSV file: field larger"),
        (HEADER + '1,2,"n\no"\n', r"line 2: expected a class of no, yes, got 'n\\no'"),
        (HEADER + '1,"2,no\n1,2",no\n', r"line 2: expected a finite number, got '2,no\\n1,2'"),
        (HEADER + '1,2,no\n1,"2,no\n3,4,no\n5,"6",yes\n', "line 3: not a line of a CSV file: ',' expected"),
        (HEADER + '1,2,no\n1,2,"no\n3,4,no\n5,6,yes"\n7,8,no\n', "line 3: expected a class of no, yes, got"),
        ('a,"b,class\n1,2,no\n', "line 1: not a line of a CSV file: a quote that is not closed"),
        (HEADER + '1,2"3,no\n', "line 2: expected a finite number, got '2\"3'"),
        (HEADER + "1,2,no\n1,2,no\n\x1a", r"line 4: expected 3 fields, got 1 in '\\x1a'"),
        (HEADER + "1,2,no \n", "line 2: expected a class of no, yes, got 'no '"),
        (HEADER + "1,\N{NO-BREAK SPACE}2,no\n", r"line 2: expected a finite number, got '\\xa02'"),
        (HEADER + "1,2,n\N{CYRILLIC SMALL LETTER O}\n", r"got 'nо', that is 'n\\u043e'"),
        (
            HEADER + "1,\N{MINUS SIGN}2,no\n",
            r"line 2: expected a finite number, got '−2', that is '\\u22122'",
        ),
        (
            "a,b,cl\N{CYRILLIC SMALL LETTER A}ss\n1,2,no\n",
            r"header 'class', got 'clаss', that is 'cl\\u0430ss'",
        ),
        ("a,b\n1,2\n", "line 1: .* with 3 columns, got 'a,b' with 2; column 3: 'class' is missing"),
        ("a\n1\n", "line 1: .* with 3 columns, got 'a' with 1; column 2: 'b' is missing"),
        ("b,class\n2,no\n", "line 1: .* got 'b,class' with 2; column 1: 'a' is missing"),
        ("a,b,class,d\n", "line 1: .* got 'a,b,class,d' with 4; column 4: 'd' is one too many"),
        ("a,b,class,d,e\n", "line 1: .* with 5; column 4: 'd' is one too many"),
        ("id,a,b,class\n", "line 1: .* with 4; column 1: 'id' is one too many"),
        ("id,a,B,class\n", "line 1: .* with 4; column 1: expected the header 'a', got 'id'"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(text, words, tmp_path, record_property) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words) as caught:
        load_csv(path, ["a", "b"], ["no", "yes"])
    assert "bad.csv" in str(caught.value)
    record_property("bad inputs tried", 1)


def test_a_missing_file_is_missing_and_bytes_that_are_no_text_are_refused(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        load_csv(tmp_path / "none.csv", ["a"], ["no"])
    for content, words in (
        (HEADER.encode("utf-16"), r"bytes\.csv, line 1: expected UTF-8 text, got UTF-16"),
        (HEADER.encode("utf-32"), r"bytes\.csv, line 1: expected UTF-8 text, got UTF-32"),
        ("\ufeff".encode("utf-32-be"), r"bytes\.csv, line 1: expected UTF-8 text, got UTF-32"),
        (HEADER.encode("utf-16-be"), r"bytes\.csv, line 1: expected text, got a NUL"),
        (b"a,class\n1,no\n1,n\xe9\n", r"bytes\.csv, line 3: expected UTF-8 text, got the byte 0xe9"),
        (b"a,class\r\n1,n\xe9\r\n", r"bytes\.csv, line 2: expected UTF-8 text, got the byte 0xe9"),
    ):
        (tmp_path / "bytes.csv").write_bytes(content)
        with pytest.raises(ValueError, match=words):
            load_csv(tmp_path / "bytes.csv", ["a"], ["no"])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("blank", ["", "{}", "{}{}{}", "  {}\t"])
def test_a_byte_order_mark_and_blank_lines_at_the_end_are_read(ending, blank, tmp_path) -> None:
    lines = ["a,b,class", "1,2,no", "-3.5e1, 4,yes"]
    text = "\ufeff" + ending.join(lines) + ending + blank.format(ending, ending, ending)
    (tmp_path / "good.csv").write_bytes(text.encode())
    data = load_csv(tmp_path / "good.csv", ["a", "b"], ["no", "yes"])
    assert data.x.tolist() == [[1, 2], [-35, 4]] and data.labels.tolist() == [0, 1]


ENDS = ["\n", "\r\n", "\r"]
GOOD = HEADER + "1,2,no\n-3.5,4e2,yes\n0.25,7,no\n"


def rows(data: Dataset) -> list[list[float]]:
    return np.hstack([data.x, data.labels[:, None]]).tolist()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "mac-roman", "cp437"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_letter_of_another_encoding_is_refused_with_its_line(
    encoding, end, mark, tmp_path, record_property
) -> None:
    letter = "é".encode(encoding)
    (tmp_path / "old.csv").write_bytes(
        mark + GOOD.replace("7,no", "7,né").replace("\n", end).encode(encoding)
    )
    words = rf"^old\.csv, line 4: expected UTF-8 text, got the byte 0x{letter.hex()}$"
    with pytest.raises(ValueError, match=words):
        load_csv(tmp_path / "old.csv", ["a", "b"], ["no", "yes"])
    record_property("bad inputs tried", 1)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_text_of_wide_letters_is_refused_at_its_first_line(encoding, tmp_path, record_property) -> None:
    (tmp_path / "wide.csv").write_bytes(GOOD.encode(encoding))
    with pytest.raises(ValueError, match=r"^wide\.csv, line 1: expected .*text, got "):
        load_csv(tmp_path / "wide.csv", ["a", "b"], ["no", "yes"])
    record_property("bad inputs tried", 1)


@pytest.mark.any_kernel
@pytest.mark.parametrize("line", range(4))
@pytest.mark.parametrize("end", ENDS)
def test_whatever_is_put_into_a_line_it_is_read_right_or_refused_with_that_line(
    end, line, tmp_path, record_property
) -> None:
    path, right, refused = tmp_path / "odd.csv", [[1, 2, 0], [-3.5, 400, 1], [0.25, 7, 0]], 0
    texts = GOOD.splitlines()
    for piece in [
        '"',
        ";",
        "\t",
        "\0",
        " ",
        "\xa0",
        "_",
        "x",
        ",",
        "\x1a",
        "\ufeff",
        "\u2028",
        "\x0c",
        "é",
        b"\xe9",
    ]:
        for at in range(len(texts[line]) + 1):
            lines = [text.encode() for text in texts]
            odd = piece if isinstance(piece, bytes) else piece.encode()
            lines[line] = lines[line][:at] + odd + lines[line][at:]
            path.write_bytes(end.encode().join(lines))
            try:
                assert rows(load_csv(path, ["a", "b"], ["no", "yes"])) == right, lines[line]
            except ValueError as error:
                assert re.match(rf"odd\.csv, line {line + 1}[,:] ", str(error)), (lines[line], str(error))
                refused += 1
    assert refused > 60
    record_property("bad inputs tried", refused)


NAMES = [f"pixel{k}" for k in range(79)]


@pytest.mark.parametrize("column", [0, 1, 40, 78, 79])
def test_in_a_long_header_the_column_that_differs_is_shown(column, tmp_path, record_property) -> None:
    header, path = [*NAMES, "class"], tmp_path / "long.csv"
    name = header[column]
    after = f"column {column + 1}: "
    for got, words in (
        (
            [*header[:column], "label", *header[column + 1 :]],
            f"{after}expected the header {name!r}, got 'label'",
        ),
        (
            [*header[:column], name + " ", *header[column + 1 :]],
            f"{after}expected the header {name!r}, got '{name} '",
        ),
        (header[:column] + header[column + 1 :], f"with 79; {after}{name!r} is missing"),
        ([*header[:column], "label", *header[column:]], f"with 81; {after}'label' is one too many"),
    ):
        path.write_text(",".join(got) + "\n", encoding="utf-8")
        with pytest.raises(ValueError, match=rf"^long\.csv, line 1.*{words}$"):
            load_csv(path, NAMES, ["no"])
    record_property("bad inputs tried", 4)


def test_in_long_names_the_place_that_differs_is_shown(tmp_path) -> None:
    long = "mean of the length of the petals of all flowers of a plant in "
    (tmp_path / "long.csv").write_text(long + "mm,class\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"column 1: expected the header …'.* in cm', got …'.* in mm'$"):
        load_csv(tmp_path / "long.csv", [long + "cm"], ["no"])
    (tmp_path / "long.csv").write_text(f"a,class\n1,{long}cm\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: expected a class of .* in mm, got …'.* in cm'$"):
        load_csv(tmp_path / "long.csv", ["a"], ["no", long + "mm"])


@pytest.mark.any_kernel
def test_any_file_is_read_or_refused(tmp_path, record_property) -> None:
    path, tried = tmp_path / "any.csv", 0
    fields = st.sampled_from(["1", "-2.5", "1e400", "nan", "0x1", "1_0", "", '"', "no", "yes", "\0", " 3"])
    lines = st.lists(st.lists(fields, max_size=4).map(",".join), max_size=4).map("\n".join)
    texts = (st.text(max_size=60) | lines).map(lambda text: (HEADER + text).encode("utf-8", "replace"))

    @settings(max_examples=300)
    @given(st.binary(max_size=60) | texts)
    def fuzz(content) -> None:
        nonlocal tried
        tried += 1
        path.write_bytes(content)
        try:
            data = load_csv(path, ["a", "b"], ["no", "yes"])
        except ValueError as error:
            assert re.match(r"any\.csv, line \d+(, column \d+)?: ", str(error))
        else:
            assert len(data) > 0 and np.isfinite(data.x).all()

    fuzz()
    record_property("bad inputs tried", tried)
