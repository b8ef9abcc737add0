namespace Engine.Cpu;

/// <summary>
/// Formulas of one argument that occur within larger programs and have a kernel of their own: as single steps they would go through tiles in
/// the first-level cache six to nine times.
/// </summary>
/// <remarks>The kernels do the same operations in the same order, so that nobody sees in the bits whether a formula was found.</remarks>
internal static class KnownFormulas
{
    /// <summary>Beyond ± this an activation's gate is closed or open; <see cref="Expr.Gelu"/> and its like bound their argument so.</summary>
    public const double FarOut = 1e4;

    private const int Unbound = -1;

    private static readonly (MapProgram Formula, TileOp Op, TileOp OfSum)[] s_formulas =
    [
        (MapProgram.Compile(1, Expr.Gelu(Expr.Input(0))), TileOp.Gelu, TileOp.GeluOfSum),
        (MapProgram.Compile(1, Expr.Silu(Expr.Input(0))), TileOp.Silu, TileOp.SiluOfSum),
    ];

    /// <summary>
    /// A known formula whose result is node <paramref name="root"/>: its operation, its argument, or two where that is a sum, and the nodes between, which nothing else uses.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="root">A node of it.</param>
    /// <param name="users">How many steps and outputs use each node.</param>
    public static (TileOp Op, int[] Arguments, int[] Inner)? Find(MapProgram program, int root, int[] users)
    {
        foreach ((MapProgram formula, TileOp op, TileOp ofSum) in s_formulas)
        {
            int last = formula.Outputs[0];
            if (formula.Code[last].Op != program.Code[root].Op)
            {
                continue;
            }

            int[] bound = new int[formula.Code.Length];
            Array.Fill(bound, Unbound);
            if (Matches(formula, last, program, root, bound) && IsPrivate(formula, users, bound, out int argument))
            {
                int[] inner = [.. Enumerable.Range(0, bound.Length).Where(i => i != last && IsStep(formula, i)).Select(i => bound[i])];
                return IsSum(program, argument, users) ? (ofSum, [program.Code[argument].A, program.Code[argument].B], [.. inner, argument]) : (op, [argument], inner);
            }
        }

        return null;
    }

    /// <summary>Whether a node is a sum for the formula alone that is neither another formula's result nor a multiply-add.</summary>
    private static bool IsSum(MapProgram program, int node, int[] users)
    {
        Instruction step = program.Code[node];
        return step.Op == ScalarOpcode.Add && users[node] == 1 && program.Code[step.A].Op != ScalarOpcode.Mul && program.Code[step.B].Op != ScalarOpcode.Mul
            && Find(program, node, users) is null;
    }

    private static bool IsStep(MapProgram formula, int node) => formula.Code[node].Op is not (ScalarOpcode.Input or ScalarOpcode.Constant);

    /// <summary>Whether node <paramref name="i"/> of the formula and node <paramref name="j"/> of the program compute the same; <paramref name="bound"/> is filled.</summary>
    private static bool Matches(MapProgram formula, int i, MapProgram program, int j, int[] bound)
    {
        if (bound[i] != Unbound)
        {
            return bound[i] == j;
        }

        Instruction a = formula.Code[i], b = program.Code[j];
        if (a.Op == ScalarOpcode.Input)
        {
            bound[i] = j;
            return true;
        }

        if (a.Op != b.Op || !a.Value.Equals(b.Value))
        {
            return false;
        }

        ScalarOp op = ScalarOp.Of(a.Op);
        int[] before = (int[])bound.Clone();
        bool same = (op.Arity < 1 || Matches(formula, a.A, program, b.A, bound))
            && (op.Arity < 2 || Matches(formula, a.B, program, b.B, bound))
            && (op.Arity < 3 || Matches(formula, a.C, program, b.C, bound));
        if (!same && op is { Arity: 2, IsCommutative: true })
        {
            before.CopyTo(bound, 0);
            same = Matches(formula, a.A, program, b.B, bound) && Matches(formula, a.B, program, b.A, bound);
        }

        bound[i] = same ? j : Unbound;
        return same;
    }

    private static bool IsPrivate(MapProgram formula, int[] users, int[] bound, out int argument)
    {
        argument = Unbound;
        int[] uses = TileCompiler.CountUsers(formula);
        for (int i = 0; i < bound.Length; i++)
        {
            if (formula.Code[i].Op == ScalarOpcode.Input)
            {
                argument = bound[i];
            }
            else if (i != formula.Outputs[0] && IsStep(formula, i) && users[bound[i]] != uses[i])
            {
                return false;
            }
        }

        return argument != Unbound;
    }
}
