namespace Engine.Gpu;

/// <summary>Statistics per channel, normalisation, scale and shift, residual, ReLU and the update of the running statistics.</summary>
/// <remarks>Numbers are taken relative to the channel's first, so that a mean that is large beside the standard deviation costs no digits.</remarks>
internal readonly record struct BatchNormForwardKernel(ChannelStage Stage, ChannelShape Shape, DType Element, DType Affine, bool Is64Bit) : IKernelDefinition
{
    public bool HasScale { get; init; }

    public bool HasShift { get; init; }

    public bool HasRunning { get; init; }

    public bool HasBatchCount { get; init; }

    public bool HasResidual { get; init; }

    public bool Relu { get; init; }

    /// <summary>In a launch of chunks: whether the last group of a tile of channels completes the statistics.</summary>
    public bool AddsChunks { get; init; }

    private bool MakesStatistics => Stage is ChannelStage.Whole or ChannelStage.Apply or ChannelStage.Together || AddsChunks;

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = Shape.NewBuilder("batch_norm", target);
        RegisterType type = Element.InRegister();
        DType sums = type.InMemory();
        Memory input = k.Buffer("x", Element, readOnly: true);
        Memory? partials = Stage is ChannelStage.Partial or ChannelStage.Together or ChannelStage.Apply ? k.Buffer("partials", sums) : null;
        Memory? totals = Stage == ChannelStage.Finished || AddsChunks ? k.Buffer("totals", sums) : null;
        Memory? arrivals = Stage == ChannelStage.Together || AddsChunks ? k.Buffer("arrivals", DType.Int32) : null;
        ChannelItems items = new(k, Shape);
        StridesParameter x = new(k, "x", 3, Is64Bit);
        Value[] origin = items.LoadFirst(input, x);
        if (Stage == ChannelStage.Finished)
        {
            Value[] known = new ChannelVector(k, items.Channel, Element.ComputeType(), Is64Bit, items.Width).LoadEach("inverse_std");
            Normalize(k, items, input, x, origin, items.LoadTotal(totals!, 0), known);
            return k.Build();
        }

        BatchNormForwardKernel kernel = this;
        GroupReduction reduction = items.Reduction([.. Enumerable.Repeat(type, 1 + (2 * items.Width))]);
        Moments moments = Stage == ChannelStage.Apply ? Combined(k, items, partials!, type) : OfChunk(k, items, input, x, origin);
        if (Stage is ChannelStage.Partial or ChannelStage.Together)
        {
            moments.Over(k, reduction, items.IsFirst, all =>
            {
                items.StorePartial(partials!, 0, all.Mean);
                items.StorePartial(partials!, 1, all.M2);
            });
        }

        if (Stage != ChannelStage.Partial)
        {
            if (Stage == ChannelStage.Together)
            {
                items.Meet(arrivals!);
                moments = Combined(k, items, partials!, type);
            }

            moments = moments.Over(k, reduction);
            Value[] inverse = WriteStatistics(k, items, origin, moments, items.IsFirst & k.GroupY.Is(0));
            Normalize(k, items, input, x, origin, moments.Mean, inverse);
        }
        else if (AddsChunks)
        {
            k.If(k.IsLastGroup(arrivals!, k.GroupX, k.GroupCountY), () => Combined(k, items, partials!, type).Over(k, reduction, items.IsFirst, all =>
            {
                kernel.WriteStatistics(k, items, origin, all, null);
                items.StoreTotal(totals!, 0, all.Mean);
            }), uniform: true);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in BatchNormForwardArgs args, in ChannelTiles tiles, in Operand? partials = null, in Operand? totals = null, KernelArgument? arrivals = null)
    {
        arguments.Add(args.X);
        arguments.AddOptional(partials);
        arguments.AddOptional(totals);
        ChannelItems.BindArrivals(ref arguments, arrivals);
        ChannelItems.Bind(ref arguments, tiles, args.X.Shape[2]);
        arguments.AddStrides(args.X, Is64Bit);
        RegisterType type = Element.InRegister();
        if (MakesStatistics)
        {
            arguments.Add(args.Mean);
            arguments.Add(args.InverseStd);
            arguments.AddStrides(args.Mean, Is64Bit);
            arguments.AddStrides(args.InverseStd, Is64Bit);
            arguments.AddNumber(type, args.Epsilon);
            if (HasRunning)
            {
                arguments.AddNumber(type, 1 - args.Momentum);
                arguments.AddNumber(type, args.Momentum);
                arguments.AddNumber(type, args.Momentum * tiles.Count / (tiles.Count - 1.0));
                ChannelVector.Bind(ref arguments, args.RunningMean, Is64Bit);
                ChannelVector.Bind(ref arguments, args.RunningVariance, Is64Bit);
            }

            arguments.AddOptional(HasBatchCount ? args.BatchCount : null);
        }

        if (Stage == ChannelStage.Partial)
        {
            return;
        }

        if (Stage == ChannelStage.Finished)
        {
            ChannelVector.Bind(ref arguments, args.InverseStd, Is64Bit);
        }

        arguments.Add(args.Y);
        arguments.AddStrides(args.Y, Is64Bit);
        ChannelVector.Bind(ref arguments, args.Scale, Is64Bit);
        ChannelVector.Bind(ref arguments, args.Shift, Is64Bit);
        arguments.AddOptional(args.Residual);
        arguments.AddStrides(args.Residual, Is64Bit);
    }

    private static Moments OfChunk(KernelBuilder k, ChannelItems items, Memory input, StridesParameter x, Value[] origin)
    {
        MomentsVariable moments = new(k, origin[0].Type, items.Width);
        items.ForEach(elements =>
        {
            Value[] numbers = items.Load(input, x, elements);
            moments.Add(Moments.Of(k, [.. numbers.Select((number, i) => number - origin[i % origin.Length])], items.Width));
        });
        return moments.Value;
    }

    private static Moments Combined(KernelBuilder k, ChannelItems items, Memory partials, RegisterType type)
    {
        MomentsVariable moments = new(k, type, items.Width);
        items.ForEachChunk(chunk => moments.Add(new Moments(items.CountOf(chunk).To(type), items.LoadPartial(partials, 0, chunk), items.LoadPartial(partials, 1, chunk))));
        return moments.Value;
    }

    // The inverse standard deviations.
    private Value[] WriteStatistics(KernelBuilder k, ChannelItems items, Value[] origin, Moments moments, Value? isWriter)
    {
        RegisterType type = Element.InRegister();
        DType statistics = Element.ComputeType();
        Memory means = k.Buffer("mean", statistics), inverses = k.Buffer("inverse_std", statistics);
        StridesParameter meanStep = new(k, "mean", 1, Is64Bit), inverseStep = new(k, "inverse_std", 1, Is64Bit);
        Value epsilon = k.Scalar("epsilon", type);
        Value[] variance = Array.ConvertAll(moments.M2, square => square / moments.Count), mean = [.. origin.Zip(moments.Mean, static (from, distance) => from + distance)];
        Value[] inverse = Array.ConvertAll(variance, value => MathFunctions.Rsqrt(k, value + epsilon));
        for (int i = 0; i < items.Width; i++)
        {
            k.Store(means, meanStep.Along(0, items.Channel + i), mean[i], isWriter);
            k.Store(inverses, inverseStep.Along(0, items.Channel + i), inverse[i], isWriter);
        }

        if (HasRunning)
        {
            Value keep = k.Scalar("keep", type), momentum = k.Scalar("momentum", type), unbiased = k.Scalar("unbiased", type);
            ChannelVector vector = new(k, items.Channel, Affine, Is64Bit, items.Width);
            vector.UpdateEach("running_mean", isWriter, (old, i) => (keep * old.To(type)) + (momentum * mean[i]));
            vector.UpdateEach("running_variance", isWriter, (old, i) => (keep * old.To(type)) + (unbiased * variance[i]));
        }

        if (HasBatchCount)
        {
            Memory batches = k.Buffer("batches", DType.Int64);
            Value isCounter = items.Channel.Is(0) & (isWriter ?? k.Bool(true));
            k.Store(batches, k.Int32(0), k.Load(batches, k.Int32(0), isCounter) + 1, isCounter);
        }

        return inverse;
    }

    private void Normalize(KernelBuilder k, ChannelItems items, Memory input, StridesParameter x, Value[] origin, Value[] mean, Value[] inverse)
    {
        RegisterType type = Element.InRegister();
        int width = items.Width;
        Memory output = k.Buffer("y", Element);
        StridesParameter y = new(k, "y", 3, Is64Bit);
        ChannelVector vector = new(k, items.Channel, Affine, Is64Bit, width);
        Value[] factor = HasScale ? [.. vector.LoadEach("scale").Zip(inverse, (scale, deviation) => scale.To(type) * deviation)] : inverse;
        Value[] shift = HasShift ? Array.ConvertAll(vector.LoadEach("shift"), number => number.To(type)) : Array.ConvertAll(inverse, static number => number.Like(0));
        shift = [.. shift.Select((number, i) => number - (mean[i] * factor[i]))];
        Memory? residuals = HasResidual ? k.Buffer("residual", Element) : null;
        StridesParameter? residual = HasResidual ? new StridesParameter(k, "residual", 3, Is64Bit) : null;
        bool relu = Relu;
        items.ForEach(elements =>
        {
            Value[] numbers = items.Load(input, x, elements);
            Value[]? added = residual is null ? null : items.Load(residuals!, residual, elements);
            for (int i = 0; i < numbers.Length; i++)
            {
                int channel = i % width;
                Value result = k.Fma(numbers[i] - origin[channel], factor[channel], shift[channel]);
                result = added is null ? result : result + added[i];
                numbers[i] = relu ? k.Max(result, result.Like(0)) : result;
            }

            items.Store(output, y, elements, numbers);
        });
    }
}
