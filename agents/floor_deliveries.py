"""The checks on receivers of events: where they are, what signs what they get, and what they ask for."""

from collections.abc import Iterator

from agents.floor_addresses import is_in_the_clear, is_variable, wrong_with
from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from protocol.delivery import wants
from protocol.engine_events import ENGINE_EVENTS
from protocol.errors import Problem
from protocol.floor import FloorConfig, Receiver


def check_deliveries(parts: Parts) -> Iterator[Problem]:
    """Every problem of ``deliver``."""
    draft = parts.config
    for number, receiver in enumerate(draft.value.deliver):
        yield from _address(draft, number, receiver)
        if not is_variable(receiver.secret_env):
            message = (  # what stands there may be the key itself: it is not repeated
                f"secret_env of {receiver.name} is no name of an environment variable, such as ERP_SECRET"
            )
            yield draft.problem(Code.DELIVERY_KEY_INVALID, message, "deliver", number, "secret_env")
        yield from _events(parts, number, receiver)


def _address(draft: Draft[FloorConfig], number: int, receiver: Receiver) -> Iterator[Problem]:
    place = ("deliver", number, "url")
    if (wrong := wrong_with(receiver.url)) is not None:
        message = f"the url of {receiver.name} {wrong}"
        yield draft.problem(Code.DELIVERY_URL_INVALID, message, *place)
    elif is_in_the_clear(receiver.url):
        message = f"what {receiver.name} is sent over plain http can be read on the way"
        yield draft.problem(Code.DELIVERY_UNENCRYPTED, message, *place)


def _events(parts: Parts, number: int, receiver: Receiver) -> Iterator[Problem]:
    """Names that nothing is called by, and names given twice."""
    draft, known = parts.config, parts.event_types | ENGINE_EVENTS
    for place, name in enumerate(receiver.events):
        where = ("deliver", number, "events", place)
        if name in receiver.events[:place]:
            yield draft.problem(Code.DUPLICATE_NAME, f"{receiver.name} asks for {name} twice", *where)
        elif parts.toolbox is not None and name != "*" and not any(wants([name], event) for event in known):
            message = f"{receiver.name} asks for {name}, which neither the tools nor the engine publish"
            yield draft.problem(Code.DELIVERY_EVENT_UNDECLARED, message, *where)
