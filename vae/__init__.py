"""The engine of Latent Atelier: data, models, training, checkpoints, evaluation. It has no user
interface.

Shapes: B batch, C channels, H height, W width, D latent size, K classes, N items of a data set.
Unit: nats per image, summed over pixels and latents. Images are float32 in [0, 1] inside models
and uint8 in data sets; decoders return logits, whose sigmoid is the image.

    import vae
    ck = vae.load("checkpoints/fashion-vae")
    z = ck.model.encode(x)                # x float32 [B, 1, 28, 28] in [0, 1]
    p = ck.model.decode(z).sigmoid()
"""

from . import garments
from .adoption.adopt import adopt
from .adoption.onnx_file import AdoptError
from .checkpoint.folder import Checkpoint, CheckpointError, Entry, list_checkpoints, load
from .config import Config, ConfigError, ModelConfig, TrainConfig
from .data.dataset import Dataset, Split
from .data.load import load_dataset
from .formats.untrusted import DataError
from .models import KINDS, MODELS
from .models.base import Autoencoder, Posterior, Terms
