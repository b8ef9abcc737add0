using System.Numerics;

namespace Engine.Cpu;

/// <summary>From the operands of the seam to pointers and strides.</summary>
internal static unsafe class GemmOperands
{
    /// <summary>The product of the call's matrices, without bias and activation.</summary>
    public static GemmProblem<T> Problem<T>(in GemmArgs args) where T : unmanaged, INumberBase<T>
    {
        Layout a = args.A.Layout, b = args.B.Layout, c = args.C.Layout;
        int rank = c.Rank, row = rank - 2, column = rank - 1;
        return new GemmProblem<T>
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
    }

    /// <summary>A bias that varies along one axis of the matrix only goes into the epilogue of the product.</summary>
    public static bool TryFuseBias<T>(in Operand bias, ref GemmProblem<T> problem) where T : unmanaged, INumberBase<T>
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
    public static GemmOffsets[] Offsets(in GemmArgs args)
    {
        Layout a = args.A.Layout, b = args.B.Layout, c = args.C.Layout;
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
}
