"""What holds for every state machine of the protocol, read off its table."""

import itertools
from enum import StrEnum

import pytest

from protocol import exchange, ladder
from protocol.exchange import Say
from protocol.ladder import LadderEvent
from protocol.machine import IllegalStepError, Machine
from protocol.machines import MACHINES

AnyMachine = Machine[StrEnum, StrEnum]
EVERY = pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)


def reached(machine: AnyMachine, start: StrEnum) -> set[StrEnum]:
    """The states that can come after ``start``, itself included."""
    found, todo = {start}, [start]
    while todo:
        state = todo.pop()
        after = {to for (at, _), to in machine.table.items() if at is state} - found
        found |= after
        todo += after
    return found


def test_every_machine_has_a_name_of_its_own() -> None:
    names = [machine.name for machine in MACHINES]
    assert sorted(names) == sorted(set(names))


@EVERY
def test_every_state_is_reachable(machine: AnyMachine) -> None:
    assert reached(machine, machine.initial) == set(machine.states)


@EVERY
def test_every_event_occurs(machine: AnyMachine) -> None:
    assert {event for _, event in machine.table} == set(machine.events)


@EVERY
def test_nothing_leaves_a_final_state(machine: AnyMachine) -> None:
    assert {state for state, _ in machine.table} & machine.finals == set()


@EVERY
def test_every_state_that_is_not_final_can_be_left_for_another(machine: AnyMachine) -> None:
    stuck = [s for s in set(machine.states) - machine.finals if reached(machine, s) == {s}]
    assert stuck == []


@EVERY
def test_an_end_can_be_reached_from_everywhere(machine: AnyMachine) -> None:
    if machine.finals:
        assert [s for s in machine.states if not reached(machine, s) & machine.finals] == []


@EVERY
def test_every_absent_pair_is_refused_by_name(machine: AnyMachine) -> None:
    for state, event in itertools.product(machine.states, machine.events):
        if machine.allows(state, event):
            assert machine.advance(state, event) is machine.table[(state, event)]
            continue
        with pytest.raises(IllegalStepError, match=f"{event} is not possible .* {machine.name} is {state}"):
            machine.advance(state, event)


@pytest.mark.parametrize(
    ("machine", "event"),
    [(exchange.MACHINE, Say.FAIL), (ladder.MACHINE, LadderEvent.EXPIRE)],
    ids=["exchange", "escalation"],
)
def test_silence_ends_every_wait(machine: AnyMachine, event: StrEnum) -> None:
    waiting = set(machine.states) - machine.finals - machine.rests
    assert [s for s in waiting if not machine.allows(s, event)] == []
