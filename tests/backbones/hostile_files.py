"""Makes `.keras` files that a stranger might send, from a good one."""

import io
import json
import pathlib
import shutil
import zipfile

import h5py
import keras
import numpy as np


def members(path):
    """Content of a file's members by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, contents, packing=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def with_config(source, path, change):
    """The same file with its configuration changed."""
    contents = members(source)
    config = json.loads(contents["config.json"])
    change(config["config"]["layers"])
    return write(path, contents | {"config.json": json.dumps(config)})


def with_layer(source, path, **keys):
    """The same file whose third layer names something else."""
    return with_config(source, path, lambda layers: layers[2].update(keys))


def with_setting(source, path, layer=2, **settings):
    """The same file whose third layer, a convolution, or another has other settings."""
    return with_config(source, path, lambda layers: layers[layer]["config"].update(settings))


def with_weights(source, path, change):
    """The same file with its file of weights changed."""
    contents = members(source)
    file = io.BytesIO(contents["model.weights.h5"])
    with h5py.File(file, "r+") as weights:
        change(weights)
    return write(path, contents | {"model.weights.h5": file.getvalue()})


def calls_code(path, witness):
    """A network with a Lambda whose code leaves a file when it runs."""
    image = keras.Input((None, None, 3))
    code = eval(f"lambda x: (open({str(witness)!r}, 'w').close(), x)[1]")
    called = keras.layers.Lambda(code, output_shape=lambda shape: shape)
    keras.Model(image, keras.layers.Conv2D(4, 3)(called(image))).save(path)


def bomb(source, path):
    """Fifteen megabytes of nothing in some kilobytes."""
    contents = members(source)
    return write(path, contents | {"config.json": b" " * 15_000_000}, zipfile.ZIP_DEFLATED)


def large_claim(source, path):
    """Weights that claim three gigabytes in the archive's directory."""
    shutil.copy(source, path)
    content = bytearray(pathlib.Path(path).read_bytes())
    with zipfile.ZipFile(path) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist()}
    size = sizes["model.weights.h5"].to_bytes(4, "little")
    where = content.rfind(size + len("model.weights.h5").to_bytes(2, "little"))
    content[where : where + 4] = (3 * 2**30).to_bytes(4, "little")
    pathlib.Path(path).write_bytes(content)
    return path


def large_array(weights):
    """An array of a terabyte of which nothing is stored."""
    weights.create_dataset("large", (2**38,), np.float32, chunks=(2**20,))


def linked(weights):
    weights["layers/conv2d/vars/9"] = h5py.ExternalLink("/etc/passwd", "/")


def kept_elsewhere(weights):
    weights.create_dataset("elsewhere", (4,), np.uint8, external=[("/etc/hostname", 0, 4)])


def other_shape(weights):
    group = weights["layers/conv2d/vars"]
    values = group["0"][()]
    del group["0"]
    group["0"] = values.reshape(-1, 1, 1, 1)
