"""Even out a graph's activations before they are quantised: SmoothQuant (Xiao et al. 2023).

Int8 takes one scale for all channels of a matrix product's input. A few channels of a fine-tuned encoder are ten times
as large as the others, which then share the few steps that are left. Dividing each channel by a factor, and multiplying
the rows of the weights by it, leaves the product as it is and moves the difference into the weights, which have a scale
a column.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import numpy_helper
from tokenizers import Tokenizer

Feed = dict[str, npt.NDArray[np.int64]]
Array = npt.NDArray[np.float32]
STRENGTH = 0.8  # 0 leaves activations as they are, 1 evens them out; of 0.5 to 1 the nearest to fp32 on validation
SMALLEST = 1e-5


def smooth(graph: Path, smoothed: Path, feeds: Iterable[Feed]) -> int:
    """Write the graph with each weighted matrix product's input divided by a factor a channel, its weights multiplied.

    Args:
        feeds: inputs to see the size of each channel on, one at a time; some hundred are enough.

    Returns the number of inputs evened out; products of the same input share one.
    """
    model = onnx.load(graph)
    weights = {tensor.name: tensor for tensor in model.graph.initializer if len(tensor.dims) == 2}
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            consumers.setdefault(node.input[0], []).append(node)
    peaks = channel_peaks(model, list(consumers), feeds)
    for number, (name, nodes) in enumerate(consumers.items()):
        factor = factors(peaks[name], [numpy_helper.to_array(weights[node.input[1]]) for node in nodes])
        divisor = numpy_helper.from_array(1 / factor, f"smooth_{number}")
        divide = onnx.helper.make_node(
            "Mul", [name, divisor.name], [f"smoothed_{number}"], name=f"smooth_node_{number}"
        )
        model.graph.initializer.append(divisor)
        model.graph.node.insert(list(model.graph.node).index(nodes[0]), divide)
        for node in nodes:
            node.input[0] = divide.output[0]
            # A copy: two products may share their weights and not their input.
            scaled = numpy_helper.to_array(weights[node.input[1]]) * factor[:, None]
            node.input[1] = f"{node.input[1]}_smoothed_{number}"
            model.graph.initializer.append(numpy_helper.from_array(scaled, node.input[1]))
    used = {name for node in model.graph.node for name in node.input}
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name not in used]:
        model.graph.initializer.remove(tensor)
    onnx.save(model, smoothed)
    return len(consumers)


def channel_peaks(model: onnx.ModelProto, names: list[str], feeds: Iterable[Feed]) -> dict[str, Array]:
    """The largest magnitude of each channel of the named activations over all feeds."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    given = {value.name for value in (*model.graph.output, *model.graph.input)}
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names if name not in given)
    session = ort.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    peaks: dict[str, Array] = {}
    for feed in feeds:
        for name, value in zip(names, session.run(names, feed), strict=True):
            found = np.abs(value).reshape(-1, value.shape[-1]).max(axis=0)
            peaks[name] = np.maximum(peaks.get(name, found), found)
    return peaks


def factors(peaks: Array, weights: Sequence[Array]) -> Array:
    """A factor a channel, (k,), from the activations' peaks (k,) and the weights (k, n) that read them; mean log 0."""
    rows = np.max([np.abs(weight).max(axis=1) for weight in weights], axis=0)
    logs = STRENGTH * np.log(np.maximum(peaks, SMALLEST)) - (1 - STRENGTH) * np.log(np.maximum(rows, SMALLEST))
    return np.asarray(np.exp(logs - logs.mean()), dtype=np.float32)


def token_feeds(tokenizer: Path, texts: Sequence[str], max_length: int) -> Iterable[Feed]:
    """Texts as a graph's inputs, one at a time, cut at `max_length` tokens."""
    encode = Tokenizer.from_file(str(tokenizer))
    encode.no_padding()
    encode.enable_truncation(max_length)
    for text in texts:
        ids = np.array([encode.encode(text).ids], dtype=np.int64)
        yield {"input_ids": ids, "attention_mask": np.ones_like(ids)}
