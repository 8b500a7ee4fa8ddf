"""The page under load: `python -m eval load` lets 50 people ask one question every 2 s for a minute.

Starts a server of its own with the shipped documents, and asks as the page does.
"""

import asyncio
import itertools
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

_ASKED = (
    "Who urged the CIS countries to help in Syria?", "What did Kazakhstan say about deploying troops to Syria?",
    "Where was the CIS defense ministerial held?", "What did Ibrahim Kalin say?", "What did Nariman Agayev predict?",
    "When was the Alma-Ata Declaration signed?", "How old is Sergei Shoigu?", "What is the capital of France?",
    "Why does Moscow insist on the participation of CIS countries?", "What did Karimjon Akhmedov propose?",
)  # fmt: skip


def main(
    users: Annotated[int, typer.Option(min=1, help="People who ask at once.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="How long they go on.")] = 60,
    pause: Annotated[float, typer.Option(min=0, help="Seconds from one question of a person to the next.")] = 2,
) -> None:
    """Print requests, errors, median and 95th percentile in milliseconds, and memory as it goes."""
    server = subprocess.Popen([sys.executable, "-m", "ui"], stdout=subprocess.PIPE, text=True)
    try:
        found = re.search(r"http://\S+(?=;)", server.stdout.readline() if server.stdout else "")
        if found is None:
            raise typer.Exit(3)
        asyncio.run(_run(found[0], server.pid, users, seconds, pause))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


async def _run(address: str, pid: int, users: int, seconds: float, pause: float) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=users)) as client:
        components = (await client.get("config")).json()["components"]
        component = next(each["id"] for each in components if each["props"].get("elem_id") == "pincite")
        warm, _ = await asyncio.gather(_user(client, component, 0, 5, 0), asyncio.sleep(0))
        memory = asyncio.create_task(_memory(pid, seconds))
        asked = await asyncio.gather(*(_user(client, component, number, seconds, pause) for number in range(users)))
    times = sorted(time for each in asked for time, _ in each)
    errors = sum(not fine for each in [warm, *asked] for _, fine in each)
    print(f"{len(times)} questions of {users} users in {seconds:.0f} s, {errors} errors")
    print(f"median {statistics.median(times):.0f} ms, 95 % within {times[int(len(times) * 0.95)]:.0f} ms")
    print("memory in MB, at the start and after each quarter:", *await memory)


async def _user(
    client: httpx.AsyncClient, component: int, number: int, seconds: float, pause: float
) -> list[tuple[float, bool]]:
    """Ask until the time is over; return (milliseconds, whether an answer came) of each question."""
    await asyncio.sleep(pause * (number % 50) / 50)
    asked: list[tuple[float, bool]] = []
    began = time.perf_counter()
    for question in itertools.islice(itertools.cycle(_ASKED), number, None):
        sent = time.perf_counter()
        if sent - began > seconds:
            break
        asked.append(await _ask(client, component, number, question))
        await asyncio.sleep(max(0.0, pause - (time.perf_counter() - sent)))
    return asked


async def _ask(client: httpx.AsyncClient, component: int, number: int, question: str) -> tuple[float, bool]:
    body: dict[str, Any] = {"component_id": component, "session_hash": f"user{number}", "fn_name": "ask"}
    sent = time.perf_counter()
    response = await client.post("gradio_api/component_server/", json=body | {"data": {"question": question}})
    return (time.perf_counter() - sent) * 1e3, response.status_code == 200 and "record" in response.json()


async def _memory(pid: int, seconds: float) -> list[int]:
    """Return the resident memory of a process (Linux) in MB at five times, as far apart as a quarter of the seconds."""
    sizes = []
    for _ in range(5):
        status = Path(f"/proc/{pid}/status").read_text()
        sizes.append(int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) // 1024)
        await asyncio.sleep(seconds / 4)
    return sizes
