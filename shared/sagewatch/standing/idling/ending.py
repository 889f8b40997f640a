"""Makes the one call that ends the bill of a resource, after a last claim."""

from dataclasses import dataclass
from enum import StrEnum

from sagewatch.clock import Clock
from sagewatch.errors import AccessDeniedError, StopRefusedError, ThrottledError
from sagewatch.formatting import clock_time
from sagewatch.notebooks.session import caller
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.idling.alerts import StandingAlert
from sagewatch.standing.idling.look import Look
from sagewatch.standing.idling.messages import StandingMessages
from sagewatch.standing.idling.ports import EndCalls, ResourceLeases


class Ending(StrEnum):
    """What became of it."""

    ENDED = "ended"
    GONE = "it no longer exists"
    CHANGED = "nothing was changed: another button was pressed, or someone else is ending it"
    REFUSED = "AWS refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEnding:
    """Ends resources. Who does it is noted before the call: the second try of an interrupted one then finds it."""

    calls: EndCalls
    leases: ResourceLeases
    messages: StandingMessages
    clock: Clock

    def end(self, look: Look, root: str, by: str | None) -> Ending:
        """End it, for the Slack user ``by`` or because its announced time has come. Raises what the ports do."""
        resource, now = look.resource, self.clock()
        arn, region = resource.arn.lower(), resource.region
        if resource.end is None or not self.leases.claim(arn, region, caller(by), now, look.state.stored_lease):
            return Ending.CHANGED
        words = f"{ended(resource.kind)} at {clock_time(now, now)}"
        before = self.messages.find(root)
        self.messages.note(root, words, by)
        try:
            there = self.calls.end(region, resource.end)
        except (StopRefusedError, AccessDeniedError) as exc:
            self.leases.release(arn, region, caller(by))
            self._say_refused(root, f"AWS refused: {exc}", before, by)
            return Ending.REFUSED
        except ThrottledError:  # nothing was ended, so a person may still keep it
            self.leases.release(arn, region, caller(by))
            if before:
                self.messages.forget_note(before)
            raise
        self.leases.release(arn, region, caller(by))
        if not there:
            self.messages.close(root, Ending.GONE.value)
            return Ending.GONE
        self.messages.close(root, words, by=by)
        return Ending.ENDED

    def _say_refused(self, root: str, words: str, before: StandingAlert | None, by: str | None) -> None:
        """Once: a sweep tries again, and the message need not say again what it says."""
        if before and before.outcome == words:
            self.messages.forget_note(before)
        else:
            self.messages.say(root, words, by=by, still_open=True)


def ended(kind: ResourceKind) -> str:
    """What the one call of a kind does, in the past."""
    return "stopped" if kind is ResourceKind.MLFLOW_SERVER else "deleted"
