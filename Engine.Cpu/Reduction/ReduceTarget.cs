using System.Numerics.Tensors;

namespace Engine.Cpu;

/// <summary>Where a reduction puts its accumulated values: final ones in the result type, or those of each chunk.</summary>
internal unsafe struct ReduceTarget
{
    private fixed long _values[ReduceProgram.MaxAccumulators];

    /// <summary>The type of the final values.</summary>
    public DType Type;

    /// <summary>Of each chunk, accumulator and result; null if there is only one chunk, and for sums.</summary>
    public Accumulator* Partials;

    /// <summary>The same where all accumulators are sums of floating-point values, which need a number only.</summary>
    public double* PartialSums;

    /// <summary>The final values of one accumulator, in the order of the result loops.</summary>
    public readonly byte* Values(int accumulator) => (byte*)_values[accumulator];

    public void SetValues(int accumulator, byte* memory) => _values[accumulator] = (long)memory;

    /// <summary>Where a chunk has the partial value of an accumulator's first result.</summary>
    public readonly long PartialIndex(int accumulator, long chunk, int accumulators, long results) => ((chunk * accumulators) + accumulator) * results;

    /// <summary>Joins the chunks in ascending order, whatever thread computed them.</summary>
    public readonly void JoinChunks(in ReducePlan plan, ReduceKernels[] kernels, DType computeType)
    {
        if (PartialSums != null)
        {
            for (int k = 0; k < kernels.Length; k++)
            {
                JoinSums(plan, k, kernels.Length);
            }
            return;
        }

        bool isInteger = !computeType.IsFloatingPoint();
        for (int k = 0; k < kernels.Length; k++)
        {
            Combiner combiner = kernels[k].Combiner;
            for (long result = 0; result < plan.ResultCount; result++)
            {
                Accumulator total = Accumulator.Start(combiner, computeType);
                for (int chunk = 0; chunk < plan.Chunks; chunk++)
                {
                    total.Add(combiner, Partials[PartialIndex(k, chunk, kernels.Length, plan.ResultCount) + result], isInteger);
                }

                total.Write(combiner, Type, isInteger, Values(k), result);
            }
        }
    }

    private readonly void JoinSums(in ReducePlan plan, int accumulator, int accumulators)
    {
        Span<double> totals = stackalloc double[128];
        for (long first = 0; first < plan.ResultCount; first += totals.Length)
        {
            int count = (int)Math.Min(totals.Length, plan.ResultCount - first);
            Span<double> block = totals[..count];
            block.Fill(Combiner.Sum.Identity());
            for (int chunk = 0; chunk < plan.Chunks; chunk++)
            {
                double* partial = PartialSums + PartialIndex(accumulator, chunk, accumulators, plan.ResultCount) + first;
                TensorPrimitives.Add(block, new ReadOnlySpan<double>(partial, count), block);
            }

            if (Type == DType.Float64)
            {
                block.CopyTo(new Span<double>((double*)Values(accumulator) + first, count));
                continue;
            }
            for (int j = 0; j < count; j++)
            {
                ((float*)Values(accumulator))[first + j] = (float)block[j];
            }
        }
    }
}
