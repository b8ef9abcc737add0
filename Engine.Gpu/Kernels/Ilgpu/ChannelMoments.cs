using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Count, mean and summed squared deviation from the mean of numbers, which grow and merge without cancellation (Welford 1962; Chan, Golub and LeVeque 1979).</summary>
/// <param name="count">How many.</param>
/// <param name="mean">Their mean.</param>
/// <param name="m2">Σ(x − mean)².</param>
internal readonly struct ChannelMoments<T>(T count, T mean, T m2)
    where T : unmanaged, INumber<T>
{
    /// <summary>How many.</summary>
    public readonly T Count = count;

    /// <summary>Their mean, 0 where there are none.</summary>
    public readonly T Mean = mean;

    /// <summary>Σ(x − mean)².</summary>
    public readonly T M2 = m2;

    /// <summary>With one more number.</summary>
    public ChannelMoments<T> With(T value)
    {
        T count = Count + T.One, distance = value - Mean, mean = Mean + (distance / count);
        return new ChannelMoments<T>(count, mean, M2 + (distance * (value - mean)));
    }

    /// <summary>With all of others.</summary>
    public ChannelMoments<T> With(ChannelMoments<T> other)
    {
        if (other.Count == default)
        {
            return this;
        }

        T count = Count + other.Count, share = other.Count / count, distance = other.Mean - Mean;

        // In this order a distance whose square is beyond all numbers counts for nothing where one side has none.
        return new ChannelMoments<T>(count, Mean + (distance * share), M2 + other.M2 + (distance * (distance * (Count * share))));
    }

    /// <summary>The moments over all items of a group that have this item's channel; a tree, the same for all launches.</summary>
    /// <param name="tile">Channels of the group: neighbouring items have different ones.</param>
    public ChannelMoments<T> OverGroup(int tile)
    {
        ArrayView<T> counts = SharedMemory.Allocate<T>(GroupSums.MostItems), means = SharedMemory.Allocate<T>(GroupSums.MostItems);
        ArrayView<T> squares = SharedMemory.Allocate<T>(GroupSums.MostItems);
        int item = Group.IdxX;
        ChannelMoments<T> all = this;
        counts[item] = all.Count;
        means[item] = all.Mean;
        squares[item] = all.M2;
        Group.Barrier();
        for (int step = Group.DimX / 2; step >= tile; step /= 2)
        {
            if (item < step)
            {
                all = all.With(new ChannelMoments<T>(counts[item + step], means[item + step], squares[item + step]));
                counts[item] = all.Count;
                means[item] = all.Mean;
                squares[item] = all.M2;
            }

            Group.Barrier();
        }

        int first = item % tile;
        return new ChannelMoments<T>(counts[first], means[first], squares[first]);
    }
}

/// <summary>Sums over the items of a group.</summary>
internal static class GroupSums
{
    /// <summary>Most work-items of a group.</summary>
    public const int MostItems = 256;

    /// <summary>The sum over all items of a group that have this item's channel; a tree, the same for all launches.</summary>
    /// <param name="value">The item's own.</param>
    /// <param name="tile">Channels of the group: neighbouring items have different ones.</param>
    public static T Sum<T>(T value, int tile)
        where T : unmanaged, INumber<T>
    {
        ArrayView<T> sums = SharedMemory.Allocate<T>(MostItems);
        int item = Group.IdxX;
        sums[item] = value;
        Group.Barrier();
        for (int step = Group.DimX / 2; step >= tile; step /= 2)
        {
            if (item < step)
            {
                value += sums[item + step];
                sums[item] = value;
            }

            Group.Barrier();
        }

        T all = sums[item % tile];

        // The next sum may use the same memory.
        Group.Barrier();
        return all;
    }
}
