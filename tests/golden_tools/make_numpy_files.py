#!/usr/bin/env python3
"""Files as NumPy writes them, for tests/Engine.Tests/Nn/Files/NumpyTests.cs: data/numpy/*.

    python3 tests/golden_tools/make_numpy_files.py

Numbers follow from formulas that the tests repeat.
"""
import pathlib

import numpy

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "numpy"


def arrays():
    ramp = numpy.arange(24, dtype=numpy.float32)
    return {
        "f4": ramp.reshape(2, 3, 4),
        "fortran": numpy.asfortranarray(ramp.reshape(2, 3, 4)),
        "fortran_row": numpy.asfortranarray(ramp.reshape(1, 24)),
        "f8_big": (ramp / 4).astype(">f8"),
        "f2": numpy.array([1.5, -2, numpy.inf], dtype=numpy.float16),
        "i4_big": numpy.array([[-1], [2**31 - 1]], dtype=">i4"),
        "i8": numpy.array([-(2**40)], dtype=numpy.int64),
        "i2_big": numpy.array([-300, 300], dtype=">i2"),
        "i1": numpy.array([-100, 100], dtype=numpy.int8),
        "u1": numpy.array([0, 255], dtype=numpy.uint8),
        "u2": numpy.array([65535], dtype=numpy.uint16),
        "u4": numpy.array([2**32 - 1], dtype=numpy.uint32),
        "b1": numpy.array([True, False]),
        "scalar": numpy.float64(2.5),
        "empty": numpy.zeros((3, 0, 2), dtype=numpy.float32),
    }


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    numpy.savez(OUT / "arrays.npz", **arrays())
    numpy.savez_compressed(OUT / "compressed.npz", **arrays())
    numpy.save(OUT / "f4.npy", arrays()["f4"])
    for version in (2, 3):
        with open(OUT / f"version{version}.npy", "wb") as file:
            numpy.lib.format.write_array(file, arrays()["f4"], version=(version, 0))
    refused = {
        "object": numpy.array([{"a": 1}], dtype=object),
        "record": numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
        "complex": numpy.array([1j]),
        "text": numpy.array(["ab"]),
        "u8": numpy.array([1], dtype=numpy.uint64),
        "date": numpy.array(["2020-01-01"], dtype="datetime64[D]"),
    }
    for name, array in refused.items():
        numpy.save(OUT / f"refused_{name}.npy", array, allow_pickle=True)


if __name__ == "__main__":
    main()
