namespace Engine.Tests.Properties;

/// <summary>
/// An array as a function of its coordinates: the plainest description of what a view shows. Every view is a rewriting of coordinates.
/// </summary>
internal sealed record ArrayModel(int[] Sizes, Func<int[], double> At)
{
    /// <summary>0, 1, 2, … in row-major order.</summary>
    public static ArrayModel Counting(int[] sizes) => new(sizes, at => Number(sizes, at));

    public ArrayModel Permute(int[] axes) => new(
        [.. axes.Select(axis => Sizes[axis])],
        at =>
        {
            var source = new int[at.Length];
            for (int i = 0; i < at.Length; i++)
            {
                source[axes[i]] = at[i];
            }
            return At(source);
        });

    public ArrayModel Reshape(int[] sizes) => new(sizes, at => At(Coordinates(Sizes, Number(sizes, at))));

    public ArrayModel Slice(int axis, int start, int length, int step) => new(With(axis, length), at => At(Changed(at, axis, start + (at[axis] * step))));

    public ArrayModel Flip(int axis) => new(Sizes, at => At(Changed(at, axis, Sizes[axis] - 1 - at[axis])));

    public ArrayModel Expand(int axis, int size) => new(With(axis, size), at => At(Changed(at, axis, 0)));

    public ArrayModel Select(int axis, int index) => new(
        [.. Sizes.Where((_, i) => i != axis)], at => At([.. at[..axis], index, .. at[axis..]]));

    public ArrayModel Unsqueeze(int axis) => new([.. Sizes[..axis], 1, .. Sizes[axis..]], at => At([.. at[..axis], .. at[(axis + 1)..]]));

    /// <summary>All values in row-major order.</summary>
    public double[] Values()
    {
        int count = Sizes.Aggregate(1, (product, size) => product * size);
        return [.. Enumerable.Range(0, count).Select(number => At(Coordinates(Sizes, number)))];
    }

    private static int Number(int[] sizes, int[] at)
    {
        int number = 0;
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            number = (number * sizes[axis]) + at[axis];
        }
        return number;
    }

    private static int[] Coordinates(int[] sizes, int number)
    {
        var at = new int[sizes.Length];
        for (int axis = sizes.Length - 1; axis >= 0; axis--)
        {
            at[axis] = number % sizes[axis];
            number /= sizes[axis];
        }

        return at;
    }

    private static int[] Changed(int[] at, int axis, int value)
    {
        int[] changed = [.. at];
        changed[axis] = value;
        return changed;
    }

    private int[] With(int axis, int size) => Changed(Sizes, axis, size);
}
