namespace Engine.Gpu;

/// <summary>Gradients of batch normalisation: Σ dy and Σ dy·x̂ per channel, then dx; dy counts where the fused ReLU let the result through.</summary>
/// <remarks>With a residual, the first pass writes the gradient that passed the ReLU, and the second one makes dx from it.</remarks>
internal readonly record struct BatchNormBackwardKernel(
    ChannelStage Stage, ChannelShape Shape, DType Element, DType Affine, DType Gradients, bool Is64Bit) : IKernelDefinition
{
    public bool HasScale { get; init; }

    public bool HasY { get; init; }

    public bool HasMore { get; init; }

    public bool HasGradX { get; init; }

    public bool AddsToGradX { get; init; }

    public bool HasKept { get; init; }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = Shape.NewBuilder("batch_norm_backward", target);
        RegisterType type = Element.InRegister();
        Memory? partial = Stage == ChannelStage.Whole ? null : k.Buffer("partials", type == RegisterType.Float64 ? DType.Float64 : DType.Float32);
        Memory? arrivals = Stage == ChannelStage.Together ? k.Buffer("arrivals", DType.Int32) : null;
        ChannelItems items = new(k, Shape);
        Source source = new(k, items, this);
        GroupReduction reduction = items.Reduction(type, type);
        Value[] Combined()
        {
            Variable[] all = k.Variables(2, k.Constant(type, 0));
            items.ForEachChunk(chunk =>
            {
                all[0].Value += k.Load(partial!, items.PartialOffset(0, chunk));
                all[1].Value += k.Load(partial!, items.PartialOffset(1, chunk));
            });
            return reduction.Sums(all[0].Value, all[1].Value);
        }

        if (Stage == ChannelStage.Apply)
        {
            Finish(k, items, source, Combined());
            return k.Build();
        }

        Variable sum = k.Variable(k.Constant(type, 0)), product = k.Variable(k.Constant(type, 0));
        items.ForEach(elements =>
        {
            foreach ((Value dy, Value normalized) in source.Load(elements, keep: true))
            {
                sum.Value += dy;
                product.Value = k.Fma(dy, normalized, product.Value);
            }
        });
        Value[] sums = reduction.Sums(sum.Value, product.Value);
        if (Stage is ChannelStage.Partial or ChannelStage.Together)
        {
            k.Store(partial!, items.PartialOffset(0, k.GroupY), sums[0], items.IsFirst);
            k.Store(partial!, items.PartialOffset(1, k.GroupY), sums[1], items.IsFirst);
        }

        if (arrivals is not null)
        {
            items.Meet(arrivals);
            sums = Combined();
        }

        if (Stage != ChannelStage.Partial)
        {
            Finish(k, items, source, sums);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters. The gradient is the one of the call, or the one that an earlier launch has kept.</summary>
    public void Bind(ref ArgumentList arguments, in BatchNormBackwardArgs args, in ChannelTiles tiles, in Operand? partials, in Operand gradient, KernelArgument? arrivals = null)
    {
        arguments.AddOptional(partials);
        ChannelItems.BindArrivals(ref arguments, arrivals);
        ChannelItems.Bind(ref arguments, tiles, args.X.Shape[2]);
        Source.Bind(ref arguments, this, args, gradient);
        if (Stage == ChannelStage.Partial)
        {
            return;
        }

        arguments.Add(args.GradShift);
        arguments.Add(args.GradScale);
        arguments.AddStrides(args.GradShift, Is64Bit);
        arguments.AddStrides(args.GradScale, Is64Bit);
        if (HasGradX)
        {
            arguments.AddOptional(args.GradX);
            arguments.AddStrides(args.GradX, Is64Bit);
            arguments.AddNumber(Element.InRegister(), 1.0 / tiles.Count);
            ChannelVector.Bind(ref arguments, args.Scale, Is64Bit);
        }
    }

    private void Finish(KernelBuilder k, ChannelItems items, Source source, Value[] sums)
    {
        RegisterType type = Element.InRegister();
        Memory gradShift = k.Buffer("dshift", Gradients), gradScale = k.Buffer("dscale", Gradients);
        StridesParameter shiftStep = new(k, "dshift", 1, Is64Bit), scaleStep = new(k, "dscale", 1, Is64Bit);
        Value isWriter = items.IsFirst & k.GroupY.Is(0);
        RegisterType gradientType = Gradients.InRegister();
        k.Store(gradShift, shiftStep.Along(0, items.Channel), sums[0].To(gradientType), isWriter);
        k.Store(gradScale, scaleStep.Along(0, items.Channel), sums[1].To(gradientType), isWriter);
        if (!HasGradX)
        {
            return;
        }

        Memory output = k.Buffer("dx", Element);
        StridesParameter dx = new(k, "dx", 3, Is64Bit);
        Value share = k.Scalar("share", type);
        Value scale = HasScale ? new ChannelVector(k, items.Channel, Affine, Is64Bit).Load("scale").To(type) : share.Like(1);
        Value factor = scale * source.InverseStd, meanSum = sums[0] * share, meanProduct = sums[1] * share;
        bool adds = AddsToGradX;
        items.ForEach(elements =>
        {
            Value[] numbers = Array.ConvertAll(source.Load(elements, keep: false), e => factor * (e.Gradient - k.Fma(e.Normalized, meanProduct, meanSum)));
            Value[] sums = adds ? [.. numbers.Zip(items.Load(output, dx, elements), static (number, before) => number + before)] : numbers;
            items.Store(output, dx, elements, sums);
        });
    }

    /// <summary>The operands that both passes read.</summary>
    private sealed class Source
    {
        private readonly KernelBuilder _k;
        private readonly ChannelItems _items;
        private readonly Memory _x, _dy;
        private readonly Memory? _y, _more, _kept;
        private readonly StridesParameter _xStrides, _dyStrides;
        private readonly StridesParameter? _yStrides, _moreStrides, _keptStrides;
        private readonly Value _mean;

        public Source(KernelBuilder k, ChannelItems items, in BatchNormBackwardKernel kernel)
        {
            (_k, _items) = (k, items);
            _x = k.Buffer("x", kernel.Element);
            _dy = k.Buffer("dy", kernel.Element);
            _y = kernel.HasY ? k.Buffer("y", kernel.Element) : null;
            _xStrides = new StridesParameter(k, "x", 3, kernel.Is64Bit);
            _dyStrides = new StridesParameter(k, "dy", 3, kernel.Is64Bit);
            _yStrides = kernel.HasY ? new StridesParameter(k, "y", 3, kernel.Is64Bit) : null;
            _more = kernel.HasMore ? k.Buffer("dy_more", kernel.Element) : null;
            _moreStrides = kernel.HasMore ? new StridesParameter(k, "dy_more", 3, kernel.Is64Bit) : null;
            _kept = kernel.HasKept ? k.Buffer("dresidual", kernel.Element) : null;
            _keptStrides = kernel.HasKept ? new StridesParameter(k, "dresidual", 3, kernel.Is64Bit) : null;
            ChannelVector vector = new(k, items.Channel, kernel.Element.ComputeType(), kernel.Is64Bit);
            _mean = vector.Load("mean");
            InverseStd = vector.Load("inverse_std");
        }

        public Value InverseStd { get; }

        /// <summary>Adds the arguments in the same order.</summary>
        public static void Bind(ref ArgumentList arguments, in BatchNormBackwardKernel kernel, in BatchNormBackwardArgs args, in Operand gradient)
        {
            bool is64Bit = kernel.Is64Bit;
            Operand? y = kernel.HasY ? args.Y : null, more = kernel.HasMore ? args.GradYMore : null, kept = kernel.HasKept ? args.GradResidual : null;
            arguments.Add(args.X);
            arguments.Add(gradient);
            arguments.AddOptional(y);
            arguments.AddStrides(args.X, is64Bit);
            arguments.AddStrides(gradient, is64Bit);
            arguments.AddStrides(y, is64Bit);
            arguments.AddOptional(more);
            arguments.AddStrides(more, is64Bit);
            arguments.AddOptional(kept);
            arguments.AddStrides(kept, is64Bit);
            ChannelVector.Bind(ref arguments, args.Mean, is64Bit);
            ChannelVector.Bind(ref arguments, args.InverseStd, is64Bit);
        }

        /// <summary>dy and x̂ of elements. The first pass over them keeps dy where that is asked for.</summary>
        public (Value Gradient, Value Normalized)[] Load((Value Image, Value Index)[] elements, bool keep)
        {
            Value[] x = _items.Load(_x, _xStrides, elements);
            Value[] dy = _kept is null || keep ? Passed(elements) : _items.Load(_kept, _keptStrides!, elements);
            if (_kept is not null && keep)
            {
                _items.Store(_kept, _keptStrides!, elements, dy);
            }

            return [.. dy.Zip(x, (gradient, number) => (gradient, (number - _mean) * InverseStd))];
        }

        private Value[] Passed((Value Image, Value Index)[] elements)
        {
            Value[] dy = _items.Load(_dy, _dyStrides, elements);
            dy = _more is null ? dy : [.. dy.Zip(_items.Load(_more, _moreStrides!, elements), static (a, b) => a + b)];
            return _y is null ? dy : [.. dy.Zip(_items.Load(_y, _yStrides!, elements), (gradient, result) => _k.Select(result > 0, gradient, gradient.Like(0)))];
        }
    }
}
