using System.Numerics;

namespace Engine.Cpu;

/// <summary>Matrix products.</summary>
internal sealed unsafe partial class CpuBackend
{
    protected override void GemmCore(in GemmArgs args)
    {
        switch (args.C.DType)
        {
            case DType.Float32:
                Multiply<float>(args, Cpu.Gemm.Run);
                break;
            case DType.Float64:
                Multiply<double>(args, Cpu.Gemm.Run);
                break;
            case DType.Float16 or DType.BFloat16:
                MultiplyAs(DType.Float32, args);
                break;
            case DType.Int32 or DType.Int64 when double.IsInteger(args.Alpha) && double.IsInteger(args.Beta):
                if (args.C.DType == DType.Int32)
                {
                    Multiply<int>(args, static (in problem, batch, _, pool) => IntegerGemm.Run(problem, batch, pool));
                }
                else
                {
                    Multiply<long>(args, static (in problem, batch, _, pool) => IntegerGemm.Run(problem, batch, pool));
                }

                break;
            case DType.UInt8 or DType.Bool when double.IsInteger(args.Alpha) && double.IsInteger(args.Beta):
                // As a truth value a sum is true unless it is 0, so it must not wrap around to 0.
                MultiplyAs(args.C.DType == DType.Bool ? DType.Int64 : DType.Int32, args);
                break;
            default:
                MultiplyAs(DType.Float64, args);
                break;
        }
    }

    private delegate void BatchedProduct<T>(in GemmProblem<T> problem, ReadOnlySpan<GemmOffsets> batch, SimdLevel level, WorkerPool pool)
        where T : unmanaged, INumberBase<T>;

    private void Multiply<T>(in GemmArgs args, BatchedProduct<T> run) where T : unmanaged, INumberBase<T>
    {
        Layout a = args.A.Layout, b = args.B.Layout, c = args.C.Layout;
        int rank = c.Rank, row = rank - 2, column = rank - 1;
        bool relu = args.Activation is not null && args.Activation.Equals(Programs.Relu);
        GemmProblem<T> problem = new()
        {
            M = c.Shape[row],
            N = c.Shape[column],
            K = a.Shape[column],
            Alpha = T.CreateTruncating(args.Alpha),
            Beta = T.CreateTruncating(args.Beta),
            A = (T*)args.A.Address,
            ARow = (nint)a.Strides[row],
            AColumn = (nint)a.Strides[column],
            B = (T*)args.B.Address,
            BRow = (nint)b.Strides[row],
            BColumn = (nint)b.Strides[column],
            C = (T*)args.C.Address,
            CRow = (nint)c.Strides[row],
            CColumn = (nint)c.Strides[column],
        };
        bool fused = true;
        if (args.Bias is { } bias)
        {
            fused = TryFuseBias(bias, ref problem);
        }

        problem.Relu = relu && fused;
        run(problem, Offsets(a, b, c), _level, _pool);
        if (!fused)
        {
            Finish(args, Programs.Add, [args.C, args.Bias!.Value]);
        }

        if (args.Activation is not null && !problem.Relu)
        {
            Finish(args, args.Activation, [args.C]);
        }
    }

    /// <summary>A bias that varies along one axis of the matrix only goes into the epilogue of the product.</summary>
    private static bool TryFuseBias<T>(in Operand bias, ref GemmProblem<T> problem) where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<long> strides = bias.Layout.Strides;
        bool perBatch = false;
        for (int i = 0; i < strides.Length - 2; i++)
        {
            perBatch |= strides[i] != 0 && bias.Shape[i] != 1;
        }

        if (perBatch || bias.DType.SizeInBytes() != sizeof(T))
        {
            return false;
        }

        if (strides[^2] == 0 || bias.Shape[-2] == 1)
        {
            problem.BiasPerColumn = (T*)bias.Address;
            problem.BiasPerColumnStride = (nint)strides[^1];
            return true;
        }

        if (strides[^1] == 0 || bias.Shape[-1] == 1)
        {
            problem.BiasPerRow = (T*)bias.Address;
            problem.BiasPerRowStride = (nint)strides[^2];
            return true;
        }

        return false;
    }

    /// <summary>Where each product of the batch begins, in row-major order of the batch axes.</summary>
    private static GemmOffsets[] Offsets(in Layout a, in Layout b, in Layout c)
    {
        int axes = c.Rank - 2;
        int count = 1;
        for (int i = 0; i < axes; i++)
        {
            count *= c.Shape[i];
        }

        GemmOffsets[] offsets = new GemmOffsets[count];
        Span<int> index = stackalloc int[Shape.MaxRank];
        for (int n = 0; n < count; n++)
        {
            nint atA = 0, atB = 0, atC = 0;
            for (int i = 0; i < axes; i++)
            {
                atA += (nint)(index[i] * a.Strides[i]);
                atB += (nint)(index[i] * b.Strides[i]);
                atC += (nint)(index[i] * c.Strides[i]);
            }

            offsets[n] = new GemmOffsets(atA, atB, atC);
            for (int i = axes - 1; i >= 0 && ++index[i] == c.Shape[i]; i--)
            {
                index[i] = 0;
            }
        }

        return offsets;
    }

    private void Finish(in GemmArgs args, MapProgram program, ReadOnlySpan<Operand> inputs) => Map(new MapArgs
    {
        Program = program,
        ComputeType = args.C.DType.ComputeType(),
        Shape = args.C.Shape,
        Inputs = inputs,
        Outputs = [args.C],
        Parameters = [],
    });

    /// <summary>Converts to a type that has a kernel, multiplies, and converts back.</summary>
    private void MultiplyAs(DType dtype, in GemmArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor a = Tensor.Wrap(args.A).ToOrSelf(dtype), b = Tensor.Wrap(args.B).ToOrSelf(dtype), target = Tensor.Wrap(args.C);
        Tensor c = args.Beta != 0 ? target.ToOrSelf(dtype) : Tensor.Empty(args.C.Shape, dtype, target.Device);
        Gemm(new GemmArgs
        {
            A = a.Operand,
            B = b.Operand,
            C = c.Operand,
            Alpha = args.Alpha,
            Beta = args.Beta,
            Bias = args.Bias is { } bias ? Tensor.Wrap(bias).ToOrSelf(dtype).Operand : null,
            Activation = args.Activation,
        });
        target.CopyFrom(c);
    }
}
