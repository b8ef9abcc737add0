namespace Engine;

/// <summary>Grids and tables made of vectors.</summary>
public sealed partial class Tensor
{
    /// <summary>Coordinates of a grid: tensor k holds the k-th coordinate of each point, the axes in the order of the vectors. Views: the numbers are not copied.</summary>
    /// <param name="tensors">Vectors, or numbers as vectors of one.</param>
    /// <param name="indexing">"ij": axis k belongs to vector k. "xy": the first two axes are exchanged, as pictures have them.</param>
    /// <exception cref="ArgumentException">There are no vectors, or the order has another name.</exception>
    /// <exception cref="ShapeMismatchException">An operand has more than one axis.</exception>
    public static Tensor[] MeshGrid(ReadOnlySpan<Tensor> tensors, string indexing = "ij")
    {
        Guard.NoNulls(tensors);
        ArgumentNullException.ThrowIfNull(indexing);
        if (tensors.IsEmpty || indexing is not ("ij" or "xy"))
        {
            throw new ArgumentException(tensors.IsEmpty ? "MeshGrid: there are no vectors." : $"MeshGrid: the order '{indexing}' must be \"ij\" or \"xy\".", tensors.IsEmpty ? nameof(tensors) : nameof(indexing));
        }

        int rank = tensors.Length;
        int[] place = [.. Enumerable.Range(0, rank)], sizes = new int[rank];
        if (indexing == "xy" && rank > 1)
        {
            (place[0], place[1]) = (1, 0);
        }

        for (int k = 0; k < rank; k++)
        {
            if (tensors[k].Rank > 1)
            {
                throw new ShapeMismatchException($"MeshGrid: operand {k} is {tensors[k].Shape}; it must be a vector [n].");
            }

            sizes[place[k]] = (int)tensors[k].ElementCount;
        }

        Tensor[] grids = new Tensor[rank];
        int[] own = new int[rank];
        for (int k = 0; k < rank; k++)
        {
            Array.Fill(own, 1);
            own[place[k]] = sizes[place[k]];
            grids[k] = tensors[k].Reshape(own).Expand(new Shape(sizes));
        }

        return grids;
    }

    /// <summary>All tuples with one element of each vector, the last changing fastest: [n₁·n₂·…, vectors]; of one vector itself.</summary>
    /// <exception cref="ArgumentException">There are no vectors.</exception>
    /// <exception cref="ShapeMismatchException">An operand is no vector.</exception>
    public static Tensor CartesianProduct(params ReadOnlySpan<Tensor> tensors)
    {
        Guard.NoNulls(tensors);
        foreach (Tensor x in tensors)
        {
            Guard.Rank(nameof(CartesianProduct), x, 1, "[n]");
        }

        return tensors.Length == 1 ? tensors[0].Alias() : Stack([.. MeshGrid(tensors).Select(static grid => grid.Reshape(-1))], 1);
    }

    /// <summary>All choices of <paramref name="count"/> elements of this vector, in their order: [choices, count].</summary>
    /// <param name="count">How many elements a choice has.</param>
    /// <param name="withReplacement">Whether an element may be chosen more than once.</param>
    /// <exception cref="ArgumentOutOfRangeException">count is not positive.</exception>
    /// <exception cref="ShapeMismatchException">This is no vector.</exception>
    public Tensor Combinations(int count = 2, bool withReplacement = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Guard.Rank(nameof(Combinations), this, 1, "[n]", "x");
        List<int> chosen = [];
        int[] choice = new int[count];
        Choose(0, 0);
        return chosen.Count == 0
            ? Empty([0, count], DType, Device)
            : IndexSelect(0, From<int>([.. chosen], Device)).Reshape(chosen.Count / count, count);

        void Choose(int place, int first)
        {
            if (place == count)
            {
                chosen.AddRange(choice);
                return;
            }

            for (int i = first; i < Shape[0]; i++)
            {
                choice[place] = i;
                Choose(place + 1, withReplacement ? i : i + 1);
            }
        }
    }

    /// <summary>Powers of each element of this vector: [n] → [n, columns], from the power columns − 1 down to 0.</summary>
    /// <param name="columns">How many; null for n.</param>
    /// <param name="increasing">Whether the powers go up from 0 instead.</param>
    /// <exception cref="ArgumentOutOfRangeException">columns is negative.</exception>
    /// <exception cref="ShapeMismatchException">This is no vector.</exception>
    public Tensor Vander(int? columns = null, bool increasing = false)
    {
        Guard.Rank(nameof(Vander), this, 1, "[n]", "x");
        int count = columns ?? Shape[0];
        ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(columns));
        Tensor powers = Arange(count, Device).ToOrSelf(DType);
        return Unsqueeze(1).Pow(increasing ? powers : powers.Flip(0));
    }
}
