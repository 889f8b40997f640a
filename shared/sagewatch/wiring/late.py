"""What is built when it is first used, because many invocations never use it."""

from collections.abc import Callable

from sagewatch.once import Once
from sagewatch.slack.interactions.ports import Answers


class Late[Asked, Answered](Answers[Asked, Answered]):
    """Answers one kind of press or order. A worker sees few kinds, and each imports and builds much of its own."""

    def __init__(self, build: Callable[[], Answers[Asked, Answered]]) -> None:
        self._once = Once(build)

    @property
    def built(self) -> Answers[Asked, Answered]:
        """What answers them, built once, by whichever thread asks first."""
        return self._once()

    def handle(self, asked: Asked, /) -> Answered:
        """Answer one."""
        return self.built.handle(asked)
