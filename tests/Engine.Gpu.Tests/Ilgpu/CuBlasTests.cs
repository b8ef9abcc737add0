using ILGPU.Runtime.Cuda;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Products as calls of cuBLAS, checked against what the library's documentation says that a call computes; no card is needed.</summary>
[TestFixture]
internal sealed class CuBlasTests
{
    private static readonly Layouts[] s_layouts = Enum.GetValues<Layouts>();

    public enum Layouts
    {
        Rows,
        Columns,
        RowsOfAWiderMatrix,
        ColumnsOfATallerMatrix,
    }

    [Test, Combinatorial]
    public void From_AllLayouts_ComputesTheProduct(
        [ValueSource(nameof(s_layouts))] Layouts a, [ValueSource(nameof(s_layouts))] Layouts b, [ValueSource(nameof(s_layouts))] Layouts c)
    {
        foreach ((int m, int n, int k) in ((int, int, int)[])[(3, 5, 4), (1, 5, 4), (3, 1, 4), (3, 5, 1), (1, 1, 4), (1, 5, 1), (1, 1, 1)])
        {
            using Tensor left = Make(a, m, k, 1), right = Make(b, k, n, 2), result = Make(c, m, n, 3);
            double[] expected = Expected(left, right, result, 2, 0.5);
            GemmArgs arguments = new() { A = left.Operand, B = right.Operand, C = result.Operand, Alpha = 2, Beta = 0.5 };
            CuBlasCall? call = CuBlasCall.From(GemmProblem.From(arguments));
            Assert.That(call, Is.Not.Null, $"{m} x {n} x {k}");
            Carry(call!.Value, 2, 0.5);
            Assert.That(result.ToArray<double>(), Is.EqualTo(expected).Within(1e-12), $"{m} x {n} x {k}");
        }
    }

    [Test]
    public void From_WhatTheLibraryCannotExpress_IsNone()
    {
        using Tensor x = Make(Layouts.Rows, 4, 4, 1), y = Make(Layouts.Rows, 4, 4, 2), z = Tensor.Zeros([4, 4], DType.Float64, Device.Cpu);
        using Tensor spread = Make(Layouts.Rows, 1, 4, 1).Expand([4, 4]), flipped = x.Flip(0), every = Make(Layouts.Rows, 8, 8, 3).Slice(0, 0, 8, 2).Slice(1, 0, 8, 2);
        using Tensor batch = Tensor.Zeros([2, 4, 4], DType.Float64, Device.Cpu), single = Tensor.Zeros([1, 4, 4], DType.Float64, Device.Cpu);
        using Tensor bias = Tensor.Zeros([4], DType.Float64, Device.Cpu).Expand([4, 4]), empty = Tensor.Zeros([4, 0], DType.Float64, Device.Cpu), none = Tensor.Zeros([0, 4], DType.Float64, Device.Cpu);
        Assert.Multiple(() =>
        {
            Assert.That(Call(x, y, z), Is.Not.Null);
            Assert.That(Call(single, single, single), Is.Not.Null, "one matrix, whatever its rank");
            Assert.That(Call(spread, y, z), Is.Null, "stride 0");
            Assert.That(Call(x, spread, z), Is.Null, "stride 0");
            Assert.That(Call(flipped, y, z), Is.Null, "negative stride");
            Assert.That(Call(every, y, z), Is.Null, "every second element");
            Assert.That(Call(x, y, every), Is.Null, "every second element");
            Assert.That(Call(batch, batch, batch), Is.Null, "batched");
            Assert.That(Call(empty, none, z), Is.Null, "no sums");
            Assert.That(CuBlasCall.From(GemmProblem.From(new GemmArgs { A = x.Operand, B = y.Operand, C = z.Operand, Bias = bias.Operand })), Is.Null, "bias");
        });
    }

    [TestCase("float32", MathMode.Strict, 128, true, 0)]
    [TestCase("float32", MathMode.Tf32, 128, true, 3)]
    [TestCase("float32", MathMode.BFloat16, 128, false, 0)]
    [TestCase("float32", MathMode.Float16, 128, false, 0)]
    [TestCase("float64", MathMode.Tf32, 128, true, 0)]
    [TestCase("float16", MathMode.Strict, 128, false, 0)]
    [TestCase("int32", MathMode.Strict, 128, false, 0)]
    [TestCase("float32", MathMode.Strict, 127, false, 0)]
    public void Takes_TypesModesAndSizes(string type, MathMode mode, int size, bool takes, int math)
    {
        DType dtype = Enum.Parse<DType>(type, ignoreCase: true);
        using Tensor x = Tensor.Zeros([size, 128], dtype, Device.Cpu), y = Tensor.Zeros([128, 128], dtype, Device.Cpu), z = Tensor.Zeros([size, 128], dtype, Device.Cpu);
        GemmArgs arguments = new() { A = x.Operand, B = y.Operand, C = z.Operand };
        Assert.That(CuBlasProducts.Takes(GemmProblem.From(arguments), mode, out CuBlasMathMode chosen), Is.EqualTo(takes));
        if (takes)
        {
            Assert.That((int)chosen, Is.EqualTo(math));
        }
    }

    [Test]
    public void UseCuBlas_DeviceWithoutAnAccelerator_IsRefused()
    {
        var device = (CudaDevice)KernelDevices.Get("interpreter");
        Assert.That(device.UseCuBlas, Is.False);
        Assert.That(() => device.UseCuBlas = true, Throws.InstanceOf<OperationNotSupportedException>().With.Message.Contains("adopted none"));
        Assert.That(device.UseCuBlas, Is.False);
        Assert.That(() => device.UseCuBlas = false, Throws.Nothing);
    }

    [Test]
    public void Products_OfALibrary_AreAskedFirst()
    {
        using CudaDevice device = ((CudaDevice)KernelDevices.Get("interpreter")).OpenAgain();
        using Library library = new();
        device.Products = library;
        device.MathMode = MathMode.Tf32;
        using Tensor x = Tensor.Ones([16, 16], device: device), y = Tensor.Ones([16, 16], device: device), untouched = Tensor.Zeros([16, 16], device: device);
        using Tensor computed = x.MatMul(y);
        Assert.That(computed.ToArray<float>(), Is.All.EqualTo(16f), "what the library does not take is computed");
        Assert.That(library.Asked, Is.EqualTo(1));
        Assert.That(library.Mode, Is.EqualTo(MathMode.Tf32));
        library.Takes = true;
        Products.Into(x, y, untouched);
        Assert.That(untouched.ToArray<float>(), Is.All.EqualTo(0f), "what it takes is not");
        Assert.That(device.UseCuBlas);
        device.UseCuBlas = false;
        Products.Into(x, y, untouched);
        Assert.That(untouched.ToArray<float>(), Is.All.EqualTo(16f));
        Assert.That(library.IsDisposed);
    }

    private static CuBlasCall? Call(Tensor a, Tensor b, Tensor c) => CuBlasCall.From(GemmProblem.From(new GemmArgs { A = a.Operand, B = b.Operand, C = c.Operand }));

    private static Tensor Make(Layouts layout, int rows, int columns, int seed)
    {
        bool isTurned = layout is Layouts.Columns or Layouts.ColumnsOfATallerMatrix;
        bool isPart = layout is Layouts.RowsOfAWiderMatrix or Layouts.ColumnsOfATallerMatrix;
        (int outer, int inner) = isTurned ? (columns, rows) : (rows, columns);
        int margin = isPart ? 3 : 0;
        double[] numbers = [.. Enumerable.Range(0, (outer + margin) * (inner + margin)).Select(i => Math.Sin((i + 1) * (seed + 0.3)))];
        Tensor all = Tensor.From<double>(numbers, [outer + margin, inner + margin], device: Device.Cpu);
        Tensor part = isPart ? all[1..(outer + 1), 2..(inner + 2)] : all;
        return isTurned ? part.Permute(1, 0) : part;
    }

    private static double[] Expected(Tensor a, Tensor b, Tensor c, double alpha, double beta)
    {
        double[] left = a.ToArray<double>(), right = b.ToArray<double>(), result = c.ToArray<double>();
        (int m, int k, int n) = (a.Shape[0], a.Shape[1], b.Shape[1]);
        for (int i = 0; i < m * n; i++)
        {
            result[i] = (alpha * Enumerable.Range(0, k).Sum(p => left[((i / n) * k) + p] * right[(p * n) + (i % n)])) + (beta * result[i]);
        }

        return result;
    }

    /// <summary>What cublasDgemm's documentation says: matrices by columns, A is lda × … and so on.</summary>
    private static unsafe void Carry(in CuBlasCall call, double alpha, double beta)
    {
        double* a = (double*)call.Left.Address, b = (double*)call.Right.Address, c = (double*)call.Result.Address;
        bool turnsA = call.LeftOperation == CuBlasOperation.Transpose, turnsB = call.RightOperation == CuBlasOperation.Transpose;
        Assert.That(call.LeftLeading, Is.GreaterThanOrEqualTo(turnsA ? call.K : call.M));
        Assert.That(call.RightLeading, Is.GreaterThanOrEqualTo(turnsB ? call.N : call.K));
        Assert.That(call.ResultLeading, Is.GreaterThanOrEqualTo(call.M));
        for (int j = 0; j < call.N; j++)
        {
            for (int i = 0; i < call.M; i++)
            {
                double sum = 0;
                for (int p = 0; p < call.K; p++)
                {
                    double left = turnsA ? a[p + ((long)i * call.LeftLeading)] : a[i + ((long)p * call.LeftLeading)];
                    double right = turnsB ? b[j + ((long)p * call.RightLeading)] : b[p + ((long)j * call.RightLeading)];
                    sum += left * right;
                }

                ref double place = ref c[i + ((long)j * call.ResultLeading)];
                place = (alpha * sum) + (beta * place);
            }
        }
    }

    private sealed class Library : LibraryProducts
    {
        public bool Takes { get; set; }

        public int Asked { get; private set; }

        public MathMode Mode { get; private set; }

        public bool IsDisposed { get; private set; }

        public override bool TryMultiply(in GemmProblem problem, MathMode mode)
        {
            Asked++;
            Mode = mode;
            return Takes;
        }

        public override void Dispose() => IsDisposed = true;
    }
}
