"""The state of an unfinished training, saved next to its checkpoint in resume.safetensors.

It holds the weights, their average, the optimisers, the random numbers and the curve, so that a
resumed training continues exactly, to the last bit.
"""

import copy
import json
import math
import struct
from pathlib import Path

from safetensors import SafetensorError
from safetensors import torch as tensors_io
from torch import Tensor

from ..checkpoint.folder import CheckpointError, with_current_names
from ..config import Config
from ..files import atomic
from .state import EpochMetrics, Run

RESUME = "resume.safetensors"


def save_run(path: str | Path, run: Run) -> None:
    """Writes the state of a run to the folder of its checkpoint, atomically."""
    tensors = {f"model.{k}": v for k, v in run.model.state_dict().items()}
    tensors |= {f"averaged.{k}": v for k, v in run.ema_model.state_dict().items()}
    if run.best_model is not None:
        tensors |= {f"kept.{k}": v for k, v in run.best_model.state_dict().items()}
    for player, optimiser in run.optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{player}.{index}.{k}": v for k, v in state.items()}
    tensors["generator"] = run.generator.get_state()
    facts = {
        "config": run.config.to_json(),
        "step": run.step,
        "curve": [list(point) for point in run.curve],
        "best": None if math.isinf(run.best_loss) else run.best_loss,
        "best_epoch": run.best_epoch,
        "seconds": run.seconds,
        "finished": run.finished,
    }
    plain = {k: v.detach().cpu().clone().contiguous() for k, v in tensors.items()}
    target = Path(path) / RESUME
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing(target) as temporary:
            tensors_io.save_file(plain, temporary, metadata={"run": json.dumps(facts)})
    except OSError as error:
        raise CheckpointError(f"{target} cannot be written ({error})") from error


def load_run(path: str | Path, run: Run) -> None:
    """Restores what `save_run` wrote into a new run of the same config."""
    file = Path(path) / RESUME
    if not file.exists():
        raise CheckpointError(f"{path} has no {RESUME}; only a stopped training can be resumed")
    try:
        raw = file.read_bytes()
        tensors = with_current_names(tensors_io.load(raw))
        length = struct.unpack("<Q", raw[:8])[0]
        facts = json.loads(json.loads(raw[8 : 8 + length])["__metadata__"]["run"])
        before = Config.from_json(facts["config"])
    except (SafetensorError, OSError, ValueError, KeyError, struct.error) as error:
        raise CheckpointError(
            f"{file} cannot be read ({error}); start again without --resume"
        ) from error
    if before != run.config:
        raise CheckpointError(
            f"{path} was trained with other settings ({_difference(before, run.config)}); "
            "resume with the same, or choose another --out"
        )

    def part(prefix: str) -> dict[str, Tensor]:
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    run.model.load_state_dict(part("model."))
    run.ema_model.load_state_dict(part("averaged."))
    if part("kept."):
        run.best_model = copy.deepcopy(run.ema_model)
        run.best_model.load_state_dict(part("kept."))
    for player, optimiser in run.optimisers.items():
        state = optimiser.state_dict()
        for key, value in part(f"optimiser.{player}.").items():
            index, name = key.split(".")
            state["state"].setdefault(int(index), {})[name] = value
        optimiser.load_state_dict(state)
    run.ema.n_averaged.fill_(facts["step"] + 1)
    run.generator.set_state(tensors["generator"])
    run.step, run.seconds, run.finished = facts["step"], facts["seconds"], facts["finished"]
    run.curve = [EpochMetrics(*values) for values in facts["curve"]]
    run.best_loss = math.inf if facts["best"] is None else facts["best"]
    run.best_epoch = facts["best_epoch"]


def drop_run(path: str | Path) -> None:
    """Removes the saved state after a training has ended."""
    (Path(path) / RESUME).unlink(missing_ok=True)


def _difference(before: Config, now: Config) -> str:
    old, new = before.to_json(), now.to_json()
    changes = [
        f"{section}.{key} was {value}, is {new[section][key]}"
        for section in ("model", "train")
        for key, value in old[section].items()
        if value != new[section][key]
    ]
    return ", ".join(changes)
