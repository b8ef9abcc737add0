namespace Engine.Gpu;

/// <summary>The gradient to the input of a ReLU and its sum per channel, which is the gradient of the bias.</summary>
/// <remarks>In parts: the first launch passes the gradient on and leaves sums of chunks, the second adds those up in order.</remarks>
internal readonly record struct BiasReluBackwardKernel(ChannelStage Stage, ChannelShape Shape, DType Element, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = Shape.NewBuilder("bias_relu_backward", target);
        RegisterType type = Element.InRegister();
        Memory? partial = Stage == ChannelStage.Whole ? null : k.Buffer("partials", type == RegisterType.Float64 ? DType.Float64 : DType.Float32);
        ChannelItems items = new(k, Shape);
        Variable sum = k.Variable(k.Constant(type, 0));
        if (Stage == ChannelStage.Apply)
        {
            items.ForEachChunk(chunk => sum.Value += k.Load(partial!, items.PartialOffset(0, chunk)));
        }
        else
        {
            PassOn(k, items, sum);
        }

        Value total = items.Reduction(type).Sum(sum.Value);
        if (Stage == ChannelStage.Partial)
        {
            k.Store(partial!, items.PartialOffset(0, k.GroupY), total, items.IsFirst);
        }
        else
        {
            new ChannelVector(k, items.Channel, Element, Is64Bit).Update("dbias", items.IsFirst & k.GroupY.Is(0), _ => total);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(
        ref ArgumentList arguments, in Operand gradY, in Operand y, in Operand gradX, in Operand gradBias, in ChannelTiles tiles, in Operand? partials)
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

        if (Stage != ChannelStage.Partial)
        {
            ChannelVector.Bind(ref arguments, gradBias, Is64Bit);
        }
    }

    private void PassOn(KernelBuilder k, ChannelItems items, Variable sum)
    {
        Memory gradient = k.Buffer("dy", Element), result = k.Buffer("y", Element), output = k.Buffer("dx", Element);
        StridesParameter dy = new(k, "dy", 3, Is64Bit), y = new(k, "y", 3, Is64Bit), dx = new(k, "dx", 3, Is64Bit);
        items.ForEach(elements =>
        {
            Value[] numbers = items.Load(gradient, dy, elements), results = items.Load(result, y, elements);
            Value[] passed = [.. numbers.Zip(results, (number, behind) => k.Select(behind > 0, number, number.Like(0)))];
            items.Store(output, dx, elements, passed);
            foreach (Value number in passed)
            {
                sum.Value += number;
            }
        });
    }
}
