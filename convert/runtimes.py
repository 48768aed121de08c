"""Which runtimes can run a file, told from its operators, their versions and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convert.flatbuffer import FlatModel, Operator, is_float

LITERT, TENSORFLOW, OLD, MICRO = (
    "ai-edge-litert",
    "tensorflow",
    "tflite-runtime 2.14",
    "tflite-micro",
)

# Highest version of each operator that tflite-runtime 2.14.0 loads, found by giving it files
# of one operator in versions 1 to 15.
OLD_VERSIONS: Mapping[str, int] = MappingProxyType(
    {
        "ADD": 5, "AVERAGE_POOL_2D": 3, "CONCATENATION": 4, "CONV_2D": 7, "DEPTHWISE_CONV_2D":
        7, "DEPTH_TO_SPACE": 2, "DEQUANTIZE": 5, "EMBEDDING_LOOKUP": 3, "FLOOR": 1,
        "FULLY_CONNECTED": 10, "HASHTABLE_LOOKUP": 1, "L2_NORMALIZATION": 2, "L2_POOL_2D": 1,
        "LOCAL_RESPONSE_NORMALIZATION": 1, "LOGISTIC": 3, "LSH_PROJECTION": 1, "LSTM": 4,
        "MAX_POOL_2D": 3, "MUL": 7, "RELU": 3, "RELU_N1_TO_1": 1, "RELU6": 3, "RESHAPE": 1,
        "RESIZE_BILINEAR": 4, "RNN": 3, "SOFTMAX": 3, "SPACE_TO_DEPTH": 2, "SVDF": 4, "TANH": 3,
        "SKIP_GRAM": 1, "EMBEDDING_LOOKUP_SPARSE": 1, "PAD": 4, "UNIDIRECTIONAL_SEQUENCE_RNN":
        3, "GATHER": 6, "BATCH_TO_SPACE_ND": 4, "SPACE_TO_BATCH_ND": 4, "TRANSPOSE": 6, "MEAN":
        3, "SUB": 5, "DIV": 2, "SQUEEZE": 2, "UNIDIRECTIONAL_SEQUENCE_LSTM": 4, "STRIDED_SLICE":
        8, "BIDIRECTIONAL_SEQUENCE_RNN": 3, "EXP": 2, "TOPK_V2": 3, "SPLIT": 4, "LOG_SOFTMAX":
        2, "BIDIRECTIONAL_SEQUENCE_LSTM": 3, "CAST": 5, "PRELU": 1, "MAXIMUM": 4, "ARG_MAX": 3,
        "MINIMUM": 4, "LESS": 3, "NEG": 1, "PADV2": 4, "GREATER": 2, "GREATER_EQUAL": 3,
        "LESS_EQUAL": 2, "SELECT": 4, "SLICE": 6, "SIN": 1, "TRANSPOSE_CONV": 4,
        "SPARSE_TO_DENSE": 3, "TILE": 3, "EXPAND_DIMS": 1, "EQUAL": 4, "NOT_EQUAL": 3, "LOG": 1,
        "SUM": 2, "SQRT": 1, "RSQRT": 2, "SHAPE": 1, "POW": 1, "ARG_MIN": 3, "FAKE_QUANT": 2,
        "REDUCE_PROD": 2, "REDUCE_MAX": 3, "PACK": 4, "LOGICAL_OR": 1, "ONE_HOT": 1,
        "LOGICAL_AND": 1, "LOGICAL_NOT": 1, "UNPACK": 4, "REDUCE_MIN": 3, "FLOOR_DIV": 3,
        "REDUCE_ANY": 1, "SQUARE": 1, "ZEROS_LIKE": 1, "FILL": 4, "FLOOR_MOD": 2, "RANGE": 2,
        "RESIZE_NEAREST_NEIGHBOR": 4, "LEAKY_RELU": 2, "SQUARED_DIFFERENCE": 2, "MIRROR_PAD": 3,
        "ABS": 5, "SPLIT_V": 2, "UNIQUE": 1, "CEIL": 1, "REVERSE_V2": 3, "ADD_N": 1,
        "GATHER_ND": 4, "COS": 1, "WHERE": 2, "RANK": 1, "ELU": 1, "REVERSE_SEQUENCE": 1,
        "MATRIX_DIAG": 1, "QUANTIZE": 3, "MATRIX_SET_DIAG": 1, "ROUND": 1, "HARD_SWISH": 1,
        "IF": 1, "WHILE": 1, "NON_MAX_SUPPRESSION_V4": 1, "NON_MAX_SUPPRESSION_V5": 1,
        "SCATTER_ND": 1, "SELECT_V2": 2, "DENSIFY": 1, "SEGMENT_SUM": 1, "BATCH_MATMUL": 4,
        "CUMSUM": 1, "CALL_ONCE": 1, "BROADCAST_TO": 3, "RFFT2D": 1, "CONV_3D": 1, "IMAG": 1,
        "REAL": 1, "COMPLEX_ABS": 1, "HASHTABLE": 1, "HASHTABLE_FIND": 1, "HASHTABLE_IMPORT": 1,
        "HASHTABLE_SIZE": 1, "REDUCE_ALL": 1, "CONV_3D_TRANSPOSE": 1, "VAR_HANDLE": 1,
        "READ_VARIABLE": 1, "ASSIGN_VARIABLE": 1, "BROADCAST_ARGS": 1, "RANDOM_STANDARD_NORMAL":
        1, "BUCKETIZE": 1, "RANDOM_UNIFORM": 1, "MULTINOMIAL": 1, "GELU": 2,
        "DYNAMIC_UPDATE_SLICE": 1, "RELU_0_TO_1": 1, "UNSORTED_SEGMENT_PROD": 1,
        "UNSORTED_SEGMENT_MAX": 1, "UNSORTED_SEGMENT_SUM": 1, "ATAN2": 1,
        "UNSORTED_SEGMENT_MIN": 1, "SIGN": 2, "BITCAST": 1, "BITWISE_XOR": 1, "RIGHT_SHIFT": 1
    }
)  # fmt: skip

# Operators of digit models for which TFLite Micro has kernels.
_MICRO_OPERATORS = frozenset(
    {"ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "ELU",
     "FULLY_CONNECTED", "LEAKY_RELU", "LOGISTIC", "MAX_POOL_2D", "MUL", "QUANTIZE", "RELU",
     "RELU6", "RESHAPE", "SHAPE", "SOFTMAX", "SQUEEZE", "STRIDED_SLICE", "PACK", "SUB", "TANH"}
)  # fmt: skip


def obstacles(model: FlatModel) -> dict[str, str]:
    """Return why runtimes can't run a file; one that is not there should be able to.

    Loading and running it is the proof; this is for telling beforehand, and why.
    """
    found = {}
    old = old_obstacle(model)
    if old:
        found[OLD] = old
    micro = micro_obstacle(model)
    if micro:
        found[MICRO] = micro
    return found


def old_obstacle(model: FlatModel) -> str | None:
    """Return why tflite-runtime 2.14 can't run a file, or None."""
    for name, version in model.versions().items():
        if version > OLD_VERSIONS.get(name, 0):
            return f"it has no {name} of version {version}"
    for operator in model.operators:
        weights = model.tensors[operator.inputs[1]] if len(operator.inputs) > 1 else None
        if (
            weights is not None
            and operator.name == "FULLY_CONNECTED"
            and weights.dtype == "INT8"
            and _is_hybrid(model, operator)
            and len(weights.scales) > 1
        ):
            # Whatever version is written: a file of ai-edge-quantizer says 1, loads and scores
            # as chance would.
            return "it takes one scale for all units of a layer with float activations"
    return None


def micro_obstacle(model: FlatModel) -> str | None:
    """Return why TFLite Micro can't run a file, or None."""
    for operator in model.operators:
        if operator.name not in _MICRO_OPERATORS:
            return f"it has no {operator.name}"
        kinds = [model.tensors[index].dtype for index in operator.inputs if index >= 0]
        if operator.name == "DEQUANTIZE" and kinds[0] == "FLOAT16":
            return "it can't widen float16"
        if operator.name == "QUANTIZE" and len(model.tensors[operator.outputs[0]].scales) > 1:
            return "its QUANTIZE has one scale only"
        if _is_hybrid(model, operator):
            return (
                f"its {operator.name} can't mix float activations with {kinds[1].lower()} weights"
            )
    return None


def has_unit_scales(model: FlatModel) -> bool:
    """Tell whether a Dense layer has one scale per unit, which older TFLite Micro gets wrong.

    https://github.com/tensorflow/tflite-micro/issues/2602
    """
    return any(
        len(model.tensors[operator.inputs[1]].scales) > 1
        for operator in model.operators
        if operator.name == "FULLY_CONNECTED"
    )


def _is_hybrid(model: FlatModel, operator: Operator) -> bool:
    if operator.name not in {"FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"}:
        return False
    activations, weights = (model.tensors[index].dtype for index in operator.inputs[:2])
    return is_float(activations) and not is_float(weights)
