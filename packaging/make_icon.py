"""Draws icon.png: a small network, two layers of nodes joined by lines, on a dark rounded square. Standard library only."""
import struct
import zlib

SIZE, SCALE = 128, 4  # drawn four times as large, then averaged, so that edges are smooth
BACK, LINE, LEFT, RIGHT = (24, 32, 56), (92, 112, 160), (88, 196, 255), (255, 190, 92)
INPUTS = [(36, 32), (36, 64), (36, 96)]
OUTPUTS = [(92, 48), (92, 80)]


def inside_square(x, y, radius=24):
    dx = max(radius - x, x - (SIZE - radius), 0)
    dy = max(radius - y, y - (SIZE - radius), 0)
    return dx * dx + dy * dy <= radius * radius


def distance(x, y, a, b):
    ux, uy = b[0] - a[0], b[1] - a[1]
    t = min(1, max(0, ((x - a[0]) * ux + (y - a[1]) * uy) / (ux * ux + uy * uy)))
    return ((x - a[0] - t * ux) ** 2 + (y - a[1] - t * uy) ** 2) ** 0.5


def colour(x, y):
    if not inside_square(x, y):
        return (0, 0, 0, 0)
    for nodes, fill in ((INPUTS, LEFT), (OUTPUTS, RIGHT)):
        if any((x - cx) ** 2 + (y - cy) ** 2 <= 100 for cx, cy in nodes):
            return (*fill, 255)
    near = min(distance(x, y, a, b) for a in INPUTS for b in OUTPUTS)
    return (*(LINE if near <= 1.5 else BACK), 255)


def pixel(column, row):
    samples = [colour(column + (i + 0.5) / SCALE, row + (j + 0.5) / SCALE) for i in range(SCALE) for j in range(SCALE)]
    alpha = sum(s[3] for s in samples)
    rgb = [round(sum(s[c] * s[3] for s in samples) / alpha) if alpha else 0 for c in range(3)]
    return bytes([*rgb, round(alpha / len(samples))])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\0" + b"".join(pixel(column, row) for column in range(SIZE)) for row in range(SIZE))
header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
with open("icon.png", "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
