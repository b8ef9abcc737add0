namespace Engine.Perf;

/// <summary>Matrix products.</summary>
internal static class MatrixWorkloads
{
    public static IEnumerable<Workload> All(Device device)
    {
        int[] sizes = device.Kind == DeviceKind.Cpu ? [64, 128, 256, 512, 1024, 2048] : [64, 128, 256, 512, 1024, 2048, 4096, 8192];
        foreach (MatrixRow row in MatrixRow.Sgemm(sizes))
        {
            yield return new Workload(row.Name, () => Product(row, DType.Float32), row.Flop, row.Bytes);
        }

        foreach (MatrixRow row in MatrixRow.Linear)
        {
            yield return new Workload(row.Name, () => Linear(row), row.Flop, row.Bytes);
        }

        if (device.Kind != DeviceKind.Cpu)
        {
            yield break;
        }

        foreach (MatrixRow row in MatrixRow.Skinny)
        {
            yield return new Workload(row.Name, () => Product(row, DType.Float32), row.Flop, row.Bytes);
        }

        foreach (MatrixRow row in MatrixRow.Dgemm)
        {
            yield return new Workload(row.Name, () => Product(row, DType.Float64), row.Flop, row.Bytes);
        }
    }

    private static Action Product(MatrixRow row, DType type)
    {
        Tensor a = Data.Randn(row.M, row.K).To(type), b = Data.Randn(row.K, row.N).To(type), c = Tensor.Empty([row.M, row.N], type);
        return () => Products.Into(a, b, c);
    }

    private static Action Linear(MatrixRow row)
    {
        Tensor x = Data.Randn(row.M, row.K), w = Data.Randn(row.N, row.K);
        return Data.Scoped(() => x.Linear(w));
    }
}
