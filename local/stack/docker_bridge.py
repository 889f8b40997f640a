"""Let a container reach the local cloud, which listens on 127.0.0.1 only.

On Linux a relay listens on Docker's bridge, which nothing outside this machine reaches, for as long as it is needed.
Docker Desktop has no such address on the host, but leads ``host.docker.internal`` to the host's own 127.0.0.1.
"""

import asyncio
import ipaddress
import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

_DESKTOP_HOST = "host.docker.internal"
_CHUNK = 65536


@contextmanager
def reachable_from_containers(ports: Sequence[int]) -> Iterator[str]:
    """Relay these ports of 127.0.0.1 to containers, and yield the host name they use."""
    loop = asyncio.new_event_loop()
    gateway = _bridge_gateway()
    try:
        for port in ports:
            loop.run_until_complete(_listen(gateway, port))
        host = gateway
    except OSError:
        host = _DESKTOP_HOST
    threading.Thread(target=loop.run_forever, daemon=True).start()
    try:
        yield host
    finally:
        loop.call_soon_threadsafe(loop.stop)


def _bridge_gateway() -> str:
    """The host's address on Docker's bridge. Older engines do not report it; they use the subnet's first address."""
    done = subprocess.run(
        ("docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"),
        capture_output=True,
        text=True,
        check=False,
    )
    for config in json.loads(done.stdout.strip() or "[]"):
        return str(config.get("Gateway") or next(ipaddress.ip_network(config["Subnet"]).hosts()))
    return _DESKTOP_HOST


async def _listen(host: str, port: int) -> None:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cloud_reader, cloud_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, cloud_writer), _pump(cloud_reader, writer))

    await asyncio.start_server(relay, host, port)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
