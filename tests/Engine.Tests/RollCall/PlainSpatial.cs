namespace Engine.Tests.RollCall;

/// <summary>Layers over any number of spatial axes, [N, C, spatial…], in plain loops as their definitions read.</summary>
internal static class PlainSpatial
{
    /// <summary>A number for each index of a shape.</summary>
    public static Numbers Make(int[] shape, Func<int[], double> value)
    {
        double[] values = new double[shape.Aggregate(1, static (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = value(Index(shape, i));
        }

        return new Numbers(shape, values);
    }

    /// <summary>The number at an index; 0 outside.</summary>
    public static double At(Numbers x, params int[] index)
    {
        int at = 0;
        for (int k = 0; k < index.Length; k++)
        {
            if (index[k] < 0 || index[k] >= x.Shape[k])
            {
                return 0;
            }

            at = (at * x.Shape[k]) + index[k];
        }

        return x.Values[at];
    }

    public static Numbers Conv(Numbers x, Numbers w, Numbers b, int stride = 1, int padding = 0)
    {
        int[] kernel = w.Shape[2..];
        int[] shape = [x.Shape[0], w.Shape[0], .. kernel.Select((k, i) => ((x.Shape[2 + i] + (2 * padding) - k) / stride) + 1)];
        int groups = x.Shape[1] / w.Shape[1], outEach = w.Shape[0] / groups;
        return Make(shape, o => b.Values[o[1]] + Indices([w.Shape[1], .. kernel]).Sum(t =>
            At(x, [o[0], (o[1] / outEach * w.Shape[1]) + t[0], .. kernel.Select((_, i) => (o[2 + i] * stride) + t[1 + i] - padding)]) * At(w, [o[1], .. t])));
    }

    /// <summary>Every cell of x spreads its filter over y.</summary>
    public static Numbers ConvTranspose(Numbers x, Numbers w, Numbers b, int stride = 1, int padding = 0)
    {
        int[] kernel = w.Shape[2..];
        int[] shape = [x.Shape[0], w.Shape[1], .. kernel.Select((k, i) => ((x.Shape[2 + i] - 1) * stride) - (2 * padding) + k)];
        return Make(shape, o => b.Values[o[1]] + Indices(x.Shape[1..]).Sum(t =>
        {
            int[] tap = [.. kernel.Select((_, i) => o[2 + i] + padding - (t[1 + i] * stride))];
            return At(x, [o[0], .. t]) * At(w, [t[0], o[1], .. tap]);
        }));
    }

    /// <summary>Windows side by side.</summary>
    public static Numbers Pool(Numbers x, int kernel, Func<IEnumerable<double>, double> reduce) =>
        Cells(x, [.. x.Shape[2..].Select(n => n / kernel)], (i, _, _) => (i * kernel, (i + 1) * kernel), reduce);

    /// <summary>Cell i of n of an axis of L: from ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉.</summary>
    public static Numbers Adaptive(Numbers x, int[] output, Func<IEnumerable<double>, double> reduce) =>
        Cells(x, output, static (i, n, size) => (i * size / n, (((i + 1) * size) + n - 1) / n), reduce);

    /// <summary>y's element at an index is x's at the one that a map gives for each of the last axes; −1 stands for a value.</summary>
    public static Numbers Pad(Numbers x, (int Before, int After)[] pads, Func<int, int, int> source, double value = 0)
    {
        int first = x.Shape.Length - pads.Length;
        int[] shape = [.. x.Shape[..first], .. pads.Select((p, i) => x.Shape[first + i] + p.Before + p.After)];
        return Make(shape, o =>
        {
            int[] from = [.. o[..first], .. pads.Select((p, i) => source(o[first + i] - p.Before, x.Shape[first + i]))];
            return from.Min() < 0 ? value : At(x, from);
        });
    }

    public static int Zero(int i, int size) => i >= 0 && i < size ? i : -1;

    public static int Reflect(int i, int size) => i < 0 ? -i : i >= size ? (2 * (size - 1)) - i : i;

    public static int Replicate(int i, int size) => Math.Clamp(i, 0, size - 1);

    public static int Circular(int i, int size) => ((i % size) + size) % size;

    public static Numbers InstanceNorm(Numbers x, Numbers? weight = null, Numbers? bias = null)
    {
        int inner = x.Shape[2..].Aggregate(1, static (a, b) => a * b);
        return x with
        {
            Values = [.. x.Values.Chunk(inner).SelectMany((row, i) =>
            {
                double mean = row.Average(), deviation = Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + 1e-5);
                int channel = i % x.Shape[1];
                return row.Select(v => ((v - mean) / deviation * (weight?.Values[channel] ?? 1)) + (bias?.Values[channel] ?? 0));
            })],
        };
    }

    /// <summary>All indices of a shape.</summary>
    public static IEnumerable<int[]> Indices(int[] shape) => Enumerable.Range(0, shape.Aggregate(1, static (a, b) => a * b)).Select(i => Index(shape, i));

    private static Numbers Cells(Numbers x, int[] output, Func<int, int, int, (int From, int To)> cell, Func<IEnumerable<double>, double> reduce) => Make([x.Shape[0], x.Shape[1], .. output], o =>
    {
        (int From, int To)[] ranges = [.. output.Select((n, i) => cell(o[2 + i], n, x.Shape[2 + i]))];
        return reduce(Indices([.. ranges.Select(static r => r.To - r.From)]).Select(t => At(x, [o[0], o[1], .. t.Select((n, i) => ranges[i].From + n)])));
    });

    private static int[] Index(int[] shape, int i)
    {
        int[] index = new int[shape.Length];
        for (int k = shape.Length - 1; k >= 0; k--)
        {
            index[k] = i % shape[k];
            i /= shape[k];
        }

        return index;
    }
}
