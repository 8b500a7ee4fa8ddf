"""The training loop: processes that average their weights, checkpoints, and a schedule by the clock.

Two processes of one thread each, averaging every 16 steps (local SGD, Stich, 2019), do 40 % more on two cores than one
process with two threads. The learning rate falls linearly to zero at the time that was set, however slow the machine
is: a run always ends as planned. Knows nothing about what the examples are or how good the model is.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, multiprocessing

from eval.calibration.reader.batches import Buckets
from eval.calibration.reader.data import Paragraph
from eval.calibration.reader.examples import Maker
from eval.calibration.reader.export import load_exported
from eval.calibration.reader.model import Embeddings, Reader, losses, packaged, taught

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
AVERAGED_EVERY = 16  # steps
KEPT = 0.8  # of the running average at each of these times
WARM_UP = 0.03  # of the time
DONE = ("examples", "tokens", "seconds")  # what adds up over runs
OPTIONS = ("seed", "batch", "rate", "long", "dropout")
# Where products of 16-bit floats are quick (1.8 times as quick on processors with AVX512-BF16).
HALVES = {"cuda": torch.cuda.is_bf16_supported, "cpu": torch.ops.mkldnn._is_mkldnn_bf16_supported}


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    minutes: of training, those before an interruption included. until: "HH:MM" of the local clock instead.
    batch: examples of each process at a step. rate, head_rate: the highest learning rates. checkpoint: seconds.
    start: a reader.onnx of an earlier run to go on from; none: the packaged encoder's layers.
    long: the share of windows that are as long as most paragraphs. dropout: in every layer.
    workers: processes that make examples ahead; 0: they are made between the steps.
    teachers: folders of other runs; half of the loss is then against the mean of what those readers say.
    steps: so many instead of minutes, for a run that is the same on every machine; rounded up to a multiple of 16.
    """

    folder: Path
    base: Path
    minutes: float = 60.0
    until: str = ""
    seed: int = 0
    batch: int = 16
    rate: float = 2e-4
    head_rate: float = 1e-3
    processes: int = 0
    checkpoint: float = 240.0
    start: Path | None = None
    long: float = 0.08
    dropout: float = 0.0
    workers: int = 0
    teachers: tuple[Path, ...] = ()
    steps: int = 0


@dataclass(slots=True)
class Progress:
    """Where a run stands, with what was done on the weights that it started from. seconds: of this run so far."""

    step: int = 0
    buckets: int = 0
    examples: int = 0
    tokens: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)  # of answers, answerable, sentences; the last average
    earlier: dict[str, float] = field(default_factory=dict)  # examples, tokens and seconds of runs before
    options: dict[str, float] = field(default_factory=dict)  # of the plan, for the card


def run(plan: Plan, paragraphs: list[Paragraph], articles: dict[str, list[str]]) -> Path:
    """Train, or go on with what stands in the folder, and return the last checkpoint."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    processes = plan.processes or (1 if torch.cuda.is_available() else min(2, os.cpu_count() or 1))
    end = time.time() + _seconds_until(plan.until) if plan.until else 0.0
    if processes == 1:
        _train(0, 1, plan, end, paragraphs, articles)
    else:
        meeting = plan.folder / f"meeting-{os.getpid()}"
        os.environ["OMP_NUM_THREADS"] = "1"
        multiprocessing.spawn(_member, (processes, meeting, plan, end, paragraphs, articles), nprocs=processes)
        meeting.unlink(missing_ok=True)
    return plan.folder / CHECKPOINT


def _seconds_until(clock: str) -> float:
    now = datetime.now().astimezone()
    wanted = datetime.strptime(clock, "%H:%M")
    then = now.replace(hour=wanted.hour, minute=wanted.minute, second=0)
    return ((then if then > now else then + timedelta(days=1)) - now).total_seconds()


def _member(rank: int, processes: int, meeting: Path, *rest: Any) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=processes)
    _train(rank, processes, *rest)
    distributed.destroy_process_group()


def _train(
    rank: int, processes: int, plan: Plan, end: float, paragraphs: list[Paragraph], articles: dict[str, list[str]]
) -> None:
    torch.manual_seed(plan.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if processes > 1:
        torch.set_num_threads(1)
    reader, embeddings = packaged(plan.base, plan.dropout)
    earlier = load_exported(reader, plan.start) if plan.start else {}
    run = _Run(plan, reader.to(device), rank, processes, end, device)
    run.progress.options = {name: float(getattr(plan, name)) for name in OPTIONS} | {"teachers": len(plan.teachers)}
    run.progress.earlier = run.progress.earlier or {name: float(earlier[name]) for name in DONE if name in earlier}
    at = Embeddings(embeddings.words.to(device), embeddings.positions.to(device))
    maker = Maker(paragraphs, articles, plan.seed, plan.long)
    tokenizer, skip = plan.base / "tokenizer.json", run.progress.buckets
    stream = Buckets(maker, tokenizer, plan.batch, rank=rank, processes=processes, skip=skip)
    teachers = [load(folder)[0].to(device) for folder in plan.teachers]
    for bucket in stream.loaded(plan.workers):
        for made in bucket:
            batch = made.to(device)
            embedded = at(batch.ids)
            with torch.autocast(device, torch.bfloat16, enabled=HALVES[device]()):
                said = reader(embedded, batch.kinds, batch.mask)
                with torch.no_grad():
                    by_teachers = [each(embedded, batch.kinds, batch.mask) for each in teachers]
            parts: Sequence[Tensor] = losses(*_whole(said), batch)
            if teachers:
                soft = taught(*_whole(said), [_whole(each) for each in by_teachers], batch)
                parts = [(hard + other) / 2 for hard, other in zip(parts, soft, strict=True)]
            run.step(parts, len(made.ids), int(made.mask.sum()))
            if run.done:
                return run.save()
        run.progress.buckets += 1


def _whole(said: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return what was worked out in 16 bits in 32."""
    return said[0].float(), said[1].float()


class _Run:
    """One process of a run: optimizer, schedule, averaging, checkpoints."""

    def __init__(self, plan: Plan, reader: Reader, rank: int, processes: int, end: float, device: str) -> None:
        self.done = False
        self.progress = Progress()
        self._plan, self._reader, self._rank, self._processes, self._device = plan, reader, rank, processes, device
        self._optimizer = torch.optim.AdamW(_groups(plan, reader), betas=(0.9, 0.98), fused=True)
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._average = {name: value.detach().clone() for name, value in reader.state_dict().items()}
        self._resume()
        self._before = self.progress.seconds
        self._began = self._saved = time.time()
        self._total = self._before + end - self._began if end else plan.minutes * 60
        self._sums = torch.zeros(3, device=device)
        self._logged = (self.progress.step, self.progress.tokens, self._began)

    def _resume(self) -> None:
        path = self._plan.folder / CHECKPOINT
        if path.is_file():
            saved = torch.load(path, map_location=self._device, weights_only=True)
            self._reader.load_state_dict(saved["weights"])
            self._optimizer.load_state_dict(saved["optimizer"])
            self._average = saved["average"]
            self.progress = Progress(**saved["progress"])

    def _share(self) -> float:
        """Return how much of the run is over, 0 to 1."""
        if self._plan.steps:
            return min(1.0, self.progress.step / self._plan.steps)
        return min(1.0, (self._before + time.time() - self._began) / self._total)

    def step(self, parts: Sequence[Tensor], examples: int, tokens: int) -> None:
        """Go one step down; at every 16th, meet the other processes."""
        share = self._share()
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * min(1.0, share / WARM_UP + 0.01) * (1 - share)
        self._optimizer.zero_grad()
        torch.stack(list(parts)).sum().backward()
        torch.nn.utils.clip_grad_norm_(self._reader.parameters(), 1.0)
        self._optimizer.step()
        self._sums += torch.stack(list(parts)).detach()
        done = self.progress
        done.step, done.examples = done.step + 1, done.examples + examples * self._processes
        done.tokens += tokens * self._processes  # batches of a step are of one length
        if done.step % AVERAGED_EVERY == 0:
            self._meet()

    def _meet(self) -> None:
        """Average the weights of all processes; log, save where it is time, and end where the time is over."""
        over = torch.tensor(float(self._share() >= 1))
        if self._processes > 1:
            with torch.no_grad():
                for value in (*self._reader.parameters(), over):
                    distributed.all_reduce(value)
                    value /= self._processes
        with torch.no_grad():
            for name, value in self._reader.state_dict().items():
                self._average[name].lerp_(value, 1 - KEPT)
        self.progress.seconds = self._before + time.time() - self._began
        self.done = bool(over > 0)
        self._log()
        if time.time() - self._saved > self._plan.checkpoint and not self.done:
            self.save()

    def _log(self) -> None:
        step, tokens, then = self._logged
        now = time.time()
        self.progress.losses = (self._sums / (self.progress.step - step)).tolist()
        self._sums.zero_()
        pace = round((self.progress.tokens - tokens) / (now - then))
        self._logged = (self.progress.step, self.progress.tokens, now)
        if self._rank == 0:
            line = {"time": f"{datetime.now():%H:%M:%S}", "tokens_per_second": pace, **asdict(self.progress)}
            with (self._plan.folder / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Write the checkpoint beside the old one and rename: a kill loses minutes, never the run."""
        self._saved = time.time()
        if self._rank:
            return
        state = {
            "weights": self._reader.state_dict(),
            "average": self._average,
            "optimizer": self._optimizer.state_dict(),
            "progress": asdict(self.progress),
        }
        path = self._plan.folder / CHECKPOINT
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)


def _groups(plan: Plan, reader: Reader) -> Iterator[dict[str, Any]]:
    """Yield the body's matrices, its other weights, and what is new: heads and kinds of tokens."""
    new = [*reader.of_token.parameters(), *reader.of_pair.parameters(), reader.kinds.weight]
    known = {id(value) for value in new}
    body = [value for value in reader.parameters() if id(value) not in known]
    yield {"params": [value for value in body if value.dim() > 1], "lr": plan.rate, "weight_decay": 0.01}
    yield {"params": [value for value in body if value.dim() == 1], "lr": plan.rate, "weight_decay": 0.0}
    yield {"params": new, "lr": plan.head_rate, "weight_decay": 0.0}


def load(folder: Path) -> tuple[Reader, Progress]:
    """Return the reader of a run (the running average of its weights) and how far it came."""
    saved = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
    reader = Reader()
    reader.load_state_dict(saved["average"])
    return reader.eval(), Progress(**saved["progress"])


def averaged(folders: Sequence[Path]) -> tuple[Reader, list[Progress]]:
    """Return the mean of the weights of runs that began alike (Wortsman et al., 2022), and how far each came."""
    loaded = [load(folder) for folder in folders]
    weights = [reader.state_dict() for reader, _ in loaded]
    reader = Reader()
    reader.load_state_dict({name: torch.stack([each[name] for each in weights]).mean(0) for name in weights[0]})
    return reader.eval(), [progress for _, progress in loaded]


def log(folder: Path) -> list[dict[str, Any]]:
    """Read the log of a run, a record for every 16 steps."""
    with suppress(FileNotFoundError):
        return [json.loads(line) for line in (folder / LOG).read_text("utf-8").splitlines()]
    return []
