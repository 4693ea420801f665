"""Every line of data.py matters: what it makes, what it refuses, and by which name and line."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from backprop_lib import data
from backprop_lib.data import Dataset, load_csv, load_digits, load_iris, one_hot, split, standardize, xor


def dataset(x=((1.0, 2.0), (3.0, 4.0)), y=((1.0, 0.0), (0.0, 1.0)), labels=(0, 1), **names) -> Dataset:
    named = {"class_names": ("a", "b"), "feature_names": ("p", "q")} | names
    return Dataset(np.array(x), np.array(y), np.array(labels), **named)


@pytest.mark.parametrize("name", ["x", "y", "labels"])
def test_the_arrays_of_a_data_set_are_copies_and_cannot_be_written_to(name) -> None:
    given = {"x": np.eye(2), "y": np.eye(2), "labels": np.array([0, 1])}
    made = Dataset(given["x"], given["y"], given["labels"], ("a", "b"), ("p", "q"))
    given[name][0] = 1
    assert np.array_equal(getattr(made, name), np.array([0, 1]) if name == "labels" else np.eye(2))
    with pytest.raises(ValueError, match="read-only"):
        getattr(made, name)[0] = 0


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"x": [["1"], ["2"]]}, "x: expected"),
        ({"y": [["1"], ["2"]]}, "y: expected"),
        ({"x": [1.0, 2.0]}, "x, y: expected one example per row, got shapes (2,) and (2, 2)"),
        ({"y": [1.0, 2.0]}, "x, y: expected one example per row, got shapes (2, 2) and (2,)"),
        ({"x": np.zeros((2, 0))}, "x, y: expected one example per row, got shapes (2, 0) and (2, 2)"),
        ({"y": np.zeros((2, 0))}, "x, y: expected one example per row, got shapes (2, 2) and (2, 0)"),
        ({"x": np.zeros((0, 2))}, "x, y: expected one example per row, got shapes (0, 2) and (2, 2)"),
        ({"x": np.zeros((3, 2))}, "y: expected 3 rows as in x, got 2"),
        ({"labels": [0, 1, 1]}, "labels: expected 2 as in x, got 3"),
        ({"labels": [0, 2]}, "labels: expected classes 0 … 1, got 2"),
        ({"labels": [0, -1]}, "labels: expected classes 0 … 1, got -1"),
        ({"labels": [1, 0]}, "y: expected class 1 in row 0, as in labels, got class 0"),
        ({"labels": [0, 0]}, "y: expected class 0 in row 1, as in labels, got class 1"),
        ({"y": [[0.0], [0.0]]}, "y: expected class 1 in row 1, as in labels, got class 0"),
        ({"labels": [[0, 1]]}, "labels: expected a flat list, got shape (1, 2)"),
        ({"feature_names": ("p",)}, "feature_names: expected 2, got 1"),
        ({"class_names": "ab"}, "class_names: expected"),
        ({"feature_names": ("p", 2)}, "feature_names"),
        ({"class_names": ("a", "a")}, "class_names: expected each name once, got ('a', 'a')"),
    ],
)
def test_a_data_set_is_refused_by_the_name_of_what_is_wrong(arguments, words) -> None:
    with pytest.raises((ValueError, TypeError), match=rf"^{re.escape(words)}(?![\w.])"):
        dataset(**arguments)


@pytest.mark.parametrize(
    "rows, error, words",
    [
        ([], TypeError, "indices: expected a list of row numbers, got []"),
        ([[0, 1]], TypeError, "indices: expected a list of row numbers, got [[0, 1]]"),
        ([0, 2], ValueError, "indices: expected numbers from 0 to 1, got [0, 2]"),
        ([-1], ValueError, "indices: expected numbers from 0 to 1, got [-1]"),
        ([0.5], TypeError, "indices: expected a list of row numbers, got"),
    ],
)
def test_rows_that_are_not_there_cannot_be_taken(rows, error, words) -> None:
    with pytest.raises(error, match=re.escape(words)):
        dataset().take(rows)


def test_rows_are_taken_in_the_order_asked_for() -> None:
    taken = dataset().take([1, 0, 1])
    assert taken.x.tolist() == [[3, 4], [1, 2], [3, 4]] and taken.y.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert taken.labels.tolist() == [1, 0, 1] and len(taken) == 3
    assert (taken.class_names, taken.feature_names) == (("a", "b"), ("p", "q"))


def test_one_hot_holds_as_many_numbers_as_it_may_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(data, "LARGEST", 6)
    assert one_hot([0, 1], 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(ValueError, match="^classes: expected at most 6 numbers in all, got 3 × 3$"):
        one_hot([0, 1, 2], 3)
    with pytest.raises(ValueError, match="^classes: expected a positive integer, got 0$"):
        one_hot([0], 0)


def read(tmp_path, content: bytes) -> Dataset:
    (tmp_path / "some.csv").write_bytes(content)
    return load_csv(tmp_path / "some.csv", ["p", "q"], ["no", "yes"])


def test_a_file_is_read_field_by_field(tmp_path) -> None:
    made = read(tmp_path, b"p,q,class\n1,-2.5e3,no\n +3 ,4E-1,yes\n")
    assert made.x.tolist() == [[1, -2500], [3, 0.4]] and made.labels.tolist() == [0, 1]
    assert made.y.tolist() == [[1, 0], [0, 1]] and made.class_names == ("no", "yes")
    assert made.feature_names == ("p", "q")


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "some.csv, line 1: expected the header 'p,q,class', got nothing"),
        (b"p,q\n", "some.csv, line 1: expected the header 'p,q,class' with 3 columns, got 'p,q' with 2"),
        (b"p,r,class\n", "some.csv, line 1, column 2: expected the header 'q', got 'r'"),
        (b"p,q,class\n", "some.csv, line 2: expected at least one example, got nothing"),
        (b"p,q,class\n1,2,no\n1,2\0,no\n1,\0,no\n", "some.csv, line 3: expected text, got a NUL character"),
        (b"p,q,class\n1,2,no\n1,\xe9,no\n", "some.csv, line 3: expected UTF-8 text, got the byte 0xe9"),
        (b"p,q,class\r1,2,no\r\n1,\xe9,no\n", "some.csv, line 3: expected UTF-8 text, got the byte 0xe9"),
        (b"\xff\xfep", "some.csv, line 1: expected UTF-8 text, got UTF-16"),
        (b"\xfe\xffp", "some.csv, line 1: expected UTF-8 text, got UTF-16"),
        (b'"p,q,class\n', "some.csv, line 1: not a line of a CSV file: a quote that is not closed"),
        (b'p,q,class\n1,2,no\n1,"2,no\n', "some.csv, line 3: not a line of a CSV file: a quote that is not"),
        (b'p,q,class\n"1"2,2,no\n', "some.csv, line 2: not a line of a CSV file: ',' expected after '\"'"),
        (b"p,q,class\n1,2,no\n1,2,maybe\n", "some.csv, line 3: expected a class of no, yes, got 'maybe'"),
        (b"p,q,class\n1,2,no,no\n", "some.csv, line 2: expected 3 fields, got 4"),
        (b"p,q,class\n1,1_0,no\n", "some.csv, line 2: expected a finite number, got '1_0'"),
        ("p,q,class\n1,٣,no\n".encode(), "some.csv, line 2: expected a finite number, got '٣'"),
        (b"p,q,class\n1,1e999,no\n", "some.csv, line 2: expected a finite number, got '1e999'"),
        (b"p,q,class\n1,1.2.3,no\n", "some.csv, line 2: expected a finite number, got '1.2.3'"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_line(content, words, tmp_path) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read(tmp_path, content)


def test_where_there_is_no_class_a_row_has_none_of_them(tmp_path) -> None:
    (tmp_path / "some.csv").write_text("p,class\n1,no\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^some\.csv, line 2: expected a class of , got 'no'$"):
        load_csv(tmp_path / "some.csv", ["p"], [])


def test_a_quoted_line_end_is_counted_and_its_row_is_named_by_the_first_line(tmp_path) -> None:
    with pytest.raises(ValueError, match=re.escape("line 3: expected a class of no, yes, got 'n\\r\\no'")):
        read(tmp_path, b'p,q,class\n1,2,no\n1,2,"n\r\no"\n')
    (tmp_path / "long.csv").write_bytes(b'"p\r\nin cm",class\n1,no\n1,maybe\n')
    with pytest.raises(ValueError, match=re.escape("line 4: expected a class of no, yes, got 'maybe'")):
        load_csv(tmp_path / "long.csv", ["p\r\nin cm"], ["no", "yes"])


def test_the_data_sets_of_the_course_are_loaded_when_asked_for() -> None:
    iris, digits, gate = load_iris(), load_digits(), xor()
    assert iris.x.shape == (150, 4) and iris.class_names == data.IRIS_CLASSES
    assert iris.feature_names == data.IRIS_FEATURES and iris.labels.tolist() == sorted(iris.labels.tolist())
    assert digits.x.shape == (1797, 64) and digits.feature_names[63] == "pixel63"
    assert digits.class_names == tuple("0123456789") and digits.y.sum() == 1797
    assert gate.class_names == ("no", "yes") and gate.feature_names == ("first", "second")
    assert gate.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]] and gate.labels.tolist() == [0, 1, 1, 0]


def test_a_file_that_is_nowhere_is_said_to_be(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.csv: expected it in datasets/ in or beside"):
        data._file("none.csv")


def test_a_file_inside_the_installed_package_comes_first(tmp_path, monkeypatch) -> None:
    for folder in ("backprop_lib/datasets", "datasets"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "some.csv").write_text(folder)
    monkeypatch.setattr(data, "__file__", str(tmp_path / "backprop_lib" / "data.py"))
    assert data._file("some.csv") == tmp_path / "backprop_lib" / "datasets" / "some.csv"


def numbered(counts: list[int]) -> Dataset:
    labels = np.repeat(range(len(counts)), counts)
    names = tuple(f"class {i}" for i in range(len(counts)))
    return Dataset(np.arange(len(labels))[:, None], one_hot(labels, len(counts)), labels, names, ("row",))


def test_a_split_takes_one_of_a_small_class_and_refuses_to_take_all() -> None:
    train, rest = split(numbered([3, 20]), 0.1)
    assert np.bincount(train.labels).tolist() == [1, 2] and np.bincount(rest.labels).tolist() == [2, 18]
    with pytest.raises(ValueError, match=r"fraction: 0\.9 of the 2 examples of class 1 leaves none"):
        split(numbered([30, 2]), 0.9)


def test_a_split_is_seven_tenths_by_seed_0_in_the_order_of_the_file() -> None:
    some = numbered([10, 20])
    for one, other in zip(split(some), split(some, 0.7, 0), strict=True):
        assert np.array_equal(one.x, other.x) and one.x.ravel().tolist() == sorted(one.x.ravel())
    assert np.bincount(split(some)[0].labels).tolist() == [7, 14]


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"fraction": True}, TypeError, "fraction: expected a number between 0 and 1, got True"),
        ({"fraction": "½"}, TypeError, "fraction: expected a number between 0 and 1, got '½'"),
        ({"fraction": 0}, ValueError, "fraction: expected a number between 0 and 1, got 0"),
        ({"fraction": 1}, ValueError, "fraction: expected a number between 0 and 1, got 1"),
        ({"seed": -1}, ValueError, "seed: expected"),
        ({"data": 3}, TypeError, "data: expected a Dataset, got 3"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(arguments, error, words) -> None:
    with pytest.raises(error, match=re.escape(words)):
        split(**({"data": numbered([4, 4])} | arguments))


def test_a_constant_feature_is_shifted_only() -> None:
    train = dataset(x=[[5.0, 1.0], [5.0, 3.0]])
    scaled, other = standardize(train, dataset(x=[[8.0, 2.0], [5.0, 4.0]]))
    assert scaled.x.tolist() == [[0, -1], [0, 1]] and other.x.tolist() == [[3, 0], [0, 2]]
    assert (other.class_names, other.feature_names) == (("a", "b"), ("p", "q"))
    assert other.y.tolist() == [[1, 0], [0, 1]] and other.labels.tolist() == [0, 1]


def test_all_features_of_one_example_are_constant() -> None:
    one = dataset(x=[[5.0, 1.0]], y=[[1.0, 0.0]], labels=[0])
    assert standardize(one)[0].x.tolist() == [[0, 0]]


@pytest.mark.parametrize("value", [0.1, 0.2, 0.3, 1.1, 3.5, 5.1, -0.7, 1e-300, 1e100])
def test_a_constant_feature_is_0_whatever_the_mean_of_it_is_rounded_to(value) -> None:
    flowers = load_iris()
    train = replace(flowers, x=np.column_stack([flowers.x[:, :3], np.full(150, value)]))
    odd = train.take([0])
    odd = replace(odd, x=odd.x + [0, 0, 0, 0.1])
    scaled, other = standardize(train, odd)
    assert not scaled.x[:, 3].any() and other.x[0, 3] == value + 0.1 - value
    assert np.array_equal(scaled.x[:, :3], standardize(flowers)[0].x[:, :3])


@pytest.mark.parametrize("factor", [2.0**-520, 2.0**-1000, 2.0**-1074])
def test_a_tiny_feature_is_scaled_as_a_large_one_to_the_last_bit(factor) -> None:
    whole = np.array([[1.0, 0.0], [-3.0, 1.0], [7.0, 0.0], [5.0, 0.0]])
    made = {"y": np.eye(2)[[0, 1, 0, 0]], "labels": [0, 1, 0, 0]}
    large, tiny = (dataset(x=x, **made) for x in (whole, whole * [1, factor]))
    for one, other in zip(standardize(large, large), standardize(tiny, tiny), strict=True):
        assert np.array_equal(one.x, other.x) and np.allclose(one.x.std(axis=0), 1)


@pytest.mark.parametrize(
    "y", [[[1.0], [0.5]], [[0.3, 0.7], [0.6, 0.4]], [[1.0, 1.0], [0.0, 0.0]], [[2.0], [1.0]]]
)
def test_targets_that_are_not_one_hot_are_no_classes(y) -> None:
    assert dataset(y=y).y.tolist() == y


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [1e160, 1e308])
def test_numbers_without_a_deviation_are_refused_by_the_name_of_their_feature(value) -> None:
    with pytest.raises(ValueError, match="train: expected numbers whose squares are finite, .* in 'q'"):
        standardize(dataset(x=[[1.0, value], [2.0, -value]]))
    many = numbered([16])
    with pytest.raises(ValueError, match="train: .* in 'row'"):  # sums of some of them are infinite, and −∞
        standardize(replace(many, x=value * (-1.0) ** many.x))
    with pytest.raises(ValueError, match="x: expected finite numbers, got inf"):
        standardize(dataset(x=[[0.0, 0.0], [1e-160, 1.0]]), dataset(x=[[value, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((3,), "train: expected a Dataset, got 3"),
        ((dataset(), dataset(), 3), "others[1]: expected a Dataset, got 3"),
        (
            (dataset(), dataset(feature_names=("p", "r"))),
            "others[0]: expected the features of train, ('p', 'q'), got ('p', 'r')",
        ),
    ],
)
def test_what_cannot_be_scaled_alike_is_refused(arguments, words) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        standardize(*arguments)


@pytest.mark.parametrize("call", [lambda labels: one_hot(labels, 3), lambda labels: dataset(labels=labels)])
def test_labels_that_are_no_whole_numbers_are_refused_by_name(call) -> None:
    with pytest.raises(TypeError, match=r"^labels: expected integers, got "):
        call([0.5, 1.0])
