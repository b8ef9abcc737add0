using System.Numerics;
using static Engine.Tests.Reference.Elements;

namespace Engine.Tests.Reference;

/// <summary>Sums of products: the matrix product and the three directions of a convolution.</summary>
internal partial class ReferenceBackend
{
    /// <summary>One product of a convolution: x[n, c, h, w] meets w[k, c', r, s] in y[n, k, p, q], c' being c within its group.</summary>
    private readonly record struct Tap(int N, int C, int H, int W, int K, int CInGroup, int R, int S, int P, int Q);

    protected override void GemmCore(in GemmArgs args)
    {
        if (args.C.DType.IsFloatingPoint())
            Gemm<double>(args);
        else
            Gemm<long>(args);
    }

    protected override void ConvForwardCore(in ConvForwardArgs args)
    {
        Operand x = args.X, w = args.W, y = args.Y;
        var sums = new double[y.Shape.ElementCount];
        foreach (Tap t in Taps(args.Geometry))
            sums[Number(y, t.N, t.K, t.P, t.Q)] += At(x, t.N, t.C, t.H, t.W) * At(w, t.K, t.CInGroup, t.R, t.S);
        int planeSize = args.Geometry.OutHeight * args.Geometry.OutWidth;
        for (int i = 0; i < sums.Length; i++)
        {
            double value = sums[i];
            if (args.Bias is { } bias)
                value += At(bias, i / planeSize % args.Geometry.OutChannels);
            sums[i] = args.Activation?.Evaluate([value]) ?? value;
        }

        Store(y, sums);
    }

    protected override void ConvBackwardDataCore(in ConvBackwardDataArgs args)
    {
        Operand dy = args.GradY, w = args.W, dx = args.GradX;
        var sums = new double[dx.Shape.ElementCount];
        foreach (Tap t in Taps(args.Geometry))
            sums[Number(dx, t.N, t.C, t.H, t.W)] += At(dy, t.N, t.K, t.P, t.Q) * At(w, t.K, t.CInGroup, t.R, t.S);
        Store(dx, sums);
    }

    protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args)
    {
        Operand x = args.X, dy = args.GradY, dw = args.GradW;
        var sums = new double[dw.Shape.ElementCount];
        foreach (Tap t in Taps(args.Geometry))
            sums[Number(dw, t.K, t.CInGroup, t.R, t.S)] += At(dy, t.N, t.K, t.P, t.Q) * At(x, t.N, t.C, t.H, t.W);
        Store(dw, sums);
    }

    private static void Gemm<T>(in GemmArgs args)
        where T : unmanaged, INumber<T>
    {
        DType type = args.C.DType.ComputeType();
        Shape shape = args.C.Shape;
        int depth = args.A.Shape[-1];
        T alpha = T.CreateSaturating(args.Alpha), beta = T.CreateSaturating(args.Beta);
        Span<T> result = stackalloc T[1];
        for (long i = 0; i < shape.ElementCount; i++)
        {
            int[] at = Coordinates(shape, i);
            int[] atA = [.. at], atB = [.. at];
            (atA[^1], atB[^2]) = (0, 0);
            T sum = T.Zero;
            if (depth > 0)
            {
                long placeA = PlaceAt(args.A.Layout, atA), placeB = PlaceAt(args.B.Layout, atB);
                for (int k = 0; k < depth; k++)
                    sum += Read<T>(args.A, placeA + (k * args.A.Layout.Strides[^1]), type) * Read<T>(args.B, placeB + (k * args.B.Layout.Strides[^2]), type);
            }

            long place = PlaceAt(args.C.Layout, at);
            sum *= alpha;
            if (beta != T.Zero)
                sum += beta * Read<T>(args.C, place, type);
            if (args.Bias is { } bias)
                sum += Read<T>(bias, PlaceAt(bias.Layout, at), type);
            result[0] = sum;
            if (args.Activation is { } activation)
                Evaluate<T>(activation, [sum], [], i, result, type);
            Write(args.C, place, result[0], type);
        }
    }

    /// <summary>Every product of the convolution that falls inside the image.</summary>
    private static IEnumerable<Tap> Taps(ConvGeometry g)
    {
        int inGroup = g.InChannels / g.Groups, outGroup = g.OutChannels / g.Groups;
        for (int n = 0; n < g.Batch; n++)
            for (int k = 0; k < g.OutChannels; k++)
                for (int p = 0; p < g.OutHeight; p++)
                    for (int q = 0; q < g.OutWidth; q++)
                        for (int c = 0; c < inGroup; c++)
                            for (int r = 0; r < g.KernelHeight; r++)
                                for (int s = 0; s < g.KernelWidth; s++)
                                {
                                    int h = (p * g.StrideH) - g.PadH + (r * g.DilationH);
                                    int w = (q * g.StrideW) - g.PadW + (s * g.DilationW);
                                    if (h >= 0 && h < g.InHeight && w >= 0 && w < g.InWidth)
                                        yield return new Tap(n, (k / outGroup * inGroup) + c, h, w, k, c, r, s, p, q);
                                }
    }

    private static double At(in Operand operand, params ReadOnlySpan<int> at) => Read<double>(operand, PlaceAt(operand.Layout, at), operand.DType.ComputeType());

    /// <summary>The row-major number of coordinates.</summary>
    private static long Number(in Operand operand, params ReadOnlySpan<int> at) => PlaceAt(Layout.Contiguous(operand.Shape), at);

    private static int[] Coordinates(Shape shape, long number)
    {
        var at = new int[shape.Rank];
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            at[axis] = (int)(number % shape[axis]);
            number /= shape[axis];
        }

        return at;
    }

    /// <summary>Writes all elements, given in row-major order.</summary>
    private static void Store(in Operand operand, ReadOnlySpan<double> values)
    {
        for (int i = 0; i < values.Length; i++)
            Write(operand, Place(operand.Layout, i), values[i], operand.DType.ComputeType());
    }
}
