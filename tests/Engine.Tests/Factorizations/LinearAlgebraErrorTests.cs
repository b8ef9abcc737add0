using Engine.Tests.Errors;
using NUnit.Framework;
using static Engine.Tests.Errors.ErrorCase;

namespace Engine.Tests.Factorizations;

/// <summary>Operands that cannot be factorised: the type of the error, and what it says.</summary>
internal sealed class LinearAlgebraErrorTests
{
    private static Tensor Damaged => Matrices.From([1, 2, double.NaN, 4], 2, 2);

    private static IEnumerable<TestCaseData> Errors =>
    [
        Row<ShapeMismatchException>("Solve_NotSquare", "Solve: a is [2, 3]; its last two sizes must be equal. For other matrices there are LstSq and Pinv.", static () => X(2, 3).Solve(X(2))),
        Row<ShapeMismatchException>("Inverse_NotSquare", "Inverse: x is [2, 3]; its last two sizes must be equal. For other", static () => X(2, 3).Inverse()),
        Row<ShapeMismatchException>("Cholesky_NotSquare", "Cholesky: x is [4, 2, 3]; its last two sizes must be equal.", static () => X(4, 2, 3).Cholesky()),
        Row<ShapeMismatchException>("Eigh_NotSquare", "Eigh: x is [2, 3]; ", static () => X(2, 3).Eigh()),
        Row<ShapeMismatchException>("Eigvalsh_NotSquare", "Eigvalsh: x is [2, 3]; ", static () => X(2, 3).Eigvalsh()),
        Row<ShapeMismatchException>("Determinant_NotSquare", "Determinant: x is [2, 3]; ", static () => X(2, 3).Determinant()),
        Row<ShapeMismatchException>("SlogDet_NotSquare", "SlogDet: x is [2, 3]; ", static () => X(2, 3).SlogDet()),
        Row<ShapeMismatchException>("SolveTriangular_NotSquare", "SolveTriangular: a is [2, 3]; ", static () => X(2, 3).SolveTriangular(X(2), upper: true)),
        Row<ShapeMismatchException>("Qr_Vector", "Qr: x is [3]; it must have at least two axes, rows and columns.", static () => X(3).Qr()),
        Row<ShapeMismatchException>("Svd_Scalar", "Svd: x is []; it must have at least two axes", static () => X().Svd()),
        Row<ShapeMismatchException>("Cond_Empty", "Cond: x is [0, 0]; a matrix without elements has no condition number.", static () => X(0, 0).Cond()),
        Row<ShapeMismatchException>("Solve_OtherRows", "Solve: a is [3, 3], b is [4, 2]; b must have 3 rows, or be a vector [3].", static () => X(3, 3).Solve(X(4, 2))),
        Row<ShapeMismatchException>("Solve_OtherVector", "Solve: a is [3, 3], b is [4]; b must have 3 rows", static () => X(3, 3).Solve(X(4))),
        Row<ShapeMismatchException>("Solve_OtherBatch", "Solve: shapes [2] and [5] do not broadcast", static () => X(2, 3, 3).Solve(X(5, 3, 1))),
        Row<ShapeMismatchException>("LstSq_OtherRows", "LstSq: a is [4, 3], b is [3, 2]; b must have 4 rows", static () => X(4, 3).LstSq(X(3, 2))),
        Row<ShapeMismatchException>("SolveTriangular_OtherColumns", "SolveTriangular: a is [3, 3], b is [3, 2]; b must have 3 columns.", static () => X(3, 3).SolveTriangular(X(3, 2), upper: true, left: false)),
        Row<DTypeMismatchException>("Inverse_Integers", "Inverse: x is i64 [2, 2]; it must be float32 or float64.", static () => Ints(2, 2).Inverse()),
        Row<DTypeMismatchException>("Svd_Halves", "Svd: x is f16 [2, 2]; it must be float32 or float64.", static () => X(2, 2).To(DType.Float16).Svd()),
        Row<DTypeMismatchException>("Solve_TwoTypes", "Solve: a is f64, b is f32; they must agree.", static () => Matrices.Identity(2).Solve(X(2))),
        Row<SingularMatrixException>("Solve_Singular", "Solve: a [2, 2] is singular: pivot 1 is 0, so that some combination of its rows vanishes.", static () => Matrices.From([1, 2, 2, 4], 2, 2).Solve(Matrices.Random(1, 2))),
        Row<SingularMatrixException>("Inverse_SingularInABatch", "Inverse: matrix 1 of the batch x [2, 1, 1] is singular: pivot 0 is 0", static () => Matrices.From([1, 0], 2, 1, 1).Inverse()),
        Row<SingularMatrixException>("SolveTriangular_ZeroOnTheDiagonal", "SolveTriangular: a [2, 2] has a 0 on its diagonal, at [1, 1], so that it is singular.", static () => Matrices.From([1, 2, 2, 0], 2, 2).SolveTriangular(Matrices.Random(1, 2), upper: true)),
        Row<NotPositiveDefiniteException>("Cholesky_Indefinite", "Cholesky: x [2, 2] is not positive definite: its leading 2 rows and columns have a determinant that is not positive.", static () => Matrices.From([1, 2, 2, 1], 2, 2).Cholesky()),
        Row<NotPositiveDefiniteException>("Cholesky_Zero", "Cholesky: x [1, 1] is not positive definite: its leading 1 rows", static () => X(1, 1).Cholesky()),
        Row<ArgumentException>("Solve_NaN", "Solve: a [2, 2] holds NaN at [1, 0]; all elements must be finite.", static () => Damaged.Solve(Matrices.Random(1, 2))),
        Row<ArgumentException>("Solve_RightSideWithNaN", "Solve: b [2, 2] holds NaN at [1, 0]; ", static () => Matrices.Identity(2).Solve(Damaged)),
        Row<ArgumentException>("Inverse_NaN", "Inverse: x [2, 2] holds NaN", static () => Damaged.Inverse()),
        Row<ArgumentException>("Cholesky_NaN", "Cholesky: x [2, 2] holds NaN", static () => Damaged.Cholesky()),
        Row<ArgumentException>("Qr_NaN", "Qr: x [2, 2] holds NaN", static () => Damaged.Qr()),
        Row<ArgumentException>("Eigh_NaN", "Eigh: x [2, 2] holds NaN", static () => Damaged.Eigh()),
        Row<ArgumentException>("Svd_NaN", "Svd: x [2, 2] holds NaN", static () => Damaged.Svd()),
        Row<ArgumentException>("Determinant_NaN", "Determinant: x [2, 2] holds NaN", static () => Damaged.Determinant()),
        Row<ArgumentException>("LstSq_NaN", "LstSq: a [2, 2] holds NaN", static () => Damaged.LstSq(Matrices.Random(1, 2))),
        Row<ArgumentException>("MatrixRank_NaN", "MatrixRank: x [2, 2] holds NaN", static () => Damaged.MatrixRank()),
        Row<ArgumentException>("Svd_InfinityInABatch", "Svd: matrix 1 of the batch x [2, 1, 2] holds an infinity at [0, 1]", static () => Matrices.From([1, 2, 3, double.PositiveInfinity], 2, 1, 2).Svd()),
        Row<ArgumentOutOfRangeException>("MatrixRank_NegativeTolerance", "The tolerance must be 0 or more.", static () => Matrices.Identity(2).MatrixRank(-1)),
        Row<ArgumentOutOfRangeException>("Pinv_ToleranceIsNaN", "The tolerance must be 0 or more.", static () => Matrices.Identity(2).Pinv(double.NaN)),
    ];

    [TestCaseSource(nameof(Errors))]
    public void Error(ErrorCase error) => error.Check();

    [Test]
    public void SolveTriangular_NaNInTheOtherTriangle_IsNotLookedAt() =>
        Assert.That(Damaged.SolveTriangular(Matrices.From([6, 8], 2), upper: true).ToArray<double>(), Is.EqualTo(new double[] { 2, 2 }));

    [Test]
    public void Errors_OfFactorization_HaveOneRoot()
    {
        Assert.That(new SingularMatrixException("a"), Is.InstanceOf<LinearAlgebraException>().And.InstanceOf<EngineException>());
        Assert.That(new NotPositiveDefiniteException("a"), Is.InstanceOf<LinearAlgebraException>());
    }
}
