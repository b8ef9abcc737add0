using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <content>How the sums of the chunks become the gradient.</content>
internal unsafe partial struct OuterWeightGradient<T, TVec>
{
    /// <summary>Adds the chunks of each output channel in ascending order and brings the sums into the order of the weights, shared by output channels.</summary>
    private struct Combination(OuterWeightGradient<T, TVec> sums, T* weightGradient, T beta, int parts) : IParallelBody
    {
        public static void Run(in OuterWeightGradient<T, TVec> sums, T* weightGradient, T beta, WorkerPool pool)
        {
            int rows = sums._task.Groups * sums._task.OutChannels, parts = Partition.Parts(pool, sums.Items * sums.ItemSums, rows);
            Combination loop = new(sums, weightGradient, beta, parts);
            pool.Run(parts, ref loop);
        }

        public readonly void Run(int part, int worker)
        {
            int taps = sums._task.Taps, rows = sums._task.Groups * sums._task.OutChannels, end = (int)Partition.Start(rows, part + 1, parts);
            using ScratchLease row = Scratch.Rent<T>(taps);
            for (int k = (int)Partition.Start(rows, part, parts); k < end; k++)
            {
                sums.GatherRow(k / sums._task.OutChannels, k % sums._task.OutChannels, row.As<T>());
                AddScaled(weightGradient + (nint)k * taps, beta, row.As<T>(), taps);
            }
        }
    }

    /// <summary>The sums of one output channel in the order of the weights: input channel, row, column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void GatherRow(int group, int k, T* row)
    {
        int columns = _task.Columns.Count, rows = _task.Rows.Count, spanColumns = _task.Columns.OffsetStep == 1 ? columns : 1;
        nint chunkSums = _task.Groups * _channelBlocks * ItemSums;
        for (int block = 0; block < _channelBlocks; block++)
        {
            int firstIn = block * _blockChannels, channels = Math.Min(_blockChannels, _task.InChannels - firstIn);
            T* sums = _sums + (group * _channelBlocks + block) * ItemSums + (nint)k * Steps * PaddedSpan;
            for (int chunk = 1; chunk < _chunks; chunk++)
            {
                Add(sums, sums + chunk * chunkSums, (nint)Steps * PaddedSpan);
            }

            for (int step = 0; step < Steps; step++, sums += PaddedSpan)
            {
                for (int j = 0; j < spanColumns; j++)
                {
                    T* target = row + (nint)firstIn * rows * columns + step * spanColumns + j;
                    T* source = sums + j * _blockChannels;
                    if (rows * columns == 1)
                    {
                        new Span<T>(source, channels).CopyTo(new Span<T>(target, channels));
                        continue;
                    }

                    for (int c = 0; c < channels; c++, target += rows * columns)
                    {
                        *target = source[c];
                    }
                }
            }
        }
    }

    /// <summary>Adds whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(T* sums, T* more, nint count)
    {
        for (nint i = 0; i < count; i += TVec.Count)
        {
            (TVec.Load(sums + i) + TVec.Load(more + i)).Store(sums + i);
        }
    }

    /// <summary>target = beta·target + row; with beta 0 the old values are not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddScaled(T* target, T beta, T* row, int count)
    {
        TVec factor = TVec.Broadcast(&beta);
        if (TVec.MaskBits(TVec.Equal(factor, TVec.Zero)) != 0)
        {
            new Span<T>(row, count).CopyTo(new Span<T>(target, count));
            return;
        }

        for (int i = 0; i < count; i += TVec.Count)
        {
            nint lanes = Math.Min(count - i, TVec.Count);
            TVec.MultiplyAdd(factor, TVec.LoadFirst(target + i, lanes), TVec.LoadFirst(row + i, lanes)).StoreFirst(target + i, lanes);
        }
    }
}
