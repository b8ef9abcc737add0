using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using ILGPU;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Any method of C# computes what it says or is refused with a reason; and whatever was refused, the next one is compiled.</summary>
[TestFixtureSource(typeof(KernelPlaces), nameof(KernelPlaces.All))]
internal sealed class KernelSubjectTests(string place)
{
    private static int s_group;

    private Device _device = null!;

    [OneTimeSetUp]
    public void GetDevice() => _device = KernelPlaces.Get(place);

    public static IEnumerable<TestCaseData> Good() => KernelSubjects.Good().Select(static (k, i) => new TestCaseData(k.Method, k.Expected).SetArgDisplayNames($"{i} {k.Name}"));

    public static IEnumerable<TestCaseData> Bad() => KernelSubjects.Bad().Select(static k => new TestCaseData(k.Method, k.Reason).SetArgDisplayNames(k.Name));

    [TestCaseSource(nameof(Good))]
    public void Launch_GoodMethod_ComputesWhatItSays(Action<Index1D, ArrayView<int>, ArrayView<int>> method, Func<int, int> expected)
    {
        int[] numbers = [.. Enumerable.Range(-3, 20)];
        using Tensor x = Tensor.From<int>(numbers, device: _device), y = Tensor.Zeros([20], DType.Int32, _device);
        _device.Kernel(method).Launch(20, x.AsArrayView<int>(), y.AsArrayView<int>());
        Assert.That(y.ToArray<int>(), Is.EqualTo(numbers.Select(expected)));
    }

    [TestCaseSource(nameof(Bad))]
    public void Launch_BadMethod_IsRefusedAndTheNextIsCompiled(Action<Index1D, ArrayView<int>> method, string reason)
    {
        if (place == "cpu" && !reason.Contains("calls itself", StringComparison.Ordinal) && reason != "instructions")
        {
            Assert.Ignore("C# itself runs it");
        }

        using Tensor x = Tensor.Zeros([4], DType.Int32, _device);
        Assert.That(() => _device.Kernel(method).Launch(4, x.AsArrayView<int>()), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains(reason).And.Message.Contains(method.Method.Name));
        LaunchAnother();
    }

    [Test]
    public void Launch_RefusedTwice_IsRefusedWithTheSameReason()
    {
        if (place == "cpu")
        {
            Assert.Ignore("C# itself runs it");
        }

        using Tensor x = Tensor.Zeros([4], DType.Int32, _device);
        Action<Index1D, ArrayView<int>> method = KernelSubjects.Bad().First(static k => k.Name == "try").Method;
        string first = Assert.Throws<KernelCompilationException>(() => _device.Kernel(method).Launch(4, x.AsArrayView<int>()))!.Message;
        Assert.That(() => _device.Kernel(method).Launch(4, x.AsArrayView<int>()), Throws.InstanceOf<KernelCompilationException>().With.Message.EqualTo(first));
    }

    /// <summary>Texts of kernels have numbers with a point wherever the program runs.</summary>
    [Test]
    public void Launch_UnderACultureWithCommas_IsCompiledTheSame()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo(string.Empty) { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "−" } };
        try
        {
            using Tensor x = Tensor.Zeros([2], device: _device);
            _device.Kernel(Commas).Launch(2, x.AsArrayView<float>());
            Assert.That(x.ToArray<float>(), Is.All.EqualTo(-2.625f));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    /// <summary>Expressions that are deep need stack, which threads of the pool have little of; they are compiled on a thread of their own.</summary>
    [Test]
    public void Launch_DeepExpressionFromASmallThread_IsCompiled()
    {
        const int Depth = 3000;
        MethodInfo method = Emit("Deep", il =>
        {
            for (int k = 0; k < Depth; k++)
            {
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Call, typeof(Index1D).GetMethods().Single(static m => m.Name == "op_Implicit" && m.ReturnType == typeof(int)));
                il.Emit(OpCodes.Ldc_I4, k % 7);
                il.Emit(OpCodes.Mul);
            }

            for (int k = 1; k < Depth; k++)
            {
                il.Emit(OpCodes.Add);
            }
        });
        using Tensor y = Tensor.Zeros([8], DType.Int32, _device);
        Exception? failure = null;
        Thread thread = new(() => failure = Caught(() => _device.Kernel(method.CreateDelegate<Action<Index1D, ArrayView<int>>>()).Launch(8, y.AsArrayView<int>())), 1 << 20);
        thread.Start();
        thread.Join();
        Assert.That(failure, Is.Null);
        int sum = Enumerable.Range(0, Depth).Sum(static k => k % 7);
        Assert.That(y.ToArray<int>(), Is.EqualTo(Enumerable.Range(0, 8).Select(i => i * sum)));
    }

    [Test]
    public void Launch_EndlesslyLongMethod_IsRefused()
    {
        MethodInfo method = Emit("Long", static il =>
        {
            il.Emit(OpCodes.Ldc_I4_0);
            for (int k = 0; k < 40_000; k++)
            {
                il.Emit(OpCodes.Ldc_I4, k);
                il.Emit(OpCodes.Add);
            }
        });
        Assert.That(() => _device.Kernel(method.CreateDelegate<Action<Index1D, ArrayView<int>>>()), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("instructions"));
    }

    [Test]
    public unsafe void Kernel_ParametersThatAreNotLaidOutByTheirFields_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(() => _device.Kernel(TakesFixed), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("fixed buffers"));
        Assert.That(() => _device.Kernel(TakesInline), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("inline arrays"));
        Assert.That(() => _device.Kernel(TakesUnion), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("explicit layouts"));
        Assert.That(() => _device.Kernel(TakesMuch), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("4096 bytes"));
        Assert.That(() => _device.Kernel(TakesText), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("System.String"));
        Assert.That(() => _device.Kernel(TakesPointer), Throws.InstanceOf<KernelCompilationException>());
        Assert.That(() => _device.Kernel(TakesLetter), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("System.Char"));
    });

    /// <summary>Sixteen bytes must not be taken for eight: they would lie on top of the caller's own.</summary>
    [Test]
    public void Launch_WideNumber_ArrivesWholeOrIsRefused()
    {
        using Tensor x = Tensor.Zeros([2], DType.Int32, _device);
        long before = 0x1234567890, after = -77;
        Exception? failure = Caught(() => _device.Kernel(TakesDecimal).Launch(2, x.AsArrayView<int>(), before, 12345678901234567890.5m, after));
        if (failure is null)
        {
            Assert.That(x.ToArray<int>(), Is.All.EqualTo(1));
        }
        else
        {
            Assert.That(failure, Is.InstanceOf<KernelCompilationException>());
        }

        Assert.That((before, after), Is.EqualTo((0x1234567890L, -77L)));
    }

    private void LaunchAnother()
    {
        // Another shape of groups is another text.
        int size = 1 + (Interlocked.Increment(ref s_group) % 60);
        using Tensor y = Tensor.Zeros([64], DType.Int32, _device);
        _device.Kernel(Fill).Launch((2, size), y.AsArrayView<int>());
        Assert.That(y.ToArray<int>().Count(static n => n == 3), Is.EqualTo(Math.Min(64, 2 * size)));
    }

    private static Exception? Caught(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private static MethodInfo Emit(string name, Action<ILGenerator> number)
    {
        TypeBuilder type = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.Run).DefineDynamicModule(name).DefineType(name, TypeAttributes.Public);
        MethodBuilder method = type.DefineMethod(name, MethodAttributes.Public | MethodAttributes.Static, typeof(void), [typeof(Index1D), typeof(ArrayView<int>)]);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarga_S, (byte)1);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(ArrayView<int>).GetMethod("get_Item", [typeof(Index1D)])!);
        number(il);
        il.Emit(OpCodes.Stind_I4);
        il.Emit(OpCodes.Ret);
        return type.CreateType().GetMethod(name)!;
    }

    private static void Fill(ArrayView<int> y)
    {
        int i = Grid.GlobalIndex.X;
        if (i < y.Length)
        {
            y[i] = 3;
        }
    }

    private static void Commas(Index1D i, ArrayView<float> x) => x[i] = -2.5f - 0.125f + (x[i] * -1.25e-3f);

    private static void TakesFixed(Index1D i, ArrayView<float> x, WithBuffer numbers) => x[i] = 1;

    private static void TakesInline(Index1D i, ArrayView<float> x, Four numbers) => x[i] = 1;

    private static void TakesUnion(Index1D i, ArrayView<float> x, Union numbers) => x[i] = 1;

    private static void TakesMuch(Index1D i, ArrayView<float> x, Eight<Eight<Eight<Eight<long>>>> numbers) => x[i] = 1;

    private static void TakesText(Index1D i, ArrayView<float> x, string text) => x[i] = text.Length;

    private static unsafe void TakesPointer(Index1D i, ArrayView<float> x, float* p) => x[i] = *p;

    private static void TakesLetter(Index1D i, ArrayView<float> x, char letter) => x[i] = letter;

    private static void TakesDecimal(Index1D i, ArrayView<int> x, long before, decimal number, long after) =>
        x[i] = before == 0x1234567890 && after == -77 && number == 12345678901234567890.5m ? 1 : 0;

    private unsafe struct WithBuffer
    {
        public fixed float Numbers[4];
    }

    [System.Runtime.CompilerServices.InlineArray(4)]
    private struct Four
    {
        public float First;
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit)]
    private struct Union
    {
        [System.Runtime.InteropServices.FieldOffset(0)]
        public float Single;

        [System.Runtime.InteropServices.FieldOffset(0)]
        public int Bits;
    }

    private readonly struct Eight<T>
    {
        private readonly T _a, _b, _c, _d, _e, _f, _g, _h;

        public Eight(T value) => (_a, _b, _c, _d, _e, _f, _g, _h) = (value, value, value, value, value, value, value, value);
    }
}
