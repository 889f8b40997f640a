"""Use in sentences, and the rule for what looks hung."""

from collections.abc import Iterator
from datetime import timedelta

from sagewatch.instance_facts import facts_of
from sagewatch.phrases import duration
from sagewatch.use import HostUse, Load, Use

_LISTED = 8  # hosts
_NEARLY_ALL = 0.9  # of a run; a period at its edges may be missing
_HUNG_FOR = timedelta(hours=1)
_HUNG_COVERED = 0.8  # of the minutes: the newest are a little late
_HUNG_GPU, _HUNG_CPU = 1, 5  # percent
NO_METRICS = "CloudWatch has no metrics of it"


def looks_hung(use: Use) -> bool:
    """Whether a job seems to do nothing at all.

    So it is where for a whole hour, of which four fifths of the minutes are known of every host, no host's GPUs came to
    1 % of what they are, nor its CPUs to 5 %. One with accelerators that have no metrics never looks hung.
    """
    known = use.window.length >= _HUNG_FOR and use.covered >= _HUNG_COVERED
    return known and all(_at_rest(host) for host in use.hosts)


def _at_rest(host: HostUse) -> bool:
    facts = facts_of(host.instance_type)
    if facts is None or facts.untold or host.cpu is None or host.cpu.peak >= _HUNG_CPU:
        return False
    return not facts.gpus or (host.gpu is not None and host.gpu.peak < _HUNG_GPU)


def running_sentence(use: Use) -> str:
    """What a running job used: ``GPU 0 %, GPU memory 87 %, CPU 3 % over the last hour on 2 hosts: it looks hung``."""
    said = ", ".join(f"{name} {load.average:.0f} %" for name, load in _loads(use.whole))
    if not said:
        return NO_METRICS
    span = "hour" if use.window.length >= _HUNG_FOR else duration(int(use.window.length.total_seconds()))
    total = len(use.hosts) + use.silent
    hosts = f"{len(use.hosts)} of {total} hosts" if use.silent else "1 host" if total == 1 else f"{total} hosts"
    return f"{said} over the last {span} on {hosts}{': it looks hung' if looks_hung(use) else ''}"


def report_lines(use: Use) -> Iterator[str]:
    """Yield what an ended job's hosts used, eight of them at most, and what all of them did, where there are more."""
    if not use.hosts:
        yield NO_METRICS
        return
    for host in use.hosts[:_LISTED]:
        yield _line(f"{host.host} ({host.instance_type})" if host.instance_type else host.host, host)
    if len(use.hosts) > _LISTED:
        yield f"and {len(use.hosts) - _LISTED} more"
    if len(use.hosts) > 1:
        yield _line(use.whole.host, use.whole)
    if use.silent:
        yield f"no metrics of {use.silent} more"
    elif use.covered < _NEARLY_ALL:
        yield f"the metrics cover {100 * use.covered:.0f} % of its run"


def _line(name: str, host: HostUse) -> str:
    said = ", ".join(f"{what} {load.average:.0f} % (peak {load.peak:.0f} %)" for what, load in _loads(host))
    return f"{name}: {said or 'not known what its numbers are a part of'}"


def _loads(host: HostUse) -> Iterator[tuple[str, Load]]:
    loads = (("GPU", host.gpu), ("GPU memory", host.gpu_memory), ("CPU", host.cpu), ("memory", host.memory))
    return ((name, load) for name, load in loads if load is not None)
