using System.Numerics.Tensors;

namespace Engine.Cpu;

/// <summary>
/// The parts of a backward pass. A part is a head, or a chunk of its queries where heads are few; chunks but the last sum the gradients to keys and values
/// aside, and the sums are added in their order. Both follow from the sizes, so threads change no bit.
/// </summary>
internal readonly unsafe struct AttentionDivision
{
    /// <summary>Queries of a tile.</summary>
    public const int TileQueries = 96;

    /// <summary>Parts that keep many threads busy, and the tiles of queries that a chunk should have: each but the last costs a sum over all keys.</summary>
    private const int EnoughParts = 16, ChunkTiles = 3;

    private readonly float* _sums;

    private AttentionDivision(int chunks, float* sums)
    {
        Chunks = chunks;
        _sums = sums;
    }

    /// <summary>Chunks of a head's queries, at least 1.</summary>
    public int Chunks { get; }

    /// <summary>The division of a problem; <see cref="With"/> gives it memory.</summary>
    public static AttentionDivision Of(in AttentionProblem problem) =>
        new(Math.Clamp(EnoughParts / Math.Max(1, problem.Products), 1, Math.Max(1, Tiles(problem) / ChunkTiles)), null);

    /// <summary>How many numbers the sums aside take.</summary>
    public nint Size(in AttentionProblem problem) => (Chunks - 1) * SizeOfChunk(problem);

    /// <summary>The same with memory for the sums aside.</summary>
    public AttentionDivision With(float* sums) => new(Chunks, sums);

    /// <summary>The tiles of queries of a chunk.</summary>
    public (int First, int End) Queries(in AttentionProblem problem, int chunk)
    {
        long tiles = Tiles(problem);
        return ((int)(tiles * chunk / Chunks), (int)(tiles * (chunk + 1) / Chunks));
    }

    /// <summary>Where a chunk sums the gradients to keys and to values, as far as they are wanted.</summary>
    public (HeadMatrix Key, HeadMatrix Value) Sums(in AttentionProblem problem, in AttentionGradients gradients, int chunk)
    {
        if (chunk == Chunks - 1)
        {
            return (gradients.Key, gradients.Value);
        }

        float* sums = _sums + (chunk * SizeOfChunk(problem));
        return (
            gradients.Key.IsNull ? default : new HeadMatrix(sums, problem.Heads, problem.Keys, problem.Depth),
            gradients.Value.IsNull ? default : new HeadMatrix(sums + (problem.Products * (nint)problem.Keys * problem.Depth), problem.Heads, problem.Keys, problem.Width));
    }

    private static nint SizeOfChunk(in AttentionProblem problem) => problem.Products * (nint)problem.Keys * (problem.Depth + problem.Width);

    private static int Tiles(in AttentionProblem problem) => (int)(((long)problem.Queries + TileQueries - 1) / TileQueries);
}

/// <summary>Adds what the chunks summed aside, in their order, to the gradients of one key.</summary>
internal readonly struct AttentionKeySums(AttentionProblem problem, AttentionGradients gradients, AttentionDivision division) : IRowKernel
{
    public void Run(nint row)
    {
        (nint product, nint key) = Math.DivRem(row, problem.Keys);
        (int sample, int head) = Math.DivRem((int)product, problem.Heads);
        for (int chunk = 0; chunk < division.Chunks - 1; chunk++)
        {
            int last = Math.Min(problem.Queries, division.Queries(problem, chunk).End * AttentionDivision.TileQueries) - 1;
            if (key >= problem.Seen(last))
            {
                continue;
            }

            (HeadMatrix keys, HeadMatrix values) = division.Sums(problem, gradients, chunk);
            Add(keys, gradients.Key, sample, head, (int)key, problem.Depth);
            Add(values, gradients.Value, sample, head, (int)key, problem.Width);
        }
    }

    private static unsafe void Add(in HeadMatrix from, in HeadMatrix to, int sample, int head, int row, int columns)
    {
        if (from.IsNull)
        {
            return;
        }

        float* source = from.Of(sample, head, row), destination = to.Of(sample, head, row);
        if (to.Column == 1)
        {
            Span<float> sums = new(destination, columns);
            TensorPrimitives.Add(sums, new ReadOnlySpan<float>(source, columns), sums);
            return;
        }

        for (int c = 0; c < columns; c++)
        {
            destination[c * to.Column] += source[c];
        }
    }
}

/// <summary>The backward pass on vectors of any width.</summary>
internal readonly unsafe struct AttentionBackwardKernel(AttentionProblem problem, AttentionGradients gradients, WorkerPool pool) : ISimdKernel
{
    /// <summary>Multiply-adds that take as long as reading and writing a number.</summary>
    private const int ProductsPerElement = 8;

    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        AttentionDivision division = AttentionDivision.Of(problem);
        using ScratchLease sums = Scratch.Rent<float>(division.Size(problem));
        division = division.With(sums.As<float>());
        long row = problem.Keys * (SoftmaxCost.Exp + (5L * Math.Max(problem.Depth, problem.Width) / ProductsPerElement));
        RowLoop<AttentionBackward<TVec>>.Run(new(problem, gradients, division), (nint)problem.Products * division.Chunks, row * problem.Queries / division.Chunks, pool);
        if (division.Chunks > 1)
        {
            RowLoop<AttentionKeySums>.Run(new(problem, gradients, division), (nint)problem.Products * problem.Keys, (problem.Depth + problem.Width) * (long)division.Chunks, pool);
        }
    }
}
