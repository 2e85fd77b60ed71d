"""Small data sets of arrays as people publish and bring them, as `own_sets`."""

import gzip

import numpy as np
from own_arrays import TEN, greys, npz, reds
from own_sets import BIRDS, Expected, item, own_set, put
from PIL import Image
from sample_files import idx


@own_set
def med_mnist(at):
    parts = {"train": reds(20, 28), "val": reds(5, 28), "test": reds(6, 28)}
    arrays = {}
    for split, (images, labels) in parts.items():
        arrays |= {f"{split}_images": images, f"{split}_labels": labels[:, None].astype(np.uint8)}
    return npz(at, **arrays), Expected(31, TEN, 11, channels=3, ground=None)


@own_set
def keras_mnist(at):
    (x, y), (a, b) = greys(30), greys(10)
    return npz(at, x_train=x, y_train=y.astype(np.uint8), x_test=a, y_test=b), Expected(
        40, TEN, 10
    )


@own_set
def keras_cifar(at):
    (x, y), (a, b) = reds(30), reds(10)
    path = npz(at, x_train=x, y_train=y[:, None], x_test=a, y_test=b[:, None])
    return path, Expected(40, TEN, 10, channels=3, ground=None)


@own_set
def only_x_train(at):
    return npz(at, x_train=greys(20)[0]), Expected(20, ("data.npz",), marked=False)


@own_set
def training_and_validation(at):
    (x, y), (a, b) = greys(30), greys(10)
    return npz(at, X_train=x, Y_train=y, X_val=a, Y_val=b), Expected(40, TEN, 10)


@own_set
def test_without_labels(at):
    x, y = greys(30)
    path = npz(at, x_train=x, y_train=y, x_test=greys(6)[0])
    return path, Expected(30, TEN, report=("6 images", "no labels"))


@own_set
def capital_and_small_letter(at):
    x, y = greys(30)
    return npz(at, X=x.reshape(30, -1), y=y), Expected(30, TEN)


@own_set
def arrays_without_names(at):
    x, y = greys(30)
    np.savez(at / "data.npz", x, y)
    return at / "data.npz", Expected(30, TEN)


@own_set
def from_minus_one_to_one(at):
    x, y = greys(30)
    path = npz(at, images=(x / 127.5 - 1).astype(np.float32), labels=y)
    return path, Expected(30, TEN, report=("values from -1 to 1 scaled",))


@own_set
def digits_of_scikit_learn(at):
    x, y = greys(30, side=8)
    return npz(at, data=(x // 15).reshape(30, -1).astype(float), target=y), Expected(30, TEN)


@own_set
def sixteen_bit_arrays(at):
    x, y = greys(30)
    return npz(at, images=x.astype(np.uint16) * 257, labels=y), Expected(30, TEN)


@own_set
def truth_values(at):
    x, y = greys(30)
    return npz(at, images=x > 99, labels=y), Expected(30, TEN)


@own_set
def one_hot(at):
    x, y = greys(30)
    return npz(at, images=x, labels=np.eye(10, dtype=np.float32)[y]), Expected(30, TEN)


@own_set
def labels_as_text(at):
    x, y = greys(30, classes=3)
    return npz(at, images=x, labels=np.array(BIRDS)[y]), Expected(30, BIRDS)


@own_set
def labels_as_bytes(at):
    x, y = greys(30, classes=3)
    return npz(at, images=x, labels=np.array(BIRDS, "S")[y]), Expected(30, BIRDS)


@own_set
def labels_from_one(at):
    x, y = greys(30)
    return npz(at, images=x, labels=y + 1), Expected(30, tuple(str(n) for n in range(1, 11)))


@own_set
def names_of_classes(at):
    x, y = greys(30, classes=3)
    path = npz(at, images=x, labels=y, class_names=np.array(["wren", "owl", "crow"]))
    return path, Expected(30, ("wren", "owl", "crow"))


@own_set
def channels_first(at):
    x, y = reds(30)
    path = npz(at, images=x.transpose(0, 3, 1, 2), labels=y)
    return path, Expected(30, TEN, channels=3, ground=None)


@own_set
def channels_last_of_three_images(at):
    """[3, 32, 32, 3] could be either."""
    x, y = reds(3, classes=3)
    return npz(at, x=x, y=y), Expected(3, TEN[:3], channels=3, ground=None)


@own_set
def grey_with_an_axis(at):
    x, y = greys(30)
    return npz(at, images=x[..., None], labels=y), Expected(30, TEN)


@own_set
def grey_in_three_channels(at):
    x, y = greys(30)
    return npz(at, images=np.stack([x] * 3, -1), labels=y), Expected(30, TEN)


@own_set
def arrays_with_transparency(at):
    x, y = reds(30)
    alpha = np.stack([item(k) for k in y])[..., None]
    images = np.concatenate([x, alpha], -1)
    report = ("transparent parts on white",)
    return npz(at, images=images, labels=y), Expected(
        30, TEN, channels=3, ground=255, report=report
    )


@own_set
def objects_beside_arrays(at):
    x, y = greys(30)
    path = npz(at, images=x, labels=y, history=np.array([{"loss": 1}, None], object))
    return path, Expected(30, TEN, report=("history",))


@own_set
def sprites_with_factors(at):
    x, y = greys(30, side=32)
    factors = np.column_stack([np.ones(30), y, y / 2, y / 3, y / 4, y / 5])
    path = npz(at, imgs=(x > 99).astype(np.uint8), latents_values=factors, latents_classes=factors)
    columns = ("shape", "scale", "orientation")
    return path, Expected(30, ("data.npz",), marked=False, columns=columns)


@own_set
def quick_draw(at):
    np.save(at / "full_numpy_bitmap_apple.npy", greys(20)[0].reshape(20, 784))
    path = at / "full_numpy_bitmap_apple.npy"
    return path, Expected(20, ("full_numpy_bitmap_apple.npy",), marked=False)


@own_set
def quick_draw_classes(at):
    for k, name in enumerate(BIRDS):
        images = np.stack([item(k, side=28, turn=i).ravel() for i in range(9)])
        np.save(at / f"full_numpy_bitmap_{name}.npy", images)
    return at, Expected(27, BIRDS)


@own_set
def four_files(at):
    for split, count in (("train", 30), ("test", 10)):
        x, y = greys(count)
        np.save(at / f"x_{split}.npy", x)
        np.save(at / f"y_{split}.npy", y)
    return at / "x_train.npy", Expected(40, TEN, 10)


@own_set
def street_view_numbers(at):
    from scipy.io import savemat

    for split, count in (("train", 30), ("test", 10)):
        x, y = reds(count)
        y = np.where(y == 0, 10, y).astype(np.uint8)[:, None]
        savemat(at / f"{split}_32x32.mat", {"X": x.transpose(1, 2, 3, 0), "y": y})
    return at / "train_32x32.mat", Expected(40, TEN, 10, channels=3, ground=None)


@own_set
def faces_in_columns(at):
    from scipy.io import savemat

    savemat(at / "frey_rawface.mat", {"ff": greys(24, side=28)[0].reshape(24, -1).T})
    return at, Expected(24, (at.name,), marked=False)


@own_set
def hdf5(at):
    try:
        import h5py
    except ImportError:
        return at, Expected(0, (), optional="h5py")
    x, y = reds(30)
    with h5py.File(at / "shapes.h5", "w") as file:
        file["images"], file["labels"] = x, y
    return at / "shapes.h5", Expected(30, TEN, channels=3, ground=None, optional="h5py")


@own_set
def idx_with_gzip(at):
    files = {}
    for stem, count in (("train", 30), ("t10k", 10)):
        x, y = greys(count)
        files[f"{stem}-images-idx3-ubyte.gz"] = gzip.compress(idx(x))
        files[f"{stem}-labels-idx1-ubyte.gz"] = gzip.compress(idx(y.astype(np.uint8)))
    return put(at, files), Expected(40, TEN, 10)


@own_set
def idx_under_other_names(at):
    files = {}
    for stem, count in (("train", 30), ("test", 10)):
        x, y = greys(count)
        files[f"emnist-digits-{stem}-images.idx3-ubyte"] = idx(x)
        files[f"emnist-digits-{stem}-labels.idx1-ubyte"] = idx(y.astype(np.uint8))
    return put(at, files) / "emnist-digits-train-images.idx3-ubyte", Expected(40, TEN, 10)


@own_set
def idx_packed_and_unpacked_beside_each_other(at):
    idx_with_gzip(at)
    x, y = greys(30)
    files = {
        "raw/train-images.idx3-ubyte": idx(x),
        "raw/train-labels.idx1-ubyte": idx(y.astype("u1")),
    }
    x, y = greys(10)
    files |= {
        "raw/t10k-images.idx3-ubyte": idx(x),
        "raw/t10k-labels.idx1-ubyte": idx(y.astype("u1")),
    }
    return put(at, files), Expected(40, TEN, 10)


@own_set
def idx_without_labels(at):
    return put(at, {"pictures.idx": idx(greys(20)[0])}), Expected(20, (at.name,), marked=False)


@own_set
def tensors(at):
    import torch

    x, y = greys(30)
    torch.save((torch.from_numpy(x), torch.from_numpy(y)), at / "training.pt")
    torch.save((torch.from_numpy(x[:10]), torch.from_numpy(y[:10])), at / "test.pt")
    return at, Expected(40, TEN, 10)


@own_set
def idx_paired_by_shape(at):
    x, y = greys(30)
    files = {"imgs.idx3": idx(x), "lbls.idx1": idx(y.astype(np.uint8))}
    return put(at, files), Expected(30, TEN)


@own_set
def labels_only_to_test_on(at):
    (x, _), (a, b) = greys(30), greys(10)
    report = ("left out the labels of test",)
    path = npz(at, x_train=x, x_test=a, y_test=b)
    return path, Expected(40, ("data.npz",), 10, marked=False, report=report)


@own_set
def standardised_values(at):
    x, y = reds(30)
    path = npz(at, x_train=((x / 255 - 0.45) / 0.22).astype(np.float32), y_train=y)
    return path, Expected(30, TEN, channels=3, ground=None, report=("values from -2.04545 to",))


@own_set
def array_with_a_table_of_labels(at):
    x, y = greys(30, classes=3)
    np.save(at / "images.npy", x)
    lines = [f"{BIRDS[k]},{n / 2}" for n, k in enumerate(y)]
    (at / "labels.csv").write_text("\n".join(["species,weight", *lines]))
    return at, Expected(30, BIRDS, columns=("weight",))


@own_set
def pages_of_a_tiff(at):
    """A stack of 16 bits, with a small copy of the first page at its end."""
    pages = [Image.fromarray(item(k).astype(np.uint16) * 16) for k in range(9)]
    small = pages[0].resize((8, 8))
    pages[0].save(at / "stack.tif", save_all=True, append_images=[*pages[1:], small])
    report = ("values from 0 to 4080 scaled",)
    return at / "stack.tif", Expected(9, ("stack.tif",), marked=False, report=report)
