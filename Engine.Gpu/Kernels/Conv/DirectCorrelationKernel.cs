namespace Engine.Gpu;

/// <summary>
/// A <see cref="Correlation"/> with one work-item a result: for groups of few channels (depthwise convolutions above all), whose products
/// are too narrow for tiles, and for devices with little shared memory.
/// </summary>
/// <param name="ChannelsAreNeighbours">Whether neighbouring work-items take neighbouring channels, else columns.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="WeightType">Elements of the filters.</param>
/// <param name="OutType">Elements of the result.</param>
/// <param name="Compute">Float32 or Float64.</param>
/// <param name="IsPadded">Whether some taps lie outside of the image.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="HasPhases">Whether each result has the taps of its phase of a strided gradient.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct DirectCorrelationKernel(
    bool ChannelsAreNeighbours, DType InType, DType WeightType, DType OutType, DType Compute, bool IsPadded, Epilogue Epilogue, bool HasPhases, bool Is64Bit) : IKernelDefinition
{
    /// <summary>The kernel of a correlation.</summary>
    public static DirectCorrelationKernel Of(in Correlation c, DType compute) => new(
        Correlation.IsChannelsLast(c.Out, c.OutChannels * c.Groups), c.In.DType, c.Weight.DType, c.Out.DType, compute, c.IsPadded, c.Epilogue(BiasKind.Full), c.Phases is not null, c.Is64Bit);

    /// <summary>Results of a launch.</summary>
    public static long Results(in Correlation c) => c.Phases is { } phases ? (long)c.Batch * c.Groups * c.OutChannels * phases.Rows.Size * phases.Columns.Size : c.Results;

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("conv_direct", target, target.GroupSize);
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32, compute = Compute.InRegister();
        Memory image = k.Buffer("image", InType, readOnly: true), filters = k.Buffer("filters", WeightType, readOnly: true), result = k.Buffer("result", OutType);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Value count = k.Size("count"), inChannels = k.Size("in_channels"), tapRows = k.Size("tap_rows"), tapColumns = k.Size("tap_columns");
        DivisorParameter allChannels = new(k, "all_channels"), groupChannels = new(k, "group_channels"), pixels = new(k, "pixels");
        NestedIndex pixel = new(k, "pixel");
        Value[] imagePixel = Strides3.Declare(k, "image_pixel", type), imageTap = Strides3.Declare(k, "image_tap", type);
        Value[] filterTap = Strides3.Declare(k, "filter_tap", type), resultPixel = Strides3.Declare(k, "result_pixel", type);
        Value filterChannel = k.Scalar("filter_channel", type), resultChannel = k.Scalar("result_channel", type), biasChannel = k.Scalar("bias_channel", type);
        Value imageOrigin = k.Scalar("image_origin", type), imageGroup = k.Scalar("image_group", type), filterGroup = k.Scalar("filter_group", type);
        ImageParameters window = new(k);
        EpilogueParameters epilogue = new(k, Epilogue, compute);
        (PhaseParameters Rows, PhaseParameters Columns)? phases = HasPhases ? (new(k, "rows"), new(k, "columns")) : null;
        Value[] filterPixel = HasPhases ? [k.Scalar("filter_row", type), k.Scalar("filter_column", type)] : [];
        Value item = k.GlobalId;
        (bool neighbours, bool padded, DType outType) = (ChannelsAreNeighbours, IsPadded, OutType);
        k.If(item < count, () =>
        {
            // Work-items walk through pixels within a channel, or through channels within a pixel.
            Value channel, pixelIndex;
            if (neighbours)
            {
                (pixelIndex, channel) = allChannels.Divide(item);
            }
            else
            {
                (channel, pixelIndex) = pixels.Divide(item);
            }

            (Value group, Value inGroup) = groupChannels.Divide(channel);
            Value filterAt = (group.To(type) * filterGroup) + (inGroup.To(type) * filterChannel);
            Address line;
            if (phases is { } all)
            {
                (Value number, Value atRow, Value atColumn) = pixel.Split(pixelIndex);
                ((Value row, Value rowRest), (Value column, Value columnRest)) = (all.Rows.Stride.Divide(atRow), all.Columns.Stride.Divide(atColumn));
                Phase rows = all.Rows.At(rowRest), columns = all.Columns.At(columnRest);
                (tapRows, tapColumns) = (rows.Taps, columns.Taps);
                (Value firstRow, Value firstColumn) = (row + rows.Origin, column + columns.Origin);
                line = new Address((number.To(type) * imagePixel[0]) + (firstRow.To(type) * imagePixel[1]) + (firstColumn.To(type) * imagePixel[2]), firstRow, firstColumn);
                filterAt += (rows.FirstTap.To(type) * filterPixel[0]) + (columns.FirstTap.To(type) * filterPixel[1]);
            }
            else
            {
                line = AddressMap.Nested(pixel, imagePixel, window.PixelSteps).At(pixelIndex);
            }

            Value imageAt = imageOrigin + (group.To(type) * imageGroup) + line.Offset;
            ImageSteps steps = window.TapSteps(TapOrder.ChannelFirst);
            Variable sum = k.Variable(k.Constant(compute, 0));
            k.For(0, inChannels, 1, c => k.For(0, tapRows, 1, r => k.For(0, tapColumns, 1, s =>
            {
                Value Along(Value[] strides) => (c.To(type) * strides[0]) + (r.To(type) * strides[1]) + (s.To(type) * strides[2]);
                Value? inside = padded ? window.Bounds.Contain(line, new Address(imageAt, r * steps.Row, s * steps.Column)) : null;
                Value read = k.Load(image, imageAt + Along(imageTap), inside).To(compute);
                sum.Value = k.Fma(read, k.Load(filters, filterAt + Along(filterTap)).To(compute), sum.Value);
            })));
            Value at = (channel.To(type) * resultChannel) + AddressMap.Nested(pixel, resultPixel).At(pixelIndex).Offset;
            Value? added = bias is null ? null : k.Load(bias, channel.To(type) * biasChannel);
            k.Store(result, at, epilogue.Apply(sum.Value, null, added, outType));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments for so many results, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c, int count)
    {
        int channels = c.OutChannels * c.Groups, pixels = count / channels;
        (int resultRows, int resultColumns) = c.Phases is { } phases ? (phases.Rows.Size, phases.Columns.Size) : (c.Rows.Count, c.Columns.Count);
        arguments.Add(c.In);
        arguments.Add(c.Weight.Shifted(c.WeightOrigin));
        arguments.Add(c.Out.Shifted(c.OutOrigin));
        arguments.AddOptional(c.Bias);
        arguments.Add(count);
        arguments.Add(c.InChannels);
        arguments.Add(c.Rows.Taps);
        arguments.Add(c.Columns.Taps);
        arguments.Add(channels, new Divisor(channels));
        arguments.Add(c.OutChannels, new Divisor(c.OutChannels));
        arguments.Add(pixels, new Divisor(pixels));
        NestedIndex.Bind(ref arguments, resultRows, resultColumns);
        c.InSteps.Bind(ref arguments, Is64Bit);
        c.InTaps.Bind(ref arguments, Is64Bit);
        c.WeightTaps.Bind(ref arguments, Is64Bit);
        (HasPhases ? new Strides3(c.Out.Layout.Strides[0], c.Out.Layout.Strides[2], c.Out.Layout.Strides[3]) : c.OutSteps).Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        arguments.AddIndex(c.Out.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(c.BiasStride, Is64Bit);
        arguments.AddIndex(c.InOrigin, Is64Bit);
        arguments.AddIndex(c.InChannels * c.In.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(c.WeightGroup, Is64Bit);
        ImageParameters.Bind(ref arguments, c.Rows, c.Columns);
        if (c.Phases is { } both)
        {
            PhaseParameters.Bind(ref arguments, both.Rows);
            PhaseParameters.Bind(ref arguments, both.Columns);
            arguments.AddIndex(c.Weight.Layout.Strides[2], Is64Bit);
            arguments.AddIndex(c.Weight.Layout.Strides[3], Is64Bit);
        }
    }
}
