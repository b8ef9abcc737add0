namespace Engine;

/// <summary>
/// The transform itself, unscaled and of any length n in O(n log n) steps, made of matrix products and pointwise programs: it runs on every device as it is.
/// </summary>
/// <remarks>
/// Up to <see cref="LargestMatrix"/> numbers are one product with the matrix of the transform. A longer length r·m is split (Cooley and Tukey 1965): products with the
/// r×r matrix, a turn of each number, m-long transforms. A length without a small divisor is a convolution with a chirp, carried out by transforms of a power of 2
/// (Bluestein 1970). Angles are computed on the device from whole numbers, in the first octant, so no table is uploaded or kept.
/// </remarks>
internal static class FourierTransform
{
    /// <summary>Longest transform that is one matrix product.</summary>
    private const int LargestMatrix = 64;

    /// <summary>A divisor of the length up to here is split off.</summary>
    private const int LargestRadix = 32;

    /// <summary>The type in which a transform is computed: float64, or float32 of all others.</summary>
    public static Tensor ToFourierType(this Tensor x) => x.ToOrSelf(x.DType == DType.Float64 ? DType.Float64 : DType.Float32);

    /// <summary>Sums over e^(∓2πi·jk/n) along an axis of pairs [..., 2], times a factor.</summary>
    public static Tensor Transformed(this Tensor x, int axis, bool isInverse, double scale)
    {
        Tensor y;
        using (Autocast.Off())
        using (GradMode.Off())
        {
            using TensorScope scope = TensorScope.Begin();
            int rank = x.Rank, n = x.Shape[axis];
            int[] order = [.. Enumerable.Range(0, rank - 1).Where(i => i != axis), rank - 1, axis];
            int[] back = new int[rank];
            for (int i = 0; i < rank; i++)
            {
                back[order[i]] = i;
            }

            Tensor rows = x.Detach().Permute(order);
            Tensor result = rows.ElementCount == 0 ? rows : Rows(rows.Reshape(Guard.Size(nameof(Tensor.Fft), rows.ElementCount / (2L * n)), 2, n), isInverse ? 1 : -1);
            y = scope.Keep(Pointwise.Apply(nameof(Tensor.Fft), Programs.MulScalar, [result.Reshape(rows.Shape).Permute(back)], [scale]));
        }

        return Tensor.ShouldTrack(x) ? y.Record(new FourierNode(x, axis, isInverse, scale)) : y;
    }

    /// <summary>z [rows, 2, n], real parts before imaginary ones.</summary>
    private static Tensor Rows(Tensor z, int sign)
    {
        int n = z.Shape[2];
        if (n <= LargestMatrix)
        {
            return n == 1 ? z : z.Reshape(z.Shape[0], 2 * n).MatMul(Matrix(n, sign, z)).Reshape(z.Shape);
        }

        int radix = Radix(n);
        return radix > 1 ? Split(z, radix, sign) : Chirp(z, sign);
    }

    // Element j = m·a + b becomes column b of row a; result k = c + r·d is made of c, which the product with the small matrix gives, and d.
    private static Tensor Split(Tensor z, int radix, int sign)
    {
        int rows = z.Shape[0], n = z.Shape[2], rest = n / radix;
        Tensor small = Matrix(radix, sign, z).T.MatMul(z.Reshape(rows, 2 * radix, rest));
        Tensor turned = Tensor.Empty([rows, radix, 2, rest], z.DType, z.Device);
        Pointwise.Into(
            [turned.Select(2, 0), turned.Select(2, 1)],
            FourierPrograms.TurnByProduct,
            [small.Narrow(1, 0, radix), small.Narrow(1, radix, radix), Count(radix, z).Unsqueeze(1), Count(rest, z)],
            [n, sign]);
        Tensor transformed = Rows(turned.Reshape(rows * radix, 2, rest), sign);
        return transformed.Reshape(rows, radix, 2, rest).Permute(0, 2, 3, 1).Reshape(rows, 2, n);
    }

    // jk = (j² + k² − (k − j)²)/2: turn by j², convolve with the opposite turns, turn by k².
    private static Tensor Chirp(Tensor z, int sign)
    {
        int rows = z.Shape[0], n = z.Shape[2], length = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)((2 * n) - 1));
        double period = 2.0 * n;
        Tensor numbers = Tensor.Arange(n, z.Device).ToOrSelf(DType.Int64);
        Tensor squares = ((numbers * numbers) % (2L * n)).To(z.DType);

        Tensor padded = Tensor.Zeros([rows, 2, length], z.DType, z.Device), used = padded.Narrow(2, 0, n);
        Pointwise.Into([used.Select(1, 0), used.Select(1, 1)], FourierPrograms.Turn, [z.Select(1, 0), z.Select(1, 1), squares], [period, sign]);

        Tensor chirp = Tensor.Zeros([1, 2, length], z.DType, z.Device);
        WriteTurns(chirp.Narrow(2, 0, n), squares, period, -sign);
        WriteTurns(chirp.Narrow(2, length - n + 1, n - 1), squares.Narrow(0, 1, n - 1).Flip(0), period, -sign);

        Tensor a = Rows(padded, -1), b = Rows(chirp, -1), product = a.EmptyLike();
        Pointwise.Into([product.Select(1, 0), product.Select(1, 1)], FourierPrograms.Product, [a.Select(1, 0), a.Select(1, 1), b.Select(1, 0), b.Select(1, 1)], [1.0 / length]);
        Tensor convolved = Rows(product, 1).Narrow(2, 0, n), y = Tensor.Empty(z.Shape, z.DType, z.Device);
        Pointwise.Into([y.Select(1, 0), y.Select(1, 1)], FourierPrograms.Turn, [convolved.Select(1, 0), convolved.Select(1, 1), squares], [period, sign]);
        return y;
    }

    private static void WriteTurns(Tensor pairs, Tensor numbers, double period, int sign)
    {
        Tensor row = pairs.Select(0, 0);
        Pointwise.Into([row.Select(0, 0), row.Select(0, 1)], FourierPrograms.Direction, [numbers], [period, sign]);
    }

    /// <summary>[[C, S], [−S, C]] for rows [real | imaginary]: cosines and sines of the angles 2π·jk/n.</summary>
    private static Tensor Matrix(int n, int sign, Tensor like)
    {
        Tensor matrix = Tensor.Empty([2 * n, 2 * n], like.DType, like.Device), upper = matrix.Narrow(0, 0, n), lower = matrix.Narrow(0, n, n), count = Count(n, like);
        Pointwise.Into(
            [upper.Narrow(1, 0, n), upper.Narrow(1, n, n), lower.Narrow(1, 0, n), lower.Narrow(1, n, n)], FourierPrograms.Matrix, [count.Unsqueeze(1), count], [n, sign]);
        return matrix;
    }

    private static Tensor Count(int n, Tensor like) => Tensor.Arange(0, n, 1, like.DType, like.Device);

    // The largest divisor that is small, or the smallest one, if it is a matrix; 1 if there is none.
    private static int Radix(int n)
    {
        for (int r = LargestRadix; r > 1; r--)
        {
            if (n % r == 0)
            {
                return r;
            }
        }

        for (int r = LargestRadix + 1; r <= LargestMatrix; r++)
        {
            if (n % r == 0)
            {
                return r;
            }
        }

        return 1;
    }
}

/// <summary>Programs over pairs. Parameter 0 is the number of steps of a full turn, parameter 1 the direction, 1 or −1.</summary>
file static class FourierPrograms
{
    /// <summary>Inputs j and k: cos, sin, −sin, cos of the turn by jk.</summary>
    public static readonly MapProgram Matrix = Compile(2, static () =>
    {
        (Expr c, Expr s) = Direct(Expr.Input(0) * Expr.Input(1));
        return [c, s, -s, c];
    });

    /// <summary>Input j: cos and sin of the turn by j.</summary>
    public static readonly MapProgram Direction = Compile(1, static () =>
    {
        (Expr c, Expr s) = Direct(Expr.Input(0));
        return [c, s];
    });

    /// <summary>Inputs a complex number and j: the number turned by j.</summary>
    public static readonly MapProgram Turn = Compile(3, static () => Turned(Expr.Input(2)));

    /// <summary>Inputs a complex number, j and k: the number turned by jk.</summary>
    public static readonly MapProgram TurnByProduct = Compile(4, static () => Turned(Expr.Input(2) * Expr.Input(3)));

    /// <summary>Inputs two complex numbers: their product times parameter 0.</summary>
    public static readonly MapProgram Product = Compile(4, static () =>
    {
        Expr a = Expr.Input(0), b = Expr.Input(1), c = Expr.Input(2), d = Expr.Input(3), scale = Expr.Parameter(0);
        return [((a * c) - (b * d)) * scale, ((a * d) + (b * c)) * scale];
    });

    private static MapProgram Compile(int inputs, Func<Expr[]> outputs) => MapProgram.Compile(inputs, outputs());

    private static Expr[] Turned(Expr step)
    {
        (Expr c, Expr s) = Direct(step);
        Expr a = Expr.Input(0), b = Expr.Input(1);
        return [(a * c) - (b * s), (a * s) + (b * c)];
    }

    /// <summary>Cosine and sine of 2π·step/n: the step less whole turns and quarters of one is a whole number too, so the angle has one rounding.</summary>
    private static (Expr Cosine, Expr Sine) Direct(Expr step)
    {
        Expr n = Expr.Parameter(0), rest = step - (n * Expr.Round(step / n)), quarter = Expr.Round(rest * 4 / n);
        Expr angle = ((rest * 4) - (quarter * n)) * (Math.PI / 2) / n, c = Expr.Cos(angle), s = Expr.Sin(angle);
        Expr isOdd = Expr.Equal(Expr.Abs(quarter), 1), isNone = Expr.Equal(quarter, 0);
        Expr cosine = Expr.Where(isOdd, -(quarter * s), Expr.Where(isNone, c, -c));
        Expr sine = Expr.Where(isOdd, quarter * c, Expr.Where(isNone, s, -s));
        return (cosine, sine * Expr.Parameter(1));
    }
}

/// <summary>The transform is linear: its transpose is the one in the other direction with the same factor.</summary>
file sealed class FourierNode(Tensor x, int axis, bool isInverse, double scale) : GradNode(x)
{
    public override string Name => "Fft";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.Transformed(axis, !isInverse, scale));
}
