namespace Engine.Perf.Rows;

/// <summary>A product of an M×K and a K×N matrix.</summary>
internal readonly record struct MatrixRow(string Kind, int M, int K, int N, int ElementBytes = sizeof(float))
{
    /// <summary>Products that are long in one direction: few columns, few rows, a short inner size, a vector.</summary>
    public static IEnumerable<MatrixRow> Skinny { get; } =
    [
        new("sgemm", 10000, 64, 64),
        new("sgemm", 64, 10000, 64),
        new("sgemm", 32, 4096, 4096),
        new("sgemm", 4096, 32, 4096),
        new("sgemm", 4096, 4096, 1),
    ];

    /// <summary>Dense layers: x·Wᵀ with W [N, K].</summary>
    public static IEnumerable<MatrixRow> Linear { get; } =
    [
        new("linear", 128, 784, 256),
        new("linear", 128, 256, 128),
        new("linear", 1, 1024, 1024),
        new("linear", 256, 4096, 1000),
        new("linear", 4096, 64, 64),
    ];

    public static IEnumerable<MatrixRow> Dgemm { get; } = [.. Squares("dgemm", sizeof(double), 256, 512, 1024)];

    public string Name => M == K && K == N ? $"{Kind}/{N}" : $"{Kind}/{M}x{K}x{N}";

    public long Flop => 2L * M * K * N;

    public long Bytes => ElementBytes * (((long)M * K) + ((long)K * N) + ((long)M * N));

    public static IEnumerable<MatrixRow> Sgemm(params int[] sizes) => Squares("sgemm", sizeof(float), sizes);

    private static IEnumerable<MatrixRow> Squares(string kind, int elementBytes, params int[] sizes) => sizes.Select(n => new MatrixRow(kind, n, n, n, elementBytes));
}
