"""Every operator of `vae.operators`, compared with onnxruntime on a graph of one node."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from vae.adoption.draft import draft_of
from vae.adoption.onnx_file import parse
from vae.operators.network import OPERATORS, GraphNetwork

RNG = np.random.default_rng(0)
IMAGE, ROWS = (2, 4, 6, 5), (2, 12)
OPSET = 20


def numbers(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def whole(*values):
    return np.array(values, np.int64)


def case(op, *tensors, shape=ROWS, positive=False, opset=OPSET, outputs=1, **attributes):
    """An operator, its input's shape, its other inputs ("" where left out), its attributes."""
    return op, tensors, shape, positive, opset, outputs, attributes


def conv(*shape, **more):
    return case("Conv", numbers(*shape), numbers(shape[0]), shape=IMAGE, **more)


def transposed(*shape, **more):
    bias = numbers(shape[1] * more.get("group", 1))
    return case("ConvTranspose", numbers(*shape), bias, shape=IMAGE, **more)


UNARY = (
    *("Abs", "Atan", "Ceil", "Celu", "Cos", "Cosh", "Dropout", "Elu", "Erf", "Exp"),
    *("Flatten", "Floor", "Gelu", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid"),
    *("HardSwish", "Identity", "LeakyRelu", "LogSoftmax", "LpNormalization", "Mish"),
    *("Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Sinh"),
    *("Softmax", "Softplus", "Softsign", "Tan", "Tanh", "ThresholdedRelu"),
)
REDUCTIONS = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare".split()  # noqa: SIM905
CASES = [
    *(case(op, shape=IMAGE) for op in UNARY),
    case("Sqrt", positive=True),
    case("Log", positive=True),
    case("Gelu", approximate="tanh"),
    case("Softmax", shape=IMAGE, opset=12),
    case("Softmax", shape=IMAGE, axis=1),
    *(case(op, numbers(12), positive=op in ("Div", "Mod")) for op in ["Add", "Sub", "Mul", "Div"]),
    case("Pow", np.float32(2.5), positive=True),
    case("Mod", numbers(12), fmod=1),
    *(case(op, numbers(2, 12), numbers(12)) for op in ["Max", "Min", "Mean", "Sum"]),
    case("PRelu", numbers(4, 1, 1), shape=IMAGE),
    case("Clip", np.float32(-0.5), np.float32(0.5)),
    case("Clip", "", np.float32(0.5)),
    case("Clip", opset=10, min=-0.5, max=0.5),
    case("ArgMax", axis=1),
    case("ArgMin", axis=1, keepdims=0, select_last_index=1),
    case("CumSum", whole(1), exclusive=1, reverse=1),
    *(
        case(f"Reduce{how}", whole(1, 3), shape=IMAGE, positive="Log" in how, keepdims=keep)
        for how in REDUCTIONS
        for keep in (0, 1)
    ),
    case("ReduceMean", shape=IMAGE, opset=13, axes=[2, 3]),
    case("ReduceSum"),
    case("Cast", to=TensorProto.INT64),
    case("Reshape", whole(0, 3, -1)),
    case("Flatten", shape=IMAGE, axis=2),
    case("Transpose", shape=IMAGE, perm=[0, 2, 3, 1]),
    case("Transpose"),
    case("Squeeze", whole(1, 3), shape=(2, 1, 3, 1)),
    case("Unsqueeze", whole(1, -1)),
    case("Unsqueeze", opset=11, axes=[1, 3]),
    case("Expand", whole(3, 1, 12)),
    case("Tile", whole(1, 3)),
    case("Concat", numbers(2, 3), axis=1),
    case("Split", whole(5, 7), axis=1, outputs=2),
    case("Split", axis=1, outputs=3, num_outputs=3),
    case("Slice", whole(1, -5), whole(9, -1), whole(1, 2), whole(2, 1), shape=(2, 12, 6)),
    case("Slice", whole(-1), whole(-100), whole(1), whole(-2)),
    case("Slice", opset=9, starts=[1], ends=[9], axes=[1]),
    case("Gather", whole(3, -1, 0), axis=1),
    case("Gather", np.array(-2), axis=1),
    case("GatherND", whole([1, 2], [0, 11], [-1, -12])),
    case("TopK", whole(5), outputs=2),
    case("TopK", whole(2), shape=IMAGE, outputs=2, axis=1, largest=0),
    case("GatherElements", RNG.integers(-12, 12, (2, 5)), axis=1),
    case("Pad", whole(0, 0, 1, 2, 0, 0, 3, 1), np.float32(0.7), shape=IMAGE),
    case("Pad", whole(0, 0, 1, 2, 0, 0, 3, 1), shape=IMAGE, mode="reflect"),
    case("Pad", whole(0, 0, 1, 2, 0, 0, 3, 1), shape=IMAGE, mode="edge"),
    case("Pad", whole(1, 2), "", whole(1)),
    case("Shape", shape=IMAGE, start=1, end=3),
    case("Size", shape=IMAGE),
    case("DepthToSpace", shape=IMAGE, blocksize=2),
    case("DepthToSpace", shape=IMAGE, blocksize=2, mode="CRD"),
    case("SpaceToDepth", shape=(2, 3, 6, 4), blocksize=2),
    case("Gemm", numbers(5, 12), numbers(5), transB=1, alpha=0.5, beta=2.0),
    case("Gemm", numbers(12, 5)),
    case("Gemm", numbers(2, 5), transA=1),
    case("MatMul", numbers(12, 5)),
    case("MatMul", numbers(5, 7), shape=IMAGE),
    case("Einsum", numbers(12, 5), equation="bi,io->bo"),
    conv(3, 4, 3, 3, pads=[1, 1, 1, 1]),
    conv(8, 1, 3, 2, group=4, strides=[2, 1], dilations=[1, 2], pads=[0, 1, 2, 1]),
    conv(3, 4, 3, 3, strides=[2, 2], auto_pad="SAME_UPPER"),
    conv(3, 4, 2, 2, auto_pad="SAME_LOWER"),
    transposed(4, 3, 4, 4, strides=[2, 2], pads=[1, 1, 1, 1]),
    transposed(4, 3, 3, 3, strides=[2, 2], pads=[1, 0, 1, 2], output_padding=[1, 1]),
    transposed(4, 2, 3, 3, strides=[3, 3], output_padding=[2, 0], group=2, dilations=[2, 1]),
    transposed(4, 3, 3, 3, strides=[2, 2], auto_pad="SAME_UPPER"),
    transposed(4, 3, 3, 3, strides=[2, 2], output_shape=[12, 10]),
    case("BatchNormalization", *(numbers(4) for _ in "sbm"), numbers(4) ** 2, shape=IMAGE),
    case("InstanceNormalization", numbers(4), numbers(4), shape=IMAGE),
    case("LayerNormalization", numbers(5), numbers(5), shape=IMAGE),
    case("LayerNormalization", numbers(6, 5), shape=IMAGE, axis=2),
    case("GroupNormalization", numbers(2), numbers(2), shape=IMAGE, num_groups=2),
    case("GroupNormalization", numbers(4), numbers(4), shape=IMAGE, num_groups=2, opset=21),
    case("RMSNormalization", numbers(5), shape=IMAGE, opset=23),
    case("LpNormalization", shape=IMAGE, axis=1, p=1),
    case("MaxPool", shape=IMAGE, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1]),
    case("MaxPool", shape=IMAGE, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    case("AveragePool", shape=IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    case("AveragePool", shape=IMAGE, kernel_shape=[2, 2], pads=[1, 1, 0, 0], count_include_pad=1),
    *(
        case(
            "Resize", "", np.array([1, 1, *scales], np.float32), shape=IMAGE, mode=mode,
            coordinate_transformation_mode=how,
        )
        for scales in ((2, 2), (1.5, 0.6))
        for mode in ("nearest", "linear")
        for how in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    ),
    *(
        case("Resize", "", np.float32([1, 1, 2.5, 3]), shape=IMAGE, nearest_mode=how)
        for how in ("floor", "ceil", "round_prefer_ceil")
    ),
    case("Resize", "", "", whole(2, 4, 9, 10), shape=IMAGE, mode="linear"),
    case("Resize", np.float32([1, 1, 2, 3]), shape=IMAGE, opset=10),
    case("Upsample", np.float32([1, 1, 2, 3]), shape=IMAGE, opset=9),
]  # fmt: skip


def title(values):
    op, _, _, _, opset, _, attributes = values
    return f"{op}-{opset}-" + ",".join(f"{k}={v}" for k, v in attributes.items())


def model_of(op, tensors, shape, opset, outputs, attributes):
    names = [
        f"t{i}" if isinstance(t, np.ndarray | np.generic) else "" for i, t in enumerate(tensors)
    ]
    stored = [
        numpy_helper.from_array(np.asarray(t), n) for n, t in zip(names, tensors, strict=True) if n
    ]
    made = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, ["x", *names], made, **attributes)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info(name) for name in made],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return onnx.shape_inference.infer_shapes(model).SerializeToString()


def network_of(content):
    """An ONNX file as a module, node by node."""
    graph, stored = draft_of(parse(content, "file.onnx"), "file.onnx", "").graph()
    network = GraphNetwork(graph)
    network.load_state_dict(stored)
    return network


@pytest.mark.parametrize("values", CASES, ids=title)
def test_an_operator_equals_onnxruntime(values):
    op, tensors, shape, positive, opset, outputs, attributes = values
    content = model_of(op, tensors, shape, opset, outputs, attributes)
    x = numbers(*shape)
    x = np.abs(x) + 0.1 if positive else x
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": x})
    network = network_of(content)
    with torch.inference_mode():
        found = network(torch.from_numpy(x))
    found = found if isinstance(found, tuple) else (found,)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert tuple(ours.shape) == theirs.shape
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=2e-4, atol=2e-5)


LOGIC = {
    *("And", "ConstantOfShape", "Equal", "Greater", "GreaterOrEqual", "IsNaN", "Less"),
    *("LessOrEqual", "Not", "Or", "Range", "Where", "Xor"),
}


def test_comparisons_and_logic_equal_onnxruntime():
    """In one graph, since they have no images as inputs or outputs."""
    words = ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]
    nodes = [helper.make_node(op, ["x", "c"], [op]) for op in words]
    nodes += [helper.make_node(op, ["Less", "Equal"], [op]) for op in ("And", "Or", "Xor")]
    nodes.append(helper.make_node("Not", ["Less"], ["Not"]))
    nodes.append(helper.make_node("IsNaN", ["x"], ["IsNaN"]))
    nodes.append(helper.make_node("Where", ["Less", "x", "c"], ["Where"]))
    nodes.append(helper.make_node("Shape", ["x"], ["shape"]))
    nodes.append(helper.make_node("ConstantOfShape", ["shape"], ["ConstantOfShape"]))
    nodes += [
        helper.make_node("Constant", [], [name], value_int=value)
        for name, value in (("f", 3), ("e", 12), ("s", 4))
    ]
    nodes.append(helper.make_node("Range", ["f", "e", "s"], ["Range"]))
    names = [*words, "And", "Or", "Xor", "Not", "IsNaN", "Where", "ConstantOfShape", "Range"]
    graph = helper.make_graph(
        nodes,
        "logic",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_empty_tensor_value_info(name) for name in names],
        [numpy_helper.from_array(np.float32([0.0, 1.0, 2.0]), "c")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    content = onnx.shape_inference.infer_shapes(model).SerializeToString()
    x = np.float32([[0, 2, 2], [-1, 1, 5]])
    expected = onnxruntime.InferenceSession(content).run(None, {"x": x})
    network = network_of(content)
    for ours, theirs in zip(network(torch.from_numpy(x)), expected, strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs)
    assert {node.op_type for node in nodes} == {*LOGIC, "Constant", "Shape"}


def test_every_operator_is_tested():
    ours = {"Affine", "Exemplars", "Logit", "Swish"}  # written by adoption, and tested there
    assert set(OPERATORS) == {values[0] for values in CASES} | LOGIC | ours
    assert len(OPERATORS) > 100
