using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Neighbouring elements go through memory in one access, whatever their type, and without cl_khr_fp16.</summary>
[TestFixture]
internal sealed class VectorAccessTests
{
    private static readonly GpuTarget s_target = new() { Api = GpuApi.OpenCl, ComputeUnits = 4, SharedBytes = 32 << 10 };

    [TestCase(DType.Float16, "vloada_half4(0, (__global const half*)", "vstorea_half4_rte((float4)(")]
    [TestCase(DType.BFloat16, "*((__global const ushort4*)", "*((__global ushort4*)")]
    [TestCase(DType.UInt8, "*((__global const uchar4*)", "*((__global uchar4*)")]
    [TestCase(DType.Float32, "*((__global const float4*)", "*((__global float4*)")]
    public void Vectors_OfAnyType_AreOneAccess(DType dtype, string load, string store)
    {
        KernelBuilder k = new("copy", s_target, 64);
        Memory x = k.Buffer("x", dtype, readOnly: true), y = k.Buffer("y", dtype);
        k.StoreVector(y, k.LocalId * 4, k.LoadVector(x, k.LocalId * 4, 4, k.LocalId < 7));
        string text = KernelRenderer.Render(k.Build(), s_target).Text;
        Assert.Multiple(() =>
        {
            Assert.That(text.Split(load), Has.Length.EqualTo(2), text);
            Assert.That(text.Split(store), Has.Length.EqualTo(2), text);
            Assert.That(text, Does.Not.Contain("cl_khr_fp16"));
        });
    }
}
