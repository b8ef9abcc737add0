using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Gpu;

/// <summary>What a kernel calls, directly or through methods of its own program.</summary>
/// <remarks>Calls through interfaces and delegates are not followed; ILGPU cannot compile most of them.</remarks>
internal static class MethodCalls
{
    private static readonly ConditionalWeakTable<MethodInfo, HashSet<MethodBase>> s_known = [];
    private static readonly Dictionary<short, OperandType> s_operands = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value, code => code.OperandType);

    /// <summary>The kernel itself and all that it calls; of ILGPU and the platform only the methods that are called first.</summary>
    public static IReadOnlySet<MethodBase> Of(MethodInfo kernel) => s_known.GetValue(kernel, static method =>
    {
        HashSet<MethodBase> seen = [];
        Collect(method, seen);
        return seen;
    });

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "ILGPU compiles the same bodies, which it could not if they had been trimmed; the host has the whole method then.")]
    private static void Collect(MethodBase method, HashSet<MethodBase> seen)
    {
        if (!seen.Add(method) || method.DeclaringType?.Assembly is not { } assembly || assembly == typeof(LocalMemory).Assembly || assembly == typeof(object).Assembly)
        {
            return;
        }

        Type[]? typeArguments = method.DeclaringType.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        foreach (int token in CallTokens(Body(method)))
        {
            if (method.Module.ResolveMethod(token, typeArguments, methodArguments) is { } called)
            {
                Collect(called, seen);
            }
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "As above.")]
    private static byte[] Body(MethodBase method)
    {
        try
        {
            return method.GetMethodBody()?.GetILAsByteArray() ?? [];
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            // Methods that were emitted at run time keep theirs to themselves.
            return [];
        }
    }

    private static IEnumerable<int> CallTokens(byte[] code)
    {
        for (int at = 0; at < code.Length;)
        {
            // Codes of two bytes begin with 0xfe.
            short value = code[at] == 0xfe ? (short)((0xfe << 8) | code[at + 1]) : code[at];
            at += code[at] == 0xfe ? 2 : 1;
            if (!s_operands.TryGetValue(value, out OperandType operand))
            {
                yield break;
            }

            if (operand == OperandType.InlineMethod)
            {
                yield return BitConverter.ToInt32(code, at);
            }

            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
