"""The contract of the models, for every model and network."""

import copy
import math

import pytest
import torch

from vae import MODELS, checkpoint, training
from vae.config import LIKELIHOODS, NETWORKS
from vae.export.decoder_program import decoder_program
from vae.models import build
from vae.models.base import Batch
from vae.nn.priors import CODE_LIMIT
from vae.training import resume

CPU = torch.device("cpu")
CASES = [(name, network) for name in MODELS if name != "beta-vae" for network in NETWORKS]
each = pytest.mark.parametrize(("name", "network"), CASES)  # a beta-vae is a vae


def batch(x, beta=1.0, samples=2):
    y = torch.arange(len(x)) % 2
    return Batch(x, x, y, beta, samples, torch.Generator().manual_seed(0))


@each
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_shapes_terms_and_gradients(name, network, likelihood, settings, pictures):
    model = build(settings(name, network, likelihood=likelihood).model)
    z = model.encode(pictures)
    assert z.shape == (len(pictures), 2)
    assert model.decode(z).shape == pictures.shape
    assert model.sample_prior(5, torch.Generator().manual_seed(0)).shape == (5, 2)
    terms = model.terms(pictures, generator=torch.Generator().manual_seed(0))
    for values in terms[:2]:
        assert values.shape == (len(pictures),) and values.isfinite().all()
    assert (terms.kl >= 0).all()
    torch.testing.assert_close(terms.levels.sum(1), terms.kl)
    assert (model.prior() is None) == (not model.has_prior) == bool((terms.kl == 0).all())
    posterior = model.posterior(pictures)
    if posterior is not None:
        torch.testing.assert_close(posterior.mean, z)
        assert (posterior.std > 0).all()
    players = model.players()
    owned = [id(p) for player in players for p in player.parameters]
    assert sorted(owned) == sorted(id(p) for p in model.parameters())
    for player in players:
        player.loss(batch(pictures)).backward()
    for parameter, value in model.named_parameters():
        assert value.grad is not None and value.grad.abs().sum() > 0, parameter


@pytest.mark.parametrize(
    ("name", "prior"),
    [(name, prior) for name, entry in MODELS.items() for prior in entry.cls.priors[1:]],
)
def test_a_learned_prior_is_trained_and_part_of_the_kl(name, prior, settings, pictures):
    model = build(settings(name, prior=prior).model)
    y = torch.arange(len(pictures)) % 2
    (player,) = model.players()
    player.loss(batch(pictures)).backward()
    for parameter, value in model.named_parameters():
        assert value.grad is not None and value.grad.abs().sum() > 0, parameter
    label = 1 if model.classes else None
    draws = model.sample_prior(7, torch.Generator().manual_seed(0), label)
    told = None if label is None else torch.full((7,), label)
    torch.testing.assert_close(model.log_prior(draws, told), model.prior(label).log_prob(draws))
    with torch.inference_mode():
        terms = model.terms(pictures, y, generator=torch.Generator().manual_seed(0), samples=4000)
        posterior = model.posterior(pictures, y)
        z = posterior.mean + posterior.std * torch.randn(4000, *posterior.mean.shape)
        own = torch.distributions.Normal(*posterior).log_prob(z).sum(-1)
        prior_at = model.log_prior(z.flatten(0, 1), y.repeat(4000)).view(4000, -1)
    torch.testing.assert_close(terms.kl, (own - prior_at).mean(0), rtol=0, atol=0.15)


@each
def test_encode_and_decode_are_deterministic_and_terms_follow_the_generator(
    name, network, settings, pictures
):
    model = build(settings(name, network).model)
    torch.testing.assert_close(model.encode(pictures), model.encode(pictures), rtol=0, atol=0)
    z = model.encode(pictures)
    torch.testing.assert_close(model.decode(z), model.decode(z), rtol=0, atol=0)
    before = torch.get_rng_state()
    one, two = (model.terms(pictures, generator=torch.Generator().manual_seed(3)) for _ in "ab")
    torch.testing.assert_close(one, two, rtol=0, atol=0)
    assert torch.equal(before, torch.get_rng_state())


@each
def test_a_saved_and_loaded_model_gives_the_same_output(
    name, network, settings, pictures, tmp_path
):
    config = settings(name, network)
    model = build(config.model)
    digest = checkpoint.save(tmp_path / "m", model, config, {}, half=False)
    loaded = checkpoint.load(tmp_path / "m")
    assert loaded.digest == digest and loaded.config == config
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())
    z = model.encode(pictures)
    torch.testing.assert_close(loaded.model.encode(pictures), z, rtol=0, atol=0)
    torch.testing.assert_close(loaded.model.decode(z), model.decode(z), rtol=0, atol=0)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_a_loaded_model_has_the_likelihood_that_was_learned(
    likelihood, settings, pictures, tmp_path
):
    config = settings(likelihood=likelihood)
    model = build(config.model)
    with torch.no_grad():
        for parameter in model.likelihood.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    checkpoint.save(tmp_path / "m", model, config, {}, half=False)
    loaded, z = checkpoint.load(tmp_path / "m").model, model.encode(pictures)
    expected = model.likelihood.nll(model.decode(z), pictures)
    torch.testing.assert_close(loaded.likelihood.nll(loaded.decode(z), pictures), expected)


def logits_with_context(model, z, decode):
    """Logits at z without and with a context: labels, or the noise of lower levels."""
    y = torch.arange(len(z)) % 2
    found = [decode(z), decode(z, y)]
    if model.noise_size:
        noise = torch.randn(len(z), model.noise_size, generator=torch.Generator().manual_seed(1))
        found.append(model.decode_with(z, noise))
    return torch.stack(found)


@each
def test_reordering_permutes_the_latents_and_changes_nothing_else(
    name, network, settings, pictures
):
    torch.manual_seed(0)
    order, y = torch.tensor([2, 3, 1, 0]), torch.arange(len(pictures)) % 2
    for prior in MODELS[name].cls.priors:
        before = build(settings(name, network, latent=4, prior=prior).model)
        with torch.no_grad():  # biases and learned priors start at constants
            for parameter in before.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
        model = copy.deepcopy(before)
        model.reorder(order)
        z = before.encode(pictures, y)
        torch.testing.assert_close(model.encode(pictures, y), z[:, order])
        pictures_of = logits_with_context(before, z, before.decode)
        torch.testing.assert_close(
            logits_with_context(model, z[:, order], model.decode), pictures_of
        )
        assert not torch.allclose(logits_with_context(model, z, model.decode), pictures_of)
        posterior = before.posterior(pictures, y)
        if posterior is not None:
            torch.testing.assert_close(model.posterior(pictures, y).std, posterior.std[:, order])
        if before.has_prior:
            torch.testing.assert_close(
                model.log_prior(z[:, order], y), before.log_prior(z, y), rtol=1e-4, atol=1e-4
            )


def test_a_discriminator_gives_reordered_latents_the_same_value(settings, pictures):
    torch.manual_seed(0)
    order = torch.tensor([2, 3, 1, 0])
    before = build(settings("avb", latent=4).model)
    model = copy.deepcopy(before)
    model.reorder(order)
    noise = torch.randn(50, 8, 4)
    torch.testing.assert_close(model.basis(noise), before.basis(noise)[..., order])
    shape, normal = before._moments(pictures)[2], torch.randn(1, len(pictures), 4)
    torch.testing.assert_close(model._moments(pictures)[2], shape[..., order])
    judged = model._log_ratio(shape[..., order], normal[..., order])
    torch.testing.assert_close(judged, before._log_ratio(shape, normal))


@each
def test_overfits_one_batch(name, network, settings, pictures):
    torch.manual_seed(0)
    model = build(settings(name, network).model)
    players = model.players()
    optimisers = [torch.optim.Adam(player.parameters, lr=1e-2) for player in players]
    losses = []
    for _ in range(40):
        both = []
        for player, optimiser in zip(players, optimisers, strict=True):
            optimiser.zero_grad()
            loss = player.loss(batch(pictures))
            loss.backward()
            optimiser.step()
            both.append(loss.item())
        losses.append(both[0])
    # The entropy of grey pixels is a floor that no decoder passes.
    floor = torch.special.entr(pictures) + torch.special.entr(1 - pictures)
    floor = floor.flatten(1).sum(1).mean().item()
    assert losses[-1] - floor < 0.5 * (losses[0] - floor)


@each
def test_training_resumes_exactly_from_the_middle_of_an_epoch(
    name, network, settings, tiny, tmp_path
):
    config = settings(name, network, noise=0.1, dropout=0.1, samples=2, epochs=2)
    whole = training.new_run(config, tiny, CPU)
    list(training.train(whole, tiny))
    first = training.new_run(config, tiny, CPU)
    list(training.train(first, tiny, should_stop=lambda: first.step == 4))  # of 3 steps an epoch
    assert first.step == 4 and not first.finished
    (tmp_path / "r").mkdir()
    resume.save_run(tmp_path / "r", first)
    second = training.new_run(config, tiny, CPU)
    resume.load_run(tmp_path / "r", second)
    list(training.train(second, tiny))
    assert second.curve == whole.curve and len(whole.curve) == 2
    for key, value in whole.result.state_dict().items():
        assert torch.equal(value, second.result.state_dict()[key]), key


@each
def test_every_decoder_can_be_written_as_a_program(name, network, settings):
    assert decoder_program(build(settings(name, network).model))


def test_an_untrained_decoder_returns_the_mean_image(settings, tiny):
    run = training.new_run(settings(), tiny, CPU)
    last = [m for m in run.model.decoder.modules() if isinstance(m, torch.nn.Linear)][-1]
    mean = torch.from_numpy(tiny.train.images).float().mean(0).flatten() / 255
    torch.testing.assert_close(last.bias.sigmoid(), mean.clamp(0.001, 0.999))


def test_same_seed_same_run_other_seed_other_run_and_no_global_randomness(settings, tiny):
    before = torch.get_rng_state()
    curves = []
    for seed in (0, 0, 1):
        run = training.new_run(settings(seed=seed, epochs=1), tiny, CPU)
        list(training.train(run, tiny))
        curves.append(run.curve)
    assert curves[0] == curves[1] != curves[2]
    assert torch.equal(before, torch.get_rng_state())


def test_avb_samples_have_the_moments_of_its_proposal_also_without_a_gaussian_part(
    settings, pictures
):
    model = build(settings("avb").model)
    with torch.no_grad():
        model.shape.bias[:2] = 0  # the share of v_0, whose least is then what keeps a density
    with torch.inference_mode():
        draws = model.sample_posterior(pictures, 20_000, torch.Generator().manual_seed(0))
        mean, std = model.proposal(pictures)
        shares = model._moments(pictures)[2]
    torch.testing.assert_close(shares.square().sum(1), torch.ones(len(pictures), 2))
    assert shares[:, 0].abs().min() > 0.04
    torch.testing.assert_close(draws.mean(0), mean, rtol=0, atol=0.03 * float(std.max()))
    torch.testing.assert_close(draws.std(0), std, rtol=0.04, atol=0)


def test_a_frozen_decoder_does_not_change_and_the_encoder_does(settings, tiny):
    run = training.new_run(settings(frozen_decoder=True, epochs=2), tiny, CPU)
    before = {k: v.clone() for k, v in run.model.state_dict().items()}
    list(training.train(run, tiny))
    for key, value in run.result.state_dict().items():
        same = torch.equal(value, before[key])
        assert same == (key.startswith("decoder.") or "standard" in key or ".0." in key), key


def test_a_loss_that_is_not_finite_stops_the_run_with_finite_weights(settings, tiny):
    run = training.new_run(settings(lr=1e12, likelihood="gaussian", epochs=200), tiny, CPU)
    with pytest.raises(training.TrainingError, match=r"step \d+.*--lr"):
        list(training.train(run, tiny))
    assert all(p.isfinite().all() for p in run.result.parameters())


def test_patience_works_on_a_data_set_too_small_for_a_validation_split(settings, tiny):
    few = type(tiny.train)(tiny.train.images[:8], tiny.train.labels[:8])
    run = training.new_run(settings(patience=1), tiny, CPU)
    list(training.train(run, type(tiny)("few", few, tiny.test, tiny.class_names)))
    assert all(math.isfinite(value) for point in run.curve for value in point)


def test_beta_vae_is_the_vae_with_another_beta():
    assert MODELS["beta-vae"].cls is MODELS["vae"].cls
    assert MODELS["beta-vae"].preset == {"beta": 4.0}


def test_beta_weighs_the_kl_in_the_loss_and_not_in_the_terms(settings, pictures):
    model = build(settings().model)
    (player,) = model.players()
    kl = model.terms(pictures, generator=torch.Generator()).kl.mean()
    difference = player.loss(batch(pictures, beta=4.0)) - player.loss(batch(pictures, beta=1.0))
    torch.testing.assert_close(difference, 3 * kl, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_ssim_is_charged_in_the_loss_and_not_in_the_terms(name, settings, pictures):
    model = build(settings(name).model)
    added = []
    for player in model.players():
        plain = batch(pictures, samples=1)
        similar = batch(pictures, samples=1)._replace(ssim_weight=0.5)
        added.append(player.loss(similar).item() - player.loss(plain).item())
    assert 0 < max(added) <= pictures[0].numel()  # at most 0.5 (1 - -1) per pixel


@each
def test_every_method_computes_on_the_device_of_the_weights(name, network, settings, pictures):
    """Tensors on "meta" have no values, but mixing them with CPU tensors raises."""
    model = build(settings(name, network).model).to("meta")
    x, generator = pictures.to("meta"), torch.Generator()
    y = torch.zeros(len(x), dtype=torch.long, device="meta")
    z = model.encode(x, y)
    found = [z, model.decode(z, y), model.decode(z, y, generator), model.picture(z, 1, 3)]
    found += model.terms(x, y, generator)
    if model.proposal(x, y) is not None:
        found += [model.log_importance_weights(x, y, 2, generator)]
    found += [player.loss(Batch(x, x, y, 1.0, 2, generator)) for player in model.players()]
    assert {tensor.device.type for tensor in found} == {"meta"}


@pytest.mark.parametrize("name", ["vae", "cvae"])
def test_the_decoded_grid_never_outlives_the_weights(name, settings, pictures):
    def make(seed):
        torch.manual_seed(seed)
        return build(settings(name, refine=2).model).eval().requires_grad_(False)

    def close(model):
        fresh = build(settings(name, refine=2).model).eval().requires_grad_(False)
        fresh.load_state_dict(model.state_dict())
        torch.testing.assert_close(model.posterior(pictures), fresh.posterior(pictures))

    model, other = make(0), make(1)
    model.posterior(pictures)
    kept = model._grid_cache[-1][1]
    model.posterior(pictures)
    assert model._grid_cache[-1][1] is kept
    twin = copy.deepcopy(model)
    model.load_state_dict(other.state_dict())
    close(model)
    close(twin)
    twin.load_state_dict(other.state_dict(), assign=True)
    close(twin)
    model.half().float()
    close(model)
    with torch.no_grad():
        model.decoder[-2].bias.add_(1.0)
    close(model)
    model.to("meta")
    assert not model._grid_cache


@torch.no_grad()
def test_codes_under_a_flow_stay_where_its_mass_is_counted(settings, pictures):
    model = build(settings(prior="flow").model).eval()
    model.mean.weight.mul_(1e4)
    low, high = model.prior().bounding_box(1e3)
    mean = model.posterior(pictures).mean
    assert mean.abs().max() == CODE_LIMIT == high.max() == -low.min()
