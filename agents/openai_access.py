"""The models of roles at any endpoint that speaks OpenAI's protocol: a base URL, a key and a name."""

from langchain_core.language_models import BaseChatModel

from agents.backend import OPENAI, Endpoint
from protocol.errors import InvalidFloorError
from telemetry.log import hide


class OpenAIAccess:
    """One model for every role. The turn's deadline ends a call, and the turn runtime alone tries again.

    ``at``: the name of the endpoint.
    """

    def __init__(self, name: str, endpoint: Endpoint, at: str = OPENAI) -> None:
        import httpx2
        from pydantic import SecretStr

        from agents.strict_chat import StrictChat

        if not endpoint.key:
            raise InvalidFloorError(
                f"The model {name} needs a key for its endpoint.",
                hint=f"Set {endpoint.key_env}; for an endpoint that asks for none, set it to any word.",
                code="no_key",
            )
        hide(endpoint.key)
        self._name = f"{at}:{name}"
        self._model = StrictChat(
            model=name,
            base_url=endpoint.base_url,
            api_key=SecretStr(endpoint.key),
            timeout=httpx2.Timeout(
                endpoint.silence_s
            ),  # an object, or it shares connections with all of the process
            max_retries=0,
            temperature=0,
            use_responses_api=False,
            disable_streaming=True,
            streams=endpoint.streams,
        )

    def model_of(self, agent: str) -> BaseChatModel:
        """The same for all."""
        return self._model

    def endpoint_of(self, agent: str) -> str | None:
        """By the model: another one may answer where this one does not."""
        return self._name

    async def close(self) -> None:
        """The connections are this access's own."""
        await self._model.root_async_client.close()
