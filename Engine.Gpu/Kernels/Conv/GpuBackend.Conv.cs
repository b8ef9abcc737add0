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
        if (TryPointwiseBackwardData(args))
        {
            return;
        }

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

    protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args)
    {
        if (!TryPointwiseBackwardWeight(args))
        {
            CorrelateWeights(Forward(args.Geometry, args.X, args.GradW, args.GradY), beta: 0);
        }
    }

    /// <summary>The sum that gives the result of a convolution, and whose gradient the filters get.</summary>
    internal static Correlation Forward(in ConvGeometry g, in Operand x, in Operand w, in Operand y)
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
        int pixels = g.OutHeight * g.OutWidth;
        if (!IsPointwise(g) || !args.Y.DType.IsFloatingPoint())
        {
            return false;
        }

        ReadOnlySpan<long> w = args.W.Layout.Strides;
        if (RowsOfPixels(args.X) is { } rows && RowsOfPixels(args.Y) is { } results)
        {
            Gemm(new GemmArgs
            {
                A = rows,
                B = args.W.With(new Layout([g.InChannels, g.OutChannels], [w[1], w[0]], args.W.Layout.Offset)),
                C = results,
                Bias = args.Bias is { } perColumn ? perColumn.With(new Layout(results.Shape, [0, perColumn.Layout.Strides[0]], perColumn.Layout.Offset)) : null,
                Activation = args.Activation,
            });
            return true;
        }

        if ((g.Batch > 1 && pixels < EnoughPixels) || !args.X.Layout.TryReshape([g.Batch, g.InChannels, pixels], out Layout x)
            || !args.Y.Layout.TryReshape([g.Batch, g.OutChannels, pixels], out Layout y))
        {
            return false;
        }

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

    private bool TryPointwiseBackwardData(in ConvBackwardDataArgs args)
    {
        if (!IsPointwise(args.Geometry) || RowsOfPixels(args.GradY) is not { } gradients || RowsOfPixels(args.GradX) is not { } results)
        {
            return false;
        }

        Gemm(new GemmArgs { A = gradients, B = Matrix(args.W), C = results });
        return true;
    }

    private bool TryPointwiseBackwardWeight(in ConvBackwardWeightArgs args)
    {
        if (!IsPointwise(args.Geometry) || RowsOfPixels(args.GradY) is not { } gradients || RowsOfPixels(args.X) is not { } pixels)
        {
            return false;
        }

        Gemm(new GemmArgs { A = gradients.With(gradients.Layout.Permute([1, 0])), B = pixels, C = Matrix(args.GradW) });
        return true;
    }

    /// <summary>Whether each result is made of the pixel under it, and a product of matrices rounds as the mode says of convolutions.</summary>
    private bool IsPointwise(in ConvGeometry g) =>
        (g.KernelHeight, g.KernelWidth, g.StrideH, g.StrideW, g.PadH, g.PadW, g.Groups) == (1, 1, 1, 1, 0, 0, 1)
        && _device.MathMode.ForProducts() == _device.MathMode.ForConvolutions();

    /// <summary>The pixels of all images as rows of a matrix, the channels as its columns; null where they do not lie so.</summary>
    private static Operand? RowsOfPixels(in Operand images)
    {
        if (!Patch.ArePixelsEven(images))
        {
            return null;
        }

        Shape shape = images.Shape;
        return images.With(new Layout([shape[0] * shape[2] * shape[3], shape[1]], [images.Layout.Strides[3], 1], images.Layout.Offset));
    }

    private static Operand Matrix(in Operand filters) =>
        filters.With(new Layout([filters.Shape[0], filters.Shape[1]], [filters.Layout.Strides[0], filters.Layout.Strides[1]], filters.Layout.Offset));
}
