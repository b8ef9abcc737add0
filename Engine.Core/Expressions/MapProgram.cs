using System.Collections.Concurrent;

namespace Engine.Backends;

/// <summary>
/// A pointwise computation in the form that backends execute: straight-line code from up to 16 inputs to up to 8 outputs, simplified,
/// without repeated or unused steps, arguments before their users.
/// </summary>
/// <remarks>
/// <para>The code runs in one compute type that is given at the call: float32, float64, int32 or int64. Inputs, parameters and constants
/// are converted to it when they are loaded, outputs from it when they are stored: to Bool as x ≠ 0, from floating point to integers by
/// truncation. Conditions hold when they are not 0; comparisons yield 1 or 0. Integer types run only what <see cref="SupportsInteger"/>, floating
/// types what <see cref="SupportsFloatingPoint"/>.</para>
/// <para>A backend may contract a product and a following sum into one rounding. Parameter lists may be longer than
/// <see cref="ParameterCount"/>.</para>
/// </remarks>
public sealed partial class MapProgram : IEquatable<MapProgram>
{
    /// <summary>Most inputs of a program.</summary>
    public const int MaxInputs = 16;

    /// <summary>Most outputs of a program.</summary>
    public const int MaxOutputs = 8;

    /// <summary>Most steps of a program: a guard against formulas that explode, far above any sensible one.</summary>
    public const int MaxInstructions = 4096;

    private readonly Instruction[] _code;
    private readonly int[] _outputs;
    private readonly Instruction[] _formulas;
    private readonly int[] _formulaOutputs;
    private readonly Expr[] _expressions;

    private MapProgram(int inputCount, Expr[] expressions, (Instruction[] Steps, int[] Outputs) formulas, (Instruction[] Steps, int[] Outputs) code)
    {
        InputCount = inputCount;
        _expressions = expressions;
        (_formulas, _formulaOutputs) = formulas;
        (_code, _outputs) = code;
        SupportsInteger = true;
        SupportsFloatingPoint = true;
        foreach (Instruction step in _code)
        {
            UsesIndex |= step.Op == ScalarOpcode.Index;
            UsesRandom |= step.Op == ScalarOpcode.Random;
            UsedInputs |= step.Op == ScalarOpcode.Input ? 1u << step.A : 0;
            SupportsInteger &= IsInteger(step);
            SupportsFloatingPoint &= !ScalarOp.Of(step.Op).IsIntegerOnly;
            if (step.Op is ScalarOpcode.Parameter or ScalarOpcode.Random)
            {
                ParameterCount = Math.Max(ParameterCount, step.A + (step.Op == ScalarOpcode.Random ? 4 : 1));
            }
        }
        Key = StableHash.Mix((ulong)inputCount, (ulong)expressions.Length);
        foreach (Expr expression in expressions)
        {
            Key = StableHash.Mix(Key, expression.Hash);
        }
    }

    /// <summary>Number of inputs; the code may leave some unused.</summary>
    public int InputCount { get; }

    /// <summary>Number of outputs.</summary>
    public int OutputCount => _outputs.Length;

    /// <summary>Length that the parameter list must have at least.</summary>
    public int ParameterCount { get; }

    /// <summary>The steps, in order of execution; none is composed (<see cref="ScalarOp.IsComposed"/>).</summary>
    public ReadOnlySpan<Instruction> Code => _code;

    /// <summary>For each output the index of its value in <see cref="Code"/>; several outputs may share one.</summary>
    public ReadOnlySpan<int> Outputs => _outputs;

    /// <summary>The steps of the formulas as they were written, composed operations included: for people, and for the reference evaluation.</summary>
    internal ReadOnlySpan<Instruction> FormulaSteps => _formulas;

    /// <summary>For each output the index of its value in <see cref="FormulaSteps"/>.</summary>
    internal ReadOnlySpan<int> FormulaOutputs => _formulaOutputs;

    /// <summary>The simplified formula of each output.</summary>
    public ReadOnlySpan<Expr> Expressions => _expressions;

    /// <summary>Whether the code reads the element's index (random numbers, which count by it, aside).</summary>
    public bool UsesIndex { get; }

    /// <summary>Whether the code draws random numbers.</summary>
    public bool UsesRandom { get; }

    /// <summary>
    /// Whether the program can run in an integer type: every operation has an <see cref="ScalarOp.IntegerReference"/> and every
    /// constant is an integer.
    /// </summary>
    public bool SupportsInteger { get; }

    /// <summary>Whether the program can run in a floating type: none of its operations is one on bits (<see cref="ScalarOp.IsIntegerOnly"/>).</summary>
    public bool SupportsFloatingPoint { get; }

    /// <summary>A 64-bit hash of the program, the same in every process: a name for caches.</summary>
    public ulong Key { get; }

    /// <summary>The inputs that the code reads, as bits.</summary>
    public uint UsedInputs { get; }

    /// <summary>Gradients of this program by mask of inputs, made on first use.</summary>
    internal ConcurrentDictionary<uint, MapGradient> Gradients => field ?? Interlocked.CompareExchange(ref field, new(), null) ?? field;

    /// <summary>Compiles the formulas of one or more outputs over <paramref name="inputCount"/> inputs.</summary>
    /// <example><code>MapProgram.Compile(2, Expr.Relu(Expr.Input(0) + Expr.Input(1)))   // relu(in0 + in1)</code></example>
    /// <exception cref="ArgumentException">There are too few or too many inputs, outputs or steps, or a formula reads an input past the count.</exception>
    public static MapProgram Compile(int inputCount, params ReadOnlySpan<Expr> outputs)
    {
        if (inputCount is < 0 or > MaxInputs)
        {
            throw new ArgumentOutOfRangeException(nameof(inputCount), inputCount, $"A program has 0 to {MaxInputs} inputs.");
        }
        if (outputs.Length is 0 or > MaxOutputs)
        {
            throw new ArgumentException($"A program has 1 to {MaxOutputs} outputs; got {outputs.Length}.", nameof(outputs));
        }
        var simplifier = new Simplifier();
        var expressions = new Expr[outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(outputs[i], nameof(outputs));
            expressions[i] = simplifier.Simplify(outputs[i]);
        }
        MapProgram program = Linearize(expressions, inputCount);
        if (program.InputCount > inputCount)
        {
            throw new ArgumentException($"The formula reads input {program.InputCount - 1}; there are {inputCount} inputs.", nameof(outputs));
        }
        if (program.Code.Length > MaxInstructions)
        {
            throw new ArgumentException($"The formula has {program.Code.Length} steps; the most is {MaxInstructions}.", nameof(outputs));
        }
        return program;
    }

    /// <summary>Whether the code reads input <paramref name="number"/>.</summary>
    public bool UsesInput(int number) => number is >= 0 and < MaxInputs && (UsedInputs >> number & 1) != 0;

    /// <summary>Whether both run the same code on as many inputs.</summary>
    public bool Equals(MapProgram? other) =>
        ReferenceEquals(this, other)
        || other is not null && Key == other.Key && InputCount == other.InputCount && Code.SequenceEqual(other.Code) && Outputs.SequenceEqual(other.Outputs);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MapProgram);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Key;

    /// <summary>
    /// The program as text: <c>relu(in0 + in1) * p0</c>; values used more than once get a name first, outputs are separated by commas:
    /// <c>t0 = exp(in0); t0 + 1, t0 * p0</c>.
    /// </summary>
    public override string ToString() => ExprPrinter.Print(this);

    /// <summary>The code of formulas as they are, each node once; inputs are counted where they exceed <paramref name="inputCount"/>.</summary>
    internal static MapProgram Linearize(Expr[] expressions, int inputCount = 0)
    {
        (Instruction[] Steps, int[] Outputs) formulas = Flatten(expressions, ref inputCount);
        bool isComposed = Array.Exists(formulas.Steps, static step => ScalarOp.Of(step.Op).IsComposed);
        return new MapProgram(inputCount, expressions, formulas, isComposed ? Flatten(Expand(expressions), ref inputCount) : formulas);
    }

    private static (Instruction[] Steps, int[] Outputs) Flatten(Expr[] expressions, ref int inputCount)
    {
        List<Expr> order = Expr.PostOrder(expressions);
        var indices = new Dictionary<Expr, int>(order.Count, ReferenceEqualityComparer.Instance);
        var code = new Instruction[order.Count];
        for (int i = 0; i < code.Length; i++)
        {
            Expr node = order[i];
            indices[node] = i;
            code[i] = node.Arity switch
            {
                0 => new Instruction(node.Opcode, node.Number, 0, 0, node.Value),
                1 => new Instruction(node.Opcode, indices[node[0]], 0, 0, 0),
                2 => new Instruction(node.Opcode, indices[node[0]], indices[node[1]], 0, 0),
                _ => new Instruction(node.Opcode, indices[node[0]], indices[node[1]], indices[node[2]], 0),
            };
            if (node.Opcode == ScalarOpcode.Input)
            {
                inputCount = Math.Max(inputCount, node.Number + 1);
            }
        }
        return (code, Array.ConvertAll(expressions, e => indices[e]));
    }

    /// <summary>The formulas with each composed operation replaced by what it is made of.</summary>
    private static Expr[] Expand(Expr[] expressions)
    {
        var simplifier = new Simplifier();
        var expanded = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr node in Expr.PostOrder(expressions))
        {
            Expr[] arguments = new Expr[node.Arity];
            bool isSame = true;
            for (int i = 0; i < arguments.Length; i++)
            {
                arguments[i] = expanded[node[i]];
                isSame &= ReferenceEquals(arguments[i], node[i]);
            }

            expanded[node] = ScalarOp.Of(node.Opcode).Expansion is { } expansion ? simplifier.Simplify(expansion(arguments))
                : isSame ? node
                : Expr.Apply(node.Opcode, arguments);
        }

        return Array.ConvertAll(expressions, e => simplifier.Simplify(expanded[e]));
    }

    private static bool IsInteger(Instruction step) => step.Op switch
    {
        ScalarOpcode.Constant => double.IsInteger(step.Value) && step.Value is >= long.MinValue and < -(double)long.MinValue,
        ScalarOpcode.Input or ScalarOpcode.Parameter or ScalarOpcode.Index => true,
        _ => ScalarOp.Of(step.Op).IntegerReference is not null,
    };
}
