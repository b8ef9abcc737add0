namespace Engine.Tests.Cpu;

/// <summary>The three directions of a convolution as their definitions read, in double precision.</summary>
/// <remarks>Each result also has its magnitude, the same sum over absolute values, which scales the rounding error that a kernel may make.</remarks>
internal static class ConvolutionReference
{
    /// <summary>y and Σ|x·w| + |bias|.</summary>
    public static (double[] Value, double[] Magnitude) Forward(in ConvGeometry g, double[] x, double[] w, double[]? bias, bool relu)
    {
        double[] y = new double[g.Batch * g.OutChannels * g.OutHeight * g.OutWidth], magnitude = new double[y.Length];
        for (int i = 0; i < y.Length; i++)
        {
            double start = bias is null ? 0 : bias[i / (g.OutHeight * g.OutWidth) % g.OutChannels];
            (y[i], magnitude[i]) = (start, Math.Abs(start));
        }

        Visit(g, (ix, iw, iy) =>
        {
            y[iy] += x[ix] * w[iw];
            magnitude[iy] += Math.Abs(x[ix] * w[iw]);
        });
        if (relu)
        {
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = Math.Max(y[i], 0);
            }
        }
        return (y, magnitude);
    }

    /// <summary>dx and Σ|dy·w|.</summary>
    public static (double[] Value, double[] Magnitude) BackwardData(in ConvGeometry g, double[] dy, double[] w)
    {
        double[] dx = new double[g.Batch * g.InChannels * g.InHeight * g.InWidth], magnitude = new double[dx.Length];
        Visit(g, (ix, iw, iy) =>
        {
            dx[ix] += dy[iy] * w[iw];
            magnitude[ix] += Math.Abs(dy[iy] * w[iw]);
        });
        return (dx, magnitude);
    }

    /// <summary>grad + beta·dw and Σ|x·dy| + |beta·dw|.</summary>
    public static (double[] Value, double[] Magnitude) BackwardWeight(in ConvGeometry g, double[] x, double[] dy, double[] dw, double beta)
    {
        double[] result = [.. dw.Select(v => beta * v)], magnitude = [.. dw.Select(v => Math.Abs(beta * v))];
        Visit(g, (ix, iw, iy) =>
        {
            result[iw] += x[ix] * dy[iy];
            magnitude[iw] += Math.Abs(x[ix] * dy[iy]);
        });
        return (result, magnitude);
    }

    /// <summary>Calls <paramref name="product"/> with the indices of each x, w and y that meet.</summary>
    private static void Visit(in ConvGeometry g, Action<int, int, int> product)
    {
        int groupIn = g.InChannels / g.Groups, groupOut = g.OutChannels / g.Groups;
        for (int n = 0; n < g.Batch; n++)
        {
            for (int k = 0; k < g.OutChannels; k++)
            {
                for (int p = 0; p < g.OutHeight; p++)
                {
                    for (int q = 0; q < g.OutWidth; q++)
                    {
                        for (int c = 0; c < groupIn; c++)
                        {
                            for (int r = 0; r < g.KernelHeight; r++)
                            {
                                for (int s = 0; s < g.KernelWidth; s++)
                                {
                                    int h = p * g.StrideH - g.PadH + r * g.DilationH, v = q * g.StrideW - g.PadW + s * g.DilationW;
                                    if (h < 0 || h >= g.InHeight || v < 0 || v >= g.InWidth)
                                    {
                                        continue;
                                    }
                                    int channel = k / groupOut * groupIn + c;
                                    product(((n * g.InChannels + channel) * g.InHeight + h) * g.InWidth + v,
                                        ((k * groupIn + c) * g.KernelHeight + r) * g.KernelWidth + s,
                                        ((n * g.OutChannels + k) * g.OutHeight + p) * g.OutWidth + q);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
