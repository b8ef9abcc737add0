namespace Engine.Backends;

/// <summary>
/// Rewrites formulas into a normal form: constants folded, equal subexpressions shared, arguments of commutative operations in a
/// fixed order (a constant last), identities removed.
/// </summary>
/// <remarks>
/// The default rules keep every value, NaN, infinities and the sign of zero included, but for two roundings: folding computes in
/// double, and powers with the exponents ±½, ±1, 2 and 3 become roots and products. So x + 0 (−0 becomes 0) and x·0 (NaN) stay.
/// Gradient algebra knows more: its zeros say that nothing flows, so they may be dropped, see Simplifier.Gradient.cs.
/// </remarks>
internal sealed partial class Simplifier
{
    private readonly ExprTable _table = new();
    private readonly Dictionary<Expr, Expr> _simplified = new(ReferenceEqualityComparer.Instance);
    private Expr? _replaced;
    private Expr? _replacement;

    /// <summary>
    /// Whether new formulas are gradients, in which zeros of either sign are the same and mean "no flow". Formulas that were
    /// simplified before keep their form: simplify the forward formula first.
    /// </summary>
    internal bool BuildsGradients { get; set; }

    /// <summary>From now on any subexpression that comes out equal to <paramref name="node"/> (simplified by this object) becomes <paramref name="replacement"/>.</summary>
    internal void Replace(Expr node, Expr replacement) => (_replaced, _replacement) = (node, Simplify(replacement));

    /// <summary>The normal form of <paramref name="root"/>; equal formulas give the same object.</summary>
    internal Expr Simplify(Expr root)
    {
        foreach (Expr node in Expr.PostOrder([root], _simplified))
        {
            _simplified[node] = node.Arity switch
            {
                0 => Leaf(node),
                1 => Make(node.Opcode, _simplified[node[0]]),
                2 => Make(node.Opcode, _simplified[node[0]], _simplified[node[1]]),
                _ => Make(node.Opcode, _simplified[node[0]], _simplified[node[1]], _simplified[node[2]]),
            };
        }
        return _simplified[root];
    }

    /// <summary>The normal form of an operation on arguments in normal form.</summary>
    private Expr Make(ScalarOpcode opcode, Expr a, Expr? b = null, Expr? c = null)
    {
        ScalarOp op = ScalarOp.Of(opcode);
        if (a.IsConstant && b?.IsConstant != false && c?.IsConstant != false && Fold(op, a.Value, b?.Value ?? 0, c?.Value ?? 0) is { } folded)
        {
            return Constant(folded);
        }
        if (op.IsCommutative && Compare(a, b!) > 0)
        {
            (a, b) = (b!, a);
        }
        Expr? rewritten = (op.Arity switch
        {
            1 => RewriteUnary(opcode, a),
            2 => RewriteBinary(opcode, a, b!),
            _ => RewriteTernary(opcode, a, b!, c!),
        }) ?? (BuildsGradients ? RewriteGradient(opcode, a, b) : null);
        if (rewritten is not null)
        {
            return rewritten;
        }
        Expr node = Known(_table.Add(new Expr(opcode, a, b, c)));
        return ReferenceEquals(node, _replaced) ? _replacement! : node;
    }

    // Whole numbers may meet in an integer program, so their result is folded only where integers agree: not 7 // 0, not 2⁵³ + 1.
    private static double? Fold(ScalarOp op, double a, double b, double c)
    {
        double result = op.Reference!(a, b, c);
        if (op.IntegerReference is null || !IsWhole(a) || !IsWhole(b) || !IsWhole(c))
        {
            return result;
        }
        long exact = op.IntegerReference((long)a, (long)b, (long)c);
        return exact == result && Math.Abs(result) < 1L << 53 ? result : null;

        static bool IsWhole(double value) => double.IsInteger(value) && Math.Abs(value) < long.MaxValue;
    }

    private Expr Constant(double value) => Leaf(Expr.Constant(double.IsNaN(value) ? double.NaN : value));

    private Expr Leaf(Expr leaf) => Known(_table.Add(leaf));

    private Expr Known(Expr node)
    {
        _simplified[node] = node;
        return node;
    }

    /// <summary>A total order of this table's nodes that depends on structure only: inputs, operations, parameters, constants.</summary>
    private static int Compare(Expr x, Expr y)
    {
        while (!ReferenceEquals(x, y))
        {
            int order = Rank(x).CompareTo(Rank(y));
            if (order == 0)
            {
                order = x.Number.CompareTo(y.Number);
            }
            if (order == 0)
            {
                order = x.Value.CompareTo(y.Value);
            }
            if (order != 0)
            {
                return order;
            }
            int differing = 0;
            while (differing < x.Arity && ReferenceEquals(x[differing], y[differing]))
            {
                differing++;
            }
            if (differing == x.Arity)
            {
                return BitConverter.DoubleToInt64Bits(x.Value).CompareTo(BitConverter.DoubleToInt64Bits(y.Value));
            }
            (x, y) = (x[differing], y[differing]);
        }
        return 0;
    }

    private static int Rank(Expr node) => node.Opcode switch
    {
        ScalarOpcode.Constant => 1001,
        ScalarOpcode.Parameter => 1000,
        _ => (int)node.Opcode,
    };
}
