"""Training and recording on a GPU, by tensors that pretend to be on one."""

import numpy as np
import pytest
import torch
from pretend_cuda import CUDA, pretend_cuda
from torch import nn

from vae import training
from vae.models import MODELS
from vae.training import distributed
from vae.training.recorder import Recorder
from vae.validation import ConfigError

CASES = [(name, {}) for name in MODELS if name != "beta-vae"]  # of the same class as vae
CASES += [("vae", {"likelihood": name}) for name in ("gaussian", "continuous-bernoulli")]
CASES += [("vae", {"likelihood": "gaussian-per-frequency", "network": "resnet", "ssim": 0.1})]
CASES += [("vae", {"prior": "flow"}), ("cvae", {"prior": "label", "unlabelled": 0.3})]
CASES += [("hvae", {"free_bits": 0.5, "binarize": True})]
CASES += [("vae", {"noise": 0.1, "dropout": 0.1, "patience": 9, "samples": 2, "latent": 3})]


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_every_model_trains_and_is_recorded_on_a_gpu(
    name, options, settings, tiny, tmp_path, monkeypatch
):
    def trained(device, out):
        run = training.new_run(settings(name, epochs=1, **options), tiny, device)
        recorder = Recorder(out, run, tiny)
        for report in training.train(run, tiny):
            recorder.record(report)
        recorder.finish("finished")
        return run

    with pretend_cuda(monkeypatch):
        run = trained(CUDA, tmp_path / "cuda")
        assert next(run.model.parameters()).device == CUDA
    assert list((tmp_path / "cuda/run/snapshots").glob("*.npz"))
    # It computed on the CPU, with the generator of the CPU.
    assert run.curve == trained(torch.device("cpu"), tmp_path / "cpu").curve


def test_the_pretence_refuses_what_a_gpu_refuses(monkeypatch):
    with pretend_cuda(monkeypatch):
        on_gpu = torch.ones(3, device="cuda")
        for wrong in (
            lambda: on_gpu + torch.ones(3),
            lambda: nn.Linear(3, 3)(on_gpu),
            lambda: torch.randn(3, device="cuda", generator=torch.Generator()),
            lambda: torch.ones(3)[on_gpu.long()],
            lambda: on_gpu.numpy(),
            lambda: np.asarray(on_gpu),
        ):
            with pytest.raises((RuntimeError, TypeError)):
                wrong()
        assert (on_gpu + 1).cpu().tolist() == [2, 2, 2]


def test_each_process_needs_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for key, value in {"WORLD_SIZE": "3", "LOCAL_RANK": "2", "RANK": "0"}.items():
        monkeypatch.setenv(key, value)
    with (
        pytest.raises(ConfigError, match=r"process 3 .* has no GPU, there are 2.*--device cpu"),
        distributed.process_group("auto"),
    ):
        pass


def test_processes_on_the_cpu_of_a_machine_with_gpus_use_gloo(monkeypatch):
    used = {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(distributed, "rendezvous", lambda *a, **k: iter([(None, 0, 2)]))
    monkeypatch.setattr(distributed.dist, "PrefixStore", lambda *a: None)
    monkeypatch.setattr(
        distributed.dist, "init_process_group", lambda backend, **k: used.update(backend=backend)
    )
    monkeypatch.setattr(distributed.dist, "destroy_process_group", lambda: None)
    with distributed.process_group("cpu"):
        pass
    assert used == {"backend": "gloo"}


def test_only_a_lost_peer_is_reported_as_one(monkeypatch):
    def fails(message):
        def reduce(values):
            raise RuntimeError(message)

        monkeypatch.setattr(distributed.dist, "all_reduce", reduce)
        distributed.Group(0, 2).sum(torch.zeros(1))

    with pytest.raises(distributed.LostProcessError):
        fails("[gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:1234")
    with pytest.raises(RuntimeError, match="No backend") as raised:
        fails("No backend type associated with device type cpu")
    assert not isinstance(raised.value, distributed.LostProcessError)


def test_a_device_that_is_not_there_is_a_sentence():
    for name in ("cuda", "tpu"):
        with pytest.raises(ConfigError, match="this machine cannot use"):
            training.resolve_device(name)
