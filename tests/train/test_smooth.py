from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from communique.train.smooth import factors, smooth

RNG = np.random.default_rng(0)
SIZES = np.ones(16, dtype=np.float32)
SIZES[3] = 200.0  # one channel dwarfs the others


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Two products of one input, a third that shares the first one's weights on an input of its own."""
    weights = {name: RNG.normal(size=(16, 8)).astype(np.float32) / SIZES[:, None] for name in ("a", "b")}
    nodes = [
        helper.make_node("Mul", ["raw", "sizes"], ["x"]),
        helper.make_node("MatMul", ["x", "a"], ["first"]),
        helper.make_node("MatMul", ["x", "b"], ["second"]),
        helper.make_node("Abs", ["raw"], ["y"]),
        helper.make_node("MatMul", ["y", "a"], ["third"]),
        helper.make_node("Concat", ["first", "second", "third"], ["out"], axis=1),
    ]
    value = helper.make_tensor_value_info
    inputs, outputs = value("raw", TensorProto.FLOAT, ["n", 16]), value("out", TensorProto.FLOAT, ["n", 24])
    constants = [numpy_helper.from_array(array, name) for name, array in {**weights, "sizes": SIZES}.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", [inputs], [outputs], constants),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    onnx.save(model, tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def run(graph: Path, rows: np.ndarray) -> np.ndarray:
    return np.asarray(ort.InferenceSession(str(graph)).run(None, {"raw": rows})[0])


def test_smoothing_leaves_the_outputs_and_makes_int8_nearer_to_them(graph: Path, tmp_path: Path) -> None:
    seen, rows = (RNG.normal(size=(50, 16)).astype(np.float32) for _ in range(2))
    smoothed = tmp_path / "smoothed.onnx"
    assert smooth(graph, smoothed, [{"raw": row[None]} for row in seen]) == 2  # the inputs `x` and `y`
    expected = run(graph, rows)
    np.testing.assert_allclose(run(smoothed, rows), expected, atol=1e-4)
    errors = []
    for wide in (graph, smoothed):
        quantize_dynamic(wide, tmp_path / "int8.onnx", per_channel=True, weight_type=QuantType.QInt8)
        errors.append(np.abs(run(tmp_path / "int8.onnx", rows) - expected)[:, :16].mean())
    assert errors[1] < errors[0] / 3


def test_a_silent_channel_and_an_unread_one_have_finite_factors() -> None:
    found = factors(np.array([0.0, 1.0, 10.0], dtype=np.float32), [np.array([[1.0], [0.0], [1.0]], dtype=np.float32)])
    assert np.isfinite(found).all()
    assert np.isclose(np.log(found).mean(), 0.0, atol=1e-6)
    assert found[2] > found[0]
