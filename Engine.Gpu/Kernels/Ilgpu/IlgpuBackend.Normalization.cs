using System.Numerics;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>Batch normalisation: one launch where a group can see its channels as a whole, otherwise two.</summary>
internal sealed partial class IlgpuBackend
{
    protected override void BatchNormForwardCore(in BatchNormForwardArgs args)
    {
        DType dtype = args.X.DType;
        bool isCovered = AreCovered(
            dtype, args.X, args.Y, args.Residual, args.Scale, args.Shift, args.Mean, args.InverseStd, args.RunningMean, args.RunningVariance)
            && args.RunningMean is null == args.RunningVariance is null;
        if (!isCovered)
        {
            base.BatchNormForwardCore(args);
        }
        else if (dtype == DType.Float64)
        {
            NormalizeForward<double>(args);
        }
        else
        {
            NormalizeForward<float>(args);
        }
    }

    protected override void BatchNormBackwardCore(in BatchNormBackwardArgs args)
    {
        DType dtype = args.X.DType;
        bool isCovered = AreCovered(
            dtype, args.X, args.GradY, args.GradYMore, args.Y, args.Scale, args.Mean, args.InverseStd, args.GradX, args.GradResidual, args.GradScale, args.GradShift)
            && !args.AddsToGradX;
        if (!isCovered)
        {
            base.BatchNormBackwardCore(args);
        }
        else if (dtype == DType.Float64)
        {
            NormalizeBackward<double>(args);
        }
        else
        {
            NormalizeBackward<float>(args);
        }
    }

    private void NormalizeForward<T>(in BatchNormForwardArgs args)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Operand x = args.X;
        ChannelTiles tiles = ChannelTiles.Choose(Target, x);
        ChannelWork work = new(tiles, x.Shape[2]);
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = null;
        if (tiles.Chunks > 1)
        {
            partials = Partials(3, tiles, x.DType);
            IlgpuArguments first = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 16], Target.Api);
            ChannelSteps steps = AddImages(ref first, x, x);
            first.AddView(partials.Value);
            first.AddStructure(work);
            first.AddStructure(steps);
            Launch(BatchNormMethods<T>.Partials, tiles.Grid, ref first);
        }

        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 64], Target.Api);
        ChannelSteps xSteps = AddImages(ref arguments, x, x), ySteps = AddImages(ref arguments, args.Y, x), residualSteps = AddImages(ref arguments, args.Residual, x);
        AddVector(ref arguments, partials, x);
        VectorSteps scale = AddVector(ref arguments, args.Scale, x), shift = AddVector(ref arguments, args.Shift, x);
        VectorSteps mean = AddVector(ref arguments, args.Mean, x), inverse = AddVector(ref arguments, args.InverseStd, x);
        VectorSteps runningMean = AddVector(ref arguments, args.RunningMean, x), runningVariance = AddVector(ref arguments, args.RunningVariance, x);
        if (args.BatchCount is { } batchCount)
        {
            arguments.AddView(batchCount);
        }
        else
        {
            arguments.AddEmptyView(x);
        }

        arguments.AddStructure(work);
        arguments.AddStructure(xSteps);
        arguments.AddStructure(ySteps);
        arguments.AddStructure(residualSteps);
        arguments.AddStructure(scale);
        arguments.AddStructure(shift);
        arguments.AddStructure(mean);
        arguments.AddStructure(inverse);
        arguments.AddStructure(runningMean);
        arguments.AddStructure(runningVariance);

        // The one value of a channel has no unbiased variance; only running statistics ask for it, and then there are more.
        double unbiased = args.RunningMean is null ? 0 : args.Momentum * tiles.Count / (tiles.Count - 1.0);
        arguments.AddStructure(new BatchNormNumbers<T>(
            T.CreateTruncating(args.Epsilon), T.CreateTruncating(1 - args.Momentum), T.CreateTruncating(args.Momentum), T.CreateTruncating(unbiased)));
        arguments.Add(args.Relu ? 1 : 0);
        Launch(BatchNormMethods<T>.Forward, tiles.Grid, ref arguments);
    }

    private void NormalizeBackward<T>(in BatchNormBackwardArgs args)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Operand x = args.X, dy = args.GradY;
        Operand? more = args.GradYMore, y = args.Y, kept = args.GradResidual;
        ChannelTiles tiles = ChannelTiles.Choose(Target, x);
        ChannelWork work = new(tiles, x.Shape[2]);
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = null;
        if (tiles.Chunks > 1)
        {
            partials = Partials(2, tiles, x.DType);
            IlgpuArguments first = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 48], Target.Api);
            ChannelSteps x1 = AddImages(ref first, x, x), dy1 = AddImages(ref first, dy, x), more1 = AddImages(ref first, more, x), y1 = AddImages(ref first, y, x);
            ChannelSteps kept1 = AddImages(ref first, kept, x);
            VectorSteps mean1 = AddVector(ref first, args.Mean, x), inverse1 = AddVector(ref first, args.InverseStd, x);
            first.AddView(partials.Value);
            first.AddStructure(work);
            first.AddStructure(x1);
            first.AddStructure(dy1);
            first.AddStructure(more1);
            first.AddStructure(y1);
            first.AddStructure(kept1);
            first.AddStructure(mean1);
            first.AddStructure(inverse1);
            Launch(BatchNormMethods<T>.GradientPartials, tiles.Grid, ref first);
            if (kept is { } passed)
            {
                // The first launch has kept the gradient that passed the ReLU: the second one reads it there.
                (dy, more, y, kept) = (passed, null, null, null);
            }
        }

        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 64], Target.Api);
        ChannelSteps xSteps = AddImages(ref arguments, x, x), dySteps = AddImages(ref arguments, dy, x), moreSteps = AddImages(ref arguments, more, x);
        ChannelSteps ySteps = AddImages(ref arguments, y, x), keptSteps = AddImages(ref arguments, kept, x), dxSteps = AddImages(ref arguments, args.GradX, x);
        VectorSteps mean = AddVector(ref arguments, args.Mean, x), inverse = AddVector(ref arguments, args.InverseStd, x);
        VectorSteps scale = AddVector(ref arguments, args.Scale, x);
        AddVector(ref arguments, partials, x);
        VectorSteps gradShift = AddVector(ref arguments, args.GradShift, x), gradScale = AddVector(ref arguments, args.GradScale, x);
        arguments.AddStructure(work);
        arguments.AddStructure(xSteps);
        arguments.AddStructure(dySteps);
        arguments.AddStructure(moreSteps);
        arguments.AddStructure(ySteps);
        arguments.AddStructure(keptSteps);
        arguments.AddStructure(dxSteps);
        arguments.AddStructure(mean);
        arguments.AddStructure(inverse);
        arguments.AddStructure(scale);
        arguments.AddStructure(gradShift);
        arguments.AddStructure(gradScale);
        AddNumber<T>(ref arguments, 1.0 / tiles.Count);

        // Without a gradient of the images there is nothing to do for more than one group a channel.
        Launch(BatchNormMethods<T>.Backward, args.GradX is null ? new LaunchGrid(tiles.Tiles) : tiles.Grid, ref arguments);
    }

    /// <summary>Room for some numbers per chunk and channel; until the surrounding scope ends.</summary>
    private Operand Partials(int numbers, in ChannelTiles tiles, DType dtype) => Temporary((long)numbers * tiles.Chunks * tiles.Channels, dtype);

    private static void AddNumber<T>(ref IlgpuArguments arguments, double value)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(double))
        {
            arguments.Add(value);
        }
        else
        {
            arguments.Add((float)value);
        }
    }

    private void Launch(MethodInfo method, LaunchGrid grid, ref IlgpuArguments arguments) =>
        Launch(new IlgpuKernelDefinition(method, new GroupShape(Target.GroupSize)), grid, arguments.Finish());

    private static class BatchNormMethods<T>
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        public static readonly MethodInfo Partials = ((Delegate)BatchNormKernels.ChannelPartials<T>).Method;
        public static readonly MethodInfo Forward = ((Delegate)BatchNormKernels.BatchNorm<T>).Method;
        public static readonly MethodInfo GradientPartials = ((Delegate)BatchNormGradientKernels.GradientPartials<T>).Method;
        public static readonly MethodInfo Backward = ((Delegate)BatchNormGradientKernels.BatchNormGradients<T>).Method;
    }
}
