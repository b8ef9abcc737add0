namespace Engine.Gpu;

/// <summary>Convolutions.</summary>
internal partial class GpuBackend
{
    protected override void ConvForwardCore(in ConvForwardArgs args)
    {
        if (args.X.DType == DType.Float32)
        {
            _device.NoticeStrictConvolutions();
        }

        if (TryPointwiseForward(args))
        {
            return;
        }

        Correlation c = Forward(args.Geometry, args.X, args.W, args.Y) with { Bias = args.Bias, Activation = args.Activation };
        if (!TryDepthwise(args.Geometry, c, isBackward: false))
        {
            Correlate(c);
        }
    }

    protected override void ConvBackwardDataCore(in ConvBackwardDataArgs args)
    {
        if (TryPointwiseBackwardData(args))
        {
            return;
        }

        ConvGeometry g = args.Geometry;
        Correlation all = ToImagesInPhases(g, args.GradY, args.W, args.GradX);
        if (TryDepthwise(g, all, isBackward: true) || (g.StrideH * g.StrideW > 1 && TryCorrelatePhases(all)))
        {
            return;
        }

        // Each step between windows has pixels of its own.
        using IDisposable? phases = BeginIndependent();
        for (int i = 0; i < g.StrideH; i++)
        {
            for (int j = 0; j < g.StrideW; j++)
            {
                Correlation phase = ToImages(g, args.GradY, args.W, args.GradX, i, j);
                if (phase.Results > 0)
                {
                    Correlate(phase);
                }
            }
        }
    }

    protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args)
    {
        if (TryPointwiseBackwardWeight(args))
        {
            return;
        }

        Correlation c = Forward(args.Geometry, args.X, args.GradW, args.GradY);
        if (!TryDepthwiseWeights(args.Geometry, c))
        {
            CorrelateWeights(c, beta: 0);
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

    /// <summary>The sum that gives those of the gradients to the images whose row and column leave these rests when divided by the strides.</summary>
    internal static Correlation ToImages(in ConvGeometry g, in Operand gradY, in Operand w, in Operand gradX, int rowPhase = 0, int columnPhase = 0)
    {
        ReadOnlySpan<long> strides = w.Layout.Strides;
        (WindowAxis rows, int firstRow, int everyRow) = WindowAxis.Backward(g.InHeight, g.OutHeight, g.KernelHeight, g.PadH, g.StrideH, g.DilationH, rowPhase);
        (WindowAxis columns, int firstColumn, int everyColumn) = WindowAxis.Backward(g.InWidth, g.OutWidth, g.KernelWidth, g.PadW, g.StrideW, g.DilationW, columnPhase);
        return new Correlation
        {
            Batch = g.Batch,
            Groups = g.Groups,
            OutChannels = g.InChannels / g.Groups,
            InChannels = g.OutChannels / g.Groups,
            Rows = rows,
            Columns = columns,
            In = gradY,
            Out = gradX,
            Weight = w,
            WeightStrides = (strides[1], strides[0], everyRow * strides[2], everyColumn * strides[3]),
            WeightGroup = g.OutChannels / g.Groups * strides[0],
            WeightOrigin = (firstRow * strides[2]) + (firstColumn * strides[3]),
        };
    }

    /// <summary>The sums that give the gradients to the images, all phases at once.</summary>
    internal static Correlation ToImagesInPhases(in ConvGeometry g, in Operand gradY, in Operand w, in Operand gradX)
    {
        WindowPhases rows = new(g.StrideH, g.InHeight, g.KernelHeight, g.PadH, g.DilationH), columns = new(g.StrideW, g.InWidth, g.KernelWidth, g.PadW, g.DilationW);
        ReadOnlySpan<long> strides = w.Layout.Strides;
        return ToImages(g, gradY, w, gradX) with
        {
            Phases = (rows, columns),
            Rows = rows.Axis(g.OutHeight),
            Columns = columns.Axis(g.OutWidth),
            WeightStrides = (strides[1], strides[0], rows.Every * strides[2], columns.Every * strides[3]),
            WeightOrigin = 0,
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
