#!/usr/bin/env python3
"""Files in the form in which Keras writes weights, for tests/Engine.Tests/Nn/Files/KerasFileTests.cs: data/keras/*.

    python3 tests/golden_tools/make_keras_files.py

Needs h5py. Numbers follow from a formula that the tests repeat.
"""
import io
import pathlib
import zipfile

import h5py
import numpy

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "keras"


def numbers(shape, key, dtype="float32"):
    i = numpy.arange(int(numpy.prod(shape)))
    return (((i * 37 + 11 * key) % 101 - 50) / 32).astype(dtype).reshape(shape)


def keras3(file):
    key = 0
    layers = {"conv2d": [(3, 3, 2, 4), (4,)], "dense": [(4, 3), (3,)], "lstm/cell": [(3, 8), (2, 8), (8,)], "batch_normalization": [(4,)] * 4}
    for name, shapes in layers.items():
        group = file.create_group(f"layers/{name}/vars")
        for i, shape in enumerate(shapes):
            group.create_dataset(str(i), data=numbers(shape, key))
            key += 1
    file.create_group("layers/dropout/vars")
    file["layers/dropout/seed_generator/vars/0"] = numpy.array([4000000000, 7], dtype="uint32")


def keras2(file):
    file.attrs["layer_names"] = numpy.array([b"conv2d", b"dense"])
    file.attrs["keras_version"] = b"2.15.0"
    key = 0
    for name, shapes in {"conv2d": {"kernel:0": (3, 3, 2, 4), "bias:0": (4,)}, "dense": {"kernel:0": (4, 3), "bias:0": (3,)}}.items():
        group = file.create_group(name)
        group.attrs["weight_names"] = numpy.array([f"{name}/{weight}".encode() for weight in shapes])
        for weight, shape in shapes.items():
            group.create_dataset(f"{name}/{weight}", data=numbers(shape, key))
            key += 1


def types(file):
    for name in ["f2", "f4", "f8", ">f4", "i1", "i2", "i4", "i8", "u1", "u2", "u4", ">i4"]:
        file[name.replace(">", "big_")] = numbers((2, 5), 0, "float64").astype(name)
    file["bool"] = numpy.array([True, False, True])
    file["scalar"] = numpy.float32(1.5)
    file["empty"] = numpy.zeros((0, 3), dtype="float32")
    file["text"] = "not a number"
    file["u8"] = numpy.array([1], dtype="uint64")
    file["complex"] = numpy.array([1j], dtype="complex64")
    file["nothing"] = h5py.Empty("f4")
    for i in range(40):
        file[f"many/array{i:02}"] = numbers((3,), i)
    file["link"] = h5py.SoftLink("/f4")


def main():
    OUT.mkdir(exist_ok=True)
    for name, fill, settings in [("keras3.weights.h5", keras3, {}), ("keras2.h5", keras2, {}), ("types.h5", types, {}), ("latest.h5", keras2, {"libver": "latest"})]:
        with h5py.File(OUT / name, "w", **settings) as file:
            fill(file)
    with h5py.File(OUT / "chunks.h5", "w") as file:
        file.create_dataset("a", data=numbers((8, 8), 0), chunks=(4, 4), compression="gzip")
    with h5py.File(OUT / "twice.h5", "w") as file:
        file["a/b"] = numbers((3,), 0)
        file["a/again"] = file["a"]
    for name, how in [("model.keras", zipfile.ZIP_STORED), ("deflated.keras", zipfile.ZIP_DEFLATED)]:
        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            keras3(file)
        with zipfile.ZipFile(OUT / name, "w", how) as archive:
            for member, data in [("metadata.json", b'{"keras_version": "3.0.0"}'), ("config.json", b"{}"), ("model.weights.h5", content.getvalue())]:
                archive.writestr(zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0)), data, compress_type=how)


if __name__ == "__main__":
    main()
