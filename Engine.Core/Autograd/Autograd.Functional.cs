namespace Engine;

/// <summary>Derivatives of functions at a point, under the names of <c>torch.autograd.functional</c>.</summary>
/// <remarks>
/// The function is called with a tensor of the point's values that requires a gradient, and must compute with tensor operations alone; no <see cref="Tensor.Grad"/> is
/// touched. With <c>createGraph</c> results can be differentiated again, with respect to the point where it requires a gradient, and to anything else
/// that the function used. Where the function does not depend on the point, derivatives are 0.
/// </remarks>
public static partial class Autograd
{
    /// <summary>The matrix of derivatives ∂f(x)ᵢ/∂xⱼ.</summary>
    /// <param name="function">y = f(x), of any shape.</param>
    /// <param name="x">The point.</param>
    /// <param name="createGraph">Whether the result can be differentiated again.</param>
    /// <returns>The shape of y followed by that of x, in the type of x. One backward pass for each element of y.</returns>
    /// <exception cref="DTypeMismatchException">x is not floating point.</exception>
    public static Tensor Jacobian(Func<Tensor, Tensor> function, Tensor x, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(x);
        return Jacobian(xs => function(xs[0]), [x], createGraph)[0];
    }

    /// <summary>The matrices of derivatives of a function of several tensors, one with respect to each.</summary>
    /// <inheritdoc cref="Jacobian(Func{Tensor, Tensor}, Tensor, bool)"/>
    public static Tensor[] Jacobian(Func<Tensor[], Tensor> function, Tensor[] x, bool createGraph = false)
    {
        using FunctionAt at = new(nameof(Jacobian), function, x, createGraph);
        return at.Keep(Rows(at.Value, at.Point, createGraph));
    }

    /// <summary>The matrix of second derivatives ∂²f(x)/∂xᵢ∂xⱼ of a function that gives one number.</summary>
    /// <param name="function">f(x), a tensor with one element.</param>
    /// <param name="x">The point.</param>
    /// <param name="createGraph">Whether the result can be differentiated again.</param>
    /// <returns>The shape of x twice. One backward pass for each element of x.</returns>
    /// <exception cref="ShapeMismatchException">The function gives more than one number.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating point.</exception>
    public static Tensor Hessian(Func<Tensor, Tensor> function, Tensor x, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(x);
        return Hessian(xs => function(xs[0]), [x], createGraph)[0][0];
    }

    /// <summary>The second derivatives of a function of several tensors: [i][j] has the shape of xᵢ followed by that of xⱼ.</summary>
    /// <inheritdoc cref="Hessian(Func{Tensor, Tensor}, Tensor, bool)"/>
    public static Tensor[][] Hessian(Func<Tensor[], Tensor> function, Tensor[] x, bool createGraph = false)
    {
        using FunctionAt at = new(nameof(Hessian), function, x, createGraph);
        at.RequireNumber();
        Tensor?[] slopes = at.Slopes();
        Tensor[][] blocks = new Tensor[x.Length][];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = at.Keep(Rows(slopes[i] ?? at.Point[i].Detach().ZerosLike(), at.Point, createGraph));
        }

        return blocks;
    }

    /// <summary>f(x) and the product H·v of its second derivatives with a direction, without making H: the cost of two backward passes.</summary>
    /// <param name="function">f(x), a tensor with one element.</param>
    /// <param name="x">The point.</param>
    /// <param name="v">The direction, of the shape of x.</param>
    /// <param name="createGraph">Whether the results can be differentiated again.</param>
    /// <returns>The value, and the product in the shape of x.</returns>
    /// <exception cref="ShapeMismatchException">The function gives more than one number, or v has another shape than x.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating point, or v of another type.</exception>
    public static (Tensor Value, Tensor Product) Hvp(Func<Tensor, Tensor> function, Tensor x, Tensor v, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(v);
        (Tensor value, Tensor[] products) = Hvp(xs => function(xs[0]), [x], [v], createGraph);
        return (value, products[0]);
    }

    /// <summary>f(x) and the product of its second derivatives with a direction, for a function of several tensors.</summary>
    /// <inheritdoc cref="Hvp(Func{Tensor, Tensor}, Tensor, Tensor, bool)"/>
    public static (Tensor Value, Tensor[] Products) Hvp(Func<Tensor[], Tensor> function, Tensor[] x, Tensor[] v, bool createGraph = false)
    {
        CheckDirections(nameof(Hvp), x, v);
        using FunctionAt at = new(nameof(Hvp), function, x, createGraph);
        at.RequireNumber();
        // H is symmetric: H·v = ∂(vᵀ·∇f)/∂x.
        Tensor?[] products = Pullback(at.Slopes(), v, at.Point, createGraph);
        return (at.Result(), at.Keep(at.OrZeros(products)));
    }

    /// <summary>f(x) and vᵀ·J, the product of a covector with the derivatives: one backward pass.</summary>
    /// <param name="function">y = f(x), of any shape.</param>
    /// <param name="x">The point.</param>
    /// <param name="v">The covector, of the shape of y; may be left out where y is one number, and is 1 then.</param>
    /// <param name="createGraph">Whether the results can be differentiated again.</param>
    /// <returns>The value, and the product in the shape of x.</returns>
    /// <exception cref="ShapeMismatchException">v does not have the shape of y.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating point, or v of another type than y.</exception>
    public static (Tensor Value, Tensor Product) Vjp(Func<Tensor, Tensor> function, Tensor x, Tensor? v = null, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(x);
        (Tensor value, Tensor[] products) = Vjp(xs => function(xs[0]), [x], v, createGraph);
        return (value, products[0]);
    }

    /// <summary>f(x) and the product of a covector with the derivatives with respect to each of several tensors.</summary>
    /// <inheritdoc cref="Vjp(Func{Tensor, Tensor}, Tensor, Tensor?, bool)"/>
    public static (Tensor Value, Tensor[] Products) Vjp(Func<Tensor[], Tensor> function, Tensor[] x, Tensor? v = null, bool createGraph = false)
    {
        using FunctionAt at = new(nameof(Vjp), function, x, createGraph);
        if (v is null)
        {
            at.RequireNumber();
        }
        else
        {
            CheckDirection(nameof(Vjp), at.Value, v, "y");
        }

        Tensor?[] products = Pullback([at.Value], [v], at.Point, createGraph);
        return (at.Result(), at.Keep(at.OrZeros(products)));
    }

    /// <summary>f(x) and J·v, the derivative along a direction, by two backward passes: vᵀ·J is linear in its covector, and its derivative with respect to that is J·v.</summary>
    /// <param name="function">y = f(x), of any shape.</param>
    /// <param name="x">The point.</param>
    /// <param name="v">The direction, of the shape of x.</param>
    /// <param name="createGraph">Whether the results can be differentiated again.</param>
    /// <returns>The value, and the product in the shape of y.</returns>
    /// <exception cref="ShapeMismatchException">v does not have the shape of x.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating point, or v of another type.</exception>
    public static (Tensor Value, Tensor Product) Jvp(Func<Tensor, Tensor> function, Tensor x, Tensor v, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(v);
        return Jvp(xs => function(xs[0]), [x], [v], createGraph);
    }

    /// <summary>f(x) and its derivative along a direction, for a function of several tensors.</summary>
    /// <inheritdoc cref="Jvp(Func{Tensor, Tensor}, Tensor, Tensor, bool)"/>
    public static (Tensor Value, Tensor Product) Jvp(Func<Tensor[], Tensor> function, Tensor[] x, Tensor[] v, bool createGraph = false)
    {
        CheckDirections(nameof(Jvp), x, v);
        using FunctionAt at = new(nameof(Jvp), function, x, createGraph);
        if (at.Value.History is null)
        {
            return (at.Result(), at.Keep(at.Value.Detach().ZerosLike()));
        }

        Tensor covector = at.Value.Detach().ZerosLike().WithGrad();
        try
        {
            Tensor?[] pulled = Pullback([at.Value], [covector], at.Point, createGraph: true);
            Tensor? product = Pullback(pulled, v, [covector], createGraph)[0];
            return (at.Result(), at.Keep(product ?? at.Value.Detach().ZerosLike()));
        }
        finally
        {
            if (!createGraph)
            {
                covector.Dispose();
            }
        }
    }

    /// <summary>Gradients of those outputs that have a history.</summary>
    private static Tensor?[] Pullback(Tensor?[] outputs, Tensor?[] factors, Tensor[] inputs, bool createGraph)
    {
        List<Tensor> roots = [];
        List<Tensor?> seeds = [];
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i] is { History: not null } output)
            {
                roots.Add(output);
                seeds.Add(factors[i]);
            }
        }

        return roots.Count == 0 ? new Tensor?[inputs.Length] : BackwardPass.Gradients(roots.ToArray(), seeds.ToArray(), inputs, retainGraph: true, createGraph);
    }

    /// <summary>∂yᵢ/∂x row by row, for each of several x.</summary>
    private static Tensor[] Rows(Tensor y, Tensor[] xs, bool createGraph)
    {
        int count = Guard.Size(nameof(Jacobian), y.ElementCount);
        Tensor[] results = new Tensor[xs.Length];
        Tensor[][] rows = new Tensor[xs.Length][];
        for (int k = 0; k < xs.Length; k++)
        {
            Shape shape = new([count, .. xs[k].Shape.AsSpan()]);
            (results[k], rows[k]) = (Tensor.Zeros(shape, xs[k].DType, xs[k].Device), createGraph ? new Tensor[count] : []);
        }

        using (GradMode.Scope mode = GradMode.Set(createGraph))
        {
            Tensor indices = Tensor.Arange(count, y.Device);
            for (int i = 0; i < count && y.History is not null; i++)
            {
                using TensorScope scope = TensorScope.Begin();
                Tensor?[] slopes = Pullback([y], [indices.EqualTo((long)i).ToOrSelf(y.DType).ReshapeOrSelf(y.Shape)], xs, createGraph);
                for (int k = 0; k < xs.Length; k++)
                {
                    if (createGraph)
                    {
                        rows[k][i] = scope.Keep(slopes[k] ?? xs[k].Detach().ZerosLike());
                    }
                    else if (slopes[k] is { } slope)
                    {
                        results[k].Select(0, i).CopyFrom(slope);
                    }
                }
            }

            for (int k = 0; k < xs.Length; k++)
            {
                Tensor all = createGraph && count > 0 && y.History is not null ? Tensor.Stack(rows[k]) : results[k];
                results[k] = all.Reshape(shape: new Shape([.. y.Shape.AsSpan(), .. xs[k].Shape.AsSpan()]));
            }
        }

        return results;
    }

    private static void CheckDirections(string op, Tensor[] x, Tensor[] v)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(v);
        Guard.NoNulls<Tensor>(x);
        Guard.NoNulls<Tensor>(v);
        if (x.Length != v.Length)
        {
            throw new ArgumentException($"{op}: there are {x.Length} tensors x and {v.Length} directions v; each needs one.", nameof(v));
        }

        for (int i = 0; i < x.Length; i++)
        {
            CheckDirection(op, x[i], v[i], "x");
        }
    }

    private static void CheckDirection(string op, Tensor x, Tensor v, string name)
    {
        Guard.SameDevice(op, x, v);
        if (x.Shape != v.Shape)
        {
            throw new ShapeMismatchException($"{op}: {name} is {x.Shape}, v is {v.Shape}; the shapes must be equal.");
        }

        Guard.SameDType(op, x, v, name, "v");
    }

    /// <summary>The value of a function at a point, with a scope for all tensors made on the way. Dispose leaves only the tensors that were kept.</summary>
    private ref struct FunctionAt : IDisposable
    {
        private readonly string _op;
        private readonly bool _createGraph;
        private TensorScope _scope;
        private GradMode.Scope _mode;

        public FunctionAt(string op, Func<Tensor[], Tensor> function, Tensor[] x, bool createGraph)
        {
            ArgumentNullException.ThrowIfNull(function);
            ArgumentNullException.ThrowIfNull(x);
            Guard.NoNulls<Tensor>(x);
            (_op, _createGraph) = (op, createGraph);
            foreach (Tensor tensor in x)
            {
                Guard.FloatingPoint(op, tensor);
            }

            _scope = TensorScope.Begin();
            _mode = GradMode.Set(true);
            try
            {
                // Leaves of their own, so that nothing is left in anybody's Grad; only for derivatives of the result it goes on to the caller's graph.
                Point = Array.ConvertAll(x, tensor => createGraph && tensor.RequiresGrad ? tensor.Alias() : tensor.Detach().WithGrad());
                Value = Guard.Returned(function([.. Point]), op, "The function");
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>Where the function was called.</summary>
        public Tensor[] Point { get; } = [];

        public Tensor Value { get; } = null!;

        public readonly void RequireNumber()
        {
            if (Value.ElementCount != 1)
            {
                throw new ShapeMismatchException($"{_op}: the function returned {Value.Shape}; it must return one number. Reduce it with Sum() or Mean().");
            }
        }

        /// <summary>The first derivatives, to be differentiated again.</summary>
        public readonly Tensor?[] Slopes() => Pullback([Value], [null], Point, createGraph: true);

        public readonly Tensor[] OrZeros(Tensor?[] gradients)
        {
            Tensor[] results = new Tensor[gradients.Length];
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = gradients[i] ?? Point[i].Detach().ZerosLike();
            }

            return results;
        }

        public readonly Tensor Keep(Tensor tensor) => _scope.Keep(tensor);

        public readonly Tensor[] Keep(Tensor[] tensors)
        {
            foreach (Tensor tensor in tensors)
            {
                _scope.Keep(tensor);
            }

            return tensors;
        }

        /// <summary>The value for the caller.</summary>
        public readonly Tensor Result() => _scope.Keep(_createGraph ? Value.Alias() : Value.Detach());

        public void Dispose()
        {
            if (!_createGraph)
            {
                foreach (Tensor tensor in Point ?? [])
                {
                    tensor.Dispose();
                }
            }

            _mode.Dispose();
            _scope.Dispose();
        }
    }
}
