"""SageWatch's errors, as one tree. Adapters translate every foreign error into one of these, ``from exc``.

::

    SageWatchError
    |-- PermanentError            asking again cannot help: a dead-letter queue keeps the message and the reason
    |   |-- MalformedEventError   what came in is not a SageMaker job event we understand
    |   |-- MalformedAlertError   what came in is not an alert we wrote
    |   |-- MalformedPressError   what came in is not a press of a button of ours
    |   |-- AlertRefusedError     Slack said no to this message and will say no again
    |   |   `-- MessageGoneError  the message, or its thread, cannot be edited or replied to any more
    |   |-- UnexpectedError       an exception without a class here ended several tries
    |   |-- SecretMissingError    a SecureString the settings name is not there, or is empty
    |   |-- RequestRefusedError   AWS refuses this request and will refuse it again: our own fault
    |   |-- UnreadableError       what is stored was not written in a form this release knows
    |   |-- ForeignAccountError   an account that this stack does not watch
    |   |-- PriceListError        a price document cannot be read, or contradicts another
    |   `-- SettingsError         the environment lacks a variable, or one makes no sense
    |-- RetryableError            asking again later can help: the message goes back to its queue
    |   |-- ThrottledError        too many requests, at AWS or at Slack
    |   |-- AccessDeniedError     an IAM permission is missing; the message waits for it
    |   |   |-- RegionDisabledError  the account has switched the region off; no one has to act
    |   |   `-- RoleRefusedError  another account has no role for SageWatch
    |   |-- UnavailableError      no answer, or an answer that is a fault of the other side
    |   |   `-- NoAnswerError     the request may have been carried out all the same
    |   |-- ChannelMisconfiguredError  a person has to change the channel, the app or the token
    |   |   `-- TokenRefusedError   Slack does not accept the bot token
    |   |-- OutOfTimeError        the invocation has to end before this message's turn
    |   |-- JobNotSettledError    the event is ahead of what Describe answers
    |   |-- StateChangedError     what is stored was changed since it was read
    |   |-- NotPostedYetError     the message it replies to, or takes the place of, is not in the channel yet
    |   |-- PictureNotReadyError  Slack has the picture of the message and cannot show it yet
    |   `-- DeliveryInFlightError another invocation is posting the same alert at this moment
    |-- JobNotFoundError          the job was deleted; the caller decides what that means
    |-- NotebookNotFoundError     the notebook instance was deleted; the caller decides
    |-- StopRefusedError          AWS said no to stopping this notebook instance, and why
    `-- PartlyDoneError           what could be done was done, and something needs a person
        |-- SweepIncompleteError  a sweep that finished with failures
        `-- RefreshIncompleteError  a price refresh that finished with failures
"""

from sagewatch.outcomes import Outcome


class SageWatchError(Exception):
    """The base of everything SageWatch raises. Its text is one sentence without secrets."""


class PermanentError(SageWatchError):
    """Asking again cannot help."""


class RetryableError(SageWatchError):
    """Asking again later can help.

    ``retry_after`` is the number of seconds the other side asked for, or ``None`` for the usual back-off.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MalformedEventError(PermanentError):
    """What came in is not a SageMaker job event we understand."""


class MalformedAlertError(PermanentError):
    """What came in is not an alert we wrote."""


class MalformedPressError(PermanentError):
    """What came in is not a press of a button of ours."""


class AlertRefusedError(PermanentError):
    """Slack said no to this message and will say no again."""


class MessageGoneError(AlertRefusedError):
    """The message, or the thread it belongs to, cannot be edited or replied to any more."""


class UnexpectedError(PermanentError):
    """An exception without a class here ended several tries."""


class SecretMissingError(PermanentError):
    """A SecureString the settings name is not there, or is empty."""


class RequestRefusedError(PermanentError):
    """AWS calls our request invalid, so it will refuse it each time."""


class UnreadableError(PermanentError):
    """What is stored was not written in a form this release knows."""


class ForeignAccountError(PermanentError):
    """An event came from an account that this stack does not watch."""


class PriceListError(PermanentError):
    """A price document cannot be read, or contradicts another."""


class SettingsError(PermanentError):
    """The environment lacks a variable, or one makes no sense."""


class ThrottledError(RetryableError):
    """Too many requests, at AWS or at Slack."""


class AccessDeniedError(RetryableError):
    """An IAM permission is missing. The message waits until an operator grants it."""


class RegionDisabledError(AccessDeniedError):
    """The account has not switched this region on, or its credentials are unknown there."""


class RoleRefusedError(AccessDeniedError):
    """The role in another account is not there, or does not trust SageWatch."""


class UnavailableError(RetryableError):
    """No answer, or an answer that is a fault of the other side."""


class NoAnswerError(UnavailableError):
    """No answer, or one that leaves open whether what was asked for has been done."""


class ChannelMisconfiguredError(RetryableError):
    """Slack takes no message until a person changes the channel, the app or the token: alerts wait for days."""


class TokenRefusedError(ChannelMisconfiguredError):
    """Slack does not accept the bot token."""


class OutOfTimeError(RetryableError):
    """The invocation has to end before this message's turn."""


class JobNotSettledError(RetryableError):
    """The event says the job ended; Describe does not say so yet."""


class StateChangedError(RetryableError):
    """What is stored was changed by another invocation since it was read. The next try reads it again."""


class NotPostedYetError(RetryableError):
    """The message it replies to, or takes the place of, is not in the channel yet."""


class ImageNotReadyError(RetryableError):
    """Slack has the picture of the message, and cannot show it yet."""


class DeliveryInFlightError(RetryableError):
    """Another invocation is posting the same alert at this moment."""


class JobNotFoundError(SageWatchError):
    """The job was deleted. The caller decides what that means."""


class NotebookNotFoundError(SageWatchError):
    """The notebook instance was deleted. The caller decides what that means."""


class StopRefusedError(SageWatchError):
    """AWS said no to stopping this notebook instance, and why."""


class PartlyDoneError(SageWatchError):
    """What could be done was done, and something needs a person. ``outcome`` is what was done."""

    def __init__(self, message: str, *, outcome: Outcome | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome


class SweepIncompleteError(PartlyDoneError):
    """A sweep did what it could, and something needs a person."""


class RefreshIncompleteError(PartlyDoneError):
    """Some regions' prices were refreshed, and others' could not be."""
