using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optim;

/// <summary>NAdam against PyTorch 2's algorithm written out in double.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class NAdamTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Step_IsPyTorch2s([Values(0, 0.1)] double decay, [Values] bool decoupled, [Values(4e-3, 0.1)] double momentumDecay)
    {
        const double Rate = 0.05, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6;
        double[] w = [1, -2, 0.5], m = new double[3], v = new double[3];
        double product = 1;
        Tensor parameter = Tensor.From<float>([1, -2, 0.5f], device: Device).WithGrad();
        NAdam optimizer = new([parameter], Rate, Beta1, Beta2, Epsilon, decay, momentumDecay, decoupled);
        for (int step = 1; step <= 40; step++)
        {
            double[] gradient = [.. Enumerable.Range(0, 3).Select(i => Math.Sin((step * 1.7) + i) + (0.3 * i))];
            double mu = Beta1 * (1 - (0.5 * Math.Pow(0.96, step * momentumDecay))), next = Beta1 * (1 - (0.5 * Math.Pow(0.96, (step + 1) * momentumDecay)));
            product *= mu;
            for (int i = 0; i < w.Length; i++)
            {
                double g = gradient[i] + (decoupled ? 0 : decay * w[i]);
                w[i] *= decoupled ? 1 - (Rate * decay) : 1;
                m[i] += (g - m[i]) * (1 - Beta1);
                v[i] = (Beta2 * v[i]) + ((1 - Beta2) * g * g);
                double denominator = Math.Sqrt(v[i] / (1 - Math.Pow(Beta2, step))) + Epsilon;
                w[i] -= Rate * (1 - mu) / (1 - product) * g / denominator;
                w[i] -= Rate * next / (1 - (product * next)) * m[i] / denominator;
            }

            parameter.SetGrad(Tensor.From<double>(gradient).To(DType.Float32).To(Device));
            optimizer.Step();
            Assert.That(parameter.ToArray<float>(), Is.EqualTo(w).Within(5e-6), $"step {step}");
        }
    }

    [TestCase(false, new[] { 0.89435, 0.81599, 0.19212 })]
    [TestCase(true, new[] { 0.89505, 0.81717, 0.19393 })]
    public void Step_WithAGradientOf1_IsThatOfEitherRelease(bool repeatsMomentum, double[] afterSteps1And2And10)
    {
        Tensor parameter = Tensor.From<float>([1], device: Device).WithGrad();
        NAdam optimizer = new([parameter], 0.1) { RepeatsMomentum = repeatsMomentum };
        List<double> path = [];
        for (int step = 1; step <= 10; step++)
        {
            parameter.SetGrad(Tensor.Ones([1], device: Device));
            optimizer.Step();
            path.Add(parameter.Item());
        }

        Assert.That(new[] { path[0], path[1], path[9] }, Is.EqualTo(afterSteps1And2And10).Within(1e-5));
    }
}
