"""Files that are damaged, of another kind, or made to harm: each is refused with one sentence."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sample_files import idx
from scipy.io import savemat

from vae.arrays import array_files, kinds, tables
from vae.formats.sources import SourceFile
from vae.formats.untrusted import DataError

ROWS = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)


class Harm:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a program in a file was run')",))


def file(name, content):
    return SourceFile(name, lambda count=-1: content[:count] if count >= 0 else content)


def written(write, *arguments, **options):
    target = io.BytesIO()
    write(target, *arguments, **options)
    return target.getvalue()


def npz(**arrays):
    return written(np.savez, **arrays)


def npy(shape, dtype="<u1", end=b"\n", content=bytes(64)):
    """An .npy file that says what it likes."""
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode() + end
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content


def zipped(**members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return target.getvalue()


def parquet(**columns):
    return written(pd.DataFrame(columns).to_parquet)


def picture(kind):
    return written(Image.new("L", (9, 9)).save, format=kind)


PACKED = gzip.compress(idx(ROWS))
MAT = written(savemat, {"images": ROWS, "labels": np.arange(4)})
WIDE = ",".join(f"pixel{k}" for k in range(64)) + "\n"
PARQUET = parquet(image=[r.tolist() for r in ROWS])
HOSTILE = {
    "empty": b"",
    "unknown": b"\x01\x02\x03\x04" * 99,
    "html": b"<html><body>Sign in, please</body></html>",
    "npz of objects": npz(images=np.array([Harm()] * 4, dtype=object)),
    "npz with labels of objects": npz(images=ROWS, labels=np.array(list("abab"), dtype=object)),
    "npz of texts": npz(images=np.full((4, 8, 8), "a")),
    "npz of no images": npz(weights=np.zeros(9), bias=np.zeros(3)),
    "npz of nothing": npz(),
    "npz of no pixels": npz(images=np.zeros((4, 0, 8), np.uint8)),
    "npz of one picture": npz(image=np.zeros((32, 32, 3), np.uint8)),
    "npz of seven channels": npz(images=np.zeros((4, 9, 9, 7), np.uint8)),
    "npz of complex numbers": npz(images=ROWS * 1j),
    "npz with few labels": npz(images=ROWS, labels=np.arange(3)),
    "npz with many labels": npz(images=ROWS, labels=np.zeros(10**6, np.uint8)),
    "npz that claims terabytes": zipped(images=npy("(700000, 1000, 1000)")),
    "npz that claims floats": zipped(images=npy("(4, 4, 4)", "<f8")),
    "npz with an open bracket": zipped(images=npy("(4, 4, (4")),
    "npz with no array": zipped(images=b"hello"),
    "npz cut short": npz(images=ROWS)[:-40],
    "npy of objects": written(np.save, np.array([Harm()] * 4, dtype=object)),
    "npy that claims terabytes": npy("(700000, 1000, 1000)"),
    "npy of version 9": b"\x93NUMPY\x09\x00" + bytes(99),
    "npy of one picture": written(np.save, np.add.outer(np.arange(64), np.arange(64))),
    "npy of 480 x 640": written(np.save, np.zeros((480, 640))),
    "npy of numbers": written(np.save, np.arange(9)),
    "npy of nothing": written(np.save, np.zeros((0, 28, 28))),
    "idx cut short": idx(ROWS)[:-1],
    "idx of labels": idx(np.arange(9, dtype=np.uint8)),
    "idx with half a header": b"\0\0\x08\x03\0\0",
    "idx that claims terabytes": b"\0\0\x08\x03" + b"\xff" * 12 + bytes(50),
    "packed idx that claims terabytes": gzip.compress(b"\0\0\x08\x03" + b"\0\0\xff\xff" * 3),
    "packed idx that goes on": gzip.compress(idx(ROWS) + bytes(10**6)),
    "packed idx cut short": PACKED[:-12],
    "packed idx damaged": PACKED[:12] + b"\xff\xff\xff" + PACKED[15:],
    "mat cut short": MAT[:-90],
    "mat damaged": MAT[:140] + b"\xff" * 40 + MAT[180:],
    "mat that claims gigabytes": MAT[:132] + struct.pack("<I", 2**32 - 8) + MAT[136:],
    "mat of nothing": written(savemat, {"notes": "hello"}),
    "hdf5 damaged": b"\x89HDF\r\n\x1a\n" + bytes(999),
    "csv of four columns": b"a,b,c,d\n" + b"1,2,3,4\n" * 9,
    "csv of paths": b"image,label\na.png,cat\nb.png,dog\n",
    "csv of no rows": WIDE.encode(),
    "csv of ragged rows": WIDE.encode() + b"1,2,3\n" + b"4," * 70 + b"5\n",
    "csv of texts": WIDE.encode() + (",".join("a" * 64) + "\n").encode(),
    "csv with sizes that differ": b'pixels\n"' + b"1 " * 64 + b'"\n"' + b"1 " * 81 + b'"\n',
    "text": b"To be, or not to be\n",
    "json": b'{"a": [1, 2',
    "json of a number": b"{}",
    "coco": json.dumps({"images": [], "annotations": []}).encode(),
    "parquet cut short": PARQUET[:-9],
    "parquet damaged": PARQUET[:4] + b"\xff" * 200 + PARQUET[204:],
    "parquet of sizes that differ": parquet(image=[[1] * 64, [1] * 81]),
    "parquet of numbers": parquet(a=[1, 2], b=[3, 4]),
    "arrow": b"ARROW1\0\0" + bytes(99),
    "arrow stream": b"\xff\xff\xff\xffx\0\0\0\x10\0\0\0" + bytes(99),
    "pickle": pickle.dumps(Harm()),
    "packed pickle": gzip.compress(pickle.dumps(Harm())),
    "pt with a program": written(lambda b: torch.save(Harm(), b)),
    "old pt with a program": written(
        lambda b: torch.save(Harm(), b, _use_new_zipfile_serialization=False)
    ),
    "pt of a model": written(lambda b: torch.save(torch.nn.Linear(8, 8).state_dict(), b)),
    "packed zeros": gzip.compress(bytes(10**6)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_it_is_refused_with_one_sentence(case):
    with pytest.raises(DataError) as caught:
        array_files.read(file("x.dat", HOSTILE[case]))
    text = str(caught.value)
    assert "\n" not in text and len(text) < 420 and "x.dat" in text and len(text) > 25


@pytest.mark.parametrize("unpack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_table_may_not_go_on_for_ever(unpack):
    with pytest.raises(DataError, match=r"has more than 0\.0 GB; make it smaller"):
        tables.open_file(file("x.csv.gz", unpack(b"1,2\n" * 10**5)), most=10**5)


def test_a_text_among_pixels_is_named():
    rows = ["1," * 63 + "1", "2," * 20 + "n/s," + "2," * 42 + "2"]
    with pytest.raises(DataError, match="has 'n/s' in column pixel20; expected numbers in all 64"):
        array_files.read(file("x.csv", (WIDE + "\n".join(rows)).encode()))


def test_a_file_of_gigabytes_is_refused_before_it_is_unpacked(monkeypatch):
    content = zipped(images=npy((30, 100, 100), content=bytes(300_000)))
    assert len(content) < 3000
    monkeypatch.setattr("vae.arrays.numpy_files._UPLOAD_BYTES", 200_000)
    with pytest.raises(DataError, match="would unpack to more than"):
        array_files.read(file("x.npz", content))


def test_what_is_no_data_is_none():
    assert (
        array_files.read_all([file("README.md", b"# a, b\n"), file("a.png", b"\x89PNG")]) is None
    )
    assert array_files.read_all([file("__MACOSX/._x.csv", b"a,b\n1,2\n")]) is None
    with pytest.raises(DataError, match="torchvision:CIFAR10"):
        array_files.read_all([file("cifar-10-batches-py/data_batch_1", pickle.dumps({}))])


TAR = b"a.png" + bytes(252) + b"ustar" + bytes(250)
KINDS = [
    ("zip", "a.npz", written(lambda b: zipfile.ZipFile(b, "w").writestr("cat/1.png", b"a"))),
    ("npz", "a.zip", npz(images=ROWS)),
    ("torch", "a.zip", written(lambda b: torch.save(torch.zeros(3), b))),
    ("torch", "a", HOSTILE["old pt with a program"]),
    ("npy", "a.csv", written(np.save, ROWS)),
    ("tar", "a", TAR),
    ("tar", "a.gz", gzip.compress(TAR)),
    ("tar", "a.txz", lzma.compress(TAR)),
    ("tar", "a.tar.bz2", bz2.compress(TAR)),
    ("idx", "train-images.gz", PACKED),
    ("idx", "a.png", idx(ROWS)),
    ("mat", "a", MAT),
    ("hdf5", "a", b"\x89HDF\r\n\x1a\n"),
    ("hdf5", "a.mat", b"MATLAB 7.3 MAT-file, Platform"),
    ("parquet", "a.csv", PARQUET),
    ("csv", "a.txt", b"a;b\n1;2\n"),
    ("csv", "a", "ä,b\n".encode("cp1252")),
    ("csv", "a.csv", "a,b\n".encode("utf-16")),
    ("csv", "a.csv.gz", gzip.compress(b"a,b\n1,2\n")),
    ("json", "a", b'\xef\xbb\xbf [{"a": 1}]'),
    ("json", "a.jsonl", b'{"a": 1}\n{"a": 2}\n'),
    ("csv", "binarized.amat", b"0.000e+00 " * 500),
    ("pickle", "a.npz", pickle.dumps([1])),
    ("pickle", "mnist.pkl.gz", gzip.compress(pickle.dumps([1]))),
    ("gzip", "a.gz", gzip.compress(b"\x01\x02\x03" * 99)),
    ("unknown", "a.png", b"<html>"),
    ("unknown", "a", b""),
    *(("picture", "a.csv", picture(k)) for k in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")),
    *(("picture", "a", picture(k)) for k in ("PPM", "ICO", "PCX", "JPEG2000", "AVIF", "DDS")),
    ("picture", "a.tga", picture("TGA")),
]


@pytest.mark.parametrize(("kind", "name", "content"), KINDS, ids=lambda v: str(v)[:12])
def test_the_kind_is_that_of_the_content(kind, name, content):
    assert kinds.kind_of(content[:4096], name) == kind
