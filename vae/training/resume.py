"""The state of an unfinished training, saved next to its checkpoint in resume.safetensors.

It holds the weights, their average, the optimisers, the random numbers and the curve, so that a
resumed training continues exactly, to the last bit.
"""

import copy
import json
import math
from pathlib import Path

import msgspec
from torch import Tensor

from ..checkpoint.folder import CheckpointError, with_current_names
from ..checkpoint.tensor_file import read_tensors, write_tensors
from ..config import Config
from ..errors import reported
from ..files import records
from .state import EpochMetrics, Run

RESUME = "resume.safetensors"
_ADAM = ("step", "exp_avg", "exp_avg_sq")


class _Facts(msgspec.Struct):
    """What the file says beside its tensors; `data` is the digest of the images."""

    config: dict
    step: records.Count
    curve: list[tuple[int, float, float, float, float]]
    best: float | None
    best_epoch: records.Count
    seconds: float
    finished: bool
    data: str = ""
    device: str = ""


def save_run(path: str | Path, run: Run) -> None:
    """Writes the state of a run to the folder of its checkpoint, which exists, atomically."""
    tensors = {"generator": run.generator.get_state()}
    for prefix, model in _models(run).items():
        tensors |= {prefix + k: v for k, v in model.state_dict().items()}
    for player, optimiser in run.optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{player}.{index}.{k}": v for k, v in state.items()}
    names = ("step", "best_epoch", "seconds", "finished", "data")
    same = {name: getattr(run, name) for name in names}
    best, curve = None if math.isinf(run.best_loss) else run.best_loss, list(map(tuple, run.curve))
    more = {"best": best, "curve": curve, "device": run.generator.device.type}
    facts = _Facts(config=run.config.to_json(), **same, **more)
    write_tensors(Path(path) / RESUME, tensors, {"run": json.dumps(msgspec.to_builtins(facts))})


def load_run(path: str | Path, run: Run) -> None:
    """Restores what `save_run` wrote into a new run of the same config and data."""
    file, device = Path(path) / RESUME, run.generator.device.type
    if not file.exists():
        raise CheckpointError(f"{path} has no {RESUME}; only a stopped training can be resumed")
    advice = "start again without --resume"
    with reported(CheckpointError, f"{file} cannot be read", advice, of=(ValueError, OSError)):
        tensors, metadata = read_tensors(file)
        facts = records.read_json(metadata.get("run", ""), _Facts, CheckpointError)
        before = Config.from_json(facts.config)
    other, needed = "", "the same"
    if before != run.config:
        other = f"with other settings ({_difference(before, run.config)})"
    elif facts.data and run.data and facts.data != run.data:
        other = f"on other images than {run.config.train.data} has now"
    elif facts.device not in ("", device):
        other = f"on {facts.device}, whose random numbers {device} cannot continue"
        needed = f"--device {facts.device}"
    if other:
        raise CheckpointError(
            f"{path} was trained {other}; resume with {needed}, or choose another --out"
        )
    tensors, run.step = with_current_names(tensors), facts.step
    if any(name.startswith("kept.") for name in tensors):
        run.best_model = copy.deepcopy(run.ema_model)
    try:
        _restore(run, tensors)
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{file} does not fit its settings ({reason}); {advice}") from error
    run.ema.n_averaged.fill_(facts.step + 1)
    run.seconds, run.finished = facts.seconds, facts.finished
    run.curve = [EpochMetrics(*values) for values in facts.curve]
    run.best_loss = math.inf if facts.best is None else facts.best
    run.best_epoch = facts.best_epoch


def _restore(run: Run, tensors: dict[str, Tensor]) -> None:
    """Copies tensors whose names, shapes and values are right; else raises some error."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{name} has values that are not finite")

    def part(prefix: str) -> dict[str, Tensor]:
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    for prefix, model in _models(run).items():
        model.load_state_dict(part(prefix))
    for player, optimiser in run.optimisers.items():
        state = optimiser.state_dict()
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        trained = [i for i, p in enumerate(parameters) if p.requires_grad and run.step]
        for index in trained:
            parts = {name: tensors.pop(f"optimiser.{player}.{index}.{name}") for name in _ADAM}
            if {parts[name].shape for name in _ADAM[1:]} != {parameters[index].shape}:
                raise ValueError(f"the moments of parameter {index} have another shape")
            state["state"][index] = parts
        optimiser.load_state_dict(state)
    run.generator.set_state(tensors["generator"])


def _models(run: Run) -> dict:
    """The models of a run by the prefix of their tensors' names."""
    kept = {} if run.best_model is None else {"kept.": run.best_model}
    return {"model.": run.model, "averaged.": run.ema_model} | kept


def _difference(before: Config, now: Config) -> str:
    old, new = before.to_json(), now.to_json()
    return ", ".join(
        f"{section}.{key} was {value}, is {new[section][key]}"
        for section in ("model", "train")
        for key, value in old[section].items()
        if value != new[section][key]
    )
