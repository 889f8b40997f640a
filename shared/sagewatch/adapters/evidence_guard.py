"""Turn every failure of an evidence source into ``Unknown``, so that it never raises."""

from collections.abc import Callable

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Reading, Source, Unknown


def unknown_on_error(source: Source, look: Callable[[], Reading]) -> Reading:
    """Look; what goes wrong is an ``Unknown``'s reason, of foreign errors only the name: their text may be secret."""
    try:
        return look()
    except SageWatchError as exc:
        return Unknown(source, str(exc))
    except Exception as exc:  # noqa: BLE001 - whatever it is, nothing is known then
        return Unknown(source, f"no usable answer ({type(exc).__name__})")
