using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>
/// Systems of equations and factorisations of matrices, with gradients, under the names of <c>torch.linalg</c> and <c>numpy.linalg</c>.
/// </summary>
/// <remarks>
/// <para>The last two axes are rows and columns, those before them a batch; sizes may be 0. Tensors are float32 or float64 and of one type; the results have
/// that type and lie on the device of the operands. <c>a.Solve(b)</c> and <c>LinearAlgebra.Solve(a, b)</c> are the same.</para>
/// <para><b>Computed on the host, in double precision:</b> a call reads its operands, which waits for the device, works on one thread, and sends the result
/// back. That is meant for the small systems of Newton steps, statistics and regularisers; a matrix of 500 rows takes a fraction of a second. A step that is
/// captured (<see cref="CapturedStep"/>) cannot contain such a call, nor can the backward pass of one.</para>
/// <para>Gradients are made of tensor operations and can be differentiated again. They are those of Giles (Collected matrix derivative results for forward
/// and reverse mode algorithmic differentiation, 2008) where nothing else is said.</para>
/// <para>A matrix that holds NaN or infinity is an <see cref="ArgumentException"/>, one that cannot be factorised a
/// <see cref="LinearAlgebraException"/>.</para>
/// </remarks>
public static partial class LinearAlgebra
{
    /// <summary>The checks of one matrix operand, and refusal inside of a captured step.</summary>
    private static void CheckMatrix(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.DType is not (DType.Float32 or DType.Float64))
        {
            throw new DTypeMismatchException($"{op}: {name} is {x.DType.ShortName()} {x.Shape}; it must be float32 or float64. Convert it with To(DType.Float32).");
        }

        if (x.Rank < 2)
        {
            throw new ShapeMismatchException($"{op}: {name} is {x.Shape}; it must have at least two axes, rows and columns.");
        }

        x.Device.Refuse(op, HostAccess.Read);
    }

    private static void CheckSquare(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        CheckMatrix(op, x, name);
        if (x.Shape[-1] != x.Shape[-2])
        {
            throw new ShapeMismatchException(
                $"{op}: {name} is {x.Shape}; its last two sizes must be equal.{(op is "Solve" or "Inverse" ? $" For other matrices there are LstSq and Pinv." : string.Empty)}");
        }
    }

    /// <summary>The checks of a right side b for a matrix a. It is a vector, or a batch of vectors, where its shape is that of a without the given axis.</summary>
    /// <returns>Whether b is of vectors.</returns>
    private static bool CheckRightSide(string op, Tensor a, Tensor b, bool left = true)
    {
        ArgumentNullException.ThrowIfNull(b);
        Guard.SameDevice(op, a, b);
        Guard.SameDType(op, a, b);
        int needed = a.Shape[left ? -2 : -1];
        if (left && (b.Rank == 1 || (b.Rank == a.Rank - 1 && b.Shape == a.Shape.Remove(a.Rank - 1))))
        {
            return b.Shape[-1] == needed ? true : throw Mismatch();
        }

        return b.Rank >= 2 && b.Shape[left ? -2 : -1] == needed ? false : throw Mismatch();

        ShapeMismatchException Mismatch() => new(
            $"{op}: a is {a.Shape}, b is {b.Shape}; b must have {needed} {(left ? "rows" : "columns")}{(left ? $", or be a vector [{needed}]" : string.Empty)}.");
    }

    /// <summary>The values of a matrix operand, which must be finite.</summary>
    private static HostMatrices ReadFinite(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        HostMatrices matrices = HostMatrices.Read(x);
        for (int i = 0; i < matrices.Count; i++)
        {
            CheckFinite(op, matrices[i], i, x, name);
        }

        return matrices;
    }

    private static void CheckFinite(string op, ReadOnlySpan<double> matrix, int number, Tensor x, string name)
    {
        if (!double.IsFinite(TensorPrimitives.SumOfMagnitudes(matrix)))
        {
            // A sum may overflow where no element is infinite.
            for (int i = 0; i < matrix.Length; i++)
            {
                if (!double.IsFinite(matrix[i]))
                {
                    int columns = x.Shape[-1];
                    throw new ArgumentException(
                        $"{op}: {Describe(x, number, name)} holds {(double.IsNaN(matrix[i]) ? "NaN" : "an infinity")} at [{i / columns}, {i % columns}]; all elements must be finite. Find out where it comes from before this call.", name);
                }
            }
        }
    }

    /// <summary>Refuses a right side with NaN or infinity in it.</summary>
    private static void CheckFinite(string op, HostMatrices values, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        for (int i = 0; i < values.Count; i++)
        {
            CheckFinite(op, values[i], i, x, name);
        }
    }

    /// <summary>The tensor's name in a message, with the number of the matrix where there are several.</summary>
    private static string Describe(Tensor x, int matrix, string name = "x") => x.Rank == 2 ? $"{name} {x.Shape}" : $"matrix {matrix} of the batch {name} {x.Shape}";

    [DoesNotReturn]
    private static void ThrowSingular(string op, Tensor x, int matrix, int pivot, string name = "x") =>
        throw new SingularMatrixException(
            $"{op}: {Describe(x, matrix, name)} is singular: pivot {pivot} is 0, so that some combination of its rows vanishes. LstSq and Pinv take singular matrices; adding a small multiple of Eye({x.Shape[-1]}) makes it regular.");

    [DoesNotReturn]
    private static void ThrowUnconverged(string op, Tensor x, int matrix) =>
        throw new LinearAlgebraException($"{op}: the iteration for {Describe(x, matrix)} did not converge.");

    /// <summary>The shape of a batch of results, one of the given sizes for each matrix.</summary>
    private static Shape BatchOf(Tensor x, params ReadOnlySpan<int> sizes) => x.Shape.Prefix(x.Rank - 2, sizes);

    /// <summary>The batch axes of two operands broadcast to each other, their last two as they are.</summary>
    private static (Tensor A, Tensor B) Broadcast(string op, Tensor a, Tensor b)
    {
        Shape batch = Guard.Broadcast(op, BatchOf(a), BatchOf(b));
        return (a.ExpandOrSelf(batch.Prefix(batch.Rank, a.Shape[-2], a.Shape[-1])), b.ExpandOrSelf(batch.Prefix(batch.Rank, b.Shape[-2], b.Shape[-1])));
    }

    /// <summary>x/y, and 0 where both are 0: an unused part of a gradient does not turn into NaN.</summary>
    private static Tensor Ratio(Tensor x, Tensor y)
    {
        Tensor none = x.EqualTo(0).And(y.EqualTo(0));
        return (x / y.MaskedFill(none, 1)).MaskedFill(none, 0);
    }

    /// <summary>aⱼ − aᵢ at [i, j], exactly 0 where the two differ by no more than rounding.</summary>
    private static Tensor Gaps(Tensor values)
    {
        double epsilon = values.DType == DType.Float64 ? VectorLoops.Epsilon : MathF.BitIncrement(1f) - 1;
        Tensor gaps = values.Unsqueeze(-2) - values.Unsqueeze(-1);
        Tensor bound = values.Detach().Abs().Max(-1, keepDims: true).Unsqueeze(-1) * (4 * epsilon);
        return gaps.MaskedFill(gaps.Detach().Abs() <= bound, 0);
    }

    /// <summary>The matrix on whose diagonal the last axis stands.</summary>
    private static Tensor Diagonal(Tensor values) => values.Unsqueeze(-1) * Tensor.Eye(values.Shape[-1], dtype: values.DType, device: values.Device);

    private static Tensor WithoutDiagonal(Tensor x) => x.MaskedFill(Tensor.Eye(x.Shape[-1], dtype: DType.Bool, device: x.Device), 0);

    /// <summary>One of several results that follow each other along the last axis of a tensor, as matrices.</summary>
    private static Tensor Part(Tensor packed, int start, params ReadOnlySpan<int> sizes)
    {
        int length = 1;
        foreach (int size in sizes)
        {
            length *= size;
        }

        return packed.SliceOrSelf(packed.Rank - 1, start, length, 1).ReshapeOrSelf(packed.Shape.Prefix(packed.Rank - 1, sizes));
    }
}
