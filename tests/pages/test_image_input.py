"""Which pages browsers let use the camera."""

import pytest

from pages.ui.controls.image_input import camera_is_allowed


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://atelier.example/lookup", True),
        ("http://localhost:8501/lookup", True),
        ("http://127.0.0.1:8501/", True),
        ("http://[::1]:8501/", True),
        (None, True),  # not known: the browser decides
        ("http://192.168.1.7:8501/lookup", False),
        ("http://atelier.example/", False),
        ("http://localhost.example/", False),
    ],
)
def test_the_camera_needs_https_or_this_machine(url, allowed):
    assert camera_is_allowed(url) == allowed
