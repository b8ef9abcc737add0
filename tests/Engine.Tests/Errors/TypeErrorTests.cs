using Engine.Tests.Reference;
using NUnit.Framework;
using static Engine.Tests.Errors.ErrorCase;

namespace Engine.Tests.Errors;

/// <summary>Element types, devices and life times that do not fit.</summary>
internal sealed class TypeErrorTests
{
    private static readonly ReferenceDevice s_other = new();

    private static IEnumerable<TestCaseData> Types =>
    [
        Row<DTypeMismatchException>("Conv2d_Integers", "Conv2d: x is i64; it must be floating point. Convert it with To(DType.Float32).", () => Ints(1, 1, 3, 3).Conv2d(X(1, 1, 2, 2))),
        Row<DTypeMismatchException>("BatchNorm_IntegerResidual", "BatchNorm: residual is i64; it must be floating point.", () => X(2, 3).BatchNorm(null, null, residual: Ints(2, 3))),
        Row<DTypeMismatchException>("BatchNorm_FloatCount", "BatchNorm: batchCount is f32 [1]; it must be a single i64.", () => X(2, 3).BatchNorm(null, null, batchCount: X(1))),
        Row<DTypeMismatchException>("BatchNorm_ManyCounts", "BatchNorm: batchCount is i64 [3]; it must be a single i64.", () => X(2, 3).BatchNorm(null, null, batchCount: Ints(3))),
        Row<DTypeMismatchException>("LayerNorm_Integers", "LayerNorm: x is i64; it must be floating point.", () => Ints(2, 3).LayerNorm()),
        Row<DTypeMismatchException>("RequiresGrad_Integers", "RequiresGrad: this is i64; it must be floating point.", () => Ints(2).RequiresGrad = true),
        Row<DTypeMismatchException>("CrossEntropy_FloatTarget", "CrossEntropy: target is f32; class numbers are i64. Convert it with To(DType.Int64).", () => X(2, 3).CrossEntropy(X(2))),
        Row<DTypeMismatchException>("Gather_FloatIndex", "Gather: index is f32; indices are i64 or i32. Convert it with To(DType.Int64).", () => X(2, 3).Gather(1, X(2, 3))),
        Row<DTypeMismatchException>("ScatterAdd_OtherType", "ScatterAdd: x is f32, source is i64; they must agree. Convert one with To(DType).", () => X(2, 3).ScatterAdd(1, Ints(2, 3), Ints(2, 3))),
        Row<DTypeMismatchException>("AddInPlace_FloatToIntegers", "AddInPlace: a f32 tensor would be cut off in a tensor of i64. Convert one of them with To(DType).", () => Ints(2).AddInPlace(X(2))),
        Row<DTypeMismatchException>("MulInPlace_FractionToIntegers", "MulInPlace: 0.5 would be cut off in a tensor of i64. Convert the tensor with To(DType.Float32) first.", () => Ints(2).MulInPlace(0.5)),
        Row<DTypeMismatchException>("From_UnknownType", "No element type stores Decimal; use float, double, int, long, byte, bool, Half or BFloat16.", () => Tensor.From<decimal>([1m])),
        Row<InvalidOperationException>("AsSpan_OtherType", "AsSpan<Double>: needs a contiguous tensor of that type in host memory; this is f32 [2] on reference. Use ToArray or CopyTo.", () => _ = X(2).AsSpan<double>()),
        Row<InvalidOperationException>("AsSpan_Transposed", "AsSpan<Single>: needs a contiguous tensor of that type in host memory; this is f32 [3, 2] on reference.", () => _ = X(2, 3).T.AsSpan<float>()),
    ];

    private static IEnumerable<TestCaseData> Devices =>
    [
        Row<DeviceMismatchException>("Add_OtherDevice", "Add: one operand is on reference, the other on reference. Move one with To(device).", () => _ = X(2) + Tensor.Zeros([2], device: s_other)),
        Row<DeviceMismatchException>("BatchNorm_ResidualElsewhere", "BatchNorm: one operand is on", () => X(2, 3).BatchNorm(null, null, residual: Tensor.Zeros([2, 3], device: s_other))),
        Row<DeviceMismatchException>("BatchNorm_WeightElsewhere", "BatchNorm: one operand is on", () => X(2, 3).BatchNorm(Tensor.Zeros([3], device: s_other), null)),
        Row<DeviceMismatchException>("MatMul_OtherDevice", "MatMul: one operand is on", () => X(2, 2).MatMul(Tensor.Zeros([2, 2], device: s_other))),
        Row<DeviceMismatchException>("Gather_OtherDevice", "Gather: one operand is on", () => X(2, 2).Gather(0, Tensor.Zeros([2, 2], DType.Int64, s_other))),
        Row<DeviceMismatchException>("AddInPlace_OtherDevice", "AddInPlace: one operand is on", () => X(2).AddInPlace(Tensor.Zeros([2], device: s_other))),
        Row<DeviceUnavailableException>("Get_UnknownDevice", "There is no device 'toaster'. Found: ", () => Device.Get("toaster")),
        Row<NotSupportedException>("Threads_WithoutAChoice", "reference: the number of threads cannot be chosen on this device.", () => s_other.Threads = 2),
        Row<ObjectDisposedException>("Disposed_Operand", "Cannot access a disposed object.", UseAfterDispose),
        Row<ObjectDisposedException>("Disposed_ByItsScope", "Cannot access a disposed object.", UseAfterScope),
    ];

    [TestCaseSource(nameof(Types))]
    [TestCaseSource(nameof(Devices))]
    public void Error(ErrorCase error) => error.Check();

    [Test]
    public void Get_UnknownDevice_CarriesTheReportOfWhatWasTried()
    {
        DeviceUnavailableException error = Assert.Throws<DeviceUnavailableException>(() => Device.Get("toaster"))!;
        Assert.That(error.Report, Is.Not.Null);
        Assert.That(error.Message, Does.Contain("What was tried"));
    }

    [Test]
    public void Pool_LimitReached_ThrowsWithFiguresAndAdvice()
    {
        var device = new ReferenceDevice();
        device.Pool.Limit = 1 << 20;
        using Tensor held = Tensor.Empty([100_000], device: device);
        OutOfDeviceMemoryException error = Assert.Throws<OutOfDeviceMemoryException>(() => Tensor.Empty([200_000], device: device))!;
        Assert.That(error.Message, Does.StartWith("reference: no 800,000 bytes left (limit 1 MiB)").And.Contain("TensorScope").And.Contain("smaller batches"));
        Assert.That(error.Report.Blocks, Is.EqualTo(1));
        // The pool still works.
        held.Dispose();
        Assert.DoesNotThrow(() => Tensor.Empty([200_000], device: device).Dispose());
    }

    private static void UseAfterDispose()
    {
        Tensor x = X(2);
        x.Dispose();
        x.Dispose();
        _ = x + 1;
    }

    private static void UseAfterScope()
    {
        Tensor x;
        using (TensorScope.Begin())
        {
            x = X(2);
        }
        _ = x + 1;
    }
}
