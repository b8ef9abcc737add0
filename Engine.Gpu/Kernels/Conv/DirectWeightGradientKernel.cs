namespace Engine.Gpu;

/// <summary>
/// The gradient to a convolution's filters with one group of work-items a filter's tap, which shares the pixels out: for groups of few
/// channels (depthwise convolutions above all), and for devices with little shared memory.
/// </summary>
/// <param name="GradType">Elements of the result's gradient.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="OutType">Elements of the filters' gradient.</param>
/// <param name="Compute">Float32 or Float64.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="IsPadded">Whether some taps lie outside of the image.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct DirectWeightGradientKernel(
    DType GradType, DType InType, DType OutType, DType Compute, Epilogue Epilogue, bool IsPadded, bool Is64Bit) : IKernelDefinition
{
    /// <summary>Work-items of a group.</summary>
    public static int GroupSize(GpuTarget target) => target.IsProcessor ? Math.Min(16, target.GroupSize) : target.GroupSize;

    /// <summary>The kernel of a correlation.</summary>
    public static DirectWeightGradientKernel Of(in Correlation c, DType compute, in Epilogue epilogue) =>
        new(c.Out.DType, c.In.DType, c.Weight.DType, compute, epilogue, c.IsPadded, c.Is64Bit);

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("conv_weight_direct", target, GroupSize(target));
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32, compute = Compute.InRegister();
        Memory grad = k.Buffer("grad", GradType, readOnly: true), image = k.Buffer("image", InType, readOnly: true), result = k.Buffer("result", OutType);
        Value pixels = k.Size("pixels");
        DivisorParameter groupChannels = new(k, "group_channels"), columns = new(k, "columns");
        NestedIndex pixel = new(k, "pixel"), tap = new(k, "tap");
        Value[] gradPixel = Strides3.Declare(k, "grad_pixel", type), imagePixel = Strides3.Declare(k, "image_pixel", type);
        Value[] imageTap = Strides3.Declare(k, "image_tap", type), resultTap = Strides3.Declare(k, "result_tap", type);
        Value gradChannel = k.Scalar("grad_channel", type), resultChannel = k.Scalar("result_channel", type);
        Value imageOrigin = k.Scalar("image_origin", type), imageGroup = k.Scalar("image_group", type);
        ImageParameters window = new(k);
        EpilogueParameters epilogue = new(k, Epilogue, compute);

        (Value channel, Value number) = columns.Divide(k.GroupX);
        (Value group, _) = groupChannels.Divide(channel);
        Address line = AddressMap.Nested(tap, imageTap, window.TapSteps(TapOrder.ChannelFirst)).At(number);
        Value imageAt = imageOrigin + (group.To(type) * imageGroup) + line.Offset;
        Value gradAt = channel.To(type) * gradChannel;
        AddressMap gradMap = AddressMap.Nested(pixel, gradPixel), imageMap = AddressMap.Nested(pixel, imagePixel, window.PixelSteps);
        bool padded = IsPadded;
        Variable sum = k.Variable(k.Constant(compute, 0));
        k.For(k.LocalId, pixels, k.Int32(k.GroupSize), index =>
        {
            Address at = imageMap.At(index);
            Value read = k.Load(image, imageAt + at.Offset, padded ? window.Bounds.Contain(line, at) : null).To(compute);
            sum.Value = k.Fma(k.Load(grad, gradAt + gradMap.At(index).Offset).To(compute), read, sum.Value);
        });
        Value total = new GroupReduction(k, compute).Sum(sum.Value);
        Value destination = (channel.To(type) * resultChannel) + AddressMap.Nested(tap, resultTap).At(number).Offset;
        Value first = k.LocalId.Is(0);
        Value? before = epilogue.HasBeta ? k.Load(result, destination, first) : null;
        k.Store(result, destination, epilogue.Apply(total, before, null, OutType), first);
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters; beta is the factor of the old values.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c, double beta)
    {
        arguments.Add(c.Out);
        arguments.Add(c.In);
        arguments.Add(c.Weight);
        arguments.Add((int)c.Pixels);
        arguments.Add(c.OutChannels, new Divisor(c.OutChannels));
        arguments.Add(c.Depth, new Divisor(c.Depth));
        NestedIndex.Bind(ref arguments, c.Rows.Count, c.Columns.Count);
        NestedIndex.Bind(ref arguments, c.Rows.Taps, c.Columns.Taps);
        c.OutSteps.Bind(ref arguments, Is64Bit);
        c.InSteps.Bind(ref arguments, Is64Bit);
        c.InTaps.Bind(ref arguments, Is64Bit);
        c.WeightTaps.Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.Out.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        arguments.AddIndex(c.InOrigin, Is64Bit);
        arguments.AddIndex(c.InChannels * c.In.Layout.Strides[1], Is64Bit);
        ImageParameters.Bind(ref arguments, c.Rows, c.Columns);
        Epilogue.Bind(ref arguments, Compute.InRegister(), 1, beta);
    }
}
