namespace Engine.Backends;

/// <summary>Symbolic differentiation of formulas, by the rule of each operation's row.</summary>
public static class Derivative
{
    /// <summary>∂y/∂(input <paramref name="input"/>), simplified; the constant 0 where y does not depend on it.</summary>
    /// <remarks>
    /// Conditions of <c>Where</c>, comparisons, rounding, <c>Sign</c>, <c>Index</c> and <c>Random</c> have the derivative 0. A zero
    /// from a side of <c>Where</c> that is not taken stays 0 even where the other side's derivative is infinite.
    /// </remarks>
    /// <example><code>Derivative.Of(Expr.Tanh(Expr.Input(0)), 0)   // 1 - tanh(in0) * tanh(in0)</code></example>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="input"/> is negative.</exception>
    public static Expr Of(Expr y, int input)
    {
        ArgumentNullException.ThrowIfNull(y);
        ArgumentOutOfRangeException.ThrowIfNegative(input);
        var simplifier = new Simplifier();
        Expr root = simplifier.Simplify(y);
        return Reverse(simplifier, root, root, 1, [input])[0];
    }

    /// <summary>
    /// The gradients of <paramref name="inputs"/> when that of <paramref name="root"/> is <paramref name="dy"/>, in reverse mode.
    /// </summary>
    /// <param name="simplifier">Has simplified the root, and simplifies the gradients.</param>
    /// <param name="root">The formula to differentiate.</param>
    /// <param name="self">The result of the root in the rule of the root: the root itself, or a leaf for the saved output.</param>
    /// <param name="dy">The gradient of the root.</param>
    /// <param name="inputs">Numbers of the inputs.</param>
    internal static Expr[] Reverse(Simplifier simplifier, Expr root, Expr self, Expr dy, ReadOnlySpan<int> inputs)
    {
        simplifier.BuildsGradients = true;
        List<Expr> order = Expr.PostOrder([root]);
        HashSet<Expr> carriers = Carriers(order, inputs);
        var gradients = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
        if (carriers.Contains(root))
        {
            gradients[root] = simplifier.Simplify(dy);
        }
        for (int i = order.Count - 1; i >= 0; i--)
        {
            Expr node = order[i];
            if (node.Arity > 0 && gradients.TryGetValue(node, out Expr? gradient))
            {
                PassOn(node, ReferenceEquals(node, root) ? self : node, gradient);
            }
        }

        var results = new Expr[inputs.Length];
        for (int i = 0; i < results.Length; i++)
        {
            int number = inputs[i];
            Expr? leaf = order.Find(node => node.Opcode == ScalarOpcode.Input && node.Number == number);
            results[i] = leaf is not null && gradients.TryGetValue(leaf, out Expr? gradient) ? gradient : simplifier.Simplify(0);
        }
        return results;

        void PassOn(Expr node, Expr y, Expr gradient)
        {
            ReadOnlySpan<Expr> arguments = node.Arity switch
            {
                1 => [node[0]],
                2 => [node[0], node[1]],
                _ => [node[0], node[1], node[2]],
            };
            Expr?[] parts = ScalarOp.Of(node.Opcode).Derivative!(arguments, y, gradient);
            for (int i = 0; i < parts.Length; i++)
            {
                if (parts[i] is { } part && carriers.Contains(arguments[i]))
                {
                    gradients[arguments[i]] =
                        simplifier.Simplify(gradients.TryGetValue(arguments[i], out Expr? sum) ? sum + part : part);
                }
            }
        }
    }

    // The nodes through which a gradient reaches one of the inputs; all others are constants to the derivative.
    private static HashSet<Expr> Carriers(List<Expr> order, ReadOnlySpan<int> inputs)
    {
        var carriers = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr node in order)
        {
            bool carries = node.Opcode == ScalarOpcode.Input && inputs.Contains(node.Number);
            if (ScalarOp.Of(node.Opcode).Derivative is not null)
            {
                for (int i = 0; i < node.Arity; i++)
                {
                    carries |= carriers.Contains(node[i]);
                }
            }
            if (carries)
            {
                carriers.Add(node);
            }
        }
        return carriers;
    }
}
