"""A model of 128 x 128 colour images from training to ONNX files."""

import numpy as np
import torch

from vae import Config, Dataset, ModelConfig, Split, TrainConfig, checkpoint, training
from vae.export import onnx
from vae.latent.encoding import decode_uint8

WIDTHS = {"encoder_widths": (4, 4, 4, 8, 8, 16), "decoder_widths": (16, 8, 8, 4, 4, 4)}


def test_a_model_of_128_pixels_trains_saves_opens_decodes_and_exports(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (8, 3, 128, 128), np.uint8)
    split = Split(images, np.zeros(8, np.int64))
    options = {"network": "resnet", "image_shape": (3, 128, 128), "fourier": 4}
    config = Config(ModelConfig(**options, **WIDTHS), TrainConfig("x", epochs=1, batch_size=4))
    dataset = Dataset("x", split, split, ("noise",))
    run = training.new_run(config, dataset, torch.device("cpu"))
    list(training.train(run, dataset))
    assert run.finished
    checkpoint.save(tmp_path / "m", run.result, config, {}, half=False)
    loaded = checkpoint.load(tmp_path / "m")
    z = loaded.model.encode(torch.from_numpy(images).float() / 255)
    pictures = decode_uint8(loaded.model, z.numpy())
    assert np.abs(pictures.astype(int) - decode_uint8(run.result, z.numpy())).max() <= 1
    assert pictures[0].size == 3 * 128 * 128
    files = onnx.write(loaded, tmp_path / "out")  # compares them with torch
    assert [file.path.name for file in files] == ["out-encoder.onnx", "out-decoder.onnx"]
