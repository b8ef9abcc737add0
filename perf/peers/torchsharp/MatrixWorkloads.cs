using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>Matrix products.</summary>
internal static class MatrixWorkloads
{
    public static IEnumerable<Workload> All() =>
    [
        .. MatrixRow.Sgemm(64, 128, 256, 512, 1024, 2048).Select(static row => Of(row, () => Product(row, float32))),
        .. MatrixRow.Linear.Select(static row => Of(row, () => Linear(row))),
        .. MatrixRow.Skinny.Select(static row => Of(row, () => row.N == 1 ? Vector(row) : Product(row, float32))),
        .. MatrixRow.Dgemm.Select(static row => Of(row, () => Product(row, float64))),
    ];

    private static Workload Of(MatrixRow row, Func<Action> prepare) => new(row.Name, prepare, row.Flop, row.Bytes);

    private static Action Product(MatrixRow row, ScalarType type)
    {
        Tensor a = randn(row.M, row.K, type), b = randn(row.K, row.N, type), c = zeros(row.M, row.N, type);
        return () =>
        {
            using IDisposable mode = no_grad();
            c.addmm_(a, b, beta: 0, alpha: 1);
        };
    }

    private static Action Vector(MatrixRow row)
    {
        Tensor a = randn(row.M, row.K), b = randn(row.K), c = zeros(row.M);
        return () =>
        {
            using IDisposable mode = no_grad();
            c.addmv_(a, b, beta: 0, alpha: 1);
        };
    }

    private static Action Linear(MatrixRow row)
    {
        Tensor x = randn(row.M, row.K), w = randn(row.N, row.K).t();
        return Calls.Each(() => x.mm(w));
    }
}
