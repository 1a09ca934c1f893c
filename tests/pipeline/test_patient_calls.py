"""Calls that are waited for so long and no longer."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import Event

import pytest

from zhiyin.pipeline.patient_calls import PatientCalls, TooManyCallsError


def calls(*, seconds: float = 30.0, most: int = 1, queue: bool = False) -> PatientCalls:
    return PatientCalls(seconds=seconds, most=most, queue=queue, name="test")


def test_what_is_said_in_time_is_handed_on() -> None:
    assert calls()(lambda: 3) == 3


def test_what_goes_wrong_is_handed_on_and_gives_its_turn_back() -> None:
    patient = calls()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            patient(lambda: 1 / 0)


def test_the_context_goes_along() -> None:
    who = ContextVar("who", default="nobody")
    who.set("ann")
    assert calls()(who.get) == "ann"


def test_a_late_call_keeps_its_turn_until_it_ends() -> None:
    patient, go = calls(seconds=0.05), Event()
    with pytest.raises(TimeoutError) as late:
        patient(lambda: go.wait(60))
    assert not isinstance(late.value, TooManyCallsError)
    with pytest.raises(TooManyCallsError):
        patient(lambda: None)
    go.set()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            assert patient(lambda: 3) == 3
        except TimeoutError:
            continue
        return
    pytest.fail("its turn never came back")


def test_where_calls_queue_a_turn_that_comes_free_is_taken() -> None:
    patient, begun, go = calls(queue=True), Event(), Event()

    def hold() -> str:
        begun.set()
        go.wait(60)
        return "first"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(patient, hold)
        assert begun.wait(60)
        second = pool.submit(patient, lambda: "second")
        with pytest.raises(TimeoutError):
            second.result(timeout=0.1)  # it waits for its turn
        go.set()
        assert (first.result(), second.result()) == ("first", "second")


def test_where_calls_queue_no_turn_is_waited_for_for_ever() -> None:
    patient, go = calls(seconds=0.05, queue=True), Event()
    with pytest.raises(TimeoutError):
        patient(lambda: go.wait(60))
    with pytest.raises(TooManyCallsError):
        patient(lambda: None)
    go.set()


_HANGS = """
import time
from zhiyin.pipeline.patient_calls import PatientCalls
try:
    PatientCalls(seconds=0.05, most=1, queue=False, name="test")(lambda: time.sleep(3600))
except TimeoutError:
    print("late")
"""


def test_the_end_of_a_process_waits_for_no_call() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _HANGS], capture_output=True, text=True, timeout=120, check=True
    )
    assert told.stdout == "late\n"
