"""A network in an ONNX file, read as data under limits; nothing of it is computed here.

It runs in a process of its own for files that visitors upload (`vae.isolation`), so it loads no
torch. The package `onnx` is imported when a file is read.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError
from ..formats.untrusted import read_regular
from ..graph import MAX_NODES, Node, check_order

MAX_BYTES = 300 * 2**20  # of a file
MAX_NUMBERS = 64 * 2**20  # of all stored tensors, 256 MB as float32
MAX_AXES = 8
OPSETS = (7, 26)
_DOMAINS = ("", "ai.onnx")
_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_BRANCHES = ("If", "Loop", "Scan", "SequenceMap")

_TORCH = (
    "convert the two networks in PyTorch: model.eval(); torch.onnx.export(model.encoder, "
    '(torch.rand(2, 1, 28, 28),), "encoder.onnx", dynamic_shapes=({0: "N"},), '
    "external_data=False); torch.onnx.export(model.decoder, (torch.randn(2, 2),), "
    '"decoder.onnx", dynamic_shapes=({0: "N"},), external_data=False)'
)
_KERAS = (
    'convert the two networks in Keras 3: model = keras.models.load_model("model.keras"); '
    'model.encoder.export("encoder.onnx", format="onnx"); '
    'model.decoder.export("decoder.onnx", format="onnx")'
)
_OTHER_FORMATS = (  # first bytes, endings of names, what the file is, and how it is converted
    (b"PK", (".keras",), "a Keras model", _KERAS),
    (b"\x89HDF", (), "a Keras model", _KERAS),
    (b"PK", (), "a PyTorch file, which may run code when it is opened", _TORCH),
    (b"\x80", (), "a pickle, which may run code when it is opened", _TORCH),
)


class AdoptError(AtelierError):
    """A model that cannot be adopted: what came, what was expected, what to do."""


class Input(NamedTuple):
    """An input of a network; None in its shape is an axis of any size."""

    name: str
    shape: list[int | None]
    integer: bool


class OnnxNetwork(NamedTuple):
    """A network of a file: one or two inputs, the names of its outputs, its nodes, the numbers of
    its stored tensors, and the texts that are stored with it."""

    inputs: list[Input]
    outputs: list[str]
    nodes: list[Node]
    arrays: dict[str, np.ndarray]
    texts: dict[str, str]


def read(path: str | Path) -> OnnxNetwork:
    """The network in an ONNX file. Raises `AdoptError`, and `DataError` for an unreadable file."""
    path = Path(path)
    return parse(read_regular(path, MAX_BYTES), path.name, path.parent)


def parse(content: bytes, name: str, folder: Path | None = None) -> OnnxNetwork:
    """The network in the bytes of an ONNX file; `folder` is where it may have external data."""
    _refuse_other_formats(content, name)
    if find_spec("onnx") is None:
        raise AdoptError(
            "ONNX files need the package onnx, which is not installed: pip install onnx"
        )
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise AdoptError(
            f"{name} is not an ONNX file, or it is damaged: expected what torch.onnx.export or "
            "tf2onnx writes; copy or export it again"
        ) from error
    return _Reader(model, name, folder).network()


def _refuse_other_formats(content: bytes, name: str) -> None:
    for start, endings, what, advice in _OTHER_FORMATS:
        if content.startswith(start) and (not endings or name.lower().endswith(endings)):
            raise AdoptError(f"{name} is {what}; expected ONNX: {advice}")


class _Reader:
    def __init__(self, model, name: str, folder: Path | None) -> None:
        self.model, self.graph, self.name, self.folder = model, model.graph, name, folder
        self.numbers, self.arrays = 0, {}

    def network(self) -> OnnxNetwork:
        self._check_sizes()
        opset = self._opset()
        for tensor in self.graph.initializer:
            self.arrays[tensor.name] = self._array(tensor)
        inputs = [_input(value) for value in self.graph.input if value.name not in self.arrays]
        if len(inputs) not in (1, 2):
            names = ", ".join(value.name for value in inputs) or "none"
            raise AdoptError(
                f"{self.name} has {len(inputs)} inputs ({names}); expected the images of an "
                "encoder or the codes of a decoder, and at most a label or noise beside them: "
                "export a network that sets the others itself"
            )
        nodes = [node for found in self.graph.node if (node := self._node(found, opset))]
        outputs = [value.name for value in self.graph.output]
        check_order((*(value.name for value in inputs), *self.arrays), nodes, outputs)
        texts = {entry.key: entry.value for entry in self.model.metadata_props}
        return OnnxNetwork(inputs, outputs, nodes, self.arrays, texts)

    def _check_sizes(self) -> None:
        count = len(self.graph.node)
        if not count:
            raise AdoptError(f"{self.name} holds no network; expected an ONNX model with nodes")
        if count > MAX_NODES:
            raise AdoptError(f"{self.name} has {count:,} nodes; expected at most {MAX_NODES:,}")
        if self.graph.sparse_initializer:
            raise AdoptError(
                f"{self.name} has sparse tensors, which are not read; export dense ones"
            )
        if self.model.functions:
            names = ", ".join(sorted({f.name for f in self.model.functions})[:3])
            raise AdoptError(
                f"{self.name} defines functions of its own ({names}); expected plain operators: "
                "export with torch.onnx.export(..., optimize=True), or use onnx.inliner"
            )

    def _opset(self) -> int:
        found = [entry.version for entry in self.model.opset_import if entry.domain in _DOMAINS]
        opset = found[0] if found else 0
        if not OPSETS[0] <= opset <= OPSETS[1]:
            raise AdoptError(
                f"{self.name} uses operator set {opset}; expected {OPSETS[0]} to {OPSETS[1]}: "
                "export with opset_version=18"
            )
        return opset

    def _array(self, tensor) -> np.ndarray:
        from onnx import TensorProto, numpy_helper

        shape = list(tensor.dims)
        size = int(np.prod([max(0, n) for n in shape], dtype=object)) if shape else 1
        self.numbers += size
        if self.numbers > MAX_NUMBERS or len(shape) > MAX_AXES or any(n < 0 for n in shape):
            raise AdoptError(
                f"{self.name} stores tensors of {self.numbers:,} numbers or more, {tensor.name!r} "
                f"of shape {shape}; expected at most {MAX_NUMBERS:,} in all: adopt a smaller model"
            )
        if tensor.data_location == TensorProto.EXTERNAL:
            tensor = self._with_external_data(tensor, size)
        try:
            array = numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise AdoptError(
                f"{self.name} is damaged: its tensor {tensor.name!r} cannot be read ({error}); "
                "export it again"
            ) from error
        return self._plain(array.astype(np.float32) if array.dtype.kind == "V" else array, tensor)

    def _plain(self, array: np.ndarray, tensor) -> np.ndarray:
        """float32, int64 or bool, which are all that the operators compute with."""
        kind = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.bool_}.get(array.dtype.kind)
        if kind is None:
            try:
                array, kind = array.astype(np.float32), np.float32  # bfloat16 and float8
            except (ValueError, TypeError):
                raise AdoptError(
                    f"{self.name} has a tensor {tensor.name!r} of {array.dtype}; expected numbers"
                ) from None
        array = np.array(array, kind, order="C")
        if kind is np.float32:
            if np.isnan(array).any():
                raise AdoptError(f"{self.name} has a tensor {tensor.name!r} with NaN; train again")
            limit = np.finfo(np.float32).max
            array = np.asarray(array.clip(-limit, limit))
        return array

    def _with_external_data(self, tensor, size: int):
        from onnx import TensorProto, helper

        facts = {entry.key: entry.value for entry in tensor.external_data}
        location = facts.get("location", "")
        advice = "export with external_data=False"
        if self.folder is None:
            raise AdoptError(f"{self.name} keeps its weights in another file; {advice}")
        path = (self.folder / location).resolve()
        if not location or not path.is_relative_to(self.folder.resolve()):
            raise AdoptError(
                f"{self.name} names {location!r} for its weights, which is outside its folder; "
                f"{advice}"
            )
        width = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        first = int(facts.get("offset") or 0)
        content = read_regular(path, MAX_BYTES)[first : first + size * width]
        whole = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        whole.raw_data = content
        return whole

    def _node(self, found, opset: int) -> Node | None:
        """A node of the graph; None for a constant, which becomes a stored tensor."""
        op = found.op_type
        if found.domain not in _DOMAINS:
            raise AdoptError(
                f"{self.name} has an operator {op} of {found.domain!r}; expected operators of "
                "ONNX alone: export the model without it"
            )
        if op in _BRANCHES:
            raise AdoptError(
                f"{self.name} branches ({op}); expected a network that computes the same for "
                "every input: export it without control flow"
            )
        if op == "Constant":
            self.arrays[found.output[0]] = self._constant(found)
            return None
        attributes = {a.name: self._attribute(a, op) for a in found.attribute}
        inputs = list(found.input)
        if op == "Resize" and opset < 11:
            inputs.insert(1, "")  # there was no region of interest
        _translate(op, opset, attributes)
        return Node(op, tuple(inputs), tuple(found.output), attributes)

    def _constant(self, node) -> np.ndarray:
        (attribute,) = node.attribute
        if attribute.name == "value":
            return self._array(attribute.t)
        value = self._attribute(attribute, node.op_type)
        if isinstance(value, str):
            raise AdoptError(f"{self.name} has a text as a constant; expected numbers")
        return self._plain(np.array(value), node)

    def _attribute(self, attribute, op: str) -> object:
        from onnx import AttributeProto, TensorProto

        kind = attribute.type
        if op in ("Cast", "CastLike") and attribute.name == "to":
            return TensorProto.DataType.Name(attribute.i)
        if kind == AttributeProto.TENSOR:
            array = self._array(attribute.t)
            if array.size == 1:
                return array.reshape(()).item()
        plain = {
            AttributeProto.FLOAT: lambda: attribute.f,
            AttributeProto.INT: lambda: attribute.i,
            AttributeProto.STRING: lambda: attribute.s.decode("utf-8", "replace"),
            AttributeProto.FLOATS: lambda: list(attribute.floats),
            AttributeProto.INTS: lambda: list(attribute.ints),
            AttributeProto.STRINGS: lambda: [
                s.decode("utf-8", "replace") for s in attribute.strings
            ],
        }.get(kind)
        if plain is None:
            raise AdoptError(
                f"{self.name} has an operator {op} with {attribute.name!r} of a kind that is not "
                "read; export the model without it"
            )
        return plain()


def _input(value) -> Input:
    from onnx import TensorProto

    tensor = value.type.tensor_type
    shape = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    integers = [getattr(TensorProto, name) for name in _INTEGERS]
    return Input(value.name, shape, tensor.elem_type in integers)


def _translate(op: str, opset: int, attributes: dict) -> None:
    """Gives an operator of an older set the meaning that it has today."""
    if op in ("Softmax", "LogSoftmax") and opset < 13:
        attributes.update(flattened=1, axis=attributes.get("axis", 1))
    if op == "Resize" and opset < 11:
        attributes.update(coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    if op == "Upsample":
        attributes.pop("height_scale", None)
    if op == "Cast":
        attributes.pop("saturate", None)
    if op == "Pad" and "value" in attributes:
        attributes["constant_value"] = attributes.pop("value")
    if op == "BatchNormalization":
        for name in ("momentum", "spatial", "training_mode"):
            attributes.pop(name, None)
