using Engine;

namespace OwnBackendSample;

/// <summary>Images of digits, drawn: a font of 5 × 7 dots, three pixels each, somewhere about the middle of 28 × 28 pixels, under noise. The same seed draws the same images.</summary>
internal sealed class Digits(int seed)
{
    private const int Size = 28, Dot = 3, Width = 5, Height = 7;

    private static readonly string[] s_font =
    [
        ".###. #...# #..## #.#.# ##..# #...# .###.",
        "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.",
        ".###. #...# ....# ..##. .#... #.... #####",
        ".###. #...# ....# ..##. ....# #...# .###.",
        "...#. ..##. .#.#. #..#. ##### ...#. ...#.",
        "##### #.... ####. ....# ....# #...# .###.",
        "..##. .#... #.... ####. #...# #...# .###.",
        "##### ....# ...#. ..#.. .#... .#... .#...",
        ".###. #...# #...# .###. #...# #...# .###.",
        ".###. #...# #...# .#### ....# ...#. .##..",
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next images, [count, 1, 28, 28], and their classes, on the default device.</summary>
    public (Tensor Images, Tensor Classes) Next(int count)
    {
        float[] pixels = new float[count * Size * Size];
        long[] classes = new long[count];
        for (int i = 0; i < count; i++)
        {
            classes[i] = _random.Next(s_font.Length);
            Draw(s_font[classes[i]], pixels.AsSpan(i * Size * Size, Size * Size));
        }

        return (Tensor.From<float>(pixels, [count, 1, Size, Size]), Tensor.From<long>(classes));
    }

    private void Draw(string glyph, Span<float> image)
    {
        int left = _random.Next(4, 10), top = _random.Next(1, 7);
        float ink = 0.7f + (0.3f * _random.NextSingle());
        for (int i = 0; i < image.Length; i++)
        {
            int row = (i / Size) - top, column = (i % Size) - left;
            bool isInk = row >= 0 && row < Height * Dot && column >= 0 && column < Width * Dot && glyph[(row / Dot * (Width + 1)) + (column / Dot)] == '#';
            image[i] = (isInk ? ink : 0) + (0.2f * _random.NextSingle());
        }
    }
}
