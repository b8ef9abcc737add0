namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static int[] MatrixSizes => [0, 1, 3, 8, 17];

    /// <summary>
    /// Factorisations, of matrices with 2, 3, 4, … on the diagonal and small numbers beside it: regular, and with values far from each other. What has an
    /// arbitrary sign is squared.
    /// </summary>
    private static IEnumerable<OpCase> LinearSystems() =>
    [
        Matrices("Solve", n => [new([n, n]), new([n, 3])], x => Regular(x[0]).Solve(x[1])),
        Matrices("SolveVector", n => [new([n, n]), new([n])], x => Regular(x[0]).Solve(x[1])),
        Matrices("SolveVectors", n => [new([2, n, n]), new([2, n])], x => Regular(x[0]).Solve(x[1])),
        Matrices("SolveBatch", n => [new([2, 1, n, n]), new([3, n, 2])], x => Regular(x[0]).Solve(x[1])),
        Matrices("SolveTriangularLower", n => [new([n, n]), new([n, 3])], x => Regular(x[0]).SolveTriangular(x[1], upper: false)),
        Matrices("SolveTriangularUpper", n => [new([2, n, n]), new([n, 3])], x => Regular(x[0]).SolveTriangular(x[1], upper: true)),
        Matrices("SolveTriangularOnTheRight", n => [new([n, n]), new([3, n])], x => Regular(x[0]).SolveTriangular(x[1], upper: false, left: false)),
        Matrices("SolveTriangularUpperOnTheRight", n => [new([n, n]), new([3, n])], x => Regular(x[0]).SolveTriangular(x[1], upper: true, left: false)),
        Matrices("SolveTriangularUnit", n => [new([n, n]), new([n])], x => (x[0] * 0.1).SolveTriangular(x[1], upper: false, unitriangular: true)),
        Matrices("Inverse", n => [new([2, n, n])], x => Regular(x[0]).Inverse()),
        Matrices("Determinant", n => [new([2, n, n])], x => (Regular(x[0]) * 0.2).Determinant()),
        Matrices("SlogDet", n => [new([2, n, n])], x => Regular(x[0]).SlogDet().LogAbsDet),
        Matrices("SlogDetSign", n => [new([2, n, n])], x => Regular(x[0]).SlogDet().Sign).NotDifferentiable(),
        Matrices("Cholesky", n => [new([2, n, n])], x => Regular(x[0]).Cholesky()),
        Matrices("LstSq", n => [new([n + 2, n]), new([n + 2, 2])], x => Regular(x[0]).LstSq(x[1])),
        Matrices("LstSqWide", n => [new([n, n + 2]), new([n])], x => Regular(x[0]).LstSq(x[1])),
        Matrices("Pinv", n => [new([2, n + 2, n])], x => Regular(x[0]).Pinv()),
    ];

    private static IEnumerable<OpCase> Factorizations() =>
    [
        Matrices("QrQ", n => [new([n + 2, n])], x => Regular(x[0]).Qr().Q),
        Matrices("QrR", n => [new([2, n, n])], x => Regular(x[0]).Qr().R),
        Matrices("QrWide", n => [new([n, n + 2])], x => Regular(x[0]).Qr().R),
        Matrices("EighValues", n => [new([2, n, n])], x => Regular(x[0]).Eigh().Values),
        Matrices("EighVectors", n => [new([2, n, n])], x => Regular(x[0]).Eigh().Vectors.Square()),
        Matrices("Eigvalsh", n => [new([n, n])], x => Regular(x[0]).Eigvalsh()),
        Matrices("SvdU", n => [new([n + 2, n])], x => Regular(x[0]).Svd().U.Square()),
        Matrices("SvdS", n => [new([2, n, n])], x => Regular(x[0]).Svd().S),
        Matrices("SvdVh", n => [new([n, n + 2])], x => Regular(x[0]).Svd().Vh.Square()),
        Matrices("Svdvals", n => [new([n, n + 2])], x => Regular(x[0]).Svdvals()),
        Matrices("Cond", n => [new([2, n + 1, n + 1])], x => Regular(x[0]).Cond()),
        Matrices("MatrixRank", n => [new([2, n, n])], x => Regular(x[0]).MatrixRank()).NotDifferentiable(),
    ];

    private static OpCase Matrices(string name, Func<int, OpInput[]> inputs, Func<Tensor[], Tensor> run) => new(name, inputs, run) { Sizes = MatrixSizes, Tolerance = 5e-5 };

    private static Tensor Regular(Tensor x)
    {
        int rows = x.Shape[-2], columns = x.Shape[-1];
        return (x * 0.1) + (Tensor.Eye(rows, columns, x.DType, x.Device) * (Tensor.Arange(columns, x.Device).To(x.DType) + 2));
    }
}
