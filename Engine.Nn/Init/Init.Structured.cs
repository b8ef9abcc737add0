namespace Engine.Nn;

/// <summary>Start values that are computed on the host: the same numbers on every device.</summary>
public static partial class Init
{
    /// <summary>Normal with the given mean and standard deviation, values outside [low, high] drawn again.</summary>
    /// <param name="tensor">The tensor to fill.</param>
    /// <param name="mean">The mean before truncation.</param>
    /// <param name="std">The standard deviation before truncation.</param>
    /// <param name="low">The lower bound, an absolute value as in PyTorch, not a number of standard deviations.</param>
    /// <param name="high">The upper bound.</param>
    /// <param name="generator">The source of random numbers.</param>
    /// <exception cref="ArgumentException">
    /// The bounds are reversed or lie more than two standard deviations away from the mean, or mean or standard deviation are not finite.
    /// </exception>
    public static Tensor TruncatedNormal(Tensor tensor, double mean = 0, double std = 1, double low = -2, double high = 2, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Guard.Finite(mean);
        Hyper.Positive(std);
        if (!(low < high && mean >= low - (2 * std) && mean <= high + (2 * std)))
        {
            throw new ArgumentException(
                $"Init.TruncatedNormal: bounds [{low}, {high}] must be in order and within two standard deviations ({std}) of the mean ({mean}).", nameof(low));
        }

        Random random = (generator ?? Generator.Default).HostRandom();
        double from = (low - mean) / std, to = (high - mean) / std;
        double[] values = HostValues(nameof(TruncatedNormal), tensor);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = mean + (std * TruncatedDraw(random, from, to));
        }

        return WriteHost(tensor, values);
    }

    /// <summary>
    /// A random matrix with orthonormal rows or columns (whichever are fewer), times <paramref name="gain"/>; axes after the first count as
    /// columns (Saxe et al. 2014).
    /// </summary>
    /// <exception cref="ShapeMismatchException">The tensor has fewer than two axes.</exception>
    public static Tensor Orthogonal(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Rank < 2)
        {
            throw new ShapeMismatchException($"Init.Orthogonal: the tensor is {tensor.Shape}; it must have at least two axes.");
        }

        Guard.Finite(gain);
        double[] values = HostValues(nameof(Orthogonal), tensor);
        int rows = tensor.Shape[0], columns = rows == 0 ? 0 : values.Length / rows;
        int count = Math.Min(rows, columns), length = Math.Max(rows, columns);
        Random random = (generator ?? Generator.Default).HostRandom();
        double[][] basis = new double[count][];
        for (int i = 0; i < count; i++)
        {
            basis[i] = new double[length];
            Orthonormalise(basis, i, random);
        }

        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                values[(r * columns) + c] = gain * (rows <= columns ? basis[r][c] : basis[c][r]);
            }
        }

        return WriteHost(tensor, values);
    }

    /// <summary>1 on the diagonal of a matrix, 0 elsewhere: a linear layer starts as the identity.</summary>
    /// <exception cref="ShapeMismatchException">The tensor is not a matrix.</exception>
    public static Tensor Eye(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Rank != 2)
        {
            throw new ShapeMismatchException($"Init.Eye: the tensor is {tensor.Shape}; it must be a matrix.");
        }

        double[] values = HostValues(nameof(Eye), tensor);
        for (int i = 0; i < Math.Min(tensor.Shape[0], tensor.Shape[1]); i++)
        {
            values[(i * tensor.Shape[1]) + i] = 1;
        }

        return WriteHost(tensor, values);
    }

    /// <summary>Filters [out, in, …] that pass channel i on to channel i of each group: a convolution starts as the identity.</summary>
    /// <exception cref="ShapeMismatchException">
    /// The tensor has fewer than three or more than five axes, out is not a multiple of the groups, or a filter has no taps.
    /// </exception>
    public static Tensor Dirac(Tensor tensor, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (tensor.Rank is < 3 or > 5 || tensor.Shape[0] % groups != 0)
        {
            throw new ShapeMismatchException($"Init.Dirac: the tensor is {tensor.Shape}, groups {groups}; it must be [out, in, …] with 3 to 5 axes and out a multiple of groups.");
        }

        if (tensor.Shape.AsSpan()[2..].Contains(0))
        {
            throw new ShapeMismatchException($"Init.Dirac: the tensor is {tensor.Shape}; filters without taps have no centre.");
        }

        int perGroup = tensor.Shape[0] / groups, inputs = tensor.Shape[1];
        int taps = 1, centre = 0;
        for (int axis = 2; axis < tensor.Rank; axis++)
        {
            centre = (centre * tensor.Shape[axis]) + (tensor.Shape[axis] / 2);
            taps *= tensor.Shape[axis];
        }

        double[] values = HostValues(nameof(Dirac), tensor);
        for (int output = 0; output < tensor.Shape[0]; output++)
        {
            int channel = output % perGroup;
            if (channel < inputs)
            {
                values[(((output * inputs) + channel) * taps) + centre] = 1;
            }
        }

        return WriteHost(tensor, values);
    }

    /// <summary>A standard normal number in [from, to], by rejection from whichever proposal is accepted more often.</summary>
    private static double TruncatedDraw(Random random, double from, double to)
    {
        // A narrow interval would reject nearly every normal number, a wide one nearly every uniform one. Between them at least 2 % pass.
        const double Narrow = 2;
        double nearest = Math.Clamp(0, from, to);
        while (true)
        {
            double z = to - from < Narrow ? from + ((to - from) * random.NextDouble()) : StandardNormal(random);
            if (to - from < Narrow ? random.NextDouble() <= Math.Exp(((nearest * nearest) - (z * z)) / 2) : z >= from && z <= to)
            {
                return z;
            }
        }
    }

    private static double StandardNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>
    /// Makes row <paramref name="index"/> a random unit vector at right angles to the rows before it. Gram and Schmidt, twice: one pass
    /// leaves errors of 1e-8 where the remainder is short.
    /// </summary>
    private static void Orthonormalise(double[][] basis, int index, Random random)
    {
        double[] row = basis[index];
        for (int c = 0; c < row.Length; c++)
        {
            row[c] = StandardNormal(random);
        }

        for (int pass = 0; pass < 2; pass++)
        {
            for (int before = 0; before < index; before++)
            {
                double[] other = basis[before];
                double dot = System.Numerics.Tensors.TensorPrimitives.Dot<double>(row, other);
                for (int c = 0; c < row.Length; c++)
                {
                    row[c] -= dot * other[c];
                }
            }
        }

        double norm = System.Numerics.Tensors.TensorPrimitives.Norm<double>(row);
        for (int c = 0; c < row.Length; c++)
        {
            row[c] /= norm;
        }
    }

    private static double[] HostValues(string method, Tensor tensor)
    {
        Guard.HostArray($"Init.{method}", tensor.ElementCount, sizeof(double));
        return new double[tensor.ElementCount];
    }

    private static Tensor WriteHost(Tensor tensor, double[] values)
    {
        using GradMode.Scope mode = GradMode.Off();
        tensor.CopyFrom<double>(values);
        return tensor;
    }
}
