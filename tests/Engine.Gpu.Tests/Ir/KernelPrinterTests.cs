using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class KernelPrinterTests
{
    [Test]
    public void Print_LoopBranchAndShared_ReadsAsTheAlgorithm()
    {
        KernelBuilder k = new("sum", new GpuTarget { Api = GpuApi.OpenCl, ComputeUnits = 1, SharedBytes = 1024 }, 32);
        Memory x = k.Buffer("x", DType.Float32, readOnly: true), y = k.Buffer("y", DType.Float32);
        Value n = k.Size("n");
        Memory tile = k.Shared("tile", DType.Float32, 32);
        Variable sum = k.Variable(k.Float32(0));
        k.For(k.LocalId, n, k.Int32(32), i => sum.Value += k.Load(x, i + 1));
        k.Store(tile, k.LocalId, sum.Value);
        k.Barrier();
        k.If(k.LocalId.Is(0), () => k.Store(y, k.GroupX, k.Load(tile, k.LocalId ^ 1)));
        Assert.That(KernelPrinter.Print(k.Build()), Is.EqualTo(
            """
            kernel sum(x: readonly Float32[], y: Float32[], n: Int32) group 32
              shared tile: Float32[32]
              v2 = LocalId
              r0 := 0
              for v4 = v2 to n by 32
                v5 = Read r0
                v8 = x[v4 + 1]
                v9 = Add(v5, v8)
                r0 := v9
              v10 = Read r0
              tile[v2] = v10
              barrier
              v12 = Equal(v2, 0)
              v13 = GroupId 0
              if v12
                v14 = Xor(v2, 1)
                v15 = tile[v14]
                y[v13] = v15

            """.ReplaceLineEndings("\n")));
    }
}
