namespace Engine.Backends;

/// <summary>The programs that sorting is made of, where a backend has no kernel for it.</summary>
internal static class OrderingPrograms
{
    /// <summary>How many keys come before a key. Inputs: a key a and its index i, a key b and its index j, in the order a, b, i, j.</summary>
    public static readonly ReduceProgram Rank = RankOf(descending: false);

    /// <summary>As <see cref="Rank"/>, from the largest key to the smallest.</summary>
    public static readonly ReduceProgram RankDescending = RankOf(descending: true);

    /// <summary>
    /// b comes before a: smaller, or a number beside NaN; equal keys by their index. NaN is the key that differs from itself, which holds for integers too, where no
    /// key does.
    /// </summary>
    private static ReduceProgram RankOf(bool descending)
    {
        Expr a = Expr.Input(0), b = Expr.Input(1), i = Expr.Input(2), j = Expr.Input(3);
        Expr precedes = descending ? Precedes(a, b) : Precedes(b, a);
        Expr areEqual = Expr.Or(Expr.Equal(b, a), Expr.And(IsNaN(a), IsNaN(b)));
        return ReduceProgram.Create(
            MapProgram.Compile(4, Expr.Or(precedes, Expr.And(areEqual, Expr.Less(j, i)))), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));
    }

    private static Expr Precedes(Expr first, Expr second) => Expr.Or(Expr.Less(first, second), Expr.And(IsNaN(second), Expr.Not(IsNaN(first))));

    private static Expr IsNaN(Expr key) => Expr.NotEqual(key, key);
}
