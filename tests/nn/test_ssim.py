"""Structural similarity against its formula, window by window, and against scikit-image."""

import numpy as np
import pytest
import torch

from vae.nn.ssim import ssim


def images(*shape):
    """Two smooth images in [0, 1] that differ."""
    rows, columns = np.indices(shape[1:]) / max(shape)
    waves = [np.sin(5 * (k + 1) * rows + 7 * columns) for k in range(shape[0])]
    a = np.stack(waves) / 2 + 0.5
    b = np.clip(0.8 * a + 0.1 + 0.2 * np.cos(40 * columns), 0, 1)
    return torch.from_numpy(a)[None], torch.from_numpy(b)[None]


def by_windows(a, b, size):
    """The formula of Wang et al. written out for each window of one channel."""
    distance = np.arange(size) - size // 2
    kernel = np.exp(-(distance**2) / (2 * 1.5**2))
    kernel = np.outer(kernel, kernel) / kernel.sum() ** 2
    found = []
    for i in range(a.shape[0] - size + 1):
        for j in range(a.shape[1] - size + 1):
            x, y = (values[i : i + size, j : j + size] for values in (a, b))
            mx, my = (kernel * x).sum(), (kernel * y).sum()
            vx, vy = (kernel * (x - mx) ** 2).sum(), (kernel * (y - my) ** 2).sum()
            cov = (kernel * (x - mx) * (y - my)).sum()
            top = (2 * mx * my + 0.01**2) * (2 * cov + 0.03**2)
            found.append(top / ((mx**2 + my**2 + 0.01**2) * (vx + vy + 0.03**2)))
    return np.mean(found)


@pytest.mark.parametrize(("shape", "window"), [((1, 20, 26), 11), ((2, 8, 8), 7)])
def test_ssim_is_that_of_its_authors(shape, window):
    a, b = images(*shape)
    expected = np.mean(
        [by_windows(x, y, window) for x, y in zip(a[0].numpy(), b[0].numpy(), strict=True)]
    )
    torch.testing.assert_close(ssim(a, b), torch.tensor([expected]))
    torch.testing.assert_close(ssim(a, a), torch.ones(1).double())


def test_ssim_is_scikit_image_s():
    """structural_similarity(gaussian_weights=True, use_sample_covariance=False) of 0.26.0."""
    a, b = images(3, 40, 52)
    assert ssim(a, b).item() == pytest.approx(0.48292035486947876, abs=1e-9)


def test_ssim_is_differentiable_where_images_are_flat_and_equal():
    flat = torch.full((1, 1, 12, 12), 0.5, requires_grad=True)
    ssim(flat, torch.full_like(flat, 0.5)).sum().backward()
    assert flat.grad.isfinite().all()
