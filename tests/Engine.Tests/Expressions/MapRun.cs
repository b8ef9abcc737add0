namespace Engine.Tests;

/// <summary>The forward value of a formula at one point and its gradients for dy = 1, by way of <see cref="MapGradient"/> as autograd goes.</summary>
internal sealed record MapRun(double Y, double[] Gradients)
{
    internal static MapRun Of(Expr formula, params double[] x)
    {
        MapProgram forward = MapProgram.Compile(x.Length, formula);
        double y = forward.Evaluate(x);
        return new MapRun(y, Backward(forward, (1u << x.Length) - 1, x, y));
    }

    internal static double[] Backward(MapProgram forward, uint mask, double[] x, double y, double dy = 1, double[]? parameters = null, long index = 0)
    {
        MapGradient gradient = MapGradient.For(forward, mask);
        var inputs = new List<double> { dy };
        foreach (int saved in gradient.SavedInputs)
        {
            inputs.Add(x[saved]);
        }
        if (gradient.SavesOutput)
        {
            inputs.Add(y);
        }
        var results = new double[gradient.Program.OutputCount];
        gradient.Program.Evaluate(inputs.ToArray(), parameters, index, results);
        return results;
    }
}
