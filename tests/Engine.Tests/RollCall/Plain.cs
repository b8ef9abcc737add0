namespace Engine.Tests.RollCall;

/// <summary>An array of numbers with a shape, for <see cref="Plain"/>.</summary>
internal sealed record Numbers(int[] Shape, double[] Values)
{
    public static implicit operator Numbers(Tensor x) => new(x.Shape.ToArray(), x.ToArray<double>());

    public Numbers Map(Func<double, double> f) => this with { Values = Array.ConvertAll(Values, v => f(v)) };

    public Numbers Zip(Numbers other, Func<double, double, double> f) => this with { Values = [.. Values.Zip(other.Values, f)] };

    /// <summary>Each value from its index along each axis and itself.</summary>
    public Numbers At(Func<int[], double, double> f)
    {
        int[] At(int i) => [.. Shape.Select((size, axis) => i / Shape.Skip(axis + 1).Aggregate(1, static (a, b) => a * b) % size)];
        return this with { Values = [.. Values.Select((v, i) => f(At(i), v))] };
    }

    public Numbers Reshape(params int[] shape) => new(shape, Values);
}

/// <summary>Layers in plain loops over doubles, as their definitions read; nothing of the engine is called.</summary>
internal static class Plain
{
    public static Numbers Relu(Numbers x) => x.Map(static v => Math.Max(v, 0));

    public static Numbers Add(Numbers x, Numbers y) => x.Zip(y, static (a, b) => a + b);

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Softplus(double x) => Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x)));

    /// <summary>ln(1 + x) without loss for small x.</summary>
    public static double Log1p(double x)
    {
        double y = 1 + x;
        return y == 1 || double.IsInfinity(y) ? (y == 1 ? x : Math.Log(y)) : Math.Log(y) * (x / (y - 1));
    }

    /// <summary>eˣ − 1 without loss for small x.</summary>
    public static double Expm1(double x)
    {
        double y = Math.Exp(x);
        return y == 1 ? x : double.IsInfinity(y) || y < 0.1 ? y - 1 : (y - 1) * x / Math.Log(y);
    }

    /// <summary>By its series near 0 and by its continued fraction far out.</summary>
    public static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (a > 6)
        {
            return Math.Sign(x);
        }

        if (a < 2.5)
        {
            double term = a, sum = a;
            for (int n = 1; n < 200 && Math.Abs(term) > 1e-18 * sum; n++)
            {
                term *= -a * a / n;
                sum += term / ((2 * n) + 1);
            }

            return Math.Sign(x) * 2 / Math.Sqrt(Math.PI) * sum;
        }

        return Math.Sign(x) * (1 - Erfc(a));
    }

    /// <summary>1 − erf x, without loss for large x.</summary>
    public static double Erfc(double x)
    {
        if (x < 2.5)
        {
            return 1 - Erf(x);
        }

        double fraction = 0;
        for (int k = 200; k > 0; k--)
        {
            fraction = k / 2.0 / (x + fraction);
        }

        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * (x + fraction));
    }

    /// <summary>x [N, in] · wᵀ [out, in] + b.</summary>
    public static Numbers Linear(Numbers x, Numbers w, Numbers? b)
    {
        (int n, int inputs, int outputs) = (x.Shape[0], x.Shape[1], w.Shape[0]);
        double[] y = new double[n * outputs];
        for (int i = 0; i < n; i++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = b?.Values[o] ?? 0;
                for (int k = 0; k < inputs; k++)
                {
                    sum += x.Values[(i * inputs) + k] * w.Values[(o * inputs) + k];
                }

                y[(i * outputs) + o] = sum;
            }
        }

        return new Numbers([n, outputs], y);
    }

    /// <summary>x [N, C, H, W] with w [O, C, k, k], zero padding.</summary>
    public static Numbers Conv2d(Numbers x, Numbers w, int stride = 1, int padding = 0)
    {
        (int n, int c, int h, int wide) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        (int o, int k) = (w.Shape[0], w.Shape[2]);
        int oh = ((h + (2 * padding) - k) / stride) + 1, ow = ((wide + (2 * padding) - k) / stride) + 1;
        double[] y = new double[n * o * oh * ow];
        for (int i = 0; i < y.Length; i++)
        {
            (int column, int row, int channel, int image) = (i % ow, i / ow % oh, i / ow / oh % o, i / ow / oh / o);
            for (int ci = 0; ci < c; ci++)
            {
                for (int dy = 0; dy < k; dy++)
                {
                    for (int dx = 0; dx < k; dx++)
                    {
                        (int yy, int xx) = ((row * stride) + dy - padding, (column * stride) + dx - padding);
                        if (yy >= 0 && yy < h && xx >= 0 && xx < wide)
                        {
                            y[i] += x.Values[(((((image * c) + ci) * h) + yy) * wide) + xx] * w.Values[(((((channel * c) + ci) * k) + dy) * k) + dx];
                        }
                    }
                }
            }
        }

        return new Numbers([n, o, oh, ow], y);
    }

    /// <summary>x [N, C, …] by the statistics of the batch.</summary>
    public static Numbers BatchNorm(Numbers x, Numbers weight, Numbers bias, double eps = 1e-5)
    {
        int c = x.Shape[1], inner = x.Shape.Skip(2).Aggregate(1, static (a, b) => a * b);
        double[] y = new double[x.Values.Length];
        for (int channel = 0; channel < c; channel++)
        {
            int[] places = [.. Enumerable.Range(0, y.Length).Where(i => i / inner % c == channel)];
            double mean = places.Average(i => x.Values[i]), variance = places.Average(i => (x.Values[i] - mean) * (x.Values[i] - mean));
            foreach (int i in places)
            {
                y[i] = ((x.Values[i] - mean) / Math.Sqrt(variance + eps) * weight.Values[channel]) + bias.Values[channel];
            }
        }

        return x with { Values = y };
    }

    /// <summary>Windows of x [N, C, H, W], each reduced to a number.</summary>
    public static Numbers Pool(Numbers x, int oh, int ow, Func<int, (int From, int To)> rows, Func<int, (int From, int To)> columns, Func<IEnumerable<double>, double> reduce)
    {
        (int h, int w) = (x.Shape[2], x.Shape[3]);
        double[] y = new double[x.Shape[0] * x.Shape[1] * oh * ow];
        for (int i = 0; i < y.Length; i++)
        {
            (int plane, (int top, int bottom), (int left, int right)) = (i / oh / ow, rows(i / ow % oh), columns(i % ow));
            y[i] = reduce(from r in Enumerable.Range(top, bottom - top) from s in Enumerable.Range(left, right - left) select x.Values[(((plane * h) + r) * w) + s]);
        }

        return new Numbers([x.Shape[0], x.Shape[1], oh, ow], y);
    }

    /// <summary>2×2 windows side by side.</summary>
    public static Numbers Halve(Numbers x, Func<IEnumerable<double>, double> reduce) =>
        Pool(x, x.Shape[2] / 2, x.Shape[3] / 2, static i => (2 * i, (2 * i) + 2), static i => (2 * i, (2 * i) + 2), reduce);

    /// <summary>Rows of the last axis, each mapped to another.</summary>
    public static Numbers Rows(Numbers x, Func<double[], double[]> f) => x with { Values = [.. x.Values.Chunk(x.Shape[^1]).SelectMany(f)] };

    /// <summary>x and y [N, C, H, W] along the channels.</summary>
    public static Numbers Concat(Numbers x, Numbers y)
    {
        int plane = x.Shape[2] * x.Shape[3];
        IEnumerable<double> values = x.Values.Chunk(x.Shape[1] * plane).Zip(y.Values.Chunk(y.Shape[1] * plane), static (a, b) => a.Concat(b)).SelectMany(static v => v);
        return new Numbers([x.Shape[0], x.Shape[1] + y.Shape[1], x.Shape[2], x.Shape[3]], [.. values]);
    }

    public static double[] Softmax(double[] row)
    {
        double most = row.Max(), sum = row.Sum(v => Math.Exp(v - most));
        return Array.ConvertAll(row, v => Math.Exp(v - most) / sum);
    }

    public static double[] LogSoftmax(double[] row)
    {
        double most = row.Max(), sum = row.Sum(v => Math.Exp(v - most));
        return Array.ConvertAll(row, v => v - most - Math.Log(sum));
    }
}
