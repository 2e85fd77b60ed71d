"""What visitors may ask of a server: one environment variable for each limit, read once."""

import os
from functools import cache
from typing import NamedTuple

from .validation import ConfigError, one_of

MODE = "LATENT_ATELIER_MODE"
MODES = ("", "shared", "public")
_LOWEST = {"max_image_size": 16, "max_latent": 2}  # of the others 1


class Limits(NamedTuple):
    """A field `x` is the variable `VAE_X`, a whole number; MB are 2**20 bytes. `mode`,
    `LATENT_ATELIER_MODE`: `shared` trusts nobody as the person at this machine, `public` is an
    explorer that trains nothing and keeps nothing."""

    max_epochs: int = 1000  # of one training of the Train page, as the three below
    max_image_size: int = 128
    max_latent: int = 64
    max_batch_size: int = 8192
    runs_at_once: int = 1  # of all visitors; the others wait
    runs_waiting: int = 50
    runs_per_visitor: int = 8  # that train or wait
    upload_mb: int = 200  # of the files of one upload
    uploads_mb: int = 4096  # of all visitors, kept for trainings; as much may be on the way
    uploads_per_visitor_mb: int = 1024
    kept_mb: int = 32768  # runs and models of all visitors
    kept_per_visitor_mb: int = 2048
    jobs_at_once: int = 16  # exports, scorings and layouts, of all visitors
    jobs_per_visitor: int = 4
    mode: str = ""

    @property
    def public(self) -> bool:
        return self.mode == "public"


@cache
def current() -> Limits:
    """The limits of this process. Raises `ConfigError`."""
    mode = os.environ.get(MODE, "")
    one_of(MODE, mode, MODES)
    found = {}
    for name in Limits._fields[:-1]:
        variable = f"VAE_{name.upper()}"
        if text := os.environ.get(variable):
            low = _LOWEST.get(name, 1)
            found[name] = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
            if not low <= found[name] <= 10**6:
                expected = f"expected a whole number from {low} to 1,000,000"
                raise ConfigError(f"{variable} is {text[:40]!r}; {expected}")
    return Limits(**found, mode=mode)
