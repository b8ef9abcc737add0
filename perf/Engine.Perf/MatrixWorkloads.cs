namespace Engine.Perf;

/// <summary>Matrix products.</summary>
internal static class MatrixWorkloads
{
    public static IEnumerable<Workload> All(Device device)
    {
        int[] sizes = device.Kind == DeviceKind.Cpu ? [64, 128, 256, 512, 1024, 2048] : [64, 128, 256, 512, 1024, 2048, 4096, 8192];
        foreach (int n in sizes)
        {
            yield return new Workload($"sgemm/{n}", () => Square(n), 2L * n * n * n, 12L * n * n);
        }

        foreach ((int m, int k, int n) in ((int, int, int)[])[(128, 784, 256), (128, 256, 128), (1, 1024, 1024), (256, 4096, 1000), (4096, 64, 64)])
        {
            yield return new Workload($"linear/{m}x{k}x{n}", () => Linear(m, k, n), 2L * m * n * k, 4L * ((m * k) + (n * k) + (m * n)));
        }
    }

    private static Action Square(int n)
    {
        Tensor a = Data.Randn(n, n), b = Data.Randn(n, n), c = Tensor.Empty([n, n]);
        return () => Products.Into(a, b, c);
    }

    private static Action Linear(int m, int k, int n)
    {
        Tensor x = Data.Randn(m, k), w = Data.Randn(n, k);
        return Data.Scoped(() => x.Linear(w));
    }
}
