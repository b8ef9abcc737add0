using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>The inputs of both directions of the cross-entropy.</summary>
internal unsafe struct CrossEntropyOperands<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>C.</summary>
    public int Classes;

    /// <summary>[N, C].</summary>
    public T* Logits;

    /// <summary>[N].</summary>
    public long* Targets;

    /// <summary>[C], or null for 1.</summary>
    public T* Weights;

    /// <summary>Σw over all classes.</summary>
    public double TotalWeight;

    /// <summary>[N]: log Σ exp z.</summary>
    public T* LogSumExp;

    public double Smoothing;

    public long IgnoreIndex;

    /// <summary>The operands of a call, from the contiguous values of its tensors.</summary>
    public CrossEntropyOperands(int classes, T* logits, long* targets, T* weights, T* logSumExp, double smoothing, long ignoreIndex)
    {
        Classes = classes;
        Logits = logits;
        Targets = targets;
        Weights = weights;
        LogSumExp = logSumExp;
        Smoothing = smoothing;
        IgnoreIndex = ignoreIndex;
        TotalWeight = weights == null ? classes : 0;
        for (int c = 0; weights != null && c < classes; c++)
        {
            TotalWeight += double.CreateTruncating(weights[c]);
        }
    }

    /// <summary>Whether a row counts, and the class that it belongs to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The target is neither a class nor the ignored number.</exception>
    public readonly bool IsCounted(nint row, out int target)
    {
        long given = Targets[row];
        target = (int)given;
        if (given == IgnoreIndex)
        {
            return false;
        }
        if ((ulong)given >= (ulong)Classes)
        {
            ThrowNoClass(row, given);
        }
        return true;
    }

    /// <summary>(1 − s)·w of a class.</summary>
    public readonly double TargetMass(int target) => (1 - Smoothing) * (Weights == null ? 1 : double.CreateTruncating(Weights[target]));

    [DoesNotReturn]
    private readonly void ThrowNoClass(nint row, long given) => throw new ArgumentOutOfRangeException(
        "target",
        given,
        $"CrossEntropy: the target of row {row} is {given}, but there are {Classes} classes: it must lie in [0, {Classes - 1}], or be {IgnoreIndex} to be ignored.");
}

/// <summary>
/// Losses and log Σ exp of rows, a block of rows at a time: a logarithm of its own for each takes longer than all else that is done for a row
/// of ten classes.
/// </summary>
/// <param name="args">The operands; LogSumExp is written.</param>
/// <param name="losses">[N], written.</param>
/// <param name="rows">N.</param>
/// <param name="block">Rows in a block, at most <see cref="Block"/>.</param>
internal readonly unsafe struct CrossEntropyForward<T, TVec>(CrossEntropyOperands<T> args, T* losses, nint rows, nint block) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>As many as there are numbers in the widest vector of doubles.</summary>
    private const int Block = 8;

    /// <summary>From here on the logarithm is nothing beside the exponentials, and single rows are shared more evenly among threads.</summary>
    private const int ManyClasses = 256;

    public static void Run(in CrossEntropyOperands<T> args, T* losses, nint rows, long work, WorkerPool pool)
    {
        nint block = args.Classes < ManyClasses ? Block : 1;
        RowLoop<CrossEntropyForward<T, TVec>>.Run(new(args, losses, rows, block), (rows + block - 1) / block, work * block, pool);
    }

    public void Run(nint index)
    {
        if (block == 1)
        {
            T* z = args.Logits + (index * args.Classes);
            T max = RowExp<T, TVec>.Max(z, args.Classes);
            Finish(index, double.CreateTruncating(max), Math.Log(RowExp<T, TVec>.Sum(z, args.Classes, max, null, NextRow.Distance<T>(args.Classes))));
            return;
        }

        RunBlock(index * block);
    }

    private void RunBlock(nint start)
    {
        nint count = Math.Min(block, rows - start), classes = args.Classes;
        T* shifts = stackalloc T[Block];
        double* sums = stackalloc double[Block];
        for (nint i = 0; i < count; i++)
        {
            T* z = args.Logits + ((start + i) * classes);
            T max = RowExp<T, TVec>.Max(z, classes);
            shifts[i] = max;
            sums[i] = RowExp<T, TVec>.Sum(z, classes, max, null, NextRow.Distance<T>(classes));
        }

        Vector512.Log(Vector512.Load(sums)).Store(sums);
        for (nint i = 0; i < count; i++)
        {
            Finish(start + i, double.CreateTruncating(shifts[i]), sums[i]);
        }
    }

    private void Finish(nint row, double shift, double logarithm)
    {
        bool counts = args.IsCounted(row, out int target);
        args.LogSumExp[row] = T.CreateTruncating(logarithm + shift);
        if (!counts)
        {
            losses[row] = T.Zero;
            return;
        }

        // A factor of 0 would turn the infinite loss of an impossible class into NaN.
        T* z = args.Logits + (row * args.Classes);
        double loss = args.Smoothing < 1 ? args.TargetMass(target) * (shift - double.CreateTruncating(z[target]) + logarithm) : 0;
        if (args.Smoothing > 0)
        {
            loss += args.Smoothing / args.Classes * SumOverClasses(z, logarithm + shift);
        }
        losses[row] = T.CreateTruncating(loss);
    }

    /// <summary>Σ w·(lse − z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double SumOverClasses(T* z, double logSumExp)
    {
        TVec lse = TVec.Create(logSumExp), sum = TVec.Zero;
        for (nint i = 0; i < args.Classes; i += TVec.Count)
        {
            nint left = args.Classes - i;
            TVec term = Tail.First(lse - Tail.Load<TVec>(z + i, left), left);
            sum += args.Weights == null ? term : term * Tail.Load<TVec>(args.Weights + i, left);
        }

        return TVec.Sum(sum);
    }
}

/// <summary>Gradient of the losses to the logits: dy·(mass·softmax − q·w), mass = Σ q·w; 0 in rows that are ignored.</summary>
/// <param name="args">The operands.</param>
/// <param name="gradLosses">[N], with a step that may be 0.</param>
/// <param name="step">That step.</param>
/// <param name="gradLogits">[N, C], written.</param>
internal readonly unsafe struct CrossEntropyBackward<T, TVec>(CrossEntropyOperands<T> args, T* gradLosses, nint step, T* gradLogits) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(nint row)
    {
        nint classes = args.Classes;
        T* z = args.Logits + (row * classes), dz = gradLogits + (row * classes);
        if (!args.IsCounted(row, out int target))
        {
            new Span<T>(dz, args.Classes).Clear();
            return;
        }

        double gradient = double.CreateTruncating(gradLosses[row * step]), shared = args.Smoothing / classes, mass = args.TargetMass(target);
        TVec lse = TVec.Broadcast(args.LogSumExp + row), factor = TVec.Create(gradient * (mass + (shared * args.TotalWeight)));
        TVec each = TVec.Create(-gradient * shared);
        bool smooth = args.Smoothing > 0;
        for (nint i = 0; i < classes; i += TVec.Count)
        {
            nint left = classes - i;
            TVec value = VectorMath.Exp(Tail.Load<TVec>(z + i, left) - lse) * factor;
            if (smooth)
            {
                value = args.Weights == null ? value + each : TVec.MultiplyAdd(Tail.Load<TVec>(args.Weights + i, left), each, value);
            }
            Tail.Store(value, dz + i, left);
        }

        dz[target] -= T.CreateTruncating(gradient * mass);
    }
}
