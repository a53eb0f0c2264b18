"""TensorFlow's C library from the wheel, without Python's TensorFlow."""

import contextlib
import ctypes
import importlib.util
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

LIBRARY = "libtensorflow_cc.so.2"
# TensorFlow's DataType by number.
DTYPES: dict[int, Any] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.float64),
    3: np.dtype(np.int32),
    4: np.dtype(np.uint8),
    9: np.dtype(np.int64),
    10: np.dtype(np.bool_),
}
STRING = 7
STRING_BYTES = 24  # of a TF_TString

_POINTER, _SIZE, _INT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
# Result and arguments of every function used; void is None, and pointers are _POINTER.
_FUNCTIONS = {
    "TF_NewStatus": (_POINTER,),
    "TF_DeleteStatus": (None, _POINTER),
    "TF_GetCode": (_INT, _POINTER),
    "TF_Message": (ctypes.c_char_p, _POINTER),
    "TF_NewGraph": (_POINTER,),
    "TF_DeleteGraph": (None, _POINTER),
    "TF_NewSessionOptions": (_POINTER,),
    "TF_DeleteSessionOptions": (None, _POINTER),
    "TF_NewBuffer": (_POINTER,),
    "TF_DeleteBuffer": (None, _POINTER),
    "TF_LoadSessionFromSavedModel": (
        _POINTER,
        *(_POINTER, _POINTER, ctypes.c_char_p, _POINTER, _INT, _POINTER, _POINTER, _POINTER),
    ),
    "TF_CloseSession": (None, _POINTER, _POINTER),
    "TF_DeleteSession": (None, _POINTER, _POINTER),
    "TF_GraphOperationByName": (_POINTER, _POINTER, ctypes.c_char_p),
    "TF_SessionRun": (
        None,
        *(_POINTER, _POINTER, _POINTER, _POINTER, _INT, _POINTER, _POINTER, _INT),
        *(_POINTER, _INT, _POINTER, _POINTER),
    ),
    "TF_AllocateTensor": (_POINTER, _INT, _POINTER, _INT, _SIZE),
    "TF_DeleteTensor": (None, _POINTER),
    "TF_TensorData": (_POINTER, _POINTER),
    "TF_TensorByteSize": (_SIZE, _POINTER),
    "TF_TensorType": (_INT, _POINTER),
    "TF_NumDims": (_INT, _POINTER),
    "TF_Dim": (ctypes.c_int64, _POINTER, _INT),
    "TF_StringInit": (None, _POINTER),
    "TF_StringCopy": (None, _POINTER, ctypes.c_char_p, _SIZE),
}


class Output(ctypes.Structure):
    """TF_Output: an operation and the index of its output."""

    _fields_ = (("operation", _POINTER), ("index", _INT))


class Buffer(ctypes.Structure):
    """TF_Buffer."""

    _fields_ = (("data", _POINTER), ("length", _SIZE), ("deallocator", _POINTER))


def load_library() -> ctypes.CDLL:
    """The C library with its functions declared.

    Raises:
        RuntimeError: If TensorFlow's wheel is not installed, or lacks the library.
    """
    found = importlib.util.find_spec("tensorflow")  # finds, does not import
    path = pathlib.Path(found.origin).with_name(LIBRARY) if found and found.origin else None
    if path is None or not path.exists():
        raise RuntimeError(f"{LIBRARY} is missing: install a tensorflow wheel for Linux")
    library = ctypes.CDLL(str(path))
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@contextlib.contextmanager
def checked_status(library: ctypes.CDLL) -> Iterator[int]:
    """Yields a TF_Status; an error in it is raised after the block.

    Raises:
        RuntimeError: With TensorFlow's own message.
    """
    status = library.TF_NewStatus()
    try:
        yield status
        if library.TF_GetCode(status):
            raise RuntimeError(library.TF_Message(status).decode(errors="replace"))
    finally:
        library.TF_DeleteStatus(status)


def to_tensor(library: ctypes.CDLL, values: np.ndarray | list[bytes], dtype: int) -> int:
    """A new TF_Tensor.

    Args:
        library: From `load_library`.
        values: An array, or a list of strings for a vector.
        dtype: Number of TensorFlow's `DataType`.
    """
    if dtype == STRING:
        return _to_string_tensor(library, values)
    array = np.ascontiguousarray(values, DTYPES[dtype])
    shape = (ctypes.c_int64 * array.ndim)(*array.shape)
    tensor = library.TF_AllocateTensor(dtype, shape, array.ndim, array.nbytes)
    ctypes.memmove(library.TF_TensorData(tensor), array.ctypes.data, array.nbytes)
    return tensor


def _to_string_tensor(library, values):
    shape = (ctypes.c_int64 * 1)(len(values))
    tensor = library.TF_AllocateTensor(STRING, shape, 1, len(values) * STRING_BYTES)
    for index, value in enumerate(values):
        place = library.TF_TensorData(tensor) + index * STRING_BYTES
        library.TF_StringInit(place)
        library.TF_StringCopy(place, value, len(value))
    return tensor


def to_array(library: ctypes.CDLL, tensor: int) -> np.ndarray:
    """A copy of a TF_Tensor of numbers or booleans."""
    shape = [library.TF_Dim(tensor, axis) for axis in range(library.TF_NumDims(tensor))]
    array = np.empty(shape, DTYPES[library.TF_TensorType(tensor)])
    ctypes.memmove(array.ctypes.data, library.TF_TensorData(tensor), array.nbytes)
    return array
