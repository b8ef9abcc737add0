using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optim;

/// <summary>LAMB and Adafactor, whose steps depend on whole tensors, against loops in double that follow the papers, for tensors of several shapes.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class TensorwiseOptimizerTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly int[][] s_shapes = [[3, 5], [1, 4], [4, 1], [2, 3, 4], [2, 1, 3, 3], [7], [1], []];

    private (double Relative, double Absolute) Tolerance => Device.HasFloat64 ? (1e-10, 1e-12) : (5e-5, 2e-5);

    [TestCaseSource(nameof(s_shapes))]
    public void Adafactor_MatchesTheLoop(int[] shape)
    {
        const double Rate = 0.03, Decay = 0.2, Clip = 0.8, Power = -0.7, Floor = 1e-4, Least = 1e-6;
        double[] w = Start(Count(shape)), rows = new double[w.Length], columns = new double[w.Length], whole = new double[w.Length];
        (int m, int n) = shape.Length > 1 ? (shape[^2], shape[^1]) : (1, w.Length);
        Tensor parameter = MostPrecise(w, shape).WithGrad();
        Adafactor optimizer = new([parameter], Rate, Power, Least, Floor, Clip, Decay);
        for (int t = 1; t <= 12; t++)
        {
            double[] g = Gradient(w.Length, t), u = new double[w.Length];
            double fresh = Math.Pow(t, Power);
            for (int block = 0; block < w.Length / (m * n); block++)
            {
                int at = block * m * n;
                if (shape.Length < 2)
                {
                    for (int i = 0; i < w.Length; i++)
                    {
                        whole[i] += fresh * ((g[i] * g[i]) - whole[i]);
                        u[i] = g[i] / Math.Max(Math.Sqrt(whole[i]), Least);
                    }

                    continue;
                }

                for (int i = 0; i < m; i++)
                {
                    rows[at + i] += fresh * (Enumerable.Range(0, n).Average(j => g[at + (i * n) + j] * g[at + (i * n) + j]) - rows[at + i]);
                }
                for (int j = 0; j < n; j++)
                {
                    columns[at + j] += fresh * (Enumerable.Range(0, m).Average(i => g[at + (i * n) + j] * g[at + (i * n) + j]) - columns[at + j]);
                }
                double mean = rows[at..(at + m)].Average();
                for (int i = 0; i < m; i++)
                {
                    for (int j = 0; j < n; j++)
                    {
                        u[at + (i * n) + j] = g[at + (i * n) + j] / Math.Max(Math.Sqrt(rows[at + i] * columns[at + j] / Math.Max(mean, Least)), Least);
                    }
                }
            }

            double step = Math.Max(Floor, Rms(w)) * Math.Min(Rate, 1 / Math.Sqrt(t)) / Math.Max(1, Rms(u) / Clip);
            for (int i = 0; i < w.Length; i++)
            {
                w[i] = (w[i] * (1 - (Rate * Decay))) - (step * u[i]);
            }
            Step(optimizer, parameter, g, shape);
            Check($"step {t}", w, parameter);
        }

        string[] states = shape.Length > 1 ? ["row_var", "col_var"] : ["variance"];
        Assert.That(optimizer.StateNames.Where(name => optimizer.StateOf(parameter, name) is not null), Is.EqualTo(states));
    }

    [TestCaseSource(nameof(s_shapes))]
    public void Lamb_MatchesTheLoop(int[] shape)
    {
        const double Rate = 0.02, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-4, Decay = 0.3;
        double[] w = Start(Count(shape)), m = new double[w.Length], v = new double[w.Length];
        Tensor parameter = MostPrecise(w, shape).WithGrad();
        Lamb optimizer = new([parameter], Rate, Beta1, Beta2, Epsilon, Decay);
        for (int t = 1; t <= 12; t++)
        {
            double[] g = Gradient(w.Length, t), u = new double[w.Length];
            for (int i = 0; i < w.Length; i++)
            {
                m[i] = (Beta1 * m[i]) + ((1 - Beta1) * g[i]);
                v[i] = (Beta2 * v[i]) + ((1 - Beta2) * g[i] * g[i]);
                u[i] = (m[i] / (1 - Math.Pow(Beta1, t)) / (Math.Sqrt(v[i] / (1 - Math.Pow(Beta2, t))) + Epsilon)) + (Decay * w[i]);
            }

            double ratio = Rms(w) / Rms(u);
            for (int i = 0; i < w.Length; i++)
            {
                w[i] -= Rate * ratio * u[i];
            }
            Step(optimizer, parameter, g, shape);
            Check($"step {t}", w, parameter);
        }
    }

    [Test]
    public void Lamb_OfATensorOfZeros_HasTheRatioOne()
    {
        Tensor zeros = MostPrecise([0, 0], [2]).WithGrad(), still = MostPrecise([1, -3], [2]).WithGrad();
        Lamb optimizer = new([zeros, still], 0.25, weightDecay: 0);
        Step(optimizer, zeros, [4, -0.5], [2]);
        // m̂/√v̂ is the sign of the first gradient.
        Close.AssertAll("from 0", [-0.25, 0.25], zeros.ToArray<double>(), 1e-5, 1e-5);
        Step(optimizer, still, [0, 0], [2]);
        Assert.That(still.ToArray<double>(), Is.EqualTo(new double[] { 1, -3 }));
    }

    [Test]
    public void Layers_DoNotKnowOfEachOther([Values] bool adafactor)
    {
        double[] a = Start(6), b = [.. Start(6).Select(static x => 100 * x)];
        Tensor first = MostPrecise(a, [2, 3]).WithGrad(), second = MostPrecise(b, [2, 3]).WithGrad(), alone = MostPrecise(a, [2, 3]).WithGrad();
        Optimizer both = Make([first, second]), one = Make([alone]);
        for (int t = 1; t <= 4; t++)
        {
            second.SetGrad(MostPrecise([.. Gradient(6, t).Select(static x => 1000 * x)], [2, 3]));
            Step(both, first, Gradient(6, t), [2, 3]);
            Step(one, alone, Gradient(6, t), [2, 3]);
        }

        Assert.That(first.ToArray<double>(), Is.EqualTo(alone.ToArray<double>()));

        Optimizer Make(Tensor[] p) => adafactor ? new Adafactor(p) : new Lamb(p);
    }

    [Test]
    public void StridedEmptyAndHalfParameters_AreUpdated([Values] bool adafactor)
    {
        Tensor w = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], Device), turned = w.Transpose(0, 1);
        turned.RequiresGrad = true;
        Tensor plain = turned.Detach().Clone().WithGrad(), empty = Tensor.Zeros([0, 3], device: Device).WithGrad();
        Tensor half = turned.Detach().To(DType.BFloat16).WithGrad();
        Optimizer optimizer = adafactor ? new Adafactor([turned, plain, empty, half]) : new Lamb([turned, plain, empty, half]);
        foreach (Tensor p in (Tensor[])[turned, plain, empty, half])
        {
            p.SetGrad(Tensor.Full(p.Shape, 0.5, p.DType, Device));
        }
        optimizer.Step();
        Assert.Multiple(() =>
        {
            Assert.That(turned.ToArray<float>(), Is.EqualTo(plain.ToArray<float>()).And.Not.EqualTo(new float[] { 1, 4, 2, 5, 3, 6 }));
            Assert.That(w.ToArray<float>()[1], Is.EqualTo(turned.ToArray<float>()[2]), "the memory that views see");
            Assert.That(optimizer.StateOf(half, optimizer.StateNames[0])!.DType, Is.EqualTo(DType.Float32));
            Assert.That(half.ToArray<float>(), Is.EqualTo(plain.ToArray<float>()).Within(0.04));
            Assert.That(optimizer.StepsOf(empty), Is.EqualTo(1));
        });
    }

    [Test]
    public void NaNGradient_SpoilsItsOwnTensorOnly([Values] bool adafactor)
    {
        Tensor bad = MostPrecise(Start(4), [2, 2]).WithGrad(), good = MostPrecise(Start(4), [2, 2]).WithGrad();
        Optimizer optimizer = adafactor ? new Adafactor([bad, good]) : new Lamb([bad, good]);
        bad.SetGrad(MostPrecise([1, double.NaN, 1, 1], [2, 2]));
        Step(optimizer, good, [1, 2, 3, 4], [2, 2]);
        Assert.That(bad.ToArray<double>()[1], Is.NaN);
        Assert.That(good.ToArray<double>(), Is.All.Matches<double>(double.IsFinite));
    }

    [Test]
    public void Adafactor_SavedState_HasTheFactorsOnly()
    {
        Tensor matrix = MostPrecise(Start(6), [2, 3]).WithGrad(), vector = MostPrecise(Start(3), [3]).WithGrad();
        Adafactor optimizer = new([new ParameterGroup([("weight", matrix), ("bias", vector)])]);
        matrix.SetGrad(MostPrecise(Gradient(6, 1), [2, 3]));
        Step(optimizer, vector, Gradient(3, 1), [3]);
        TrainingState state = new();
        optimizer.Save(state);
        Assert.That(state.Tensors.Select(static t => $"{t.Key} {t.Value.Shape}"), Is.EqualTo(new[] { "bias/variance [3]", "weight/col_var [1, 3]", "weight/row_var [2, 1]" }));
        TrainingState other = new([.. state.Tensors.Select(t => t.Key == "weight/row_var" ? KeyValuePair.Create(t.Key, vector) : t)], state.Values);
        Assert.That(() => optimizer.Load(other), Throws.TypeOf<ModelFileException>().With.Message.Contains("row_var").And.Message.Contains("[3]"));
    }

    private static int Count(int[] shape) => shape.Aggregate(1, static (a, b) => a * b);

    private static double Rms(double[] x) => Math.Sqrt(x.Average(static a => a * a));

    private static double[] Start(int count) => [.. Enumerable.Range(0, count).Select(static i => 1.5 * Math.Cos(2.3 * (i + 1)))];

    private static double[] Gradient(int count, int t) => [.. Enumerable.Range(0, count).Select(i => Math.Sin((1.7 * t) + (0.9 * i)) * (i % 3 == 0 ? 0.01 : 2))];

    private void Step(Optimizer optimizer, Tensor parameter, double[] gradient, int[] shape)
    {
        parameter.SetGrad(MostPrecise(gradient, shape));
        optimizer.Step();
    }

    private void Check(string what, double[] expected, Tensor parameter) =>
        Close.AssertAll(what, expected, parameter.ToArray<double>(), Tolerance.Relative, Tolerance.Absolute);
}
