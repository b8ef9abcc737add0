using System.Numerics;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>Matrix products.</summary>
internal sealed partial class IlgpuBackend
{
    // A block has 64 rows. With so few, work-items that make one result each have more to do than those of a block that is mostly empty.
    private const int FewRows = 16;

    protected override void GemmCore(in GemmArgs args)
    {
        var problem = GemmProblem.From(args);
        if (!Covers(problem))
        {
            base.GemmCore(args);
            return;
        }

        bool isRelu = IsRelu(args.Activation);
        if (args.C.DType == DType.Float64)
        {
            Multiply<double>(problem, isRelu);
        }
        else
        {
            Multiply<float>(problem, isRelu);
        }

        if (!isRelu)
        {
            Activate(args.Activation, args.C);
        }
    }

    /// <summary>Integers and half precision, operands of more than 2³¹ elements and batches that step through memory in three ways are not for these kernels.</summary>
    private bool Covers(in GemmProblem problem)
    {
        Operand a = problem.A.Operand, b = problem.B.Operand, c = problem.C.Operand;
        Operand? bias = problem.Bias?.Operand;
        return HaveKernels(c, bias) && StridedMemory.AreNear(a, b, c, bias) && problem.Batch.Count <= 2
            && (IsFlat(problem) ? Target.MaxGroupSize >= MatrixProductKernels.DirectGroupSize : HasRoomForBlocks(c.DType));
    }

    private static bool IsFlat(in GemmProblem problem) => Math.Min(problem.M, problem.N) <= FewRows;

    private void Multiply<T>(GemmProblem problem, bool isRelu)
        where T : unmanaged, INumber<T>
    {
        // Neighbouring work-items write along the columns.
        bool isFlat = IsFlat(problem);
        if (isFlat ? problem.N < problem.M : problem.C.Row == 1 && problem.C.Column != 1)
        {
            problem.Transpose();
        }

        BatchAxis outer = problem.Batch.Count == 2 ? problem.Batch[0] : new BatchAxis(1, 0, 0, 0, 0);
        BatchAxis inner = problem.Batch.Count > 0 ? problem.Batch[problem.Batch.Count - 1] : new BatchAxis(1, 0, 0, 0, 0);
        StridedMemory a = StridedMemory.Of(problem.A.Operand), b = StridedMemory.Of(problem.B.Operand), c = StridedMemory.Of(problem.C.Operand);
        IlgpuArguments arguments = new(stackalloc KernelArgument[IlgpuArguments.MostInFront + 40], Target.Api);
        arguments.AddView(a.Memory);
        arguments.AddView(b.Memory);
        arguments.AddView(c.Memory);
        int biasOrigin = AddBias(ref arguments, problem.Bias?.Operand, problem.C.Operand);
        arguments.AddStructure(new MatrixProductSizes(problem.M, problem.N, problem.K, outer.Size, inner.Size));
        arguments.AddStructure(Steps(problem.A, a.Origin, outer.A, inner.A));
        arguments.AddStructure(Steps(problem.B, b.Origin, outer.B, inner.B));
        arguments.AddStructure(Steps(problem.C, c.Origin, outer.C, inner.C));
        arguments.AddStructure(Steps(problem.Bias ?? new MatrixView(problem.C.Operand, 0, 0), biasOrigin, outer.Bias, inner.Bias));
        arguments.AddStructure(Ending<T>(problem.Alpha, problem.Beta, problem.Bias is not null, isRelu));
        if (isFlat)
        {
            LaunchItems(ProductMethods<T>.Direct, MatrixProductKernels.DirectGroupSize, (long)problem.M * problem.N * problem.Batch.Total, arguments.Finish());
        }
        else
        {
            int blocks = checked(BlockProduct.Blocks(problem.M) * BlockProduct.Blocks(problem.N) * problem.Batch.Total);
            Launch(new IlgpuKernelDefinition(ProductMethods<T>.Tiled, new GroupShape(BlockProduct.GroupSize)), new LaunchGrid(blocks), arguments.Finish());
        }
    }

    private static MatrixSteps Steps(in MatrixView matrix, int origin, long outer, long inner) => new(origin, (int)matrix.Row, (int)matrix.Column, (int)outer, (int)inner);

    /// <summary>The kernels know float32 and float64, and a bias of the same type.</summary>
    private static bool HaveKernels(in Operand result, in Operand? bias) =>
        result.DType is DType.Float32 or DType.Float64 && (bias is null || bias.Value.DType == result.DType);

    /// <summary>Whether a group of the tiled kernels fits into the device.</summary>
    private bool HasRoomForBlocks(DType dtype) =>
        Target.MaxGroupSize >= BlockProduct.GroupSize && Target.SharedBytes >= 2 * BlockProduct.SliceLength * dtype.SizeInBytes();

    /// <summary>Adds the bias, or a view without elements. Returns the offset of its first element.</summary>
    private static int AddBias(ref IlgpuArguments arguments, in Operand? bias, in Operand result)
    {
        if (bias is null)
        {
            arguments.AddEmptyView(result);
            return 0;
        }

        StridedMemory memory = StridedMemory.Of(bias.Value);
        arguments.AddView(memory.Memory);
        return memory.Origin;
    }

    private static ProductEnding<T> Ending<T>(double alpha, double beta, bool hasBias, bool isRelu)
        where T : unmanaged, INumber<T>
    {
        int options = (beta != 0 ? ProductOptions.HasBeta : 0) | (hasBias ? ProductOptions.HasBias : 0) | (isRelu ? ProductOptions.HasRelu : 0);
        return new ProductEnding<T>(T.CreateTruncating(alpha), T.CreateTruncating(beta), options);
    }

    private static bool IsRelu(MapProgram? activation) => activation is not null && activation.Equals(Programs.Relu);

    /// <summary>ReLU is a part of the kernels; any other activation is a program of its own, carried out in place.</summary>
    private void Activate(MapProgram? activation, in Operand result)
    {
        if (activation is null)
        {
            return;
        }

        Map(new MapArgs
        {
            Program = activation,
            ComputeType = result.DType,
            Shape = result.Shape,
            Inputs = [result],
            Outputs = [result],
            Parameters = [],
        });
    }

    /// <summary>Launches groups that cover so many work-items.</summary>
    private void LaunchItems(MethodInfo method, int groupSize, long items, ReadOnlySpan<KernelArgument> arguments) =>
        Launch(new IlgpuKernelDefinition(method, new GroupShape(groupSize)), new LaunchGrid(checked((int)((items + groupSize - 1) / groupSize))), arguments);

    private static class ProductMethods<T>
        where T : unmanaged, INumber<T>
    {
        public static readonly MethodInfo Tiled = ((Delegate)MatrixProductKernels.TiledProduct<T>).Method;
        public static readonly MethodInfo Direct = ((Delegate)MatrixProductKernels.DirectProduct<T>).Method;
    }
}
