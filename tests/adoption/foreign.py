"""Models as other projects write them, and ONNX files built node by node."""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from torch import nn
from torch.distributions import Independent, Normal
from torch.nn import functional as F


class ClassicVAE(nn.Module):
    """784-400-20, the example of PyTorch's own repository."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = (
            nn.Linear(784, 400),
            nn.Linear(400, 20),
            nn.Linear(400, 20),
        )
        self.fc3, self.fc4 = nn.Linear(20, 400), nn.Linear(400, 784)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def decode(self, z):
        return self.fc4(F.relu(self.fc3(z))).sigmoid()


class ConvolutionalVAE(nn.Module):
    """In the manner of PyTorch-VAE: strides, batch normalisation, leaky ReLU, tanh."""

    def __init__(self, latent=6, widths=(8, 16)):
        super().__init__()
        first, last = widths
        self.encoder = nn.Sequential(*self.down(3, first), *self.down(first, last), nn.Flatten())
        self.mean, self.log_var = (nn.Linear(last * 16, latent) for _ in "ab")
        self.start = nn.Linear(latent, last * 16)
        self.decoder = nn.Sequential(
            *self.up(last, first),
            *self.up(first, first),
            nn.Conv2d(first, 3, 3, padding=1),
            nn.Tanh(),
        )
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):  # as after a training
                nn.init.normal_(layer.weight, 1, 0.2)
                nn.init.normal_(layer.bias, 0, 0.2)
                layer.running_mean.normal_(0, 0.2)
                layer.running_var.uniform_(0.5, 2)

    def down(self, before, after):
        return nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.LeakyReLU()

    def up(self, before, after):
        transposed = nn.ConvTranspose2d(before, after, 3, 2, 1, output_padding=1)
        return transposed, nn.BatchNorm2d(after), nn.LeakyReLU()

    def encode(self, x):
        h = self.encoder(x)
        return Independent(Normal(self.mean(h), (0.5 * self.log_var(h)).exp()), 1)

    def decode(self, z):
        return self.decoder(self.start(z).view(-1, 16, 4, 4))


def write(path: Path, nodes, shape, outputs, tensors=(), opset=17, domains=(), before=()) -> Path:
    """An ONNX file of nodes (operator, inputs, outputs, attributes) from an input `x`, and those
    (name, type, shape) that stand before it."""
    graph = helper.make_graph(
        [helper.make_node(op, ins, outs, **attributes) for op, ins, outs, attributes in nodes],
        "network",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(t)), axes)
            for name, t, axes in (*before, ("x", np.float32, shape))
        ],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in dict(tensors).items()
        ],
    )
    sets = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
    path.write_bytes(helper.make_model(graph, opset_imports=sets).SerializeToString())
    return path


def linear(rows, columns, seed=0):
    """A weight [rows, columns] and a bias."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(rows, columns)) / columns**0.5
    return weight.astype(np.float32), rng.normal(size=rows).astype(np.float32) / 4


def loaded(path: Path):
    return onnx.load_model(path)
