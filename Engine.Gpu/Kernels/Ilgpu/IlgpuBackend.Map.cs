using System.Numerics;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>The pointwise programs that are batch normalisation at prediction or the update of an optimizer.</summary>
internal sealed partial class IlgpuBackend
{
    protected override void MapCore(in MapArgs args)
    {
        if (args.DrawOffset is null && (TryScaleChannels(args) || TryUpdate(args)))
        {
            return;
        }

        base.MapCore(args);
    }

    protected override void MapGroupCore(in MapGroupArgs args)
    {
        if (OptimizerUpdate.Of(args.Program) is not { } update || !AreCovered(update, args))
        {
            base.MapGroupCore(args);
            return;
        }

        for (int item = 0; item < args.Count; item++)
        {
            Update(update, args[item]);
        }
    }

    private bool TryScaleChannels(in MapArgs args)
    {
        bool isFold = ReferenceEquals(args.Program, BatchNormPrograms.Fold);
        if (!isFold && !BatchNormPrograms.IsScaleShift(args.Program))
        {
            return false;
        }

        DType dtype = args.ComputeType;
        if (!AreCovered(dtype) || args.ParameterMemory is not null || !HaveType(dtype, args.Inputs) || !HaveType(dtype, args.Outputs))
        {
            return false;
        }

        return dtype == DType.Float64
            ? isFold ? TryFold<double>(args) : TryScale<double>(args)
            : isFold ? TryFold<float>(args) : TryScale<float>(args);
    }

    private bool TryFold<T>(in MapArgs args)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<VectorSteps> steps = stackalloc VectorSteps[6];
        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 32], Target.Api);
        for (int i = 0; i < steps.Length; i++)
        {
            Operand operand = i < 4 ? args.Inputs[i] : args.Outputs[i - 4];
            if (operand.Shape.Rank != 1 || !StridedMemory.AreNear(operand))
            {
                return false;
            }

            steps[i] = AddVector(ref arguments, operand, operand);
        }

        foreach (VectorSteps step in steps)
        {
            arguments.AddStructure(step);
        }

        arguments.Add(args.Shape[0]);
        AddNumber<T>(ref arguments, args.Parameters[BatchNormPrograms.Epsilon]);
        Launch(PredictionMethods<T>.Fold, new LaunchGrid((args.Shape[0] + Target.GroupSize - 1) / Target.GroupSize), ref arguments);
        return true;
    }

    private bool TryScale<T>(in MapArgs args)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Operand? residual = null;
        if (!TryAsImages(args.Inputs[BatchNormPrograms.X], out Operand x) || !TryAsImages(args.Outputs[0], out Operand y)
            || !TryAsVector(args.Inputs[BatchNormPrograms.Factor], out Operand factor) || !TryAsVector(args.Inputs[BatchNormPrograms.Offset], out Operand offset))
        {
            return false;
        }

        if (args.Inputs.Length > BatchNormPrograms.Residual)
        {
            if (!TryAsImages(args.Inputs[BatchNormPrograms.Residual], out Operand images))
            {
                return false;
            }

            residual = images;
        }

        if (!StridedMemory.AreNear(x, y, factor, offset, residual))
        {
            return false;
        }

        ChannelTiles tiles = ChannelTiles.Choose(Target, x);
        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 48], Target.Api);
        ChannelSteps xSteps = AddImages(ref arguments, x, x);
        VectorSteps factorSteps = AddVector(ref arguments, factor, x), offsetSteps = AddVector(ref arguments, offset, x);
        ChannelSteps residualSteps = AddImages(ref arguments, residual, x), ySteps = AddImages(ref arguments, y, x);
        arguments.AddStructure(new ChannelWork(tiles, x.Shape[2]));
        arguments.AddStructure(xSteps);
        arguments.AddStructure(factorSteps);
        arguments.AddStructure(offsetSteps);
        arguments.AddStructure(residualSteps);
        arguments.AddStructure(ySteps);
        arguments.Add(BatchNormPrograms.HasRelu(args.Program) ? 1 : 0);
        Launch(PredictionMethods<T>.Scale, tiles.Grid, ref arguments);
        return true;
    }

    /// <summary>[N, C, …] as [N, C, L], where that is a view.</summary>
    private static bool TryAsImages(in Operand operand, out Operand images)
    {
        Shape shape = operand.Shape;
        long length = 1;
        for (int axis = 2; axis < shape.Rank; axis++)
        {
            length *= shape[axis];
        }

        images = operand;
        if (shape.Rank < 2 || length > int.MaxValue || !operand.Layout.TryReshape([shape[0], shape[1], (int)length], out Layout layout))
        {
            return false;
        }

        images = operand.With(layout);
        return true;
    }

    /// <summary>The vector of one number per channel that was broadcast over the other axes.</summary>
    private static bool TryAsVector(in Operand operand, out Operand vector)
    {
        Layout layout = operand.Layout;
        vector = operand;
        for (int axis = 0; axis < layout.Rank; axis++)
        {
            if (axis != 1 && layout.Strides[axis] != 0 && layout.Shape[axis] > 1)
            {
                return false;
            }
        }

        vector = operand.With(new Layout([layout.Shape[1]], [layout.Strides[1]], layout.Offset));
        return true;
    }

    private static class PredictionMethods<T>
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        public static readonly MethodInfo Fold = ((Delegate)ChannelScaleKernels.FoldStatistics<T>).Method;
        public static readonly MethodInfo Scale = ((Delegate)ChannelScaleKernels.ScaleChannels<T>).Method;
    }
}
