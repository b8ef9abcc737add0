using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>
/// A formula over scalars, applied to every element of tensors: an immutable node of a directed acyclic graph. Compile it with
/// <see cref="MapProgram.Compile"/>; differentiate it with <see cref="Engine.Backends.Derivative.Of"/> or <see cref="MapGradient.For"/>.
/// </summary>
/// <remarks>
/// Formulas have no types: a program computes in one type, chosen at the call, and converts when it loads and stores. Equality is by
/// structure; the hash is the same in every process. Sharing a node in C# shares its value: it is computed once.
/// </remarks>
/// <example><code>
/// Expr x = Expr.Input(0), y = Expr.Input(1);
/// Expr loss = Expr.Square(Expr.Tanh(x) - y) * 0.5;
/// </code></example>
public sealed partial class Expr : IEquatable<Expr>
{
    private readonly Expr? _a;
    private readonly Expr? _b;
    private readonly Expr? _c;

    // Every operation comes through here: this one check finds a missing argument.
    internal Expr(
        ScalarOpcode opcode,
        Expr? a = null,
        Expr? b = null,
        Expr? c = null,
        int number = 0,
        double value = 0,
        [CallerArgumentExpression(nameof(a))] string nameOfA = "a",
        [CallerArgumentExpression(nameof(b))] string nameOfB = "b",
        [CallerArgumentExpression(nameof(c))] string nameOfC = "c")
    {
        Opcode = opcode;
        (_a, _b, _c) = (a, b, c);
        Number = number;
        Value = value;
        int arity = ScalarOp.Of(opcode).Arity;
        if (Arity != arity)
        {
            throw new ArgumentNullException(a is null ? nameOfA : b is null && arity > 1 ? nameOfB : nameOfC, $"{ScalarOp.Of(opcode).Name}: an argument of a formula is null.");
        }
        ulong hash = StableHash.Mix(StableHash.Mix((ulong)opcode + 1, (ulong)(uint)number), BitConverter.DoubleToUInt64Bits(value));
        Hash = StableHash.Mix(StableHash.Mix(StableHash.Mix(hash, a?.Hash ?? 0), b?.Hash ?? 0), c?.Hash ?? 0);
    }

    /// <summary>The operation of this node.</summary>
    public ScalarOpcode Opcode { get; }

    /// <summary>Which input or parameter; the first parameter of a random number; else 0.</summary>
    public int Number { get; }

    /// <summary>The value of a constant; else 0.</summary>
    public double Value { get; }

    /// <summary>A hash of the structure that is equal in every process.</summary>
    public ulong Hash { get; }

    /// <summary>Number of arguments.</summary>
    public int Arity => _a is null ? 0 : _b is null ? 1 : _c is null ? 2 : 3;

    internal bool IsConstant => Opcode == ScalarOpcode.Constant;

    /// <summary>The argument with number <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The node has no such argument.</exception>
    public Expr this[int index] => index switch
    {
        0 => _a,
        1 => _b,
        2 => _c,
        _ => null,
    } ?? throw new ArgumentOutOfRangeException(nameof(index), index, $"{Opcode} has {Arity} arguments.");

    /// <summary>The element of the input tensor with number <paramref name="number"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, or too large to be counted.</exception>
    public static Expr Input(int number) => Leaf(ScalarOpcode.Input, number);

    /// <summary>The number <paramref name="value"/>; rounded to the compute type when the program runs.</summary>
    public static Expr Constant(double value) => new(ScalarOpcode.Constant, value: value);

    /// <summary>Entry <paramref name="number"/> of the parameter list that is given when the program runs.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, or too large to be counted.</exception>
    public static Expr Parameter(int number) => Leaf(ScalarOpcode.Parameter, number);

    /// <summary>
    /// Row-major index of the element in the iteration space. It is exact up to 2²⁴ elements in <see cref="DType.Float32"/>.
    /// </summary>
    public static Expr Index { get; } = new(ScalarOpcode.Index);

    /// <summary>A uniform number in [0, 1) for each element, the same on every device and in every pass over the same elements.</summary>
    /// <remarks>
    /// Philox4x32-10 with key (P[f], P[f+1]) and counter (⌊i/4⌋ mod 2³², ⌊i/2³⁴⌋, P[f+2], P[f+3]), where i is the element's
    /// <see cref="Index"/>, f = <paramref name="firstParameter"/> and the parameters are taken as unsigned 32-bit integers; word
    /// i mod 4 of the block, its upper 24 bits times 2⁻²⁴. See <see cref="Philox.Uniform"/>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, or too large to be counted.</exception>
    public static Expr Random(int firstParameter) => Leaf(ScalarOpcode.Random, firstParameter);

    /// <summary>The node of an operation with its arguments.</summary>
    /// <exception cref="ArgumentException">The number of arguments is not the operation's arity, or it is a leaf.</exception>
    public static Expr Apply(ScalarOpcode opcode, params ReadOnlySpan<Expr> arguments)
    {
        Guard.NoNulls(arguments);
        ScalarOp op = ScalarOp.Of(opcode);
        if (op.IsLeaf || arguments.Length != op.Arity)
        {
            throw new ArgumentException($"{op.Name} takes {op.Arity} arguments; got {arguments.Length}.", nameof(arguments));
        }
        return new Expr(opcode, arguments[0], op.Arity > 1 ? arguments[1] : null, op.Arity > 2 ? arguments[2] : null);
    }

    /// <summary>This formula with input i replaced by <paramref name="inputs"/>[i] and parameters renumbered by an offset: composition.</summary>
    /// <exception cref="ArgumentException">The formula reads an input that has no replacement.</exception>
    public Expr Substitute(ReadOnlySpan<Expr> inputs, int parameterOffset = 0)
    {
        Guard.NoNulls(inputs);
        var replaced = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr node in PostOrder([this]))
        {
            replaced[node] = node.Opcode switch
            {
                ScalarOpcode.Input => node.Number < inputs.Length
                    ? inputs[node.Number]
                    : throw new ArgumentException($"Input {node.Number} has no replacement; {inputs.Length} were given.", nameof(inputs)),
                ScalarOpcode.Parameter or ScalarOpcode.Random => Leaf(node.Opcode, Guard.Size(nameof(Substitute), (long)node.Number + parameterOffset)),
                _ when node.Arity == 0 => node,
                _ => new Expr(node.Opcode, replaced[node._a!], Find(node._b), Find(node._c)),
            };
        }
        return replaced[this];

        Expr? Find(Expr? argument) => argument is null ? null : replaced[argument];
    }

    /// <summary>An equal formula with constants folded, repeated subexpressions shared and identities removed.</summary>
    public Expr Simplify() => new Simplifier().Simplify(this);

    /// <summary>Whether both are the same formula, operation by operation; −0 and 0 are different constants.</summary>
    public bool Equals(Expr? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }
        if (other is null || Hash != other.Hash)
        {
            return false;
        }
        // Interning visits each node once, where a plain recursion is exponential in formulas that share their parts.
        var table = new ExprTable();
        return ReferenceEquals(table.Intern(this), table.Intern(other));
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Expr);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Hash;

    /// <summary>The formula as text: <c>relu(in0 + in1) * p0</c>.</summary>
    public override string ToString() => MapProgram.Linearize([this]).ToString();

    /// <summary>Each node under <paramref name="roots"/> once, arguments before their users; nodes in <paramref name="known"/> are not entered.</summary>
    internal static List<Expr> PostOrder(ReadOnlySpan<Expr> roots, Dictionary<Expr, Expr>? known = null)
    {
        var order = new List<Expr>();
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        // An explicit stack: formulas written by loops can be deep.
        var stack = new Stack<(Expr Node, int Next)>();
        foreach (Expr root in roots)
        {
            if (known?.ContainsKey(root) != true && seen.Add(root))
            {
                stack.Push((root, 0));
            }
            while (stack.TryPop(out (Expr Node, int Next) top))
            {
                if (top.Next == top.Node.Arity)
                {
                    order.Add(top.Node);
                    continue;
                }
                stack.Push((top.Node, top.Next + 1));
                Expr argument = top.Node[top.Next];
                if (known?.ContainsKey(argument) != true && seen.Add(argument))
                {
                    stack.Push((argument, 0));
                }
            }
        }
        return order;
    }

    private static Expr Leaf(ScalarOpcode opcode, int number, [CallerArgumentExpression(nameof(number))] string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number, name);
        // Counts are numbers plus 1, of random numbers plus 4.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, int.MaxValue - 4, name);
        return new Expr(opcode, number: number);
    }
}
