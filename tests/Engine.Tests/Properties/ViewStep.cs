namespace Engine.Tests.Properties;

/// <summary>One random view operation: four numbers from which a valid operation is chosen, whatever the shape is at that point.</summary>
internal sealed record ViewStep(int Kind, int A, int B, int C)
{
    private const int Kinds = 8;
    private const int MostElements = 400;

    /// <summary>The same operation on the tensor and on the model.</summary>
    public (Tensor Tensor, ArrayModel Model) Apply(Tensor x, ArrayModel model)
    {
        int rank = model.Sizes.Length;
        int axis = rank == 0 ? 0 : A % rank;
        int size = rank == 0 ? 0 : model.Sizes[axis];
        switch (Kind % Kinds)
        {
            case 0 when rank > 0:
                int[] order = Shuffled(rank);
                return (x.Permute(order), model.Permute(order));
            case 1 when rank > 0:
                int start = B % (size + 1), length = C % (size - start + 1);
                return (x.Narrow(axis, start, length), model.Slice(axis, start, length, 1));
            case 2 when size > 0:
                int step = 1 + (C % 3);
                int first = B % size;
                return (x.Slice(axis, first, int.MaxValue, step), model.Slice(axis, first, (size - first + step - 1) / step, step));
            case 3 when rank > 0:
                return (x.Flip(axis - rank), model.Flip(axis));
            case 4 when rank > 0 && size == 1 && x.ElementCount * (1 + (B % 4)) <= MostElements:
                int[] stretched = [.. model.Sizes];
                stretched[axis] = 1 + (B % 4);
                return (x.Expand(stretched), model.Expand(axis, stretched[axis]));
            case 5 when size > 0:
                return (x.Select(axis, (B % size) - size), model.Select(axis, B % size));
            case 6 when rank < 5:
                return (x.Unsqueeze(A % (rank + 1)), model.Unsqueeze(A % (rank + 1)));
            case 7:
                int[] sizes = Regrouped(model.Sizes);
                return (x.Reshape(shape: sizes), model.Reshape(sizes));
            default:
                return (x, model);
        }
    }

    /// <summary>Neighbouring axes joined, or an axis cut in two.</summary>
    private int[] Regrouped(int[] sizes)
    {
        if (sizes.Length == 0)
        {
            return [1];
        }
        int axis = A % sizes.Length;
        if (B % 2 == 0 && axis + 1 < sizes.Length)
        {
            return [.. sizes[..axis], sizes[axis] * sizes[axis + 1], .. sizes[(axis + 2)..]];
        }
        int divisor = 1 + (C % 4);
        return sizes[axis] % divisor == 0 && sizes.Length < 6
            ? [.. sizes[..axis], divisor, sizes[axis] / divisor, .. sizes[(axis + 1)..]]
            : sizes;
    }

    private int[] Shuffled(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random((A * 31) + B).Shuffle(order);
        return order;
    }
}
