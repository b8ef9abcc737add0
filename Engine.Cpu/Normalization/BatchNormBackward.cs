using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Backward pass over channels whose pieces are at least two vectors long.</summary>
/// <param name="shape">How the tensors are cut.</param>
/// <param name="args">The operands.</param>
/// <param name="blocks">[C, blocks], scratch.</param>
/// <param name="factors">[C], scratch.</param>
internal readonly unsafe struct BatchNormBackward<T, TVec, TGate>(
    BatchNormShape shape, BatchNormGradient<T> args, GradientSums* blocks, (T ForGradient, T ForDeviation, T Constant)* factors) : IBatchNormStep
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
    where TGate : struct, IReluGate
{
    /// <summary>Not measured between 196 bytes, where it gains nothing, and 3 KiB: pieces of images below this are not fetched ahead.</summary>
    private const int LeastFetchedBytes = 1 << 10;

    /// <summary>Whether the next piece of a channel is fetched meanwhile.</summary>
    private interface IAhead
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Collect(int group, int block)
    {
        if (shape.Length * sizeof(T) >= LeastFetchedBytes && NextRow.Distance<T>(shape.Length) > 0)
        {
            Collect<Ahead>(group, block);
        }
        else
        {
            Collect<NotAhead>(group, block);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Collect<TAhead>(int group, int block) where TAhead : struct, IAhead
    {
        TVec mean = TVec.Broadcast(args.Mean + group);
        TVec a = TVec.Zero, b = a, ax = a, bx = a;
        nint ahead = shape.Length * shape.Channels, aheadOfX = ahead + args.GapX;
        for (Strips strips = shape.Strips(group, block); strips.MoveNext();)
        {
            T* x = args.X + strips.Offset + (strips.Image * args.GapX), next = args.GradY + strips.Offset + ahead;
            nint i = 0, n = strips.Size;
            for (; i <= n - (2 * TVec.Count); i += 2 * TVec.Count)
            {
                // The processor's own prefetching does not find the way from image to image.
                if (typeof(TAhead) == typeof(Ahead))
                {
                    NextRow.FetchTwo<TVec>(x + aheadOfX + i);
                    NextRow.FetchTwo<TVec>(next + i);
                }

                TVec u = Gradient(strips.Offset + i, TVec.Count), v = Gradient(strips.Offset + i + TVec.Count, TVec.Count);
                a += u;
                b += v;
                ax = TVec.MultiplyAdd(u, TVec.Load(x + i) - mean, ax);
                bx = TVec.MultiplyAdd(v, TVec.Load(x + i + TVec.Count) - mean, bx);
            }

            for (; i < n; i += TVec.Count)
            {
                TVec u = Gradient(strips.Offset + i, n - i);
                a += u;
                ax = TVec.MultiplyAdd(u, Tail.Load<TVec>(x + i, n - i) - Tail.First(mean, n - i), ax);
            }
        }

        blocks[((nint)group * shape.Blocks) + block] = new GradientSums { Sum = TVec.Sum(a + b), Product = TVec.Sum(ax + bx) };
    }

    public void Finish(int group)
    {
        GradientSums sums = default;
        for (int block = 0; block < shape.Blocks; block++)
        {
            sums.Add(blocks[((nint)group * shape.Blocks) + block]);
        }
        factors[group] = args.Publish(group, sums, shape.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(int group, int block)
    {
        if (args.GradX == null)
        {
            return;
        }
        (T ForGradient, T ForDeviation, T Constant)* f = factors + group;
        TVec mean = TVec.Broadcast(args.Mean + group);
        TVec forGradient = TVec.Broadcast(&f->ForGradient), forDeviation = TVec.Broadcast(&f->ForDeviation), constant = TVec.Broadcast(&f->Constant);
        for (Strips strips = shape.Strips(group, block); strips.MoveNext();)
        {
            T* x = args.X + strips.Offset + (strips.Image * args.GapX), dx = args.GradX + strips.Offset + (strips.Image * args.GapGradX);
            nint i = 0, n = strips.Size;
            bool isStreamed = args.StreamsGradX && Streaming.Fits<TVec>(dx);
            for (; i <= n - TVec.Count; i += TVec.Count)
            {
                TVec rest = TVec.MultiplyAdd(TVec.Load(x + i) - mean, forDeviation, constant);
                TVec gradient = TVec.MultiplyAdd(args.GradientAgain<TVec, TGate>(strips.Offset + i, TVec.Count), forGradient, rest);
                Streaming.Store(args.AddsToGradX ? gradient + TVec.Load(dx + i) : gradient, dx + i, isStreamed);
            }

            if (i < n)
            {
                TVec rest = TVec.MultiplyAdd(TVec.LoadFirst(x + i, n - i) - mean, forDeviation, constant);
                TVec gradient = TVec.MultiplyAdd(args.GradientAgain<TVec, TGate>(strips.Offset + i, n - i), forGradient, rest);
                (args.AddsToGradX ? gradient + TVec.LoadFirst(dx + i, n - i) : gradient).StoreFirst(dx + i, n - i);
            }
        }
    }

    private readonly struct Ahead : IAhead;

    private readonly struct NotAhead : IAhead;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TVec Gradient(nint at, nint left) => args.Gradient<TVec, TGate>(at, left);
}
