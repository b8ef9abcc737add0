namespace Engine.Tests.Cpu;

/// <summary>Geometries for the convolution tests: named corner cases and a generated table.</summary>
internal static class ConvolutionCases
{
    /// <summary>Corner cases, small networks' layers, and generated geometries.</summary>
    public static IEnumerable<ConvGeometry> All => [.. Corners(), .. Generated(60, seed: 1)];

    /// <summary>Shapes chosen by hand.</summary>
    public static IEnumerable<ConvGeometry> Corners()
    {
        yield return Make(1, 1, 1, 1, 1, 1, 1);
        yield return Make(2, 1, 28, 28, 6, 5, 5, pad: (2, 2));
        yield return Make(3, 6, 14, 14, 16, 5, 5);
        yield return Make(2, 16, 9, 9, 16, 3, 3, pad: (1, 1));
        yield return Make(2, 24, 8, 8, 40, 3, 3, pad: (1, 1));
        yield return Make(1, 33, 17, 30, 17, 3, 3, pad: (1, 1));
        yield return Make(2, 3, 33, 31, 8, 7, 7, stride: (2, 2), pad: (3, 3));
        yield return Make(2, 17, 15, 15, 9, 3, 3, stride: (2, 2), pad: (1, 1));
        yield return Make(3, 20, 7, 7, 12, 1, 1);
        yield return Make(2, 5, 8, 8, 7, 1, 1, stride: (2, 2));
        yield return Make(2, 5, 2, 2, 7, 1, 1);
        yield return Make(2, 8, 12, 12, 8, 3, 3, pad: (1, 1), groups: 8);
        yield return Make(2, 8, 12, 12, 16, 3, 3, pad: (1, 1), groups: 8);
        yield return Make(3, 9, 7, 7, 9, 3, 3, pad: (1, 1), groups: 9);        // depthwise: rows that are part of a vector
        yield return Make(2, 5, 14, 19, 10, 3, 3, stride: (2, 2), pad: (1, 1), groups: 5);
        yield return Make(2, 4, 17, 40, 4, 5, 5, stride: (1, 2), pad: (2, 2), groups: 4);
        yield return Make(1, 3, 20, 21, 3, 4, 3, stride: (3, 3), pad: (4, 2), dilation: (2, 3), groups: 3);
        yield return Make(1, 2, 4, 3, 2, 7, 7, pad: (3, 3), groups: 2);
        yield return Make(1, 2, 30, 400, 2, 3, 3, pad: (1, 1), groups: 2);     // more rows than are copied at once
        yield return Make(1, 12, 11, 13, 18, 3, 3, stride: (2, 1), pad: (0, 2), dilation: (1, 2), groups: 3);
        yield return Make(2, 4, 13, 12, 6, 3, 2, stride: (3, 2), pad: (1, 0), dilation: (2, 3), groups: 2);
        yield return Make(2, 3, 9, 9, 4, 2, 2, stride: (3, 3));               // stride larger than the kernel
        yield return Make(2, 3, 10, 10, 4, 3, 3, stride: (4, 4), dilation: (2, 2));
        yield return Make(1, 2, 3, 3, 3, 5, 5, pad: (2, 2));                  // kernel larger than the image
        yield return Make(1, 2, 2, 3, 3, 7, 5, pad: (6, 4), dilation: (1, 1));
        yield return Make(1, 2, 4, 4, 3, 3, 3, pad: (5, 5));                  // outputs that see padding only
        yield return Make(1, 1, 1, 50, 3, 1, 9, pad: (0, 4));                 // one-dimensional
        yield return Make(2, 2, 40, 1, 3, 5, 1, pad: (2, 0));
        yield return Make(1, 2, 9, 17, 3, 3, 1);                              // rows without padding
        yield return Make(0, 3, 8, 8, 4, 3, 3, pad: (1, 1));                  // no images
        yield return Make(2, 3, 2, 8, 4, 3, 3);                               // no outputs
        yield return Make(1, 210, 5, 6, 216, 3, 3, pad: (1, 1));              // many filters
        yield return Make(1, 1500, 9, 9, 5, 3, 3, pad: (1, 1));               // more channels than are lowered at once
        yield return Make(1, 300, 6, 6, 10, 3, 3, pad: (1, 1));
        yield return Make(1, 3, 70, 70, 5, 3, 3, pad: (1, 1));
        yield return Make(9, 33, 5, 5, 40, 1, 1);                             // images share panels
        yield return Make(7, 34, 7, 7, 52, 3, 3, stride: (2, 2), pad: (1, 1), groups: 2);
        yield return Make(9, 200, 12, 11, 10, 1, 1);                          // dw: dy packed once for all blocks of channels
        yield return Make(3, 20, 1, 1, 31, 1, 1);
        yield return Make(1, 2, 30, 30, 26, 24, 24);                          // more taps than a block of terms
        yield return Make(2, 60, 11, 21, 25, 3, 3, stride: (1, 2), pad: (2, 3), dilation: (2, 3));
        yield return Make(2, 90, 6, 6, 29, 3, 3, stride: (3, 4));             // taps of few residues
        yield return Make(1, 40, 9, 9, 24, 1, 1, stride: (2, 3), pad: (1, 0));
        yield return Make(2, 3, 67, 70, 9, 5, 5, stride: (2, 2), pad: (2, 2)); // dx of few channels
        yield return Make(1, 4, 40, 103, 16, 3, 2, stride: (3, 3), groups: 2);
        yield return Make(2, 2, 9, 140, 8, 3, 4, stride: (4, 4), pad: (3, 1), dilation: (2, 3));
        yield return Make(1, 3, 12, 40, 8, 3, 5, pad: (0, 2));
        yield return Make(19, 6, 14, 14, 16, 5, 5);                           // dx of few channels, short rows: images are the lanes
        yield return Make(17, 1, 9, 31, 3, 3, 4, pad: (1, 2));
        yield return Make(9, 5, 8, 13, 4, 3, 3, pad: (2, 2), dilation: (2, 3));
        yield return Make(8, 20, 7, 6, 18, 2, 5, pad: (1, 4), groups: 2);
        yield return Make(3, 11, 30, 20, 130, 4, 4, pad: (3, 3));             // more rows than are copied at once
        yield return Make(2, 2, 5, 29, 4, 3, 2, pad: (4, 1), dilation: (3, 5)); // rows and columns that no tap reaches
    }

    /// <summary>Random geometries, equal for equal seeds.</summary>
    public static IEnumerable<ConvGeometry> Generated(int count, int seed)
    {
        Random random = new(seed);
        int[] groupCounts = [1, 1, 1, 1, 2, 3];
        while (count > 0)
        {
            int groups = groupCounts[random.Next(groupCounts.Length)];
            ConvGeometry g = Make(random.Next(1, 4), groups * random.Next(1, 20), random.Next(1, 24), random.Next(1, 40), groups * random.Next(1, 20),
                random.Next(1, 6), random.Next(1, 6), (random.Next(1, 4), random.Next(1, 4)), (random.Next(0, 4), random.Next(0, 4)),
                (random.Next(1, 4), random.Next(1, 4)), groups);
            if (g.OutHeight == 0 || g.OutWidth == 0 || g.Flops > 6e6)
            {
                continue;
            }
            count--;
            yield return g;
        }
    }

    /// <summary>A geometry with the output size that follows.</summary>
    public static ConvGeometry Make(int n, int c, int h, int w, int k, int r, int s, (int H, int W)? stride = null, (int H, int W)? pad = null,
        (int H, int W)? dilation = null, int groups = 1)
    {
        (int H, int W) step = stride ?? (1, 1), zeros = pad ?? (0, 0), spread = dilation ?? (1, 1);
        return new ConvGeometry
        {
            Batch = n,
            InChannels = c,
            InHeight = h,
            InWidth = w,
            OutChannels = k,
            OutHeight = OutSize(h, r, step.H, zeros.H, spread.H),
            OutWidth = OutSize(w, s, step.W, zeros.W, spread.W),
            KernelHeight = r,
            KernelWidth = s,
            StrideH = step.H,
            StrideW = step.W,
            PadH = zeros.H,
            PadW = zeros.W,
            DilationH = spread.H,
            DilationW = spread.W,
            Groups = groups,
        };
    }

    private static int OutSize(int size, int kernel, int stride, int pad, int dilation)
        => Math.Max(0, (size + 2 * pad - (kernel - 1) * dilation - 1 + stride) / stride);
}
