using System.Runtime.InteropServices;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>Memory of the given shape; its values are undefined.</summary>
    public static Tensor Empty(Shape shape, DType dtype = DType.Float32, Device? device = null) => Allocate(shape, dtype, device ?? Device.Default);

    /// <summary>All elements 0.</summary>
    public static Tensor Zeros(Shape shape, DType dtype = DType.Float32, Device? device = null) => Full(shape, 0, dtype, device);

    /// <summary>All elements 1.</summary>
    public static Tensor Ones(Shape shape, DType dtype = DType.Float32, Device? device = null) => Full(shape, 1, dtype, device);

    /// <summary>All elements equal to <paramref name="value"/>.</summary>
    public static Tensor Full(Shape shape, double value, DType dtype = DType.Float32, Device? device = null)
    {
        Tensor y = Empty(shape, dtype, device);
        Pointwise.Into(y, Programs.Fill, [], [value]);
        return y;
    }

    /// <inheritdoc cref="Full(Shape, double, DType, Device?)"/>
    public static Tensor Full(Shape shape, long value, DType dtype = DType.Float32, Device? device = null)
    {
        Tensor y = Empty(shape, dtype, device);
        y.FillWith(value);
        return y;
    }

    /// <summary>A scalar.</summary>
    public static Tensor Scalar(double value, DType dtype = DType.Float32, Device? device = null) => Full(Shape.Scalar, value, dtype, device);

    /// <inheritdoc cref="Scalar(double, DType, Device?)"/>
    public static Tensor Scalar(long value, DType dtype = DType.Float32, Device? device = null) => Full(Shape.Scalar, value, dtype, device);

    /// <summary>start, start + step, … up to but not including <paramref name="stop"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is 0, a number is not finite, or there would be more elements than an axis can have.</exception>
    public static Tensor Arange(double start, double stop, double step = 1, DType dtype = DType.Float32, Device? device = null)
    {
        Guard.Finite(start);
        Guard.Finite(stop);
        Guard.Finite(step);
        ArgumentOutOfRangeException.ThrowIfZero(step);
        double count = Math.Max(0, Math.Ceiling((stop - start) / step));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, int.MaxValue, nameof(stop));
        Tensor y = Empty([(int)count], dtype, device);
        CreationOps.FillRamp(nameof(Arange), y, start, step, dtype.IsFloatingPoint() ? DType.Float64 : DType.Int64);
        return y;
    }

    /// <inheritdoc cref="Arange(double, double, double, DType, Device?)"/>
    /// <remarks>In integer types the numbers are exact over all of int64.</remarks>
    public static Tensor Arange(long start, long stop, long step = 1, DType dtype = DType.Float32, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(step);
        if (dtype.IsFloatingPoint())
        {
            return Arange((double)start, stop, step, dtype, device);
        }

        Int128 distance = (Int128)stop - start, count = distance / step;
        count = Int128.Max(count * step == distance ? count : count + ((distance < 0) == (step < 0) ? 1 : 0), 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, int.MaxValue, nameof(stop));
        Tensor y = Empty([(int)count], dtype, device);
        (double high, double low) = Programs.Parts(start);
        (double stepHigh, double stepLow) = Programs.Parts(step);
        Pointwise.Into(y, CreationOps.WholeRamp, [], [high, low, stepHigh, stepLow], DType.Int64);
        return y;
    }

    /// <summary>0, 1, … count − 1 as int64.</summary>
    public static Tensor Arange(int count, Device? device = null) => Arange(0, count, 1, DType.Int64, device);

    /// <summary><paramref name="count"/> values from <paramref name="start"/> to <paramref name="stop"/>, both included, evenly spaced.</summary>
    public static Tensor Linspace(double start, double stop, int count, DType dtype = DType.Float32, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Tensor y = Empty([count], dtype, device);
        CreationOps.FillRamp(nameof(Linspace), y, start, count > 1 ? (stop - start) / (count - 1) : 0, DType.Float64);
        return y;
    }

    /// <summary>The identity matrix, or its first <paramref name="columns"/> columns.</summary>
    public static Tensor Eye(int rows, int? columns = null, DType dtype = DType.Float32, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns ?? 0, nameof(columns));
        device ??= Device.Default;
        using TensorScope scope = TensorScope.Begin();
        Tensor row = Arange(rows, device).Unsqueeze(1);
        Tensor column = Arange(columns ?? rows, device);
        return scope.Keep(row.EqualTo(column).ToOrSelf(dtype));
    }

    /// <summary>A tensor with the values of a span, in row-major order; the element type follows from T.</summary>
    /// <exception cref="ShapeMismatchException">The span does not have as many values as the shape.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> values, Shape shape, Device? device = null)
        where T : unmanaged
    {
        if (values.Length != shape.ElementCount)
        {
            throw new ShapeMismatchException($"Tensor.From: {values.Length} values do not fill shape {shape}, which has {shape.ElementCount} elements.");
        }

        device ??= Device.Default;
        device.Refuse("Tensor.From", HostAccess.Upload);
        Tensor y = Empty(shape, TypePromotion.Of<T>(), device);
        device.Upload(MemoryMarshal.AsBytes(values), y.Storage, 0);
        return y;
    }

    /// <summary>A tensor with one axis.</summary>
    public static Tensor From<T>(ReadOnlySpan<T> values, Device? device = null)
        where T : unmanaged => From(values, [values.Length], device);

    /// <summary>A matrix.</summary>
    public static Tensor From<T>(T[,] values, Device? device = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        ReadOnlySpan<T> span = values.Length == 0 ? default : MemoryMarshal.CreateReadOnlySpan(ref values[0, 0], values.Length);
        return From(span, [values.GetLength(0), values.GetLength(1)], device);
    }

    /// <summary>Uniform in [low, high).</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound is not finite, or low lies above high.</exception>
    /// <exception cref="DTypeMismatchException">The type is not floating point.</exception>
    public static Tensor Rand(Shape shape, double low = 0, double high = 1, Generator? generator = null, DType dtype = DType.Float32, Device? device = null)
    {
        Guard.Finite(low);
        Guard.Finite(high);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(low, high);
        CreationOps.RandomType(nameof(Rand), dtype);
        Tensor y = Empty(shape, dtype, device);
        Span<double> p = stackalloc double[RandomParameters.Uniform.Count];
        (generator ?? Generator.Default).Next(p[RandomParameters.Uniform.Draw..]);
        (p[RandomParameters.Uniform.Low], p[RandomParameters.Uniform.Width]) = (low, high - low);
        Pointwise.Into(y, Programs.Uniform, [], p);
        return y;
    }

    /// <summary>Normal with the given mean and standard deviation. One seed gives the same bits on every device, as it does for <see cref="Rand"/>.</summary>
    /// <remarks>
    /// The numbers are made in float32; in float64 the mean and the standard deviation are applied to those. Processors without fused multiply-add may differ in the
    /// last place.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The mean is not finite, or the standard deviation is not finite or negative.</exception>
    /// <exception cref="DTypeMismatchException">The type is not floating point.</exception>
    public static Tensor Randn(Shape shape, double mean = 0, double std = 1, Generator? generator = null, DType dtype = DType.Float32, Device? device = null)
    {
        Guard.Finite(mean);
        Guard.Finite(std);
        ArgumentOutOfRangeException.ThrowIfNegative(std);
        CreationOps.RandomType(nameof(Randn), dtype);
        Tensor y = Empty(shape, dtype, device);
        if (dtype == DType.Float64)
        {
            using TensorScope scope = TensorScope.Begin();
            Pointwise.Into(y, Programs.Affine, [Randn(shape, 0, 1, generator, DType.Float32, device)], [mean, std]);
            return y;
        }

        Span<double> p = stackalloc double[RandomParameters.Normal.Count];
        generator ??= Generator.Default;
        generator.Next(p[RandomParameters.Normal.Draw..]);
        generator.Next(p[RandomParameters.Normal.SecondDraw..]);
        (p[RandomParameters.Normal.Mean], p[RandomParameters.Normal.Std]) = (mean, std);
        Pointwise.Into(y, Programs.Normal, [], p);
        return y;
    }

    /// <summary>Integers, uniform in [low, high), as int64.</summary>
    public static Tensor RandInt(Shape shape, int low, int high, Generator? generator = null, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(low, high);
        device ??= Device.Default;
        if (!device.HasFloat64)
        {
            return CreationOps.HostRandInt(shape, low, high, generator ?? Generator.Default, device);
        }

        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(Rand(shape, low, high, generator, DType.Float64, device).Floor().ToOrSelf(DType.Int64));
    }

    /// <summary>0 … count − 1 in random order, as int64.</summary>
    public static Tensor RandPerm(int count, Generator? generator = null, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        using TensorScope scope = TensorScope.Begin();

        // The device allocates first: the host need not make an array that the device cannot hold.
        Tensor order = Empty([count], DType.Int64, device);
        order.CopyFrom<long>((generator ?? Generator.Default).Permutation(count));
        return scope.Keep(order);
    }

    /// <summary>Zeros of this tensor's shape, type and device.</summary>
    public Tensor ZerosLike() => Zeros(Shape, DType, Device);

    /// <summary>Ones of this tensor's shape, type and device.</summary>
    public Tensor OnesLike() => Ones(Shape, DType, Device);

    /// <summary>Undefined values of this tensor's shape, type and device.</summary>
    public Tensor EmptyLike() => Allocate(Shape, DType, Device);
}

/// <summary>Ramps and random numbers.</summary>
internal static class CreationOps
{
    /// <summary>Whole numbers up to here are exact in double precision.</summary>
    public const double LargestWhole = 1L << 53;

    public static readonly MapProgram WholeFill = MapProgram.Compile(0, Programs.Whole(0));
    public static readonly MapProgram WholeRamp = MapProgram.Compile(0, Programs.Whole(0) + (Expr.Index * Programs.Whole(2)));

    // start + i·step in double precision. A device without float64 computes ramps of whole numbers in int64, which is as exact. The host makes the others.
    public static void FillRamp(string operation, Tensor y, double start, double step, DType compute)
    {
        if (compute == DType.Float64 && !y.Device.HasFloat64)
        {
            double last = start + (step * y.ElementCount);
            if (!double.IsInteger(start) || !double.IsInteger(step) || Math.Abs(start) > LargestWhole || Math.Abs(last) > LargestWhole)
            {
                y.Device.Refuse(operation, HostAccess.Upload);
                double[] values = new double[y.ElementCount];
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = Math.FusedMultiplyAdd(i, step, start);
                }

                y.CopyFrom<double>(values);
                return;
            }

            compute = DType.Int64;
        }

        Pointwise.Into(y, compute == DType.Float64 ? Programs.FractionRamp : Programs.Ramp, [], [start, step], compute);
    }

    // The numbers that the device would draw, with the one generator and the same arithmetic in double precision.
    public static Tensor HostRandInt(Shape shape, int low, int high, Generator generator, Device device)
    {
        device.Refuse(nameof(Tensor.RandInt), HostAccess.Upload);
        Span<double> p = stackalloc double[4];
        generator.Next(p);
        float[] uniform = new float[shape.ElementCount];
        Philox.FillUniform(uniform, (uint)p[0], (uint)p[1], (uint)p[2], (uint)p[3]);
        long[] values = new long[uniform.Length];
        double range = (double)high - low;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (long)Math.Floor(low + (range * uniform[i]));
        }

        return Tensor.From<long>(values, shape, device);
    }

    public static void RandomType(string op, DType dtype)
    {
        if (!dtype.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"{op}: dtype is {dtype.ShortName()}; random numbers with fractions are floating point. Use RandInt, or convert the result with To.");
        }
    }

    /// <summary>Every element ← value; exact where the type is.</summary>
    public static void FillWith(this Tensor x, long value)
    {
        if (x.DType != DType.Int64 || Programs.IsExact(value))
        {
            Pointwise.Into(x, Programs.Fill, [], [value]);
            return;
        }

        (double high, double low) = Programs.Parts(value);
        Pointwise.Into(x, WholeFill, [], [high, low]);
    }
}
