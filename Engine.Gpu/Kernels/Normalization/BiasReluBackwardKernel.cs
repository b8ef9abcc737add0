namespace Engine.Gpu;

/// <summary>The gradient to the input of a ReLU and its sum per channel, which is the gradient of the bias.</summary>
/// <remarks>In parts: a launch passes the gradient on and leaves sums of chunks; its last group, or where groups cannot see each other's results a second launch, adds those up in order.</remarks>
internal readonly record struct BiasReluBackwardKernel(ChannelStage Stage, ChannelShape Shape, DType Element, bool Is64Bit) : IKernelDefinition
{
    /// <summary>In a launch of chunks: whether the last group of a tile of channels adds them.</summary>
    public bool AddsChunks { get; init; }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = Shape.NewBuilder("bias_relu_backward", target);
        RegisterType type = Element.InRegister();
        Memory? partial = Stage == ChannelStage.Whole ? null : k.Buffer("partials", type.InMemory());
        ChannelItems items = new(k, Shape);
        Variable[] sums = items.Sums(type);
        Value[] Own() => Array.ConvertAll(sums, static sum => sum.Value);
        void Add(Value[] more)
        {
            for (int i = 0; i < more.Length; i++)
            {
                sums[i % sums.Length].Value += more[i];
            }
        }

        void AddChunks() => items.ForEachChunk(chunk => Add(items.LoadPartial(partial!, 0, chunk)));
        if (Stage == ChannelStage.Apply)
        {
            AddChunks();
        }
        else
        {
            PassOn(k, items, Add);
        }

        GroupReduction reduction = items.Reduction([.. Enumerable.Repeat(type, items.Width)]);
        BiasReluBackwardKernel kernel = this;
        if (Stage != ChannelStage.Partial)
        {
            reduction.Sums(Own(), items.IsFirst & k.GroupY.Is(0), all => kernel.Finish(k, items, all));
            return k.Build();
        }

        reduction.Sums(Own(), items.IsFirst, all => items.StorePartial(partial!, 0, all));
        if (AddsChunks)
        {
            Memory counters = k.Buffer("arrivals", DType.Int32);
            k.If(k.IsLastGroup(counters, k.GroupX, k.GroupCountY), () =>
            {
                foreach (Variable sum in sums)
                {
                    sum.Value = sum.Value.Like(0);
                }

                AddChunks();
                reduction.Sums(Own(), items.IsFirst, all => kernel.Finish(k, items, all));
            }, uniform: true);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(
        ref ArgumentList arguments, in Operand gradY, in Operand y, in Operand gradX, in Operand gradBias, in ChannelTiles tiles, in Operand? partials, KernelArgument? counters = null)
    {
        arguments.AddOptional(partials);
        ChannelItems.Bind(ref arguments, tiles, gradX.Shape[2]);
        if (Stage != ChannelStage.Apply)
        {
            arguments.Add(gradY);
            arguments.Add(y);
            arguments.Add(gradX);
            arguments.AddStrides(gradY, Is64Bit);
            arguments.AddStrides(y, Is64Bit);
            arguments.AddStrides(gradX, Is64Bit);
        }

        if (counters is { } arrivals)
        {
            arguments.Add(arrivals);
        }

        if (Stage != ChannelStage.Partial || AddsChunks)
        {
            ChannelVector.Bind(ref arguments, gradBias, Is64Bit);
        }
    }

    private void Finish(KernelBuilder k, ChannelItems items, Value[] gradients) =>
        new ChannelVector(k, items.Channel, Element, Is64Bit, items.Width).UpdateEach("dbias", null, (_, i) => gradients[i]);

    private void PassOn(KernelBuilder k, ChannelItems items, Action<Value[]> add)
    {
        Memory gradient = k.Buffer("dy", Element), result = k.Buffer("y", Element), output = k.Buffer("dx", Element);
        StridesParameter dy = new(k, "dy", 3, Is64Bit), y = new(k, "y", 3, Is64Bit), dx = new(k, "dx", 3, Is64Bit);
        items.ForEach(
            elements =>
            {
                Value[] numbers = items.Load(gradient, dy, elements), results = items.Load(result, y, elements);
                Value[] passed = [.. numbers.Zip(results, (number, behind) => k.Select(behind > 0, number, number.Like(0)))];
                items.Store(output, dx, elements, passed);
                add(passed);
            },
            operands: 2);
    }
}
