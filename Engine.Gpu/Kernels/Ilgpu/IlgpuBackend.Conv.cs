using System.Numerics;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>Convolutions, in the two forms to which the base class reduces all directions.</summary>
internal sealed partial class IlgpuBackend
{
    // With fewer channels slices along them are mostly empty.
    private const int FewChannels = 8;

    // Parts of fewer pixels would cost more to add up than they save.
    private const int FewPixels = 1024;

    private protected override void Correlate(in Correlation c)
    {
        bool isTiled = c.OutChannels > FewRows && c.InChannels >= FewChannels && HasRoomForBlocks(c.Out.DType);
        if (!Covers(c) || (!isTiled && Target.MaxGroupSize < CorrelationKernels.DirectGroupSize))
        {
            base.Correlate(c);
            return;
        }

        if (c.Out.DType == DType.Float64)
        {
            Correlate<double>(c, isTiled);
        }
        else
        {
            Correlate<float>(c, isTiled);
        }

        if (!IsRelu(c.Activation))
        {
            Activate(c.Activation, c.Out);
        }
    }

    /// <summary>Each phase on its own: they are single correlations here.</summary>
    private protected override bool TryCorrelatePhases(in Correlation c) => false;

    /// <summary>Few channels have a kernel of one work-item a result here.</summary>
    private protected override bool TryDepthwise(in ConvGeometry g, in Correlation c, bool isBackward) => false;

    private protected override bool TryDepthwiseWeights(in ConvGeometry g, in Correlation c) => false;

    private protected override void CorrelateWeights(in Correlation c, double beta)
    {
        if (!Covers(c))
        {
            base.CorrelateWeights(c, beta);
        }
        else if (c.Out.DType == DType.Float64)
        {
            CorrelateWeights<double>(c, beta);
        }
        else
        {
            CorrelateWeights<float>(c, beta);
        }
    }

    private static bool Covers(in Correlation c) =>
        HaveKernels(c.Out, c.Bias) && !c.Is64Bit && StridedMemory.AreNear(c.In, c.Out, c.Weight, c.Bias) && c.Pixels * c.OutChannels * c.Groups <= MostPixels;

    private void Correlate<T>(in Correlation c, bool isTiled)
        where T : unmanaged, INumber<T>
    {
        StridedMemory image = StridedMemory.Of(c.In), weight = StridedMemory.Of(c.Weight), result = StridedMemory.Of(c.Out);
        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 40], Target.Api);
        arguments.AddView(image.Memory);
        arguments.AddView(weight.Memory);
        arguments.AddView(result.Memory);
        int biasOrigin = AddBias(ref arguments, c.Bias, c.Out);
        AddWindow(ref arguments, c);
        arguments.AddStructure(Steps(c.In, image.Origin, 0, 1, 1));
        arguments.AddStructure(Steps(c, weight.Origin));
        arguments.AddStructure(Steps(c.Out, result.Origin, c.OutOrigin, c.Rows.OutStep, c.Columns.OutStep));
        arguments.Add(biasOrigin);
        arguments.Add((int)c.BiasStride);
        arguments.AddStructure(Ending<T>(1, 0, c.Bias is not null, IsRelu(c.Activation)));
        if (isTiled)
        {
            int blocks = checked(BlockProduct.Blocks((int)c.Pixels) * BlockProduct.Blocks(c.OutChannels) * c.Groups);
            Launch(new IlgpuKernelDefinition(CorrelationMethods<T>.Tiled, new GroupShape(BlockProduct.GroupSize)), new LaunchGrid(blocks), arguments.Finish());
        }
        else
        {
            LaunchItems(CorrelationMethods<T>.Direct, CorrelationKernels.DirectGroupSize, c.Pixels * c.OutChannels * c.Groups, arguments.Finish());
        }
    }

    private void CorrelateWeights<T>(in Correlation c, double beta)
        where T : unmanaged, INumber<T>
    {
        if (Math.Min(c.OutChannels, c.InChannels) <= FewRows || !HasRoomForBlocks(c.Out.DType))
        {
            CorrelateWeightsDirectly<T>(c, beta);
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        ConvolutionChannels channels = new(c.Groups, c.OutChannels, c.InChannels);
        int results = checked(c.Groups * c.OutChannels * c.Depth), taps = c.Rows.Taps * c.Columns.Taps;
        int groups = checked(BlockProduct.Blocks(c.OutChannels) * BlockProduct.Blocks(c.InChannels) * taps * c.Groups);
        int parts = Parts(groups, (int)c.Pixels, results);
        bool isSplit = parts > 1;
        StridedMemory image = StridedMemory.Of(c.In), grad = StridedMemory.Of(c.Out), weight = StridedMemory.Of(c.Weight);
        StridedMemory target = isSplit ? new StridedMemory(Temporary((long)parts * results, c.Weight.DType), 0) : weight;
        FilterSteps packed = new(0, c.OutChannels * c.Depth, c.Depth, taps, c.Columns.Taps, 1);
        ProductEnding<T> ending = Ending<T>(1, beta, hasBias: false, isRelu: false);
        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 40], Target.Api);
        arguments.AddView(grad.Memory);
        arguments.AddView(image.Memory);
        arguments.AddView(target.Memory);
        AddWindow(ref arguments, c);
        arguments.AddStructure(new WindowIndices(c.Rows.Count, 1, 0, 1, 0));
        arguments.AddStructure(new WindowIndices(c.Columns.Count, 1, 0, 1, 0));
        arguments.AddStructure(Steps(c.Out, grad.Origin, c.OutOrigin, c.Rows.OutStep, c.Columns.OutStep));
        arguments.AddStructure(Steps(c.In, image.Origin, 0, 1, 1));
        arguments.AddStructure(isSplit ? packed : Steps(c, weight.Origin));
        arguments.Add(results);
        arguments.Add(PixelsOfPart((int)c.Pixels, parts));
        arguments.AddStructure(isSplit ? Ending<T>(1, 0, hasBias: false, isRelu: false) : ending);
        Launch(new IlgpuKernelDefinition(WeightGradientMethods<T>.Tiled, new GroupShape(BlockProduct.GroupSize)), new LaunchGrid(checked(groups * parts)), arguments.Finish());
        if (isSplit)
        {
            IlgpuArguments sums = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 24], Target.Api);
            sums.AddView(target.Memory);
            sums.AddView(weight.Memory);
            sums.AddStructure(channels);
            sums.Add(c.Rows.Taps);
            sums.Add(c.Columns.Taps);
            sums.AddStructure(Steps(c, weight.Origin));
            sums.Add(parts);
            sums.AddStructure(ending);
            LaunchItems(WeightGradientMethods<T>.SumOfParts, WeightGradientKernels.SumGroupSize, results, sums.Finish());
        }
    }

    private void CorrelateWeightsDirectly<T>(in Correlation c, double beta)
        where T : unmanaged, INumber<T>
    {
        StridedMemory image = StridedMemory.Of(c.In), grad = StridedMemory.Of(c.Out), weight = StridedMemory.Of(c.Weight);
        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 40], Target.Api);
        arguments.AddView(grad.Memory);
        arguments.AddView(image.Memory);
        arguments.AddView(weight.Memory);
        AddWindow(ref arguments, c);
        arguments.AddStructure(Steps(c.Out, grad.Origin, c.OutOrigin, c.Rows.OutStep, c.Columns.OutStep));
        arguments.AddStructure(Steps(c.In, image.Origin, 0, 1, 1));
        arguments.AddStructure(Steps(c, weight.Origin));
        arguments.AddStructure(Ending<T>(1, beta, hasBias: false, isRelu: false));

        // A processor runs the work-items of a group one after another, so that many of them gain nothing.
        GroupShape group = new(Math.Min(Target.IsProcessor ? 16 : WeightGradientKernels.MaxDirectGroupSize, Target.GroupSize));
        Launch(new IlgpuKernelDefinition(WeightGradientMethods<T>.Direct, group), new LaunchGrid(checked(c.Groups * c.OutChannels * c.Depth)), arguments.Finish());
    }

    /// <summary>Into how many parts the pixels are divided: so many that all compute units have work, but none of them little.</summary>
    private int Parts(int groups, int pixels, int results)
    {
        const int GroupsPerUnit = 4;
        const long MostElements = 1 << 24;
        long parts = Math.Min(Math.Min(GroupsPerUnit * (long)Target.ComputeUnits / groups, pixels / FewPixels), MostElements / results);
        return (int)Math.Max(1, parts);
    }

    private static int PixelsOfPart(int pixels, int parts)
    {
        int slices = (pixels + BlockProduct.Depth - 1) / BlockProduct.Depth;
        return (slices + parts - 1) / parts * BlockProduct.Depth;
    }

    /// <summary>The arguments of all kernels of convolutions: channels, pixels, and the window's indices.</summary>
    private static void AddWindow(ref IlgpuArguments arguments, in Correlation c)
    {
        arguments.AddStructure(new ConvolutionChannels(c.Groups, c.OutChannels, c.InChannels));
        arguments.AddStructure(new PixelGrid(c.Batch, c.Rows.Count, c.Columns.Count));
        arguments.AddStructure(new WindowIndices(c.Rows.Size, c.Rows.Taps, c.Rows.Origin, c.Rows.Step, c.Rows.TapStep));
        arguments.AddStructure(new WindowIndices(c.Columns.Size, c.Columns.Taps, c.Columns.Origin, c.Columns.Step, c.Columns.TapStep));
    }

    /// <summary>Where images lie whose rows and columns are taken in steps.</summary>
    private static ImageStrides Steps(in Operand images, int first, long origin, int rowStep, int columnStep)
    {
        ReadOnlySpan<long> strides = images.Layout.Strides;
        return new ImageStrides(first + (int)origin, (int)strides[0], (int)strides[1], (int)strides[2] * rowStep, (int)strides[3] * columnStep);
    }

    /// <summary>Where the filters lie, or their gradient.</summary>
    private static FilterSteps Steps(in Correlation c, int origin)
    {
        (long output, long input, long row, long column) = c.WeightStrides;
        return new FilterSteps(origin + (int)c.WeightOrigin, (int)c.WeightGroup, (int)output, (int)input, (int)row, (int)column);
    }

    private static class CorrelationMethods<T>
        where T : unmanaged, INumber<T>
    {
        public static readonly MethodInfo Tiled = ((Delegate)CorrelationKernels.TiledCorrelation<T>).Method;
        public static readonly MethodInfo Direct = ((Delegate)CorrelationKernels.DirectCorrelation<T>).Method;
    }

    private static class WeightGradientMethods<T>
        where T : unmanaged, INumber<T>
    {
        public static readonly MethodInfo Tiled = ((Delegate)WeightGradientKernels.TiledWeightGradient<T>).Method;
        public static readonly MethodInfo SumOfParts = ((Delegate)WeightGradientKernels.SumOfParts<T>).Method;
        public static readonly MethodInfo Direct = ((Delegate)WeightGradientKernels.DirectWeightGradient<T>).Method;
    }
}
