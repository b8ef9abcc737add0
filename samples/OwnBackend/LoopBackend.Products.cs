using System.Numerics;
using Engine;
using Engine.Backends;
using static OwnBackendSample.Elements;

namespace OwnBackendSample;

/// <summary>Sums of products: the matrix product and the three directions of a convolution.</summary>
internal partial class LoopBackend
{
    protected override void GemmCore(in GemmArgs args)
    {
        if (args.C.DType.IsFloatingPoint())
        {
            Gemm<double>(args);
        }
        else
        {
            Gemm<long>(args);
        }
    }

    protected override void ConvForwardCore(in ConvForwardArgs args)
    {
        DType type = args.Y.DType.ComputeType();
        double[] x = Load<double>(args.X, type), w = Load<double>(args.W, type), y = new double[args.Y.Shape.ElementCount];
        ForEachProduct(args.Geometry, (ix, iw, iy) => y[iy] += x[ix] * w[iw]);
        double[] bias = args.Bias is { } given ? Load<double>(given, type) : new double[args.Geometry.OutChannels];
        int area = args.Geometry.OutHeight * args.Geometry.OutWidth;
        for (int i = 0; i < y.Length; i++)
        {
            y[i] += bias[i / area % bias.Length];
        }

        Activate(args.Activation, y, type);
        Store(args.Y, y, type);
    }

    protected override void ConvBackwardDataCore(in ConvBackwardDataArgs args)
    {
        DType type = args.GradX.DType.ComputeType();
        double[] dy = Load<double>(args.GradY, type), w = Load<double>(args.W, type), dx = new double[args.GradX.Shape.ElementCount];
        ForEachProduct(args.Geometry, (ix, iw, iy) => dx[ix] += dy[iy] * w[iw]);
        Store(args.GradX, dx, type);
    }

    protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args)
    {
        DType type = args.GradW.DType.ComputeType();
        double[] x = Load<double>(args.X, type), dy = Load<double>(args.GradY, type), dw = new double[args.GradW.Shape.ElementCount];
        ForEachProduct(args.Geometry, (ix, iw, iy) => dw[iw] += dy[iy] * x[ix]);
        Store(args.GradW, dw, type);
    }

    /// <summary>C = activation(alpha·A·B + beta·C + bias) for every matrix of the batch.</summary>
    private static void Gemm<T>(in GemmArgs args)
        where T : unmanaged, INumber<T>
    {
        DType type = args.C.DType.ComputeType();
        int m = args.C.Shape[-2], n = args.C.Shape[-1], depth = args.A.Shape[-1];
        T[] a = Load<T>(args.A, type), b = Load<T>(args.B, type), c = new T[args.C.Shape.ElementCount];
        for (int row = 0; row < c.Length / n; row++)
        {
            int matrix = row / m;
            for (int k = 0; k < depth; k++)
            {
                T factor = a[(row * depth) + k];
                for (int column = 0; column < n; column++)
                {
                    c[(row * n) + column] += factor * b[(((matrix * depth) + k) * n) + column];
                }
            }
        }

        // With beta = 0, C is not read: it may hold anything, NaN included.
        T alpha = T.CreateSaturating(args.Alpha), beta = T.CreateSaturating(args.Beta);
        T[] before = T.IsZero(beta) ? new T[c.Length] : Load<T>(args.C, type), bias = args.Bias is { } given ? Load<T>(given, type) : new T[c.Length];
        for (int i = 0; i < c.Length; i++)
        {
            c[i] = (alpha * c[i]) + (beta * before[i]) + bias[i];
        }

        Activate(args.Activation, c, type);
        Store(args.C, c, type);
    }

    /// <summary>A program with one input and one output over results that are not stored yet.</summary>
    private static void Activate<T>(MapProgram? activation, T[] values, DType type)
        where T : unmanaged, INumber<T>
    {
        for (int i = 0; activation is not null && i < values.Length; i++)
        {
            Evaluate<T>(activation, [values[i]], [], i, values.AsSpan(i, 1), type);
        }
    }

    /// <summary>
    /// Every product of a convolution that falls inside of the image: the numbers of the elements of x, w and y that meet in it. All three directions are the
    /// same products; they differ in the one that is the sum.
    /// </summary>
    private static void ForEachProduct(ConvGeometry g, Action<int, int, int> visit)
    {
        int inGroup = g.InChannels / g.Groups, outGroup = g.OutChannels / g.Groups, y = 0;
        for (int n = 0; n < g.Batch; n++)
        {
            for (int k = 0; k < g.OutChannels; k++)
            {
                for (int p = 0; p < g.OutHeight; p++)
                {
                    for (int q = 0; q < g.OutWidth; q++, y++)
                    {
                        int w = k * inGroup * g.KernelHeight * g.KernelWidth;
                        for (int c = 0; c < inGroup; c++)
                        {
                            int plane = ((n * g.InChannels) + (k / outGroup * inGroup) + c) * g.InHeight;
                            for (int r = 0; r < g.KernelHeight; r++)
                            {
                                for (int s = 0; s < g.KernelWidth; s++, w++)
                                {
                                    int row = (p * g.StrideH) - g.PadH + (r * g.DilationH), column = (q * g.StrideW) - g.PadW + (s * g.DilationW);
                                    if (row >= 0 && row < g.InHeight && column >= 0 && column < g.InWidth)
                                    {
                                        visit(((plane + row) * g.InWidth) + column, w, y);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
