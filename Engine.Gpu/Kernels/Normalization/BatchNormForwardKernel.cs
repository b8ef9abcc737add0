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

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = Shape.NewBuilder("batch_norm", target);
        RegisterType type = Element.InRegister();
        Memory input = k.Buffer("x", Element, readOnly: true);
        Memory? partial = Stage == ChannelStage.Whole ? null : k.Buffer("partials", type == RegisterType.Float64 ? DType.Float64 : DType.Float32);
        Memory? arrivals = Stage == ChannelStage.Together ? k.Buffer("arrivals", DType.Int32) : null;
        ChannelItems items = new(k, Shape);
        StridesParameter x = new(k, "x", 3, Is64Bit);
        Value origin = k.Load(input, x.Along(1, items.Channel), items.Exists);
        Moments moments = Stage == ChannelStage.Apply ? Combined(k, items, partial!, type) : OfChunk(k, items, input, x, origin);
        GroupReduction reduction = items.Reduction(type, type, type);
        moments = moments.Over(k, reduction);
        if (Stage is ChannelStage.Partial or ChannelStage.Together)
        {
            k.Store(partial!, items.PartialOffset(0, k.GroupY), moments.Mean, items.IsFirst);
            k.Store(partial!, items.PartialOffset(1, k.GroupY), moments.M2, items.IsFirst);
        }

        if (arrivals is not null)
        {
            items.Meet(arrivals);
            moments = Combined(k, items, partial!, type).Over(k, reduction);
        }

        if (Stage != ChannelStage.Partial)
        {
            Normalize(k, items, input, x, origin, moments);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in BatchNormForwardArgs args, in ChannelTiles tiles, in Operand? partials, KernelArgument? arrivals = null)
    {
        arguments.Add(args.X);
        arguments.AddOptional(partials);
        ChannelItems.BindArrivals(ref arguments, arrivals);
        ChannelItems.Bind(ref arguments, tiles, args.X.Shape[2]);
        arguments.AddStrides(args.X, Is64Bit);
        if (Stage == ChannelStage.Partial)
        {
            return;
        }

        RegisterType type = Element.InRegister();
        arguments.Add(args.Y);
        arguments.Add(args.Mean);
        arguments.Add(args.InverseStd);
        arguments.AddStrides(args.Y, Is64Bit);
        arguments.AddStrides(args.Mean, Is64Bit);
        arguments.AddStrides(args.InverseStd, Is64Bit);
        arguments.AddNumber(type, args.Epsilon);
        ChannelVector.Bind(ref arguments, args.Scale, Is64Bit);
        ChannelVector.Bind(ref arguments, args.Shift, Is64Bit);
        if (HasRunning)
        {
            arguments.AddNumber(type, 1 - args.Momentum);
            arguments.AddNumber(type, args.Momentum);
            arguments.AddNumber(type, args.Momentum * tiles.Count / (tiles.Count - 1.0));
            ChannelVector.Bind(ref arguments, args.RunningMean, Is64Bit);
            ChannelVector.Bind(ref arguments, args.RunningVariance, Is64Bit);
        }

        arguments.AddOptional(args.BatchCount);
        arguments.AddOptional(args.Residual);
        arguments.AddStrides(args.Residual, Is64Bit);
    }

    private static Moments OfChunk(KernelBuilder k, ChannelItems items, Memory input, StridesParameter x, Value origin)
    {
        MomentsVariable moments = new(k, origin.Type);
        items.ForEach(elements =>
        {
            Value[] numbers = Array.ConvertAll(items.Load(input, x, elements), number => number - origin);
            moments.Add(Moments.Of(k, numbers));
        });
        return moments.Value;
    }

    private static Moments Combined(KernelBuilder k, ChannelItems items, Memory partial, RegisterType type)
    {
        MomentsVariable moments = new(k, type);
        items.ForEachChunk(chunk => moments.Add(new Moments(
            items.CountOf(chunk).To(type), k.Load(partial, items.PartialOffset(0, chunk)), k.Load(partial, items.PartialOffset(1, chunk)))));
        return moments.Value;
    }

    private void Normalize(KernelBuilder k, ChannelItems items, Memory input, StridesParameter x, Value origin, Moments moments)
    {
        RegisterType type = Element.InRegister();
        DType statistics = Element.ComputeType();
        Memory output = k.Buffer("y", Element), means = k.Buffer("mean", statistics), inverses = k.Buffer("inverse_std", statistics);
        StridesParameter y = new(k, "y", 3, Is64Bit), meanStep = new(k, "mean", 1, Is64Bit), inverseStep = new(k, "inverse_std", 1, Is64Bit);
        Value epsilon = k.Scalar("epsilon", type);
        Value variance = moments.M2 / moments.Count, inverse = MathFunctions.Rsqrt(k, variance + epsilon), mean = origin + moments.Mean;
        ChannelVector vector = new(k, items.Channel, Affine, Is64Bit);
        Value scale = HasScale ? vector.Load("scale").To(type) : inverse.Like(1), shift = HasShift ? vector.Load("shift").To(type) : inverse.Like(0);
        Value isWriter = items.IsFirst & k.GroupY.Is(0);
        k.Store(means, meanStep.Along(0, items.Channel), mean, isWriter);
        k.Store(inverses, inverseStep.Along(0, items.Channel), inverse, isWriter);
        if (HasRunning)
        {
            Value keep = k.Scalar("keep", type), momentum = k.Scalar("momentum", type), unbiased = k.Scalar("unbiased", type);
            vector.Update("running_mean", isWriter, old => (keep * old.To(type)) + (momentum * mean));
            vector.Update("running_variance", isWriter, old => (keep * old.To(type)) + (unbiased * variance));
        }

        if (HasBatchCount)
        {
            Memory batches = k.Buffer("batches", DType.Int64);
            Value isCounter = isWriter & items.Channel.Is(0);
            k.Store(batches, k.Int32(0), k.Load(batches, k.Int32(0), isCounter) + 1, isCounter);
        }

        Memory? residuals = HasResidual ? k.Buffer("residual", Element) : null;
        StridesParameter? residual = HasResidual ? new StridesParameter(k, "residual", 3, Is64Bit) : null;
        Value factor = inverse * scale;
        bool relu = Relu;
        items.ForEach(elements =>
        {
            Value[] numbers = items.Load(input, x, elements);
            Value[]? added = residual is null ? null : items.Load(residuals!, residual, elements);
            for (int i = 0; i < numbers.Length; i++)
            {
                Value result = k.Fma(numbers[i] - origin - moments.Mean, factor, shift);
                result = added is null ? result : result + added[i];
                numbers[i] = relu ? k.Max(result, result.Like(0)) : result;
            }

            items.Store(output, y, elements, numbers);
        });
    }
}
