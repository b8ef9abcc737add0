using System.Globalization;

namespace Engine;

/// <summary>Compares the gradients of a function with differences of its values.</summary>
/// <remarks>
/// <para>The results are summed up with factors that differ from element to element, so that a gradient that is right on the whole and
/// wrong in its parts does not pass. Each element x of each input is then moved, and the derivative taken from four values by
/// (f(x−2h) − 8·f(x−h) + 8·f(x+h) − f(x+2h)) / 12h, whose error is of order h⁴, with h = ε^(1/5)·max(1, |x|) and ε the rounding unit of the
/// input's type (Abramowitz and Stegun, 25.3.6).</para>
/// <para>float64 is checked to 1e-5 of the value, float32 to 5e-3: enough for any mistake in a formula. The function must give the same values
/// each time, and be smooth where it is checked: at a kink differences and gradients do not agree, and neither is wrong.</para>
/// </remarks>
public static class Gradcheck
{
    /// <summary>Checks a function of one tensor: <c>Gradcheck.Check(x => MyFunction(x, 1.5f), x)</c>.</summary>
    /// <inheritdoc cref="Check(Func{Tensor[], Tensor}, Tensor[], double?, double?)"/>
    public static double Check(Func<Tensor, Tensor> function, Tensor input, double? relative = null, double? absolute = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(input);
        return Check(inputs => function(inputs[0]), [input], relative, absolute);
    }

    /// <summary>Checks a function of several tensors.</summary>
    /// <param name="function">The function; its result may have any shape.</param>
    /// <param name="inputs">Where it is checked: float32 or float64. They are copied, and not changed.</param>
    /// <param name="relative">The difference that is allowed, as a part of the larger of both values; by default 1e-5 for float64 and 5e-3 for float32.</param>
    /// <param name="absolute">The difference that is allowed in any case; by default 1e-7 for float64 and 5e-4 for float32.</param>
    /// <returns>The largest difference between a gradient and its estimate.</returns>
    /// <exception cref="GradientException">A gradient is wrong, or there is none; the message says of which element.</exception>
    /// <exception cref="DTypeMismatchException">An input is neither float32 nor float64.</exception>
    public static double Check(Func<Tensor[], Tensor> function, Tensor[] inputs, double? relative = null, double? absolute = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (Tensor input in inputs)
        {
            ArgumentNullException.ThrowIfNull(input, nameof(inputs));
            if (input.DType is not (DType.Float32 or DType.Float64))
            {
                throw new DTypeMismatchException($"Gradcheck: an input is {input.DType.ShortName()}; differences need float32 or float64.");
            }
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Set(true);
        Tensor[] leaves = [.. inputs.Select(static input => input.Detach().Clone().WithGrad())];
        Tensor result = Guard.Returned(function(leaves), "Gradcheck", "The function");
        double[] factors = [.. Enumerable.Range(0, (int)result.ElementCount).Select(static i => 1 + (0.5 * Math.Sin(1.7 * (i + 1))))];
        Tensor dy = Tensor.From<double>(factors, device: Device.Cpu).To(result.DType).To(result.Device).Reshape(result.Shape);
        Tensor?[] gradients = Autograd.Grad([result], leaves, [dy]);
        double[] rounded = ToDoubles(dy);
        double largest = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            double[] gradient = gradients[i] is { } given
                ? ToDoubles(given)
                : throw new GradientException($"Gradcheck: the result does not depend on input {i} as far as autograd knows.");
            largest = Math.Max(largest, CheckInput(function, inputs, i, gradient, rounded, relative, absolute));
        }

        return largest;
    }

    private static double CheckInput(Func<Tensor[], Tensor> function, Tensor[] inputs, int index, double[] gradient, double[] factors, double? relative, double? absolute)
    {
        bool isDouble = inputs[index].DType == DType.Float64;
        double step = Math.Pow(isDouble ? Math.BitIncrement(1.0) - 1 : MathF.BitIncrement(1f) - 1, 0.2), largest = 0;
        double[] values = ToDoubles(inputs[index]);
        for (int j = 0; j < values.Length; j++)
        {
            double h = step * Math.Max(1, Math.Abs(values[j]));
            double estimate = (At(-2 * h) - (8 * At(-h)) + (8 * At(h)) - At(2 * h)) / (12 * h);
            double difference = Math.Abs(gradient[j] - estimate);
            double allowed = (absolute ?? (isDouble ? 1e-7 : 5e-4)) + ((relative ?? (isDouble ? 1e-5 : 5e-3)) * Math.Max(Math.Abs(gradient[j]), Math.Abs(estimate)));

            // Not the other way round: NaN is wrong.
            if (!(difference <= allowed))
            {
                throw new GradientException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Gradcheck: the gradient of input {index} {inputs[index].Shape} is {gradient[j]:g6} at element {j} (x = {values[j]:g6}); differences of the function give {estimate:g6}."));
            }

            largest = Math.Max(largest, difference);

            double At(double move)
            {
                using TensorScope scope = TensorScope.Begin();
                using GradMode.Scope mode = GradMode.Off();
                double[] moved = [.. values];
                moved[j] += move;
                Tensor[] arguments = [.. inputs];
                arguments[index] = Tensor.From<double>(moved, device: Device.Cpu).To(inputs[index].DType).To(inputs[index].Device).Reshape(inputs[index].Shape);
                double[] results = ToDoubles(Guard.Returned(function(arguments), "Gradcheck", "The function"));
                return results.Length == factors.Length
                    ? results.Zip(factors, static (y, factor) => y * factor).Sum()
                    : throw new ShapeMismatchException($"Gradcheck: the function has given {factors.Length} numbers at first and {results.Length} for other values of the same shape.");
            }
        }

        return largest;
    }

    private static double[] ToDoubles(Tensor tensor)
    {
        using TensorScope scope = TensorScope.Begin();
        return tensor.Detach().To(Device.Cpu).To(DType.Float64).ToArray<double>();
    }
}
