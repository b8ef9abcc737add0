namespace Engine.Backends;

/// <summary>Keeps one node for each structure: within a table, equal formulas are the same object.</summary>
internal sealed class ExprTable
{
    private readonly Dictionary<Expr, Expr> _nodes = new(new ByParts());

    /// <summary>The node of this table that is equal to <paramref name="node"/>, whose arguments are already in the table.</summary>
    internal Expr Add(Expr node)
    {
        if (_nodes.TryGetValue(node, out Expr? known))
        {
            return known;
        }
        _nodes.Add(node, node);
        return node;
    }

    /// <summary>The formula of this table that is equal to <paramref name="root"/>.</summary>
    internal Expr Intern(Expr root)
    {
        var interned = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr node in Expr.PostOrder([root]))
        {
            interned[node] = Add(node.Arity switch
            {
                0 => node,
                1 => new Expr(node.Opcode, interned[node[0]]),
                2 => new Expr(node.Opcode, interned[node[0]], interned[node[1]]),
                _ => new Expr(node.Opcode, interned[node[0]], interned[node[1]], interned[node[2]]),
            });
        }
        return interned[root];
    }

    private sealed class ByParts : IEqualityComparer<Expr>
    {
        public bool Equals(Expr? x, Expr? y)
        {
            if (x is null || y is null || x.Opcode != y.Opcode || x.Number != y.Number
                || BitConverter.DoubleToInt64Bits(x.Value) != BitConverter.DoubleToInt64Bits(y.Value))
            {
                return false;
            }
            for (int i = 0; i < x.Arity; i++)
            {
                if (!ReferenceEquals(x[i], y[i]))
                {
                    return false;
                }
            }
            return true;
        }

        public int GetHashCode(Expr node) => (int)node.Hash;
    }
}
