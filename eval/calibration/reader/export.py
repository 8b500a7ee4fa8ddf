"""A trained reader becomes one int8 ONNX file of its layers, and such a file a reader that is trained further.

Knows nothing about training or how good it is.
"""

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch

from eval.calibration.reader.model import DIM, Reader

_NODES = ("/MatMul_quant", "/Gemm_MatMul_quant")  # how the products of a layer's weights are called in the file


def export(reader: Reader, path: Path, facts: Mapping[str, str] | None = None) -> None:
    """Write the layers and heads as int8; word and position embeddings are the packaged encoder's.

    Inputs: embedded (batch, tokens, DIM), kinds and mask (batch, tokens). Outputs: of_token (batch, tokens, 3) and
    of_pair (batch, 2), see model.py. Weights have seven bits: with eight, sums overflow on processors without VNNI.
    facts: kept in the file's metadata.
    """
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        whole = Path(temporary) / "float.onnx"
        to_onnx(reader, whole)
        model = onnx.load(whole)
        model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")  # else it gives advice
        quantize_dynamic(
            model, path, op_types_to_quantize=["MatMul"], per_channel=True, reduce_range=True,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )  # fmt: skip
        written = onnx.load(path)
        onnx.helper.set_model_props(written, dict(facts or {}))
        onnx.save(written, path)


def load_exported(reader: Reader, path: Path) -> dict[str, str]:
    """Give a reader the weights of an exported file and return the facts kept there."""
    import onnx

    model = onnx.load(path)
    arrays = {each.name: torch.from_numpy(onnx.numpy_helper.to_array(each).copy()) for each in model.graph.initializer}
    known = reader.state_dict()
    found = {name: value for name, value in arrays.items() if name in known}
    for node in model.graph.node:
        ending = next((ending for ending in _NODES if node.name.endswith(ending)), None)
        if ending:
            whole, zero = arrays[node.input[1]].float(), arrays[node.input[3]].float()
            scale = arrays[node.input[1].removesuffix("_quantized") + "_scale"]
            name = node.name.removesuffix(ending).strip("/").replace("/", ".")
            found[f"{name}.weight"] = ((whole - zero) * scale).T.contiguous()
    reader.load_state_dict(found)  # names what is missing
    return {each.key: each.value for each in model.metadata_props}


def to_onnx(reader: Reader, path: Path) -> None:
    """Write the reader in float32."""
    example = (torch.zeros(2, 7, DIM), torch.zeros(2, 7, dtype=torch.int64), torch.ones(2, 7, dtype=torch.int64))
    names, outputs = ["embedded", "kinds", "mask"], ["of_token", "of_pair"]
    axes = {name: {0: "batch", 1: "tokens"} for name in [*names, "of_token"]} | {"of_pair": {0: "batch"}}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            reader.eval(), example, str(path), dynamo=False, input_names=names, output_names=outputs,
            dynamic_axes=axes, opset_version=17,
        )  # fmt: skip
