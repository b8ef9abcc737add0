using System.Numerics;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>The updates of optimizers, which come as pointwise programs over parameters, gradients and states; a launch for each parameter.</summary>
internal sealed partial class IlgpuBackend
{
    private bool TryUpdate(in MapArgs args)
    {
        if (args.Outputs.Length > 4 || OptimizerUpdate.Of(args.Program) is not { } update || !AreCovered(update, args))
        {
            return false;
        }

        Update(update, args);
        return true;
    }

    private static bool AreCovered(OptimizerUpdate update, in MapGroupArgs args)
    {
        if (args.ParameterStride != 0)
        {
            return false;
        }

        for (int item = 0; item < args.Count; item++)
        {
            if (!AreCovered(update, args[item]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether all tensors have the type that is computed in, lie alike, and are overwritten where they are.</summary>
    private static bool AreCovered(OptimizerUpdate update, in MapArgs args)
    {
        DType dtype = args.ComputeType;
        if (dtype is not (DType.Float32 or DType.Float64) || !HaveType(dtype, args.Inputs) || !HaveType(dtype, args.Outputs) || args.Shape.ElementCount > int.MaxValue)
        {
            return false;
        }

        int tensors = args.Inputs.Length - (update.IsConditional ? 1 : 0);
        for (int i = 0; i < tensors; i++)
        {
            if (!args.Inputs[i].Layout.IsContiguous || args.Inputs[i].Layout.Offset > int.MaxValue)
            {
                return false;
            }
        }

        for (int o = 0; o < args.Outputs.Length; o++)
        {
            // The gradient, input 1, is not overwritten.
            Operand before = args.Inputs[o == 0 ? 0 : o + 1], after = args.Outputs[o];
            if (before.Storage != after.Storage || before.Layout.Offset != after.Layout.Offset || !after.Layout.IsContiguous)
            {
                return false;
            }
        }

        return !update.IsConditional || IsOneNumber(args.Inputs[^1].Layout);
    }

    private static bool IsOneNumber(in Layout layout)
    {
        for (int axis = 0; axis < layout.Rank; axis++)
        {
            if (layout.Strides[axis] != 0 && layout.Shape[axis] > 1)
            {
                return false;
            }
        }

        return layout.Offset <= int.MaxValue;
    }

    private void Update(OptimizerUpdate update, in MapArgs args)
    {
        if (args.ComputeType == DType.Float64)
        {
            Update<double>(update, args);
        }
        else
        {
            Update<float>(update, args);
        }
    }

    private void Update<T>(OptimizerUpdate update, in MapArgs args)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Operand parameter = args.Inputs[0];
        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 40], Target.Api);
        arguments.AddView(parameter);
        arguments.AddView(args.Inputs[1]);
        int mostStates = update.IsAdaptive ? 3 : 1;
        for (int i = 0; i < mostStates; i++)
        {
            AddOptional(ref arguments, i < update.States ? args.Inputs[2 + i] : null, parameter);
        }

        AddOptional(ref arguments, update.IsConditional ? args.Inputs[^1] : null, parameter);
        AddOptional(ref arguments, args.ParameterMemory, parameter);
        arguments.AddStructure(HyperParameters<T>.Of(args.Parameters));
        arguments.Add(update.Options);
        int groups = (int)((args.Shape.ElementCount + Target.GroupSize - 1) / Target.GroupSize);
        Launch(update.IsAdaptive ? OptimizerMethods<T>.Adapt : OptimizerMethods<T>.Descend, new LaunchGrid(groups), ref arguments);
    }

    private static void AddOptional(ref IlgpuArguments arguments, in Operand? operand, in Operand other)
    {
        if (operand is { } given)
        {
            arguments.AddView(given);
        }
        else
        {
            arguments.AddEmptyView(other);
        }
    }

    private static class OptimizerMethods<T>
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        public static readonly MethodInfo Descend = ((Delegate)OptimizerKernels.Descend<T>).Method;
        public static readonly MethodInfo Adapt = ((Delegate)OptimizerKernels.Adapt<T>).Method;
    }
}
