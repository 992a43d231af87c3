"""What became of a case, for a person: the reply on stdout, where it stands and what to do on stderr."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cli.output import Output
from cli.progress import untold
from protocol.times import local
from protocol.usage import Usage, money, usage_of

if TYPE_CHECKING:
    from graph.settings import Settings
    from protocol.floor import Models


def model_line(settings: "Settings", models: "Models") -> str:
    """Which model plays the roles, and where it is asked."""
    from agents.backend import split_backend, urls_of

    asked: dict[str, list[str]] = {}
    for backend in sorted({settings.model} if settings.model else set(models.tiers.values())):
        if named := split_backend(backend):
            asked.setdefault(named[0], []).append(named[1])
    if not asked:
        return "model: offline. Each role is played by its policy; no key, no network."
    tiers = "" if settings.model else ", by the tiers of floor.yaml"
    urls = urls_of(models, settings.endpoint.base_url)
    places = " and ".join(
        f"{', '.join(names)} at {urls[at] or 'its maker'}" for at, names in sorted(asked.items())
    )
    return f"model: {places}{tiers}. What agents see is sent there."


def print_outcome(out: Output, shape: Mapping[str, Any], zone: str, *, told: str = "") -> None:
    """Shape ``run``. ``told``: what of the reply has been printed as it came."""
    if rest := untold(told, shape["reply"]):
        out.text(rest)
    for item in shape["waiting"]:
        out.note(waiting_line(item, zone))
    out.note(f"{standing_line(shape)}; next: {next_step(shape)}")


def waiting_line(item: Mapping[str, Any], zone: str) -> str:
    """An approval or a question that a person has to decide."""
    return f"waiting for a person: {item['id']}, {item['role']}, due {local(item['due_at'], zone)}"


def standing_line(shape: Mapping[str, Any]) -> str:
    """``case_x: refused [no_gap], 2 rounds``, and the cost of its calls unless they were free."""
    code = f" [{shape['code']}]" if shape.get("code") else ""
    rounds = shape["rounds"]
    clarify = ", a question back" if shape.get("clarify") else ""
    cost = _cost(usage_of(shape["usage"]))
    return (
        f"{shape['case']}: {shape['status']}{code}{clarify}, {rounds} round{'' if rounds == 1 else 's'}{cost}"
    )


def _cost(usage: Usage) -> str:
    is_free = not usage.unpriced_calls and usage.at_least_usd == "0"
    return "" if is_free else f", cost {money(usage)}"


def next_step(shape: Mapping[str, Any]) -> str:
    """One command that helps from here."""
    if shape["waiting"]:
        return f"andon show {shape['waiting'][0]['id']}"
    return f"andon resume {shape['case']}" if shape["status"] == "open" else f"andon trace {shape['case']}"
