"""A sentence-transformers model becomes one for ONNX Runtime, once, and is compared with the original.

torch and sentence-transformers are imported only while a model is exported.
"""

import json
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from retrieval.embedding import multilingual
from retrieval.embedding.models import MULTILINGUAL, fingerprint, model_folder
from retrieval.embedding.onnx import OnnxEncoder
from retrieval.embedding.sentence_transformer import load_sentence_transformer, longest_input
from retrieval.errors import ModelError
from retrieval.files import new_folder, remove_abandoned
from retrieval.settings import Settings

FORM = 4  # of the folder; the fingerprint stands for the vectors, which forms 2 to 4 have in common
FAITHFUL = 0.9999  # cosine with the original's vectors, at the least
QUANTIZED = 0.98  # seen: 0.990 to 0.997
_PASSING = (ImportError, MemoryError, OSError)  # trouble of this machine, not of the model: not to be remembered
_SAMPLE = [
    "Who urged the CIS countries to take part?",
    "The first is ideological.",
    "In May 2014, eleven governments signed an agreement on the cooperation of their engineering troops; " * 6,
]


def exported(settings: Settings) -> Path:
    """Return the folder with model.onnx, tokenizer.json and encoder.json, exporting on first use.

    encoder.json: dim, max_tokens, pooling ("mean", "cls", or "" where ONNX could not reproduce the model), prompts.
    """
    target = settings.cache / "models" / f"{fingerprint(settings)}-{FORM}"
    if not (target / "encoder.json").is_file():
        print("pincite: preparing the embedding model (once, about 20 s)", file=sys.stderr, flush=True)
        try:
            _prepare(settings, target)
        except OSError as error:
            hint = "set PINCITE_CACHE to a folder that can be written and has 200 MB free"
            raise ModelError(f"the model cannot be prepared in {target.parent}: {error}; {hint}") from error
    return target


def _prepare(settings: Settings, target: Path) -> None:
    """Export beside the target and rename: nothing half made is ever seen."""
    remove_abandoned(target.parent.glob("*.partial-*"))
    try:
        with new_folder(target) as partial:
            if settings.model == MULTILINGUAL:
                _build_multilingual(partial, settings.precision)
            else:
                _export(model_folder(settings), partial, settings.precision)
    except OSError:
        if not (target / "encoder.json").is_file():  # else another process was first
            raise


def _build_multilingual(target: Path, precision: str) -> None:
    """Build the packaged multilingual model, which needs no original to compare with: its file is checked by hash."""
    multilingual.prepare(target, precision)
    model = target / "model.onnx"
    if precision == "int8":
        before = model.rename(target / "before.onnx")
        _quantized(before, model)
        before.unlink()
    multilingual.check(model)


def _export(folder: Path, target: Path, precision: str) -> None:
    """Export, compare with the original on a sample, and record how to pool; mean first, then the first token."""
    model = load_sentence_transformer(folder)
    wanted = [encode(_SAMPLE, normalize_embeddings=True) for encode in (model.encode_query, model.encode_document)]
    record: dict[str, Any] = {
        "dim": wanted[0].shape[-1],
        "max_tokens": longest_input(model),
        "prompts": [model.prompts.get(name, "") for name in ("query", "document")],
        "pooling": "",
    }
    for pooling in ("mean", "cls") if _to_onnx(model, target) else ():
        (target / "encoder.json").write_text(json.dumps(record | {"pooling": pooling}))
        if _agrees(wanted, target, FAITHFUL):
            _change(target, partial(_fused, model[0].model.config), wanted, FAITHFUL)
            if precision == "int8" and not _change(target, _quantized, wanted, QUANTIZED):
                raise ModelError(f"the model in {folder} cannot be used with int8; unset PINCITE_PRECISION")
            return
    (target / "encoder.json").write_text(json.dumps(record))


def _to_onnx(model: Any, target: Path) -> bool:
    """Write model.onnx and tokenizer.json; False for a model whose first module is not an exportable transformer."""
    import torch

    transformer: Any = getattr(model[0], "model", None)
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if transformer is None or backend is None:
        return False
    backend.save(str(target / "tokenizer.json"))
    with suppress(AttributeError, ValueError):
        transformer.set_attn_implementation("eager")  # whose steps ONNX Runtime knows how to fuse
    batch = dict(model.tokenizer(["two short", "texts"], padding=True, return_tensors="pt"))
    names = list(batch)

    class LastHiddenState(torch.nn.Module):  # type: ignore[misc]
        """Take tensors by position and return the token vectors only."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *tensors: Any) -> Any:
            return self.transformer(**dict(zip(names, tensors, strict=True))).last_hidden_state

    axes = {name: {0: "batch", 1: "tokens"} for name in [*names, "token_vectors"]}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                LastHiddenState().eval(), tuple(batch.values()), str(target / "model.onnx"), dynamo=False,
                input_names=names, output_names=["token_vectors"], dynamic_axes=axes, opset_version=17,
            )  # fmt: skip
    except Exception as error:
        if isinstance(error, _PASSING) or isinstance(error.__cause__, _PASSING):
            raise ModelError(f"the model cannot be exported to ONNX here ({error}); mend that and try again") from error
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        print(f"pincite: no ONNX export of this model, so it will be slower ({reason})", file=sys.stderr)
        return False
    return True


def _agrees(wanted: list[Any], folder: Path, least: float) -> bool:
    """Compare questions and documents with the original's: every cosine must be at least so much."""
    encoder = OnnxEncoder(folder, "check")
    found = encoder.encode_questions(_SAMPLE), encoder.encode_texts(_SAMPLE)
    return all(float((w * f).sum(axis=1).min()) >= least for w, f in zip(wanted, found, strict=True))


def _change(folder: Path, change: Callable[[Path, Path], None], wanted: list[Any], least: float) -> bool:
    """Change model.onnx; False, and the model is as before, where that fails or the vectors do not agree any more."""
    model, before = folder / "model.onnx", folder / "before.onnx"
    model.rename(before)
    try:
        change(before, model)
        agrees = _agrees(wanted, folder, least)
    except _PASSING:
        raise
    except Exception:
        agrees = False
    if agrees:
        before.unlink()
    else:
        before.replace(model)
    return agrees


def _fused(config: Any, before: Path, after: Path) -> None:
    """Make one step of each attention, normalisation and activation: a tenth less time for a question.

    Normalisation and the addition before it stay two: ONNX Runtime (1.32) takes four times as long for them in one. It
    makes one of them itself where the first normalisation, that of the embeddings, is one step too.
    """
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    heads, hidden = config.num_attention_heads, config.hidden_size
    steps = FusionOptions("bert")
    steps.enable_skip_layer_norm = steps.enable_bias_skip_layer_norm = steps.enable_embed_layer_norm = False
    made = optimize_model(
        str(before), "bert", num_heads=heads, hidden_size=hidden, opt_level=0, optimization_options=steps
    )
    made.save_model_to_file(str(after))


def _quantized(before: Path, after: Path) -> None:
    """Make the weights int8; what they are multiplied with is made so while encoding.

    One scale for each column: with one for a whole matrix, or int8 word vectors, cosines fall to 0.90.
    """
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    model = onnx.load(before)
    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")  # else it advises on the terminal
    quantize_dynamic(
        model, after, op_types_to_quantize=["MatMul", "Attention"], per_channel=True,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )  # fmt: skip
