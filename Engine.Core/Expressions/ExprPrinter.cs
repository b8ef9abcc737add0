using System.Globalization;
using System.Text;

namespace Engine;

/// <summary>Writes programs as readable text, with as few parentheses as precedence allows.</summary>
internal static class ExprPrinter
{
    private const int Atom = 10;
    private const int Prefix = 7;

    /// <summary>A longer part gets a name, so that no text is copied over and over into longer ones.</summary>
    private const int LongestPart = 256;

    /// <summary>Characters; a longer text helps no reader.</summary>
    private const int LongestText = 1 << 16;

    internal static string Print(MapProgram program)
    {
        ReadOnlySpan<Instruction> code = program.FormulaSteps;
        int[] uses = CountUses(program);
        var texts = new (string Text, int Precedence)[code.Length];
        var names = new StringBuilder();
        int named = 0;
        for (int i = 0; i < code.Length; i++)
        {
            texts[i] = Format(code[i], texts);
            if ((uses[i] > 1 || texts[i].Text.Length > LongestPart) && !ScalarOp.Of(code[i].Op).IsLeaf)
            {
                names.Append(CultureInfo.InvariantCulture, $"t{named} = {texts[i].Text}; ");
                if (names.Length > LongestText)
                {
                    return names.Append(CultureInfo.InvariantCulture, $"… ({code.Length} steps)").ToString();
                }
                texts[i] = ($"t{named++}", Atom);
            }
        }
        var outputs = new string[program.OutputCount];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = texts[program.FormulaOutputs[i]].Text;
        }
        return names.Append(string.Join(", ", outputs)).ToString();
    }

    private static int[] CountUses(MapProgram program)
    {
        var uses = new int[program.FormulaSteps.Length];
        foreach (Instruction step in program.FormulaSteps)
        {
            int arity = ScalarOp.Of(step.Op).Arity;
            if (arity > 0)
            {
                uses[step.A]++;
            }
            if (arity > 1)
            {
                uses[step.B]++;
            }
            if (arity > 2)
            {
                uses[step.C]++;
            }
        }
        foreach (int output in program.FormulaOutputs)
        {
            uses[output]++;
        }
        return uses;
    }

    private static (string Text, int Precedence) Format(Instruction step, (string Text, int Precedence)[] texts)
    {
        ScalarOp op = ScalarOp.Of(step.Op);
        switch (step.Op)
        {
            case ScalarOpcode.Constant:
                return (Number(step.Value), step.Value < 0 ? Prefix : Atom);
            case ScalarOpcode.Input or ScalarOpcode.Parameter:
                return (string.Create(CultureInfo.InvariantCulture, $"{op.Name}{step.A}"), Atom);
            case ScalarOpcode.Index:
                return (op.Name, Atom);
            case ScalarOpcode.Random:
                return (string.Create(CultureInfo.InvariantCulture, $"random(p{step.A})"), Atom);
            case ScalarOpcode.Neg:
                return ("-" + Inside(texts[step.A], Prefix), Prefix);
            case ScalarOpcode.Add when texts[step.B].Text is ['-', .. string magnitude] && texts[step.B].Precedence == Prefix && char.IsDigit(magnitude[0]):
                return ($"{Inside(texts[step.A], op.Precedence)} - {magnitude}", op.Precedence);
        }
        if (op.Infix is not null)
        {
            // Left to right: the right side needs parentheses at equal precedence.
            string text = $"{Inside(texts[step.A], op.Precedence)} {op.Infix} {Inside(texts[step.B], op.Precedence + 1)}";
            return (text, op.Precedence);
        }
        string arguments = op.Arity switch
        {
            1 => texts[step.A].Text,
            2 => $"{texts[step.A].Text}, {texts[step.B].Text}",
            _ => $"{texts[step.A].Text}, {texts[step.B].Text}, {texts[step.C].Text}",
        };
        return ($"{op.Name}({arguments})", Atom);
    }

    private static string Inside((string Text, int Precedence) part, int precedence) =>
        part.Precedence < precedence ? $"({part.Text})" : part.Text;

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "inf"
        : double.IsNegativeInfinity(value) ? "-inf"
        : double.IsNaN(value) ? "nan"
        : value.ToString("R", CultureInfo.InvariantCulture);
}
