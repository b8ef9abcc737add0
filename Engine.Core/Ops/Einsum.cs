namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Einstein's sum convention: <c>Einsum("bij,bjk->bik", a, b)</c>. Letters name axes; a letter that the result lacks is summed over; without
    /// an arrow the result has the letters that occur once, in alphabetical order. A letter twice in one operand takes its diagonal. Three points stand for the axes
    /// without a letter, which are broadcast: <c>Einsum("...ij,...jk->...ik", a, b)</c>; without an arrow they come first.
    /// </summary>
    /// <exception cref="ArgumentException">The formula cannot be read or does not fit the operands.</exception>
    /// <exception cref="DTypeMismatchException">The element types differ, outside of <see cref="Autocast"/>.</exception>
    public static Tensor Einsum(string formula, params ReadOnlySpan<Tensor> operands)
    {
        ArgumentNullException.ThrowIfNull(formula);
        Guard.NoNulls(operands);
        string[] sides = formula.Replace(" ", string.Empty, StringComparison.Ordinal).Split("->");
        string[] inputs = sides[0].Split(',');
        if (sides.Length > 2 || inputs.Length != operands.Length || operands.IsEmpty)
        {
            throw new ArgumentException($"Einsum: '{formula}' names {inputs.Length} operands, {operands.Length} were given.", nameof(formula));
        }

        foreach (Tensor operand in operands[1..])
        {
            Guard.ProductTypes(nameof(Einsum), operands[0], operand);
        }

        string? given = sides.Length == 2 ? sides[1] : null;
        if (formula.Contains('.', StringComparison.Ordinal))
        {
            operands = EinsumSteps.NameOtherAxes(formula, inputs, ref given, operands);
        }

        Dictionary<char, int> sizes = EinsumSteps.ReadSizes(formula, inputs, operands);
        string output = given ?? EinsumSteps.Implied(string.Concat(inputs));
        foreach (char letter in output)
        {
            if (!sizes.ContainsKey(letter) || output.IndexOf(letter) != output.LastIndexOf(letter))
            {
                throw new ArgumentException($"Einsum: '{formula}': '{letter}' of the result must occur in an operand, and once in the result.", nameof(formula));
            }
        }

        // Operands are multiplied one after another; letters without a further use are summed at once.
        (Tensor x, string letters) = EinsumSteps.Diagonal(operands[0], inputs[0]);
        for (int i = 1; i < operands.Length; i++)
        {
            (Tensor y, string other) = EinsumSteps.Diagonal(operands[i], inputs[i]);
            string later = output + string.Concat(inputs[(i + 1)..]);
            (x, letters) = EinsumSteps.Contract(x, letters, y, other, later);
        }

        x = EinsumSteps.SumOut(x, ref letters, output);
        int[] order = new int[output.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = letters.IndexOf(output[i]);
        }

        return x.Permute(order);
    }
}

/// <summary>The steps of a subscript string, one after the other.</summary>
file static class EinsumSteps
{
    // Axes without a letter of the user's get one from here on; it is no letter to anybody else.
    private const char FirstOther = '\uE000';

    private const string Points = "...";

    /// <summary>Writes the points as names of axes, aligned at the last one, and stretches the operands along them to one shape.</summary>
    public static Tensor[] NameOtherAxes(string formula, string[] inputs, ref string? output, ReadOnlySpan<Tensor> operands)
    {
        Shape shape = Shape.Scalar;
        for (int i = 0; i < inputs.Length; i++)
        {
            int at = PointsIn(formula, inputs[i]), others = operands[i].Rank - (inputs[i].Length - Points.Length);
            if (at >= 0)
            {
                if (others < 0)
                {
                    throw new ArgumentException($"Einsum: '{inputs[i]}' of '{formula}' names {inputs[i].Length - Points.Length} axes, the operand is {operands[i].Shape}.", nameof(formula));
                }

                shape = Guard.Broadcast(nameof(Tensor.Einsum), shape, new Shape(operands[i].Shape.AsSpan().Slice(at, others)));
            }
        }

        Tensor[] stretched = new Tensor[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            int at = PointsIn(formula, inputs[i]), others = operands[i].Rank - (inputs[i].Length - Points.Length);
            int[] sizes = operands[i].Shape.AsSpan().ToArray();
            for (int k = 0; at >= 0 && k < others; k++)
            {
                sizes[at + k] = shape[k - others];
            }

            stretched[i] = operands[i].ExpandOrSelf(new Shape(sizes));
            inputs[i] = at < 0 ? inputs[i] : inputs[i].Replace(Points, Names(shape.Rank, others), StringComparison.Ordinal);
        }

        string all = Names(shape.Rank, shape.Rank);
        output = output is null ? all + Implied(string.Concat(string.Concat(inputs).Where(char.IsAsciiLetter)))
            : PointsIn(formula, output) < 0 ? output
            : output.Replace(Points, all, StringComparison.Ordinal);
        return stretched;
    }

    private static string Names(int all, int last) => string.Concat(Enumerable.Range(all - last, last).Select(static i => (char)(FirstOther + i)));

    private static int PointsIn(string formula, string part)
    {
        int at = part.IndexOf(Points, StringComparison.Ordinal);
        return at == part.IndexOf('.', StringComparison.Ordinal) && at == part.LastIndexOf(Points, StringComparison.Ordinal) && part.LastIndexOf('.') <= at + 2
            ? at
            : throw new ArgumentException($"Einsum: '{part}' of '{formula}' must have its three points together, and once.", nameof(formula));
    }

    public static Dictionary<char, int> ReadSizes(string formula, string[] inputs, ReadOnlySpan<Tensor> operands)
    {
        Dictionary<char, int> sizes = [];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Length != operands[i].Rank)
            {
                throw new ArgumentException($"Einsum: '{inputs[i]}' of '{formula}' names {inputs[i].Length} axes, the operand is {operands[i].Shape}.", nameof(formula));
            }

            for (int k = 0; k < inputs[i].Length; k++)
            {
                char letter = inputs[i][k];
                int size = operands[i].Shape[k];
                if (!char.IsAsciiLetter(letter) && letter < FirstOther)
                {
                    throw new ArgumentException($"Einsum: '{letter}' in '{formula}' is not a letter.", nameof(formula));
                }

                if (sizes.TryGetValue(letter, out int known) && known != size)
                {
                    throw new ShapeMismatchException($"Einsum: '{letter}' in '{formula}' is {known} in one operand and {size} in {operands[i].Shape}; sizes of one letter must be equal.");
                }

                sizes[letter] = size;
            }
        }

        return sizes;
    }

    public static string Implied(string inputs)
    {
        string once = string.Empty;
        foreach (char letter in inputs.Replace(",", string.Empty, StringComparison.Ordinal).Order())
        {
            once += inputs.IndexOf(letter) == inputs.LastIndexOf(letter) ? letter : string.Empty;
        }

        return once;
    }

    /// <summary>Each letter once: the axes of a repeated letter are joined to their diagonal.</summary>
    public static (Tensor X, string Letters) Diagonal(Tensor x, string letters)
    {
        for (int i = 0; i < letters.Length; i++)
        {
            int twin = letters.IndexOf(letters[i], i + 1);
            if (twin >= 0)
            {
                // Mask everything off the diagonal, then sum one of the two axes away: differentiable without a new rule.
                int size = x.Shape[i];
                int[] shape = new int[x.Rank];
                Array.Fill(shape, 1);
                (shape[i], shape[twin]) = (size, size);
                Tensor mask = Tensor.Eye(size, dtype: DType.Bool, device: x.Device).ReshapeOrSelf(shape);
                x = Tensor.Where(mask, x, x.Detach().ZerosLike()).Sum(twin).ToOrSelf(x.DType);
                letters = letters.Remove(twin, 1);
                i--;
            }
        }

        return (x, letters);
    }

    public static Tensor SumOut(Tensor x, ref string letters, string keep)
    {
        List<int> axes = [];
        string left = string.Empty;
        for (int i = 0; i < letters.Length; i++)
        {
            if (keep.Contains(letters[i], StringComparison.Ordinal))
            {
                left += letters[i];
            }
            else
            {
                axes.Add(i);
            }
        }

        letters = left;
        return axes.Count == 0 ? x : x.Sum([.. axes]);
    }

    /// <summary>A batched matrix product: shared and needed letters are the batch, shared and unneeded ones are summed.</summary>
    public static (Tensor X, string Letters) Contract(Tensor x, string a, Tensor y, string b, string later)
    {
        string shared = string.Concat(a.Where(c => b.Contains(c, StringComparison.Ordinal)));
        x = SumOut(x, ref a, later + b);
        y = SumOut(y, ref b, later + a);
        string batch = string.Concat(shared.Where(c => later.Contains(c, StringComparison.Ordinal)));
        string summed = string.Concat(shared.Where(c => !later.Contains(c, StringComparison.Ordinal)));
        string rows = string.Concat(a.Where(c => !shared.Contains(c, StringComparison.Ordinal)));
        string columns = string.Concat(b.Where(c => !shared.Contains(c, StringComparison.Ordinal)));
        Tensor left = Arrange(x, a, batch, rows, summed), right = Arrange(y, b, batch, summed, columns);
        Tensor product = left.MatMul(right);
        string letters = batch + rows + columns;
        int[] sizes = new int[letters.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            int at = a.IndexOf(letters[i]);
            sizes[i] = at >= 0 ? x.Shape[at] : y.Shape[b.IndexOf(letters[i])];
        }

        return (product.ReshapeOrSelf(shape: new Shape(sizes)), letters);
    }

    /// <summary>The axes ordered as three groups, each joined into one axis.</summary>
    public static Tensor Arrange(Tensor x, string letters, string first, string second, string third)
    {
        string wanted = first + second + third;
        int[] order = new int[wanted.Length];
        Span<long> sizes = [1, 1, 1];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = letters.IndexOf(wanted[i]);
            sizes[i < first.Length ? 0 : i < first.Length + second.Length ? 1 : 2] *= x.Shape[order[i]];
        }

        return x.Permute(order).ReshapeOrSelf(Guard.Size(nameof(Tensor.Einsum), sizes[0]), Guard.Size(nameof(Tensor.Einsum), sizes[1]), Guard.Size(nameof(Tensor.Einsum), sizes[2]));
    }
}
