using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.Gradients;

/// <summary>Gradients against central differences, in float64. Operands that do not require a gradient stay as they are.</summary>
internal static class GradientCheck
{
    // The difference's own error is about Step²·f''' / 6 + 1e-16·f / Step, both near 1e-11.
    private const double Step = 1e-5;
    private const double Relative = 1e-6;
    private const double Absolute = 1e-7;

    /// <summary>
    /// Asserts that the gradient of Σ r·f(inputs), r random, equals (L(xᵢ + h) − L(xᵢ − h)) / 2h for each element of each operand.
    /// </summary>
    public static void First(Func<Tensor[], Tensor> f, Tensor[] inputs, string what = "")
    {
        Tensor y = f(inputs);
        Assert.That(y.DType, Is.EqualTo(DType.Float64), "differences need float64");
        Tensor weights = RandomLike(y);
        Tensor?[] gradients = Gradients((y * weights).Sum(), inputs, createGraph: false);
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].RequiresGrad)
            {
                Close.AssertAll($"{what}: gradient to operand {i}", Differences(f, inputs, i, weights), Values(gradients[i], inputs[i]), Relative, Absolute);
            }
        }
    }

    /// <summary>
    /// Asserts that the gradient g of Σ r·f(inputs), recorded by createGraph, differentiates to H·v = (g(x + h·v) − g(x − h·v)) / 2h for a
    /// random direction v. The weights r count as one more operand, so that the derivative with respect to dy is checked too.
    /// </summary>
    public static void Second(Func<Tensor[], Tensor> f, Tensor[] inputs, string what = "")
    {
        Tensor[] all = [.. inputs, RandomLike(f(inputs)).WithGrad()];
        Tensor[] directions = Array.ConvertAll(all, RandomLike);
        Tensor?[] gradients = Gradients(Weighted(f, all), all, createGraph: true);

        Tensor? product = null;
        for (int i = 0; i < all.Length; i++)
        {
            if (gradients[i] is { RequiresGrad: true } gradient)
            {
                Tensor term = (gradient * directions[i]).Sum();
                product = product is null ? term : product + term;
            }
        }

        Assert.That(product, Is.Not.Null, $"{what}: no gradient was recorded by createGraph");
        Tensor?[] seconds = Gradients(product!, all, createGraph: false);
        double[][] ahead = GradientsAt(f, all, directions, Step), behind = GradientsAt(f, all, directions, -Step);
        for (int i = 0; i < all.Length; i++)
        {
            if (!all[i].RequiresGrad)
            {
                continue;
            }
            double[] expected = [.. ahead[i].Zip(behind[i], (a, b) => (a - b) / (2 * Step))];
            Close.AssertAll($"{what}: second derivative to operand {i}", expected, Values(seconds[i], all[i]), Relative, 1e-6);
        }
    }

    private static double[] Differences(Func<Tensor[], Tensor> f, Tensor[] inputs, int number, Tensor weights)
    {
        using GradMode.Scope mode = GradMode.Off();
        double[] values = inputs[number].ToArray<double>();
        var differences = new double[values.Length];
        for (int k = 0; k < values.Length; k++)
        {
            differences[k] = (LossWith(k, Step) - LossWith(k, -Step)) / (2 * Step);
        }
        return differences;

        double LossWith(int k, double step)
        {
            double[] moved = [.. values];
            moved[k] += step;
            Tensor[] all = [.. inputs];
            all[number] = Tensor.From<double>(moved, inputs[number].Shape, inputs[number].Device);
            return (f(all) * weights).Sum().Item();
        }
    }

    private static Tensor Weighted(Func<Tensor[], Tensor> f, Tensor[] all) => (f(all[..^1]) * all[^1]).Sum();

    private static double[][] GradientsAt(Func<Tensor[], Tensor> f, Tensor[] all, Tensor[] directions, double step)
    {
        var moved = new Tensor[all.Length];
        for (int i = 0; i < all.Length; i++)
        {
            bool differentiable = all[i].RequiresGrad;
            moved[i] = differentiable ? (all[i].Detach() + (directions[i] * step)).WithGrad() : all[i];
        }

        Tensor?[] gradients = Gradients(Weighted(f, moved), moved, createGraph: false);
        return [.. gradients.Select((gradient, i) => Values(gradient, moved[i]))];
    }

    /// <summary>One gradient per operand that requires one.</summary>
    private static Tensor?[] Gradients(Tensor loss, Tensor[] inputs, bool createGraph)
    {
        Tensor[] wanted = [.. inputs.Where(x => x.RequiresGrad)];
        Tensor?[] found = Autograd.Grad([loss], wanted, createGraph: createGraph);
        var gradients = new Tensor?[inputs.Length];
        for (int i = 0, k = 0; i < inputs.Length; i++)
        {
            gradients[i] = inputs[i].RequiresGrad ? found[k++] : null;
        }
        return gradients;
    }

    private static double[] Values(Tensor? gradient, Tensor like) => gradient?.ToArray<double>() ?? new double[like.ElementCount];

    private static Tensor RandomLike(Tensor x)
    {
        var random = new Random(17);
        double[] values = [.. Enumerable.Range(0, (int)x.ElementCount).Select(_ => (random.NextDouble() * 2) - 1)];
        return Tensor.From<double>(values, x.Shape, x.Device);
    }
}
