using System.Text.Json;
using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.Factorizations;

/// <summary>Against numbers of NumPy and SciPy, that is of LAPACK; tests/golden_tools/make_linear_algebra.py has written them.</summary>
internal sealed class NumpyTests
{
    private static readonly Lazy<JsonElement[]> s_cases = new(static () =>
    {
        string path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Factorizations", "data", "numpy.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. document.RootElement.EnumerateArray().Select(static e => e.Clone())];
    });

    private static IEnumerable<string> Names =>
        ["random 6", "random 25", "hilbert 5", "toeplitz 8", "huge", "tiny", "permutation", "negative", "graded", "tall", "wide", "rank 2", "zero", "one"];

    [Test]
    public void Cases_AreAllNamed() => Assert.That(s_cases.Value.Select(static c => c.GetProperty("name").GetString()), Is.EqualTo(Names));

    [TestCaseSource(nameof(Names))]
    public void Qr(string name)
    {
        Case c = Open(name);
        (Tensor q, Tensor r) = c.A.Qr();
        int k = Math.Min(c.Rows, c.Columns);
        // LAPACK's signs are documented, so that nothing has to be brought into line. Columns without a direction of their own are arbitrary.
        if (c.Number("rank") == k)
        {
            c.AssertEqual("q", [c.Rows, k], q, 1e-9);
            c.AssertEqual("r", [k, c.Columns], r, 1e-12);
        }

        Matrices.AssertOrthonormalColumns("q", q);
        Matrices.AssertEqual("q·r", c.A, q.MatMul(r));
    }

    [TestCaseSource(nameof(Names))]
    public void Svd(string name)
    {
        Case c = Open(name);
        (Tensor u, Tensor s, Tensor vh) = c.A.Svd();
        int rank = (int)c.Number("rank"), k = Math.Min(c.Rows, c.Columns);
        c.AssertEqual("s", [k], s, 1e-13);
        c.AssertEqual("s", [k], c.A.Svdvals(), 1e-13);
        Matrices.AssertOrthonormalColumns("u", u);
        Matrices.AssertOrthonormalColumns("vh", vh.T);
        Matrices.AssertEqual("u·s·vh", c.A, Matrices.Compose(u, s, vh));
        u = u.Narrow(1, 0, rank);
        vh = vh.Narrow(0, 0, rank);
        c.AssertEqual("column_space", [c.Rows, c.Rows], u.MatMul(u.T), 1e-9);
        c.AssertEqual("row_space", [c.Columns, c.Columns], vh.T.MatMul(vh), 1e-9);
        Assert.That(c.A.MatrixRank().Item<long>(), Is.EqualTo(rank));
    }

    [TestCaseSource(nameof(Names))]
    public void LeastSquares(string name)
    {
        Case c = Open(name);
        c.AssertEqual("lstsq", [c.Columns, 2], c.A.LstSq(c.Tensor("b", c.Rows, 2)), 1e-9);
        c.AssertEqual("pinv", [c.Columns, c.Rows], c.A.Pinv(), 1e-9);
    }

    [TestCaseSource(nameof(Names))]
    public void Eigh(string name)
    {
        Case c = Open(name);
        Tensor x = c.Tensor("symmetric", c.Rows, c.Rows);
        (Tensor w, Tensor v) = x.Eigh();
        c.AssertEqual("w", [c.Rows], w, 1e-13);
        c.AssertEqual("w", [c.Rows], x.Eigvalsh(), 1e-13);
        Matrices.AssertOrthonormalColumns("v", v);
        Matrices.AssertEqual("v·w·vᵀ", x, Matrices.Compose(v, w, v.T));
        // Of these the largest eigenvalue is not single.
        if (name is not ("permutation" or "zero"))
        {
            c.AssertEqual("top_projection", [c.Rows, c.Rows], v.Narrow(1, c.Rows - 1, 1).MatMul(v.Narrow(1, c.Rows - 1, 1).T), 1e-9);
        }
    }

    [TestCaseSource(nameof(Names))]
    public void Cholesky(string name)
    {
        Case c = Open(name);
        c.AssertEqual("l", [c.Rows, c.Rows], c.Tensor("definite", c.Rows, c.Rows).Cholesky(), 1e-13);
    }

    [TestCaseSource(nameof(Names))]
    public void Square(string name)
    {
        Case c = Open(name);
        if (c.Rows != c.Columns)
        {
            return;
        }
        Tensor b = c.Tensor("b", c.Rows, 2);
        double error = 1e-14 * c.Number("cond");
        c.AssertEqual("x", [c.Rows, 2], c.A.Solve(b), error);
        c.AssertEqual("inverse", [c.Rows, c.Rows], c.A.Inverse(), error);
        Assert.That(c.A.Cond().Item(), Is.EqualTo(c.Number("cond")).Within(1e-9).Percent);
        Assert.That(c.A.SlogDet().Sign.Item(), Is.EqualTo(c.Number("sign")));
        Assert.That(c.A.SlogDet().LogAbsDet.Item(), Is.EqualTo(c.Number("logdet")).Within(1e-10));
        if (name != "huge")
        {
            Assert.That(c.A.Determinant().Item(), Is.EqualTo(c.Number("det")).Within(1e-9).Percent);
        }
        Tensor upper = c.A + (Matrices.Identity(c.Rows) * (3 * c.A.Abs().Max().Item()));
        c.AssertEqual("upper", [c.Rows, 2], upper.SolveTriangular(b, upper: true), 1e-12);
    }

    private static Case Open(string name) => new(s_cases.Value.Single(c => c.GetProperty("name").GetString() == name));

    private sealed class Case(JsonElement json)
    {
        public int Rows { get; } = json.GetProperty("rows").GetInt32();

        public int Columns { get; } = json.GetProperty("columns").GetInt32();

        public Tensor A => Tensor("a", Rows, Columns);

        public double Number(string key) => json.GetProperty(key).GetDouble();

        public Tensor Tensor(string key, params ReadOnlySpan<int> shape) => Matrices.From(Values(key), shape);

        public void AssertEqual(string key, Shape shape, Tensor actual, double relative)
        {
            double[] expected = Values(key);
            Close.AssertAll(key, shape, expected, actual, 0, relative * expected.Select(Math.Abs).DefaultIfEmpty(0).Max() + double.Epsilon);
        }

        private double[] Values(string key) => [.. json.GetProperty(key).EnumerateArray().Select(static e => e.GetDouble())];
    }
}
