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

    /// <summary>In a launch of chunks: whether the last group of a tile of channels adds them.</summary>
    public bool AddsChunks { get; init; }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = Shape.NewBuilder("batch_norm_backward", target);
        RegisterType type = Element.InRegister();
        DType numbers = type.InMemory();
        Memory? partials = Stage is ChannelStage.Partial or ChannelStage.Together or ChannelStage.Apply ? k.Buffer("partials", numbers) : null;
        Memory? totals = Stage == ChannelStage.Finished || AddsChunks ? k.Buffer("totals", numbers) : null;
        Memory? arrivals = Stage == ChannelStage.Together || AddsChunks ? k.Buffer("arrivals", DType.Int32) : null;
        ChannelItems items = new(k, Shape);
        Source source = new(k, items, this);
        if (Stage == ChannelStage.Finished)
        {
            WriteImages(k, items, source, items.LoadTotal(totals!, 0), items.LoadTotal(totals!, 1));
            return k.Build();
        }

        BatchNormBackwardKernel kernel = this;
        int width = items.Width;
        GroupReduction reduction = items.Reduction([.. Enumerable.Repeat(type, 2 * width)]);
        Value[] own = Stage == ChannelStage.Apply ? OfChunks(k, items, partials!, type) : OfElements(k, items, source, type);
        if (Stage is ChannelStage.Partial or ChannelStage.Together)
        {
            reduction.Sums(own, items.IsFirst, all =>
            {
                items.StorePartial(partials!, 0, all[..width]);
                items.StorePartial(partials!, 1, all[width..]);
            });
        }

        if (Stage != ChannelStage.Partial)
        {
            if (Stage == ChannelStage.Together)
            {
                items.Meet(arrivals!);
                own = OfChunks(k, items, partials!, type);
            }

            Value[] all = reduction.Sums(own);
            WriteVectors(k, items, all[..width], all[width..], items.IsFirst & k.GroupY.Is(0));
            if (HasGradX)
            {
                WriteImages(k, items, source, all[..width], all[width..]);
            }
        }
        else if (AddsChunks)
        {
            k.If(k.IsLastGroup(arrivals!, k.GroupX, k.GroupCountY), () => reduction.Sums(OfChunks(k, items, partials!, type), items.IsFirst, all =>
            {
                kernel.WriteVectors(k, items, all[..width], all[width..], null);
                items.StoreTotal(totals!, 0, all[..width]);
                items.StoreTotal(totals!, 1, all[width..]);
            }), uniform: true);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters. The gradient is the one of the call, or the one that an earlier launch has kept.</summary>
    public void Bind(
        ref ArgumentList arguments, in BatchNormBackwardArgs args, in ChannelTiles tiles, in Operand gradient, in Operand? partials = null, in Operand? totals = null, KernelArgument? arrivals = null)
    {
        arguments.AddOptional(partials);
        arguments.AddOptional(totals);
        ChannelItems.BindArrivals(ref arguments, arrivals);
        ChannelItems.Bind(ref arguments, tiles, args.X.Shape[2]);
        Source.Bind(ref arguments, this, args, gradient);
        if (Stage is ChannelStage.Whole or ChannelStage.Apply or ChannelStage.Together || AddsChunks)
        {
            ChannelVector.Bind(ref arguments, args.GradShift, Is64Bit);
            ChannelVector.Bind(ref arguments, args.GradScale, Is64Bit);
        }

        if (Stage != ChannelStage.Partial && HasGradX)
        {
            arguments.AddOptional(args.GradX);
            arguments.AddStrides(args.GradX, Is64Bit);
            arguments.AddNumber(Element.InRegister(), 1.0 / tiles.Count);
            ChannelVector.Bind(ref arguments, HasScale ? args.Scale : null, Is64Bit);
        }
    }

    // Σ dy of the item's channels, then Σ dy·x̂.
    private static Value[] OfElements(KernelBuilder k, ChannelItems items, Source source, RegisterType type)
    {
        int width = items.Width;
        Variable[] sums = items.Sums(type), products = items.Sums(type);
        items.ForEach(
            elements =>
            {
                (Value[] dy, Value[] distances) = source.Load(elements, keep: true);
                for (int i = 0; i < dy.Length; i++)
                {
                    sums[i % width].Value += dy[i];
                    products[i % width].Value = k.Fma(dy[i], distances[i], products[i % width].Value);
                }
            },
            source.Operands);
        return [.. sums.Select(static sum => sum.Value), .. products.Select((product, i) => product.Value * source.InverseStd[i])];
    }

    private static Value[] OfChunks(KernelBuilder k, ChannelItems items, Memory partials, RegisterType type)
    {
        Variable[] sums = [.. items.Sums(type), .. items.Sums(type)];
        items.ForEachChunk(chunk =>
        {
            Value[] more = [.. items.LoadPartial(partials, 0, chunk), .. items.LoadPartial(partials, 1, chunk)];
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i].Value += more[i];
            }
        });
        return Array.ConvertAll(sums, static sum => sum.Value);
    }

    private void WriteVectors(KernelBuilder k, ChannelItems items, Value[] sums, Value[] products, Value? isWriter)
    {
        ChannelVector vector = new(k, items.Channel, Gradients, Is64Bit, items.Width);
        vector.UpdateEach("dshift", isWriter, (_, i) => sums[i]);
        vector.UpdateEach("dscale", isWriter, (_, i) => products[i]);
    }

    // dx = scale / σ · (dy − mean of dy − x̂ · mean of dy·x̂), with what depends on the channel alone computed once.
    private void WriteImages(KernelBuilder k, ChannelItems items, Source source, Value[] sums, Value[] products)
    {
        RegisterType type = Element.InRegister();
        int width = items.Width;
        Memory output = k.Buffer("dx", Element);
        StridesParameter dx = new(k, "dx", 3, Is64Bit);
        Value share = k.Scalar("share", type);
        Value[] inverse = source.InverseStd;
        Value[] factor = HasScale ? [.. new ChannelVector(k, items.Channel, Affine, Is64Bit, width).LoadEach("scale").Select((scale, i) => scale.To(type) * inverse[i])] : inverse;
        Value[] slope = [.. factor.Select((number, i) => -(number * inverse[i] * (products[i] * share)))], constant = [.. factor.Select((number, i) => -(number * (sums[i] * share)))];
        bool adds = AddsToGradX;
        items.ForEach(
            elements =>
            {
                Value[] before = adds ? items.Load(output, dx, elements) : [];
                (Value[] dy, Value[] distances) = source.Load(elements, keep: false);
                for (int i = 0; i < dy.Length; i++)
                {
                    int channel = i % width;
                    dy[i] = k.Fma(dy[i], factor[channel], k.Fma(distances[i], slope[channel], constant[channel]));
                    dy[i] = adds ? dy[i] + before[i] : dy[i];
                }

                items.Store(output, dx, elements, dy);
            },
            source.Operands + (adds ? 1 : 0));
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
        private readonly Value[] _mean;

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
            ChannelVector vector = new(k, items.Channel, kernel.Element.ComputeType(), kernel.Is64Bit, items.Width);
            _mean = vector.LoadEach("mean");
            InverseStd = vector.LoadEach("inverse_std");
            Operands = 2 + (kernel.HasY ? 1 : 0) + (kernel.HasMore ? 1 : 0);
        }

        public Value[] InverseStd { get; }

        /// <summary>How many operands are read.</summary>
        public int Operands { get; }

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

        /// <summary>dy and x − mean of elements. The first pass over them keeps dy where that is asked for.</summary>
        public (Value[] Gradients, Value[] Distances) Load(ChannelElement[] elements, bool keep)
        {
            Value[] x = _items.Load(_x, _xStrides, elements);
            Value[] dy = _kept is null || keep ? Passed(elements) : _items.Load(_kept, _keptStrides!, elements);
            if (_kept is not null && keep)
            {
                _items.Store(_kept, _keptStrides!, elements, dy);
            }

            return (dy, [.. x.Select((number, i) => number - _mean[i % _items.Width])]);
        }

        private Value[] Passed(ChannelElement[] elements)
        {
            Value[] dy = _items.Load(_dy, _dyStrides, elements);
            dy = _more is null ? dy : [.. dy.Zip(_items.Load(_more, _moreStrides!, elements), static (a, b) => a + b)];
            return _y is null ? dy : [.. dy.Zip(_items.Load(_y, _yStrides!, elements), (gradient, result) => _k.Select(result > 0, gradient, gradient.Like(0)))];
        }
    }
}
