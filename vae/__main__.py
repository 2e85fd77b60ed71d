"""The command line: `python -m vae COMMAND`. Exit code 0: done, 2: wrong use or input."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from dataclasses import fields
from pathlib import Path

import click

from .config import LIKELIHOODS, NETWORKS, Config, ConfigError, ModelConfig, TrainConfig, suggest
from .data import DataError, load_dataset, write_starter
from .models import MODELS

_MODEL_OPTIONS = ("latent", "likelihood", "network", "refine", "fourier", "fourier_scale")
_DEFAULT_MODEL, _DEFAULT_TRAIN = ModelConfig(), TrainConfig()


class Commands(click.Group):
    """Turns what goes wrong with input into one line and exit code 2, for every command."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        command = super().get_command(ctx, name)
        if command is None:
            near = suggest(name, self.commands)
            ctx.fail(f"there is no command {name!r}{near}; expected {', '.join(self.commands)}")
        return command

    def invoke(self, ctx: click.Context) -> object:
        from .checkpoint import CheckpointError
        from .training import TrainingError

        try:
            return super().invoke(ctx)
        except (ConfigError, DataError, CheckpointError, TrainingError) as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)


@click.group(cls=Commands, context_settings={"show_default": True})
def main() -> None:
    """Train, measure and use the models of Latent Atelier."""


@main.command()
@click.option("--data", default="fashion-mnist", help="a name, or a path to images")
@click.option("--size", default=28, type=click.IntRange(4, 256), help="side of the images")
@click.option("--model", default="vae", help=f"one of {', '.join(MODELS)}")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="folder to write")
@click.option("--latent", default=_DEFAULT_MODEL.latent, help="latent size D")
@click.option("--beta", type=float, help="weight of the KL; the model's own by default")
@click.option("--likelihood", default=_DEFAULT_MODEL.likelihood, help=" | ".join(LIKELIHOODS))
@click.option("--network", default=_DEFAULT_MODEL.network, help=" | ".join(NETWORKS))
@click.option("--encoder-widths", help="hidden widths, as 1024,1024")
@click.option("--decoder-widths", help="hidden widths, as 256,512")
@click.option("--refine", default=_DEFAULT_MODEL.refine, help="Newton steps on q(z|x) (D = 2)")
@click.option(
    "--fourier", default=_DEFAULT_MODEL.fourier, help="random waves of z for the decoder"
)
@click.option(
    "--fourier-scale", default=_DEFAULT_MODEL.fourier_scale, help="spread of their frequencies"
)
@click.option("--epochs", default=_DEFAULT_TRAIN.epochs, help="passes over the training images")
@click.option("--batch-size", default=_DEFAULT_TRAIN.batch_size, help="images a step")
@click.option("--lr", default=_DEFAULT_TRAIN.lr, help="top of the one-cycle learning rate")
@click.option("--lr-warmup", default=_DEFAULT_TRAIN.lr_warmup, help="share of steps to the top")
@click.option("--weight-decay", default=_DEFAULT_TRAIN.weight_decay, help="AdamW's")
@click.option("--clip", default=_DEFAULT_TRAIN.clip, help="gradient norm, nats a pixel; 0: none")
@click.option("--ema", default=_DEFAULT_TRAIN.ema, help="decay of the averaged weights; 0: none")
@click.option("--samples", default=_DEFAULT_TRAIN.samples, help="posterior samples an image")
@click.option("--noise", default=_DEFAULT_TRAIN.noise, help="std added to what the encoder sees")
@click.option("--dropout", default=_DEFAULT_TRAIN.dropout, help="pixels hidden from the encoder")
@click.option("--beta-start", default=_DEFAULT_TRAIN.beta_start, help="beta at the first step")
@click.option("--beta-fraction", default=_DEFAULT_TRAIN.beta_fraction, help="of training it takes")
@click.option("--patience", default=_DEFAULT_TRAIN.patience, help="stop early after; 0: never")
@click.option("--seed", default=_DEFAULT_TRAIN.seed, help="of weights, order and noise")
@click.option("--device", default="auto", help="auto | cpu | cuda | mps")
@click.option("--threads", default=0, type=click.IntRange(0, 1024), help="threads; 0: all")
@click.option("--resume", is_flag=True, help="go on where a stopped training left off")
@click.option("--half/--full", default=True, help="store float16 or float32 weights")
@click.option("--evaluate/--no-evaluate", "measure", default=True, help="measure when done")
def train(**options) -> None:
    """Train a model and write a checkpoint. Ctrl-C stops it; --resume goes on."""
    import torch

    from . import checkpoint, latent, runs, training

    if options["threads"]:
        torch.set_num_threads(options["threads"])
    try:
        device = training.device_named(options["device"])
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"the device is {options['device']!r}, not usable on this machine; try --device auto"
        ) from error
    dataset = _dataset_or_starter(options["data"], options["size"])
    config = _config(options, dataset)
    run = training.new_run(config, dataset, device)
    out: Path = options["out"]
    if (out / runs.RESUME).exists() and not options["resume"]:
        raise ConfigError(
            f"{out} holds a training that was stopped and can go on; "
            "add --resume, or choose another --out"
        )
    if options["resume"]:
        runs.load_run(out, run)
        click.echo(f"Resuming {out} after step {run.step:,}.", err=True)
    facts = {
        "seed": config.train.seed,
        "data": {"name": dataset.name, "digest": dataset.digest},
        "command": shlex.join(["python", "-m", "vae", *sys.argv[1:]]),
        "device": str(device),
        "threads": torch.get_num_threads(),
    }

    def keep(**more) -> None:
        measured = facts | {"seconds": round(run.seconds, 1)} | more
        measured["curve"] = [point._asdict() for point in run.curve]
        checkpoint.save(out, run.result, config, measured, half=options["half"])

    try:
        stopped = _follow(run, dataset, lambda: (keep(), runs.save_run(out, run)))
    except training.TrainingError:
        keep()
        raise
    keep()
    if stopped:
        runs.save_run(out, run)
        click.echo(f"Stopped at step {run.step:,}. Go on with --resume.", err=True)
        return
    runs.drop_run(out)
    if options["measure"]:
        numbers = _evaluate(checkpoint.load(out), dataset)
        keep(evaluation=numbers)
        codes = latent.encode_images(checkpoint.load(out).model, dataset.test.images)
        kept = {name: array for name, array in codes._asdict().items() if array is not None}
        checkpoint.save_codes(out, dataset.test.digest, kept)
        _print_numbers(numbers)


def _follow(run, dataset, keep) -> bool:
    """Trains with a bar or plain lines; True when a signal asked to stop before the end."""
    from tqdm import tqdm

    from .training import train as steps

    asked = []

    def ask(*_) -> None:
        if asked:  # a second Ctrl-C does not wait for the step to end
            raise KeyboardInterrupt
        asked.append(True)

    handlers = {number: signal.signal(number, ask) for number in _STOP_SIGNALS}
    bar = tqdm(total=0, initial=run.step, unit="step", disable=not sys.stderr.isatty())
    last_saved = run.seconds
    try:
        for progress in steps(run, dataset, should_stop=lambda: bool(asked)):
            bar.total = progress.steps
            bar.update(progress.step - bar.n)
            bar.set_postfix_str(
                f"loss {progress.loss:.1f}, {progress.images_per_second:,.0f} images/s"
            )
            if progress.point is None:
                continue
            point = progress.point
            line = (
                f"epoch {point.epoch}/{run.config.train.epochs}  "
                f"held out: reconstruction {point.held_out_reconstruction:.2f} + KL "
                f"{point.held_out_kl:.2f} nats  {progress.images_per_second:,.0f} images/s  "
                f"{progress.seconds:.0f} s"
            )
            tqdm.write(line)
            if run.seconds - last_saved > 30:
                keep()
                last_saved = run.seconds
    finally:
        bar.close()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return bool(asked) and not run.finished


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _dataset_or_starter(name: str, size: int):
    """The data set; Fashion-MNIST's bundled starter where the full set is not to be had."""
    try:
        return load_dataset(name, size=size)
    except DataError:
        if name != "fashion-mnist":
            raise
        click.echo(
            "The full Fashion-MNIST is not on this machine and cannot be downloaded: training on "
            "the bundled starter (10,000 of its 60,000 images).",
            err=True,
        )
        return load_dataset("fashion-mnist-starter", size=size)


def _config(options: dict, dataset) -> Config:
    if options["model"] not in MODELS:
        known = ", ".join(MODELS)
        near = suggest(options["model"], MODELS)
        raise ConfigError(f"the model is {options['model']!r}{near}; expected one of {known}")
    preset = MODELS[options["model"]].preset
    beta = options["beta"] if options["beta"] is not None else preset.get("beta", 1.0)
    model = ModelConfig(
        name=options["model"],
        beta=beta,
        image_shape=dataset.train.images.shape[1:],
        encoder_widths=_widths("--encoder-widths", options["encoder_widths"]),
        decoder_widths=_widths("--decoder-widths", options["decoder_widths"]),
        **{key: options[key] for key in _MODEL_OPTIONS},
    )
    names = [field.name for field in fields(TrainConfig) if field.name in options]
    return Config(
        model,
        TrainConfig(**{key: options[key] for key in names} | {"data": _found(options, dataset)}),
    )


def _found(options: dict, dataset) -> str:
    """What was trained on: as it was asked for, or the starter where that took its place."""
    return dataset.name if dataset.name.endswith("-starter") else options["data"]


def _widths(option: str, text: str | None) -> tuple[int, ...] | None:
    try:
        return tuple(int(part) for part in text.split(",")) if text else None
    except ValueError:
        raise ConfigError(f"{option} is {text!r}; expected whole numbers, as 256,512") from None


@main.command("list")
@click.argument("folder", default="checkpoints")
def list_(folder: str) -> None:
    """List the checkpoints in FOLDER, damaged ones with their reason."""
    from .checkpoint import list_checkpoints

    if not Path(folder).is_dir():
        raise ConfigError(f"the folder is {folder!r}, which does not exist; name one that does")
    for entry in list_checkpoints(folder):
        if entry.error:
            click.echo(f"{entry.name:24} damaged: {entry.error}")
            continue
        model, numbers = entry.config.model, entry.metrics.get("evaluation") or {}
        words = f"{model.name}, D = {model.latent}, {model.network}, {entry.config.train.data}"
        name = "-ELBO" if MODELS[model.name].cls.has_prior else "reconstruction"
        known = "neg_elbo" in numbers
        elbo = f"{name} {numbers['neg_elbo']:.2f} nats" if known else "not measured"
        click.echo(f"{entry.name:24} {words:40} {elbo:24} {entry.digest[:12]}")


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--data", help="data set; the one it was trained on by default")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def evaluate(checkpoint: Path, data: str | None, as_json: bool) -> None:
    """Measure CHECKPOINT on the test split."""
    from .checkpoint import load

    loaded = load(checkpoint)
    shape = loaded.config.model.image_shape
    dataset = _dataset_or_starter(data or loaded.config.train.data, shape[1])
    if dataset.test.images.shape[1:] != shape:
        raise DataError(
            f"{dataset.name} has images of {dataset.test.images.shape[1:]}, the model expects "
            f"{shape}; choose data of that shape"
        )
    numbers = _evaluate(loaded, dataset)
    if as_json:
        click.echo(json.dumps(numbers))
    else:
        _print_numbers(numbers)


def _evaluate(loaded, dataset) -> dict:
    from . import evaluation

    return evaluation.evaluate(loaded.model, dataset)


def _print_numbers(numbers: dict) -> None:
    click.echo(f"{numbers['n']:,} {numbers['split']} images, nats per image")
    reconstruction = f"reconstruction {numbers['reconstruction']:.3f}"
    if numbers["kl"]:
        click.echo(f"-ELBO {numbers['neg_elbo']:.3f} = {reconstruction} + KL {numbers['kl']:.3f}")
    else:
        click.echo(f"{reconstruction}; no ELBO, for the model has no prior")
    click.echo(f"squared error a pixel {numbers['mse']:.5f}")
    click.echo(
        f"nearest neighbours in the code: 1-NN {numbers['knn1']:.4f}, 5-NN {numbers['knn5']:.4f}"
    )
    click.echo(f"trustworthiness {numbers['trustworthiness']:.4f}")


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--n", default=64, type=click.IntRange(1, 10_000), help="how many images")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PNG to write")
@click.option("--prior", default="normal", type=click.Choice(["normal"]), help="of the codes")
@click.option("--seed", default=0, help="of the codes")
@click.option("--scale", default=2, type=click.IntRange(1, 16), help="screen pixels a pixel")
def sample(checkpoint: Path, n: int, out: Path, prior: str, seed: int, scale: int) -> None:
    """Decode N codes drawn from the prior of CHECKPOINT into one sheet."""
    import torch

    from . import images
    from .checkpoint import load

    if out.suffix.lower() != ".png":
        raise ConfigError(f"--out is {str(out)!r}; expected a name that ends in .png")
    model = load(checkpoint).model
    with torch.inference_mode():
        z = model.sample_prior(n, torch.Generator().manual_seed(seed))
        pictures = model.decode(z).sigmoid()
    try:
        images.save_png(images.sheet(pictures, scale=scale), out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error}); choose another --out") from error
    click.echo(f"{n} images from the {prior} prior, seed {seed}: {out}")


@main.command()
def starter() -> None:
    """Build the bundled starter set from the full Fashion-MNIST."""
    source = load_dataset("fashion-mnist")
    write_starter(source)
    click.echo("vae/starter: the first 10,000 training images and all 10,000 test images")


def run() -> None:
    """Runs the command line; every error of use is one line on stderr and exit code 2."""
    try:
        sys.exit(main.main(prog_name="python -m vae", standalone_mode=False))
    except click.ClickException as error:
        click.echo(f"Error: {' '.join(error.format_message().split())}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    run()
