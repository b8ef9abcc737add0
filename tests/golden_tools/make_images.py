#!/usr/bin/env python3
"""Records what torchvision makes of small images, and what PIL decodes, for Engine.Data.Images.Tests.

    python3 tests/golden_tools/make_images.py

Transforms are those of tensors of bytes (torchvision.transforms.functional); nearest pixels are PIL's.
"""
import base64
import io
import json
import pathlib
import warnings

import numpy as np
import torch
import torchvision.transforms.functional as F
import torchvision.transforms.functional_tensor as FT
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent.parent / "Engine.Data.Images.Tests" / "data" / "torchvision.json"
warnings.filterwarnings("ignore")


def picture(channels, height, width, seed):
    """Waves with a little noise, so that neither smoothness nor its absence hides an error."""
    g = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / (3.0 + c) + c) * np.cos(y / (5.0 - c)) + g.normal(0, 18, (height, width)) for c in range(channels)]
    return np.clip(np.stack(planes), 0, 255).astype(np.uint8)


def b64(data):
    return base64.b64encode(bytes(data)).decode()


def hue(img, turn):
    # As from 0.15 on: to bytes by 255.999 instead of 255.
    h, s, v = FT._rgb2hsv(img.to(torch.float32) / 255.0).unbind(dim=-3)
    rgb = FT._hsv2rgb(torch.stack(((h + turn) % 1.0, s, v), dim=-3))
    return rgb.mul(255 + 1.0 - 1e-3).to(torch.uint8)


def pil(img, function):
    return torch.from_numpy(np.array(function(Image.fromarray(img.permute(1, 2, 0).numpy()))).transpose(2, 0, 1).copy())


def transforms(t):
    bilinear = F.InterpolationMode.BILINEAR
    yield "resize 20 30", F.resize(t, [20, 30], bilinear, antialias=True)
    yield "resize 9 11", F.resize(t, [9, 11], bilinear, antialias=True)
    yield "resize 30 40", F.resize(t, [30, 40], bilinear, antialias=True)
    yield "resize 1 1", F.resize(t, [1, 1], bilinear, antialias=True)
    yield "resize short 16", F.resize(t, 16, bilinear, antialias=True)
    yield "resize short 16 most 20", F.resize(t, 16, bilinear, max_size=20, antialias=True)
    yield "resize nearest", pil(t, lambda i: i.resize((34, 19), Image.NEAREST))
    yield "resized crop", F.resized_crop(t, 0, 0, t.shape[1], t.shape[2], [24, 24], bilinear, antialias=True)
    yield "center crop", F.center_crop(t, [12, 17])
    yield "center crop larger", F.center_crop(t, [26, 28])
    yield "pad constant", F.pad(t, [1, 2, 3, 4], 7)
    yield "pad edge", F.pad(t, [1, 2, 3, 4], padding_mode="edge")
    yield "pad reflect", F.pad(t, [1, 2, 3, 4], padding_mode="reflect")
    yield "pad symmetric", F.pad(t, [1, 2, 3, 4], padding_mode="symmetric")
    yield "flip", F.hflip(t)
    yield "flip down", F.vflip(t)
    yield "gray", F.rgb_to_grayscale(t)
    yield "gray 3", F.rgb_to_grayscale(t, 3)
    yield "brightness up", F.adjust_brightness(t, 1.4)
    yield "brightness down", F.adjust_brightness(t, 0.6)
    yield "contrast", F.adjust_contrast(t, 1.7)
    yield "saturation", F.adjust_saturation(t, 1.8)
    yield "saturation down", F.adjust_saturation(t, 0.3)
    yield "hue", hue(t, 0.2)
    yield "hue back", hue(t, -0.35)
    yield "blur", F.gaussian_blur(t, [5, 5], [1.3, 1.3])
    yield "blur 9", F.gaussian_blur(t, [9, 9], [2.5, 2.5])
    yield "rotate", F.rotate(t, 31.0)
    yield "rotate bilinear", F.rotate(t, -17.0, bilinear)
    yield "affine", F.affine(t, 25.0, [0, 0], 1.3, [10.0, -5.0])
    yield "affine bilinear", F.affine(t, 25.0, [0, 0], 0.7, [10.0, -5.0], bilinear)
    yield "autocontrast", F.autocontrast(t)
    yield "equalize", F.equalize(t)
    yield "posterize", F.posterize(t, 3)
    yield "solarize", F.solarize(t, 120)
    yield "invert", F.invert(t)
    yield "sharper", F.adjust_sharpness(t, 2.0)
    yield "softer", F.adjust_sharpness(t, 0.4)


def saved(image, **how):
    stream = io.BytesIO()
    image.save(stream, **how)
    return stream.getvalue()


def files():
    rgb = Image.fromarray(picture(3, 22, 35, 3).transpose(1, 2, 0))
    rgba = Image.fromarray(picture(4, 15, 18, 4).transpose(1, 2, 0), "RGBA")
    yield "jpeg", saved(rgb, format="JPEG", quality=90), "RGB"
    yield "jpeg 444", saved(rgb, format="JPEG", quality=90, subsampling=0), "RGB"
    yield "jpeg progressive", saved(rgb, format="JPEG", quality=80, progressive=True), "RGB"
    yield "jpeg gray", saved(rgb.convert("L"), format="JPEG", quality=90), "RGB"
    yield "jpeg as gray", saved(rgb, format="JPEG", quality=90), "L"
    yield "png", saved(rgb, format="PNG"), "RGB"
    yield "png rgba", saved(rgba, format="PNG"), "RGBA"
    yield "png rgba as rgb", saved(rgba, format="PNG"), "RGB"
    yield "png palette", saved(rgb.quantize(16), format="PNG"), "RGB"
    yield "png as gray", saved(rgb, format="PNG"), "L"
    yield "bmp", saved(rgb, format="BMP"), "RGB"
    yield "gif", saved(rgb.quantize(32), format="GIF"), "RGB"
    yield "webp", saved(rgb, format="WEBP", lossless=True), "RGB"
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        yield f"orientation {orientation}", saved(rgb, format="JPEG", quality=90, subsampling=0, exif=exif.tobytes()), "RGB"


def main():
    image = picture(3, 21, 29, 1)
    cases = [{"name": name, "shape": list(out.shape), "pixels": b64(out.contiguous().numpy().tobytes())} for name, out in transforms(torch.from_numpy(image))]
    decoded = []
    for name, data, mode in files():
        opened = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert(mode)
        array = np.array(opened)
        array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
        decoded.append({"name": name, "mode": mode, "file": b64(data), "shape": list(array.shape), "pixels": b64(np.ascontiguousarray(array).tobytes())})
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"shape": list(image.shape), "image": b64(image.tobytes()), "transforms": cases, "files": decoded}, separators=(",", ":")) + "\n")


main()
