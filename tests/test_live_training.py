"""Live training: every tick trains an epoch, and whenever it stops the net is whole."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from backprop_lib.data import load_iris, split, standardize
from backprop_lib.drawing.svg import number
from backprop_lib.equations import cost_of
from backprop_lib.figures.live_training import LiveTraining
from backprop_lib.figures.reproducible import ELSEWHERE
from backprop_lib.network import Network
from backprop_lib.training import Trainer, train

TRAINING, HELD_OUT = standardize(*split(load_iris()))


def net_of(seed: int = 1) -> Network:
    return Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=seed)


def live_on(net: Network, epochs: int = 40) -> LiveTraining:
    return LiveTraining(net, TRAINING, epochs=epochs, seed=1, held_out=HELD_OUT)


def trained(epochs: int) -> Network:
    net = net_of()
    train(net, TRAINING, epochs=epochs, seed=1)
    return net


@pytest.mark.parametrize(
    "changed, error, words",
    [
        ({"net": 3}, TypeError, "net: expected a Network, got 3"),
        ({"data": 3}, TypeError, "data: expected a data set with x and y, got 3"),
        ({"held_out": 3}, TypeError, "held_out: expected a data set with x and y, got 3"),
        ({"held_out": "5"}, TypeError, "held_out: expected a data set with x and y, got '5'"),
        ({"epochs": "5"}, TypeError, "epochs: expected a positive integer, got '5'"),
        ({"epochs": 0}, ValueError, "epochs: expected a positive integer, got 0"),
        ({"epochs": 1.5}, TypeError, "epochs: expected a positive integer, got 1.5"),
        ({"epochs": True}, TypeError, "epochs: expected a positive integer, got True"),
        ({"epochs": 10**6 + 1}, ValueError, "epochs: expected at most 1000000, got 1000001"),
        ({"epochs": 10**400}, ValueError, "epochs: expected at most 1000000, got 1000"),
        ({"learning_rate": "5"}, TypeError, "learning_rate: expected a positive number, got '5'"),
        ({"batch_size": 0}, ValueError, "batch_size: expected a positive integer, got 0"),
        ({"seed": None}, TypeError, "seed: expected an integer of at least 0, got None"),
    ],
)
def test_a_run_of_what_makes_no_sense_is_refused_by_name_and_the_net_stays(changed, error, words) -> None:
    net = net_of()
    with pytest.raises(error, match=f"^{re.escape(words)}"):
        LiveTraining(**({"net": net, "data": TRAINING, "held_out": HELD_OUT} | changed))
    assert np.array_equal(net.theta, net_of().theta)


def test_data_in_lists_is_trained_on_as_in_arrays() -> None:
    lists = SimpleNamespace(x=TRAINING.x.tolist(), y=TRAINING.y.tolist())
    runs = [LiveTraining(net_of(), data, epochs=2, held_out=data) for data in (TRAINING, lists)]
    for live in runs:
        live.controls["epoch"].value = 2
    assert runs[0].view == runs[1].view


def test_nothing_is_trained_before_the_clock_ticks() -> None:
    net = net_of()
    live = live_on(net)
    assert np.array_equal(net.theta, net_of().theta) and live.view.sentence.startswith("Epoch 0:")


def test_every_tick_trains_as_far_as_its_epoch() -> None:
    net = net_of()
    live = live_on(net)
    for epoch in (1, 2, 3, 7):
        live.controls["epoch"].value = epoch
        assert np.array_equal(net.theta, trained(epoch).theta)
        assert live.view.table[1][1] == number(cost_of(net, *TRAINING.columns()), 4)


def test_a_cost_far_above_one_is_seen_whole() -> None:
    net = Network([("identity", 4), ("identity", 3)], seed=1)
    net.theta *= 10
    live = LiveTraining(net, TRAINING, learning_rate=1e-3, epochs=2)
    for name in ("training", "l = 1"):
        line = live._figure.fast[name]
        assert line.get_ydata().max() > 20 or name != "training"
        assert (
            line.axes.get_ylim()[0]
            < line.get_ydata().min()
            <= line.get_ydata().max()
            < line.axes.get_ylim()[1]
        )


def test_looking_back_leaves_the_net_where_it_is() -> None:
    net = net_of()
    live = live_on(net)
    live.controls["epoch"].value = 7
    live.controls["epoch"].value = 3
    assert np.array_equal(net.theta, trained(7).theta)
    assert "Epoch 3:" in live.view.sentence and "trained for 7 epochs" in live.view.sentence


def test_stop_ends_the_run_and_the_net_stays_as_its_last_epoch_left_it() -> None:
    net = net_of()
    live = live_on(net)
    live.controls["epoch"].value = 5
    live.stop_button.click()
    live.controls["epoch"].value = 30  # as a late tick of the clock does
    assert live.error is None, live.error
    assert np.array_equal(net.theta, trained(5).theta) and "Stopped after epoch 5." in live.view.sentence
    assert live.controls["epoch"].value == 5 and live.view.code.count("epochs=5,") == 1
    assert live.player.buttons["Play"].disabled and not live.player.clock.playing


def test_stop_takes_back_a_slider_that_is_ahead_of_the_net() -> None:
    """A clock that is faster than the kernel sets it before what it asks for is trained."""
    live = live_on(net_of())
    live.controls["epoch"].value = 5
    with live._drawing:  # as while an epoch is trained
        live.controls["epoch"].value = 8
    live.stop_button.click()
    assert live.controls["epoch"].value == 5 and "Epoch 5:" in live.view.sentence
    live.controls["epoch"].value = 3
    assert "Epoch 3:" in live.view.sentence


def test_reset_starts_over_and_leads_to_the_same_net() -> None:
    net = net_of()
    live = live_on(net)
    live.controls["epoch"].value = 5
    live.stop_button.click()
    live.reset_button.click()
    assert np.array_equal(net.theta, net_of().theta) and live.view.sentence.startswith("Epoch 0:")
    assert not live.player.buttons["Play"].disabled
    live.controls["epoch"].value = 40
    assert np.array_equal(net.theta, trained(40).theta)


def test_where_nothing_ticks_the_picture_is_that_of_the_finished_run_and_the_net_is_untouched() -> None:
    net = net_of()
    text = live_on(net)._repr_mimebundle_()[0]["text/plain"]
    assert text == live_on(net_of())._repr_mimebundle_()[0]["text/plain"]
    finished = live_on(net_of())
    finished.controls["epoch"].value = 40
    assert text.endswith(finished.view.sentence) and np.array_equal(net.theta, net_of().theta)


def test_the_finished_picture_does_not_disturb_the_run_that_follows() -> None:
    net = net_of()
    live = live_on(net)
    live._repr_mimebundle_()
    live.controls["epoch"].value = 4
    live._repr_mimebundle_()
    live.reset()
    live.controls["epoch"].value = 6
    assert np.array_equal(net.theta, trained(6).theta)


def test_net_and_history_are_of_one_moment() -> None:
    live = live_on(net_of())
    live.controls["epoch"].value = 9
    net, history = live.state()
    assert history.epochs == 9 and cost_of(net, *TRAINING.columns()) == pytest.approx(history.cost[-1])
    live.controls["epoch"].value = 12
    assert np.array_equal(net.theta, trained(9).theta)  # a copy: it trains no further


def test_a_run_that_diverges_says_so_and_keeps_finite_parameters() -> None:
    net = Network([("identity", 4), ("relu", 5), ("identity", 3)], seed=0)
    live = LiveTraining(net, TRAINING, learning_rate=50.0, epochs=20)
    live.controls["epoch"].value = 20
    assert live.error is None, live.error
    assert "The run diverged in epoch" in live.view.sentence and np.isfinite(net.theta).all()


def test_an_interrupt_during_a_tick_pauses_the_run_at_a_finished_epoch(monkeypatch) -> None:
    net = net_of()
    live = live_on(net)
    live.controls["epoch"].value = 5
    live.player.play()

    def interrupted(trainer: Trainer) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_run_epoch", interrupted)
        live.controls["epoch"].value = 6
    assert not live.player.clock.playing and live.view.sentence.startswith("Epoch 5:")
    assert np.array_equal(net.theta, trained(5).theta)
    live.player.play()
    live.controls["epoch"].value = 7
    assert live.player.clock.playing and np.array_equal(net.theta, trained(7).theta)


def test_the_line_of_code_trains_what_is_shown() -> None:
    live = LiveTraining(net_of(), TRAINING, learning_rate=0.512345678, epochs=8, batch_size=30, seed=4)
    for epoch in (6, 3):  # and back again
        live.controls["epoch"].value = epoch
        assert "learning_rate=0.512345678," in live.view.code
        history = eval(live.view.code, {"train": train, "net": net_of(), "data": TRAINING})
        said = [history.cost[-1], *(history.delta_norm(l)[-1] for l in history.delta)]
        assert history.epochs == epoch
        assert [row[1] for row in live.view.table[1:]] == [number(value, 4) for value in said]


@pytest.mark.parametrize("held_out", [None, HELD_OUT], ids=["training-alone", "held-out"])
def test_a_legend_names_the_curves_that_there_are_by_their_dashes(held_out) -> None:
    net = Network([("identity", 4), ("sigmoid", 3)], seed=1)
    figure = LiveTraining(net, TRAINING, epochs=3, held_out=held_out)._figure
    legends = [axes.get_legend() for axes in figure.axes]
    named = [text.get_text() for legend in legends for text in legend.get_texts()]
    assert named == ["training", *["held out"] * (held_out is not None), "l = 1"]
    assert {line.get_marker() for legend in legends for line in legend.get_lines()} == {""}


def test_a_run_that_round_off_decides_says_none_of_its_digits_not_even_of_one_picture(monkeypatch) -> None:
    net = Network([("identity", 4), ("sigmoid", 3)], seed=1)
    live = LiveTraining(net, TRAINING, epochs=3)
    known = [alt for alt in re.findall('<img alt="([^"]*)"', live.view.html) if number_of(live) in alt]
    assert len(known) == 2
    monkeypatch.setattr(type(live._trainer), "is_doubtful", lambda run, epoch: True)
    live.controls["epoch"].value = 2
    alts = re.findall('<img alt="([^"]*)"', live.view.html)
    assert len(alts) == 2 and all(ELSEWHERE in alt for alt in alts)
    assert not [alt for alt in alts if number_of(live) in alt]


def number_of(live: LiveTraining) -> str:
    """The size of the errors in the epoch that is seen, as it is written."""
    history = live._trainer.history()
    return number(float(history.delta_norm(1)[live.controls["epoch"].value]))
