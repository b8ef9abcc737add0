using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Optimizers and batch normalisation on the kernels that ILGPU compiles: which ones run, and that they compute what our own do.</summary>
[TestFixture(TargetVariant.Ilgpu)]
[TestFixture(TargetVariant.InterpreterIlgpu)]
internal sealed class IlgpuUpdateTests(TargetVariant variant) : KernelFixture(variant)
{
    private static readonly double[] s_hyper = [0.99, 0.01, 0.1, 0.9, 0.1, 0.99, 0.01, 1.5, 1e-3, 0.05];

    private static readonly Dictionary<string, (MapProgram Program, string Kernel)> s_updates = new()
    {
        ["sgd"] = (OptimizerPrograms.Sgd, "Kernel_Descend"),
        ["momentum"] = (OptimizerPrograms.SgdMomentum, "Kernel_Descend"),
        ["nesterov"] = (OptimizerPrograms.SgdNesterov, "Kernel_Descend"),
        ["adam"] = (OptimizerPrograms.Adam, "Kernel_Adapt"),
        ["amsgrad"] = (OptimizerPrograms.AmsGrad, "Kernel_Adapt"),
        ["nadam"] = (OptimizerPrograms.NAdam, "Kernel_Adapt"),
        ["radam"] = (OptimizerPrograms.RAdam, "Kernel_Adapt"),
    };

    private static IEnumerable<string> Updates => s_updates.Keys;

    [TestCaseSource(nameof(Updates))]
    public void Update_OfTwoParameters_IsWhatOurOwnKernelsCompute(string name)
    {
        (MapProgram program, string kernel) = s_updates[name];
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            foreach (bool inMemory in (bool[])[false, true])
            {
                double[][] updated = [], own = [];
                Assert.That(Kernels(() => updated = Run(program, dtype, inMemory)), Is.EqualTo(new[] { (kernel, 2) }));
                Own(() => own = Run(program, dtype, inMemory));
                Assert.That(updated, Has.Length.EqualTo(2 * program.OutputCount));
                for (int i = 0; i < own.Length; i++)
                {
                    Assert.That(updated[i], Is.EqualTo(own[i]).Within(dtype == DType.Float64 ? 1e-14 : 1e-6), $"{dtype}, output {i}, in memory: {inMemory}");
                }
            }
        }
    }

    [TestCaseSource(nameof(Updates))]
    public void Update_UnderACondition_HappensOrKeepsAllBits(string name)
    {
        (MapProgram program, string kernel) = s_updates[name];
        MapProgram conditional = OptimizerPrograms.Conditional(program);
        double[][] done = Run(conditional, DType.Float32, condition: 1), kept = [];
        Assert.That(done, Is.EqualTo(Run(program, DType.Float32)));
        Assert.That(Kernels(() => kept = Run(conditional, DType.Float32, condition: 0, gradient: double.NaN)), Is.EqualTo(new[] { (kernel, 2) }));
        for (int i = 0; i < kept.Length; i++)
        {
            Assert.That(kept[i], Is.EqualTo(Start(i % program.OutputCount, kept[i].Length).Select(static value => (double)(float)value)), $"output {i}");
        }
    }

    [Test]
    public void AmsGrad_SquareThatIsNaN_StaysVisible()
    {
        double[][] updated = Run(OptimizerPrograms.AmsGrad, DType.Float32, gradient: double.NaN);
        Assert.That(updated, Is.All.All.NaN);
    }

    [Test]
    public void Update_OfHalves_IsLeftToOurOwnKernels() =>
        Assert.That(Kernels(() => Run(OptimizerPrograms.Sgd, DType.Float16)).Select(static kernel => kernel.Name), Is.Not.Empty.And.None.StartsWith("Kernel_"));

    [Test]
    public void Update_OfOtherOptimizers_IsLeftToOurOwnKernels()
    {
        MapProgram signDescent = MapProgram.Compile(2, OptimizerTerms.KeptWeight - (Expr.Parameter(SgdParameters.Rate) * Expr.Sign(OptimizerTerms.DecayedGradient)));
        Assert.That(Kernels(() => Run(signDescent, DType.Float32)).Select(static kernel => kernel.Name), Is.Not.Empty.And.None.StartsWith("Kernel_"));
    }

    [Test]
    public void BatchNorm_TrainingAndBackward_AreKernelsOfTheSet([Values] bool relu, [Values] bool isResidual)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Noise([4, 6, 5, 3], 1).WithGrad(), weight = Noise([6], 2).WithGrad(), bias = Noise([6], 3).WithGrad(), residual = Noise([4, 6, 5, 3], 4).WithGrad();
        Tensor dy = Noise([4, 6, 5, 3], 5), mean = Noise([6], 6), variance = Noise([6], 7).Square() + 1;
        Assert.That(
            Kernels(() => x.BatchNorm(weight, bias, mean, variance, relu: relu, residual: isResidual ? residual : null).Backward(dy)).Select(static kernel => kernel.Name),
            Is.EqualTo(new[] { "Kernel_BatchNorm", "Kernel_BatchNormGradients" }));
    }

    [Test]
    public void BatchNorm_Prediction_IsWhatOurOwnKernelsCompute([Values] bool relu, [Values] bool isResidual, [Values] bool isChannelsLast)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Noise([4, 40, 5, 3], 1), weight = Noise([40], 2), bias = Noise([40], 3), mean = Noise([40], 4), variance = Noise([40], 5).Square() + 0.5;
        Tensor? residual = isResidual ? Noise([4, 40, 5, 3], 6) : null;
        if (isChannelsLast)
        {
            x = x.Permute(0, 2, 3, 1).Contiguous().Permute(0, 3, 1, 2);
        }

        float[] Predict() => x.BatchNorm(weight, bias, mean, variance, training: false, relu: relu, residual: residual).ToArray<float>();
        float[] predicted = [], own = [];
        Assert.That(Kernels(() => predicted = Predict()).Select(static kernel => kernel.Name), Is.EqualTo(new[] { "Kernel_FoldStatistics", "Kernel_ScaleChannels" }));
        Own(() => own = Predict());
        Assert.That(predicted, Is.EqualTo(own).Within(1e-5));
    }

    [Test]
    public void BatchNorm_OfHalves_IsLeftToOurOwnKernels()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Noise([4, 6, 5], 1).To(DType.Float16), weight = Noise([6], 2), bias = Noise([6], 3);
        Assert.That(Kernels(() => x.BatchNorm(weight, bias)).Select(static kernel => kernel.Name), Is.Not.Empty.And.None.StartsWith("Kernel_"));
    }

    private Tensor Noise(Shape shape, int seed)
    {
        Random random = new(seed);
        return Tensor.From<float>([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (float)(random.NextDouble() - 0.5))], shape, Device);
    }

    /// <summary>What a parameter (0) or a state holds before; states that are squares are not negative.</summary>
    private static double[] Start(int output, int count) => [.. Enumerable.Range(0, count).Select(i => output == 0 ? Math.Sin(i) : 0.1 + (0.01 * output) + (i % 7 * 0.02))];

    /// <summary>Updates two parameters of 5 and 300 elements. Returns their and their states' values.</summary>
    private double[][] Run(MapProgram program, DType dtype, bool inMemory = false, double? condition = null, double gradient = 0.25)
    {
        using TensorScope scope = TensorScope.Begin();
        PointwiseGroup group = new(program);
        List<Tensor> results = [];
        Tensor Of(double[] values, DType type) => Tensor.From<double>(values, device: Engine.Device.Cpu).To(type).To(Device);
        foreach (int count in (int[])[5, 300])
        {
            Tensor[] outputs = [.. Enumerable.Range(0, program.OutputCount).Select(o => Of(Start(o, count), dtype))];
            List<Tensor> inputs = [outputs[0], Of([.. Enumerable.Range(0, count).Select(i => gradient - (i % 3 * 0.5))], dtype), .. outputs[1..]];
            if (condition is { } flag)
            {
                inputs.Add(Of([flag], dtype));
            }

            Assert.That(group.TryAdd(outputs, [.. inputs]));
            results.AddRange(outputs);
        }

        if (inMemory)
        {
            group.Run(Of(s_hyper, dtype));
        }
        else
        {
            group.Run(s_hyper);
        }

        return [.. results.Select(static result => result.To(DType.Float64).ToArray<double>())];
    }

    private void Own(Action work)
    {
        Device.Kernels = KernelSet.Engine;
        try
        {
            using LaunchCount count = Device.CountLaunches();
            work();
            Assert.That(count.Kernels.Select(static kernel => kernel.Name), Is.Not.Empty.And.None.StartsWith("Kernel_"));
        }
        finally
        {
            Device.Kernels = KernelSet.Ilgpu;
        }
    }

    /// <summary>What runs, conversions of the test itself left out.</summary>
    private (string Name, int Launches)[] Kernels(Action work)
    {
        using LaunchCount count = Device.CountLaunches();
        work();
        return [.. count.Kernels.Where(static kernel => kernel.Name != "map").Select(static kernel => (kernel.Name, kernel.Launches))];
    }
}
