"""The ways in which an endpoint or a model fails, by name: what a rehearsal may ask for."""

from enum import StrEnum


class Fault(StrEnum):
    """One way of failing. Those of ``OF_THE_ENDPOINT`` are no answer; the others are answers that are bad."""

    RATE_LIMITED = "rate_limited"
    """429 with ``Retry-After: 1``."""
    RATE_LIMITED_LONG = "rate_limited_long"
    """429 that asks to be left alone for a day."""
    RATE_LIMITED_BARE = "rate_limited_bare"
    """429 that does not say for how long."""
    SERVER_ERROR = "server_error"
    """500."""
    OVERLOADED = "overloaded"
    """529."""
    UNAUTHORISED = "unauthorised"
    """401: the key is no good."""
    BAD_REQUEST = "bad_request"
    """400: the context is too long."""
    SILENT = "silent"
    """Takes the request and never answers."""
    RESET = "reset"
    """Takes the request and closes the connection."""
    CUT_BODY = "cut_body"
    """Promises more bytes than it sends."""
    CUT_STREAM = "cut_stream"
    """A stream that ends in the middle; without a stream, a body that does."""
    STALLED = "stalled"
    """An answer that stops in the middle, on a connection that stays open."""
    ENDLESS = "endless"
    """A stream that never ends; without a stream, a body that does not."""
    STREAM_ERROR = "stream_error"
    """An error in the middle of a stream; without a stream, 200 and an error in the body."""
    ERROR_BODY = "error_body"
    """200, and an error in the body."""
    WRONG_TYPE = "wrong_type"
    """200, and a page of HTML."""
    NO_CHOICES = "no_choices"
    """200, and an empty list of choices."""
    EMPTY = "empty"
    """An answer that says nothing."""
    PROSE = "prose"
    """An answer in words instead of calls."""
    REFUSAL = "refusal"
    """The model will not."""
    LENGTH = "length"
    """The model was stopped in the middle of its arguments."""
    HUGE = "huge"
    """Arguments of several megabytes."""
    TWO_OBJECTS = "two_objects"
    """Two JSON objects where one belongs."""
    DUPLICATE_KEYS = "duplicate_keys"
    """A key that stands twice, with two values."""
    NOT_A_NUMBER = "not_a_number"
    """NaN where a number belongs."""
    BROKEN_JSON = "broken_json"
    """Arguments that are no JSON."""
    UNKNOWN_TOOL = "unknown_tool"
    """A call of a tool that nobody offered."""
    WRONG_ARGUMENTS = "wrong_arguments"
    """A field that no tool has."""
    NO_USAGE = "no_usage"
    """A good answer that does not say what it cost."""


OF_THE_ENDPOINT = frozenset(
    {
        Fault.RATE_LIMITED,
        Fault.RATE_LIMITED_LONG,
        Fault.RATE_LIMITED_BARE,
        Fault.SERVER_ERROR,
        Fault.OVERLOADED,
        Fault.UNAUTHORISED,
        Fault.BAD_REQUEST,
        Fault.SILENT,
        Fault.RESET,
        Fault.CUT_BODY,
        Fault.CUT_STREAM,
        Fault.STALLED,
        Fault.ENDLESS,
        Fault.STREAM_ERROR,
        Fault.ERROR_BODY,
        Fault.WRONG_TYPE,
        Fault.NO_CHOICES,
    }
)
"""Faults that are no answer of a model; all others change the answer that the role would give."""

IN_THE_MIDDLE = frozenset({Fault.CUT_STREAM, Fault.STALLED, Fault.ENDLESS, Fault.STREAM_ERROR})
"""Faults of an endpoint that has begun to answer."""
