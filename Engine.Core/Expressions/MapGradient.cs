using System.Numerics;

namespace Engine.Backends;

/// <summary>
/// How to differentiate a <see cref="MapProgram"/> of one output: a program that computes the gradients of chosen inputs, and the
/// tensors that the forward pass must keep for it.
/// </summary>
/// <remarks>
/// The kept tensors follow from the derivative: the inputs that occur in it, and the output where it replaces them. Of the two forms, with
/// and without the output, the one that keeps fewer tensors is taken; of two with equally many the shorter one. So <c>exp</c>, <c>tanh</c>,
/// <c>sqrt</c>, <c>sigmoid</c> and <c>relu</c> keep their output only, <c>add</c> keeps nothing, <c>mul</c> keeps both factors, and
/// dropout's random mask is computed again from the same parameters.
/// </remarks>
public sealed class MapGradient
{
    private readonly int[] _savedInputs;
    private MapProgram?[]? _oneOutput;

    private MapGradient(MapProgram program, int[] savedInputs, bool savesOutput)
    {
        Program = program;
        _savedInputs = savedInputs;
        SavesOutput = savesOutput;
    }

    /// <summary>
    /// One output for each chosen input, in order. Its inputs are: dy, then the saved forward inputs, then the forward output if saved.
    /// It takes the forward program's parameter list.
    /// </summary>
    public MapProgram Program { get; }

    /// <summary>Numbers of the forward inputs to keep, ascending.</summary>
    public ReadOnlySpan<int> SavedInputs => _savedInputs;

    /// <summary>Whether to keep the forward output.</summary>
    public bool SavesOutput { get; }

    /// <summary>The program of one of <see cref="Program"/>'s outputs over the same inputs, for a step that is differentiated again.</summary>
    public MapProgram Single(int output)
    {
        if (Program.OutputCount == 1)
        {
            return Program;
        }
        MapProgram?[] programs = _oneOutput ??= new MapProgram?[Program.OutputCount];
        return programs[output] ??= MapProgram.Compile(Program.InputCount, Program.Expressions[output]);
    }

    /// <summary>The gradient of <paramref name="forward"/> to the inputs whose bits are set in <paramref name="needsMask"/>; made once.</summary>
    /// <exception cref="ArgumentException">
    /// The program has several outputs, the mask is empty or names an input that is not there, more than
    /// <see cref="MapProgram.MaxOutputs"/> bits are set (ask in portions), or too many inputs would have to be kept.
    /// </exception>
    public static MapGradient For(MapProgram forward, uint needsMask)
    {
        ArgumentNullException.ThrowIfNull(forward);
        if (forward.OutputCount != 1)
        {
            throw new ArgumentException($"Map: the gradient of `{forward}` needs one output; it has {forward.OutputCount}.", nameof(forward));
        }
        if (needsMask == 0 || needsMask >> forward.InputCount != 0 || BitOperations.PopCount(needsMask) > MapProgram.MaxOutputs)
        {
            throw new ArgumentException(
                $"Map: the mask 0x{needsMask:x} must choose 1 to {MapProgram.MaxOutputs} of {forward.InputCount} inputs.", nameof(needsMask));
        }
        return forward.Gradients.GetOrAdd(needsMask, static (mask, program) => Derive(program, mask), forward);
    }

    private static MapGradient Derive(MapProgram forward, uint needsMask)
    {
        Form plain = Form.Of(forward, needsMask, readsOutput: false);
        Form withOutput = Form.Of(forward, needsMask, readsOutput: true);
        Form best = withOutput.Cost.CompareTo(plain.Cost) < 0 ? withOutput : plain;
        return new MapGradient(best.Program, best.SavedInputs, best.SavesOutput);
    }

    private sealed record Form(MapProgram Program, int[] SavedInputs, bool SavesOutput)
    {
        internal (int Tensors, int Steps) Cost => (SavedInputs.Length + (SavesOutput ? 1 : 0), Program.Code.Length);

        internal static Form Of(MapProgram forward, uint needsMask, bool readsOutput)
        {
            // Numbers past the forward inputs, until the kept inputs are known.
            Expr dy = Expr.Input(forward.InputCount), y = Expr.Input(forward.InputCount + 1);
            var simplifier = new Simplifier();
            Expr root = simplifier.Simplify(forward.Expressions[0]);
            if (readsOutput)
            {
                simplifier.Replace(root, y);
            }
            Expr[] gradients = Derivative.Reverse(simplifier, root, readsOutput ? y : root, dy, NumbersOf(needsMask));

            var used = new SortedSet<int>();
            foreach (Expr node in Expr.PostOrder(gradients))
            {
                if (node.Opcode == ScalarOpcode.Input)
                {
                    used.Add(node.Number);
                }
            }
            bool savesOutput = used.Remove(y.Number);
            used.Remove(dy.Number);
            int[] saved = [.. used];

            var renumbered = new Expr[forward.InputCount + 2];
            Array.Fill(renumbered, dy);
            renumbered[dy.Number] = Expr.Input(0);
            renumbered[y.Number] = Expr.Input(saved.Length + 1);
            for (int i = 0; i < saved.Length; i++)
            {
                renumbered[saved[i]] = Expr.Input(i + 1);
            }
            Expr[] outputs = Array.ConvertAll(gradients, gradient => gradient.Substitute(renumbered));
            return new Form(MapProgram.Compile(1 + saved.Length + (savesOutput ? 1 : 0), outputs), saved, savesOutput);
        }

        private static int[] NumbersOf(uint mask)
        {
            var numbers = new int[BitOperations.PopCount(mask)];
            for (int i = 0; i < numbers.Length; i++, mask &= mask - 1)
            {
                numbers[i] = BitOperations.TrailingZeroCount(mask);
            }
            return numbers;
        }
    }
}
