"""The Interpolate page: waypoints, kinds of path, the player, files that other tools open."""

import base64
import io
import json
import re
import zipfile
from itertools import pairwise

import av
import numpy as np
from axe_playwright_python.sync_playwright import Axe
from helpers import IMAGE, choose, drop, go_to, pixels, query, torch_image, wait_for_query
from live import wait_until
from PIL import Image
from playwright.sync_api import Page, expect

MAP = '[data-testid="path-map"]'
LINK = "/interpolate?m=fashion-vae&p=0.8751,0.4771;-0.5694,-0.4398&k=straight&n=12"


def at(page: Page, fx: float, fy: float) -> tuple[float, float]:
    box = page.locator(MAP).bounding_box()
    return box["x"] + fx * box["width"], box["y"] + fy * box["height"]


def answered(page: Page) -> None:
    """Waits until Python has answered the latest change of the path."""
    wait_until(page, "/in pixel space/.test(document.querySelector('.pm-lengths').textContent)")


def waypoints(page: Page) -> list[list[float]]:
    found = page.locator('[data-testid="waypoint-list"] canvas')
    return [
        [float(v) for v in z.split(",")]
        for z in found.evaluate_all("c => c.map(e => e.dataset.z)")
    ]


def wait_for_waypoints(page: Page, count: int) -> None:
    wait_until(
        page,
        "n => document.querySelectorAll('[data-testid=waypoint-list] li').length === n",
        arg=count,
    )


def lengths(page: Page) -> tuple[float, float]:
    answered(page)
    data = page.get_by_test_id("lengths").evaluate("e => ({ ...e.dataset })")
    return float(data["length"]), float(data["straight"])


def test_waypoints_are_clicked_moved_undone_and_restored_by_a_link(open_page):
    page = open_page(LINK)
    answered(page)
    page.mouse.click(*at(page, 0.3, 0.3))
    wait_for_waypoints(page, 3)
    clicked = waypoints(page)[2]
    wait_for_query(page, "p", f"0.8751,0.4771;-0.5694,-0.4398;{clicked[0]:g},{clicked[1]:g}")
    page.mouse.move(*at(page, 0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*at(page, 0.4, 0.25), steps=4)
    page.mouse.up()
    moved = waypoints(page)[2]
    assert len(waypoints(page)) == 3 and moved[0] > clicked[0] and moved[1] > clicked[1]
    page.keyboard.press("Control+z")
    assert waypoints(page)[2] == clicked
    page.keyboard.press("Control+z")
    assert len(waypoints(page)) == 2
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+y")
    assert waypoints(page)[2] == moved
    page.get_by_role("button", name="Delete waypoint 1", exact=True).click()
    assert waypoints(page) == [[-0.5694, -0.4398], moved]
    page.get_by_test_id("typed-code").fill("0.5, nonsense")
    page.locator('[data-do="add-code"]').click()
    expect(page.locator(".pm-typed")).to_contain_text("Expected 2 numbers")
    page.get_by_test_id("typed-code").fill("0.5, -1.25")
    page.keyboard.press("Enter")
    page.get_by_test_id("item-number").fill("7")
    page.locator('[data-do="add-item"]').click()
    wait_for_waypoints(page, 4)
    wait_for_query(page, "p", ";".join(f"{a:g},{b:g}" for a, b in waypoints(page)))
    before = waypoints(page)
    page.reload()
    wait_for_waypoints(page, 4)
    answered(page)
    assert waypoints(page) == before
    frames = page.get_by_test_id("frames")
    expect(frames).to_have_text("= 12 frames")
    page.get_by_test_id("speed").fill("24")  # as long, so of more frames
    page.get_by_test_id("speed").press("Enter")
    page.get_by_test_id("order").select_option("ping-pong")
    expect(frames).to_have_text("= 24 frames, there and back 46, 1.92 s")
    page.get_by_role("button", name="Stop at waypoints").click()
    wait_for_query(page, "e", "stops")
    typical = page.get_by_test_id("typical").locator("button")
    expect(typical).to_have_count(10)  # one of each class
    page.get_by_test_id("item-class").select_option(label="Bag")
    expect(typical).to_have_count(8)
    assert all(
        "reads as" not in name for name in typical.evaluate_all("all => all.map(b => b.title)")
    )
    typical.first.click()
    wait_for_waypoints(page, 5)
    page.get_by_test_id("item-number").fill("2599")  # nine of the ten codes around it are of bags
    page.locator('[data-do="add-item"]').click()
    wait_for_waypoints(page, 6)
    expect(page.get_by_test_id("item-note")).to_contain_text("T-shirt/top reads as Bag")


def test_a_spherical_path_turns_through_ten_latents(open_page):
    ends = np.random.default_rng(0).standard_normal((2, 10)).round(2)
    link = ";".join(",".join(f"{v:g}" for v in end) for end in ends)
    page = open_page(f"/interpolate?m=fashion-vae-10&p={link}&k=straight&n=9", ready=False)
    answered(page)
    page.get_by_role("button", name="Spherical", exact=True).click()
    wait_for_query(page, "k", "spherical")
    wait_until(page, "/spherical/.test(document.querySelector('.pm-lengths').textContent)")
    answered(page)
    frames = page.locator('[data-testid="frame"]')
    expect(frames).to_have_count(9)
    z = np.array(
        [[float(v) for v in frames.nth(i).get_attribute("data-z").split(",")] for i in range(9)]
    )
    np.testing.assert_allclose(z[[0, -1]], ends, atol=1e-3)
    low, high = sorted(np.linalg.norm(ends, axis=1))
    radius = np.linalg.norm(z, axis=1)
    assert (radius > low - 1e-3).all() and (radius < high + 1e-3).all()
    assert np.linalg.norm(ends.mean(0)) < low - 0.2  # where the straight path would lead
    share = np.linalg.lstsq(ends.T, z.T, rcond=None)[0]
    np.testing.assert_allclose(ends.T @ share, z.T, atol=1e-3)  # in the plane of both
    for i in (0, 4, 8):
        shown = torch_image(z[i].tolist(), "fashion-vae-10")
        assert np.abs(pixels(frames.nth(i)) - shown).max() <= 1


def test_a_geodesic_is_shorter_a_stroke_is_followed_and_the_player_plays(open_page):
    page = open_page(LINK)
    answered(page)
    page.get_by_role("button", name="Geodesic", exact=True).click()
    wait_until(page, "/geodesic/.test(document.querySelector('.pm-lengths').textContent)")
    length, straight = lengths(page)
    assert length < 0.9 * straight
    page.get_by_role("button", name="Even change").click()
    wait_for_query(page, "e", "change")
    answered(page)
    page.locator('[data-testid="frame"]').nth(11).wait_for()
    wait_until(
        page,
        "document.querySelectorAll('[data-testid=frame]')[11].dataset.z === '-0.5694,-0.4398'",
    )
    frames = page.locator('[data-testid="frame"]')
    expect(frames).to_have_count(12)
    for i in (0, 6):
        z = [float(v) for v in frames.nth(i).get_attribute("data-z").split(",")]
        assert np.abs(pixels(frames.nth(i)) - torch_image(z)).max() <= 1
    assert re.search(r"\d+/10", page.locator(".pm-strip li").first.inner_text())
    frames.nth(6).click()
    wanted = frames.nth(6).get_attribute("data-z")
    page.wait_for_selector(f'{IMAGE}[data-z="{wanted}"]')
    page.wait_for_selector('[data-testid="nearest-item"][data-item]')
    page.locator(".pm-strip").focus()
    page.keyboard.press("ArrowRight")
    page.locator('[data-fact="frame"]', has_text="8 of 12").wait_for()
    page.keyboard.press("Space")
    shown = page.locator(IMAGE).get_attribute("data-z")
    wait_until(
        page,
        "z => document.querySelector('[data-testid=decoded-image]').dataset.z !== z",
        arg=shown,
    )
    page.keyboard.press("Space")
    expect(page.get_by_test_id("play")).to_have_text("Play")

    page.get_by_role("button", name="Draw", exact=True).click()
    page.mouse.move(*at(page, 0.3, 0.4))
    page.mouse.down()
    for fx, fy in [(0.35, 0.3), (0.45, 0.25), (0.55, 0.35), (0.6, 0.5), (0.55, 0.65)]:
        page.mouse.move(*at(page, fx, fy), steps=3)
    page.mouse.up()
    wait_for_query(page, "k", "drawn")
    length, straight = lengths(page)
    assert length > straight
    assert len(query(page)["w"].split(";")) > 4
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_for_query(page, "k", "geodesic")


PASTE = """text => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([bytes], "a.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""

OPENED = {
    "Animation, GIF": lambda data: Image.open(io.BytesIO(data)).n_frames,
    "Animation, WebP": lambda data: Image.open(io.BytesIO(data)).n_frames,
    "Animation, MP4": lambda data: sum(1 for _ in av.open(io.BytesIO(data)).decode(video=0)),
    "PNG images in a .zip": lambda data: len(zipfile.ZipFile(io.BytesIO(data)).namelist()),
    "Contact sheet, PNG": lambda data: 12 * (min(Image.open(io.BytesIO(data)).size) > 600),
    "Contact sheet, PDF": lambda data: 12 * data.startswith(b"%PDF-"),
    "Path as a table, CSV": lambda data: len(data.decode().splitlines()) - 1,
    "Path, JSON": lambda data: len(json.loads(data)["frames"]),
}


def test_every_file_opens_again_frames_are_saved_and_a_path_is_imported(open_page, tmp_path):
    page = open_page(LINK.replace("straight", "geodesic"))
    answered(page)
    files = {}
    # The list closes when the page scrolls, which Playwright's own click would do.
    page.get_by_role("button", name="Create file").scroll_into_view_if_needed()
    page.wait_for_timeout(150)
    for name, count in OPENED.items():
        choose(page, "Format", name)
        page.get_by_role("button", name="Create file").click()
        page.get_by_text(f"Ready: {name}").wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile(r"^Download \S+ \(")).click()
        files[name] = download.value.path().read_bytes()
        assert count(files[name]) == 12, name
    page.locator('[data-testid="frame"]').nth(4).click()
    page.get_by_role("button", name="Save frame to board").click()
    page.get_by_text("Saved 1 image to the board").wait_for()
    expect(page.locator('.pm-strip button[data-saved="true"]')).to_have_count(1)
    wanted = page.locator('[data-testid="frame"]').nth(4).get_attribute("data-z")
    # Long work shows how far it is, and ends when asked to.
    page.get_by_test_id("duration").fill("10")
    page.get_by_test_id("duration").press("Enter")
    expect(page.get_by_test_id("frames")).to_have_text("= 120 frames")
    wait_for_query(page, "n", "120")
    answered(page)
    for label, name in [("Format", "Animation, WebP"), ("Image height, pixels", "448")]:
        choose(page, label, name)
    page.get_by_role("button", name="Create file").click()
    page.get_by_text(re.compile(r"of 1\d\d frames|of 120 frames")).wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Export stopped.").wait_for()

    text = files["Path, JSON"].decode()
    page.locator('[data-do="clear"]').click()
    wait_for_waypoints(page, 0)
    page.get_by_text("Import a path").click()
    chooser = page.locator('input[type="file"]')
    (tmp_path / "bad.json").write_text(text.replace('"guard": true', '"guard": 7'))
    chooser.set_input_files(tmp_path / "bad.json")
    page.get_by_text(
        "bad.json could not be opened: guard is 7; expected true or false."
    ).wait_for()
    theirs = json.loads(text)
    (tmp_path / "old.json").write_text(json.dumps(theirs | {"digest": "f" * 64}))
    chooser.set_input_files(tmp_path / "old.json")
    page.get_by_text("This path was made with fashion-vae (ffffffffffff)").wait_for()
    wait_for_waypoints(page, 2)
    answered(page)
    assert waypoints(page) == theirs["stops"] and query(page)["k"] == "geodesic"
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_for_waypoints(page, 0)
    go_to(page, "Board")
    page.wait_for_selector('.bd[data-state="ready"]')
    card = page.locator(".bd-card")
    kept = [float(v) for v in card.get_attribute("data-z").split(",")]
    assert np.allclose(kept, [float(v) for v in wanted.split(",")], atol=1e-4)
    expect(card).to_contain_text("geodesic path, 5 of 12")


def invert_of(page: Page, kind: str):
    """The switch of a picture from a file, a drawing or the clipboard, once that picture is the
    only one: Streamlit leaves those of the picture before it until the page has run again."""
    wait_until(
        page,
        "kind => { const all = [...document.querySelectorAll('[class*=own-invert-]')];"
        " return all.length === 1 && all[0].className.includes(`own-invert-${kind}-`); }",
        arg=kind,
    )
    return page.get_by_label("Invert (dark item)")


def test_the_visitor_s_images_become_waypoints(open_page):
    page = open_page(LINK)
    answered(page)
    page.get_by_text("Start or end at your own image").click()
    chooser = page.locator('input[type="file"]')
    chooser.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.get_by_text(re.compile("This image cannot be used: a.png")).wait_for()
    shirt = Image.fromarray(255 - torch_image([0.8751, 0.4771]).astype(np.uint8)).resize(
        (280, 280)
    )
    data = io.BytesIO()
    shirt.save(data, "PNG")
    chooser.set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": data.getvalue()})
    expect(invert_of(page, "file")).to_be_checked()
    page.get_by_role("button", name="Add as last waypoint").click()
    wait_for_waypoints(page, 3)
    assert np.abs(np.subtract(waypoints(page)[2], [0.8751, 0.4771])).max() < 0.25

    page.get_by_text("Drawing or clipboard").click()
    canvas = page.get_by_test_id("drawing")
    canvas.scroll_into_view_if_needed()
    page.wait_for_selector('.dr[data-state="ready"]')
    box = canvas.bounding_box()
    for fx in (0.4, 0.6):
        page.mouse.move(box["x"] + fx * box["width"], box["y"] + 0.15 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + fx * box["width"], box["y"] + 0.9 * box["height"], steps=5)
        page.mouse.up()
    assert (pixels(canvas) > 200).sum() > 40
    page.get_by_test_id("use-drawing").click()
    expect(invert_of(page, "drawn")).not_to_be_checked()
    page.get_by_role("button", name="Add as last waypoint").click()
    wait_for_waypoints(page, 4)
    assert len({tuple(z) for z in waypoints(page)}) == 4

    page.evaluate(PASTE, base64.b64encode(data.getvalue()).decode())
    expect(invert_of(page, "pasted")).to_be_checked()

    # Dropped on the map, a picture opens the panel at the field for files.
    page.get_by_text("Start or end at your own image").click()
    expect(page.locator('input[type="file"]')).to_have_count(0)
    assert drop(page, data.getvalue(), '[data-testid="path-map"]')
    expect(invert_of(page, "file")).to_be_checked()
    page.get_by_role("button", name="Add as first waypoint").click()
    wait_for_waypoints(page, 5)
    assert np.abs(np.subtract(waypoints(page)[0], [0.8751, 0.4771])).max() < 0.25


def test_a_change_just_before_leaving_is_stored_and_harms_no_other_page(open_page):
    # The path is committed after 120 ms of rest; a message that came after its page had been left
    # once emptied the next one.
    page = open_page(LINK)
    answered(page)
    for moment in (0, 119):
        page.evaluate(
            """moment => {
              const links = [...document.querySelectorAll('a[data-testid^="stTopNav"]')];
              const board = links.find((link) => link.textContent === "Board");
              document.querySelector('[data-do=clear]').click();
              setTimeout(() => board.click(), moment);
            }""",
            moment,
        )
        page.wait_for_selector('.bd[data-state="ready"]')
        page.wait_for_timeout(2500)  # the board's clock has ticked
        go_to(page, "Interpolate")
        page.wait_for_selector(MAP)
        wait_for_query(page, "k", "straight")
        wait_for_waypoints(page, 0)
        page.wait_for_selector('.la[data-state="ready"]')
        for place in ((0.3, 0.3), (0.6, 0.6)):  # a path for the next moment
            page.mouse.click(*at(page, *place))
        wait_for_waypoints(page, 2)
        answered(page)


def test_a_dark_phone_shows_all_one_finger_draws_the_path_and_two_move_the_map(open_page):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_page(LINK, color_scheme="dark", **phone)
    answered(page)
    results = Axe().run(page, context=".la")
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    frames = [page.locator('[data-testid="frame"]').nth(i).bounding_box() for i in range(3)]
    assert all(b["x"] > a["x"] for a, b in pairwise(frames))
    page.get_by_role("button", name="Draw", exact=True).tap()
    page.locator(MAP).scroll_into_view_if_needed()
    top = page.locator(MAP).bounding_box()["y"]
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [
            {"x": x, "y": y, "id": k} for k, (x, y) in enumerate(at(page, *p) for p in places)
        ]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0.3, 0.3))
    for k in range(1, 13):
        touch("touchMove", (0.3 + 0.03 * k, 0.3 + 0.035 * k))
    touch("touchEnd")
    wait_for_query(page, "k", "drawn")
    assert lengths(page)[0] > 0 and len(query(page)["w"].split(";")) >= 2
    assert page.locator(MAP).bounding_box()["y"] == top  # the page did not scroll with the finger
    drawn, seen = query(page)["w"], page.locator(MAP).get_attribute("data-view")
    touch("touchStart", (0.4, 0.5))
    touch("touchStart", (0.4, 0.5), (0.6, 0.5))
    for k in range(1, 8):
        touch("touchMove", (0.4 - 0.03 * k, 0.5), (0.6 + 0.03 * k, 0.5))
    touch("touchEnd")
    wait_until(
        page,
        "seen => document.querySelector('[data-testid=path-map]').dataset.view !== seen",
        arg=seen,
    )
    assert query(page)["w"] == drawn  # a pinch draws nothing
    assert page.locator(MAP).bounding_box()["y"] == top
