namespace Engine.Gpu;

/// <summary>Convolutions.</summary>
internal partial class GpuBackend
{
    protected override void ConvForwardCore(in ConvForwardArgs args)
    {
        if (!TryPointwiseForward(args))
        {
            Correlate(Forward(args.Geometry, args.X, args.W, args.Y) with { Bias = args.Bias, Activation = args.Activation });
        }
    }

    protected override void ConvBackwardDataCore(in ConvBackwardDataArgs args)
    {
        ConvGeometry g = args.Geometry;
        ReadOnlySpan<long> w = args.W.Layout.Strides;

        // Each step between windows has pixels of its own.
        using IDisposable? phases = BeginIndependent();
        for (int i = 0; i < g.StrideH; i++)
        {
            for (int j = 0; j < g.StrideW; j++)
            {
                (WindowAxis rows, int firstRow, int everyRow) = WindowAxis.Backward(g.InHeight, g.OutHeight, g.KernelHeight, g.PadH, g.StrideH, g.DilationH, i);
                (WindowAxis columns, int firstColumn, int everyColumn) = WindowAxis.Backward(g.InWidth, g.OutWidth, g.KernelWidth, g.PadW, g.StrideW, g.DilationW, j);
                if (rows.Count == 0 || columns.Count == 0)
                {
                    continue;
                }

                Correlate(new Correlation
                {
                    Batch = g.Batch,
                    Groups = g.Groups,
                    OutChannels = g.InChannels / g.Groups,
                    InChannels = g.OutChannels / g.Groups,
                    Rows = rows,
                    Columns = columns,
                    In = args.GradY,
                    Out = args.GradX,
                    Weight = args.W,
                    WeightStrides = (w[1], w[0], everyRow * w[2], everyColumn * w[3]),
                    WeightGroup = g.OutChannels / g.Groups * w[0],
                    WeightOrigin = (firstRow * w[2]) + (firstColumn * w[3]),
                });
            }
        }
    }

    protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args) =>
        CorrelateWeights(Forward(args.Geometry, args.X, args.GradW, args.GradY), beta: 0);

    /// <summary>The sum that gives the result of a convolution, and whose gradient the filters get.</summary>
    private static Correlation Forward(in ConvGeometry g, in Operand x, in Operand w, in Operand y)
    {
        ReadOnlySpan<long> strides = w.Layout.Strides;
        return new Correlation
        {
            Batch = g.Batch,
            Groups = g.Groups,
            OutChannels = g.OutChannels / g.Groups,
            InChannels = g.InChannels / g.Groups,
            Rows = new WindowAxis(g.OutHeight, g.KernelHeight, g.InHeight, -g.PadH, g.StrideH, g.DilationH),
            Columns = new WindowAxis(g.OutWidth, g.KernelWidth, g.InWidth, -g.PadW, g.StrideW, g.DilationW),
            In = x,
            Out = y,
            Weight = w,
            WeightStrides = (strides[0], strides[1], strides[2], strides[3]),
            WeightGroup = g.OutChannels / g.Groups * strides[0],
        };
    }

    /// <summary>A window of one pixel with step 1 is a product of matrices: where the pixels of an image lie evenly, and are enough to fill tiles.</summary>
    private bool TryPointwiseForward(in ConvForwardArgs args)
    {
        const int EnoughPixels = 128;
        ConvGeometry g = args.Geometry;
        bool pointwise = (g.KernelHeight, g.KernelWidth, g.StrideH, g.StrideW, g.PadH, g.PadW, g.Groups) == (1, 1, 1, 1, 0, 0, 1);
        int pixels = g.OutHeight * g.OutWidth;
        if (_device.MathMode.ForProducts() != _device.MathMode.ForConvolutions())
        {
            // A product would round otherwise than the mode says of convolutions.
            return false;
        }

        if (!pointwise || (g.Batch > 1 && pixels < EnoughPixels) || !args.Y.DType.IsFloatingPoint())
        {
            return false;
        }

        if (!args.X.Layout.TryReshape([g.Batch, g.InChannels, pixels], out Layout x) || !args.Y.Layout.TryReshape([g.Batch, g.OutChannels, pixels], out Layout y))
        {
            return false;
        }

        ReadOnlySpan<long> w = args.W.Layout.Strides;
        Gemm(new GemmArgs
        {
            A = args.W.With(new Layout([g.Batch, g.OutChannels, g.InChannels], [0, w[0], w[1]], args.W.Layout.Offset)),
            B = args.X.With(x),
            C = args.Y.With(y),
            Bias = args.Bias is { } bias ? bias.With(new Layout(y.Shape, [0, bias.Layout.Strides[0], 0], bias.Layout.Offset)) : null,
            Activation = args.Activation,
        });
        return true;
    }
}
