"""The component of the Reduce page: linked layouts of the same images."""

from collections.abc import Sequence

from ..component.component import component
from ..models.shown_items import items_message
from ..runtime import cache, routes
from ..runtime.location import Items
from .cache import LayoutRequest, assets, layout
from .settings import PRINCIPAL

_mount = component(__file__, "ask", "items")

TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_INVERSES = {
    "model": "Hover over an empty area: the decoder generates a new image.",
    "pca": "Hover over an empty area: the inverse is linear and can only mix images.",
    "tsne": "No inverse: t-SNE computes positions for these images only.",
    "umap": "No inverse is shown: UMAP learns none; umap-learn can approximate one, slowly.",
}


def plane_message(request: LayoutRequest, status: dict) -> dict:
    """One plane for the browser: the layout if it is finished, else its `status`."""
    plane = {"method": request.method, "title": TITLES.get(request.method, request.name)}
    plane |= {"inverse": _INVERSES[request.method], "message": "", "done": None}
    if layout(request) is None:
        return plane | {"description": _description(request, None, ()), "word": None} | status
    found = assets(request)
    urls, facts = dict(found.urls), dict(found.facts)
    names: list[str] = []
    if request.method == "model":
        on_map = cache.map_assets(request.name, request.digest)
        urls |= {k: on_map.urls[k] for k in ("program", "decode") if k in on_map.urls}
        facts |= {k: on_map.facts[k] for k in ("contextSize", "context")}
        principal = request.axes == PRINCIPAL
        names = [f"PC{k + 1}" if principal else f"z{d + 1}" for k, d in enumerate(facts["order"])]
    plane |= {"state": "ready", "urls": urls, "facts": facts, "names": names}
    return plane | {"description": _description(request, facts, names)}


def _description(request: LayoutRequest, facts: dict | None, names: Sequence[str]) -> str:
    """What the plane shows, in a few words."""
    if request.method == "tsne":
        return f"preserves neighbourhoods; perplexity {request.neighbours}"
    if request.method == "umap":
        return f"preserves neighbourhoods; {request.neighbours} neighbours"
    if facts is None:
        return "codes, encoded without labels"
    share = f"{100 * sum(facts['share'][:2]):.0f} % of the variance"
    if request.method == "pca":
        return f"two linear directions in pixel space, {share}"
    if facts["latentSize"] == 2:
        return "its two latents"
    plane = f"{names[0]} and {names[1]} of {facts['latentSize']} latents"
    return f"{plane.replace('PC', 'principal components ', 1).replace('PC', '')}, {share}"


def reduce_map(
    request: LayoutRequest,
    planes: Sequence[dict],
    *,
    total: int,
    digest: str,
    chosen: Items,
    busy: bool,
    key: str,
) -> None:
    """Shows the planes of `total` images, in the chosen colours; `digest` is that of the model,
    `busy` whether something is computed."""
    shown = cache.dataset(request.images)
    pictures = routes.publish_images(shown.digest[:16], shown.shown.images)
    images = f"{shown.digest[:16]} {total}"
    data = {"planes": planes, "images": images, "total": total, "pictures": pictures, "busy": busy}
    offered = {"columns": list(cache.columns(request.images)), "classes": list(shown.class_names)}
    _mount(key, data | offered | {"digest": digest} | items_message(chosen))
