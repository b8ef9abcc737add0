using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Tests.RollCall;

/// <summary>
/// Which members of the libraries a test row calls, read from the code of its lambdas: a row counts for what it does, not for what it is
/// called.
/// </summary>
internal sealed class CalledMembers
{
    private static readonly Assembly s_tests = typeof(CalledMembers).Assembly;
    private static readonly Dictionary<int, OpCode> s_opcodes = typeof(OpCodes).GetFields().Select(static f => (OpCode)f.GetValue(null)!).ToDictionary(static c => (int)(ushort)c.Value);

    private readonly HashSet<MethodBase> _found = [];
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<MethodBase> _scanned = [];

    /// <summary>The members that delegates call, directly, through helpers of the tests, or through other delegates that they hold.</summary>
    public static IReadOnlySet<MethodBase> Of(IEnumerable<Delegate> roots)
    {
        CalledMembers called = new();
        foreach (Delegate root in roots)
        {
            called.Walk(root);
        }

        return called._found;
    }

    /// <summary>The same for all methods of test classes.</summary>
    public static IReadOnlySet<MethodBase> Of(params Type[] fixtures)
    {
        CalledMembers called = new();
        foreach (Type fixture in fixtures)
        {
            // Lambdas live in nested types.
            foreach (Type type in fixture.GetNestedTypes(BindingFlags.NonPublic).Prepend(fixture))
            {
                foreach (MethodBase method in type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).OfType<MethodBase>())
                {
                    called.Visit(method);
                }
            }
        }

        return called._found;
    }

    private void Walk(Delegate root)
    {
        if (!_seen.Add(root))
        {
            return;
        }

        Visit(root.Method);
        if (root.Target is { } closure && closure.GetType().Assembly == s_tests)
        {
            foreach (FieldInfo field in closure.GetType().GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
            {
                if (field.GetValue(closure) is Delegate inner)
                {
                    Walk(inner);
                }
            }
        }
    }

    private void Visit(MethodBase method)
    {
        if (method.Module.Assembly != s_tests)
        {
            _found.Add(method is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : method);
            return;
        }

        if (_scanned.Add(method) && method.GetMethodBody()?.GetILAsByteArray() is { } code)
        {
            foreach (MethodBase called in Calls(method, code))
            {
                Visit(called);
            }
        }
    }

    private static IEnumerable<MethodBase> Calls(MethodBase method, byte[] code)
    {
        Type[]? typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int i = 0; i < code.Length;)
        {
            int value = code[i++];
            OpCode opcode = s_opcodes[value == 0xFE ? 0xFE00 | code[i++] : value];
            if (opcode.OperandType == OperandType.InlineMethod)
            {
                yield return method.Module.ResolveMethod(BitConverter.ToInt32(code, i), typeArguments, methodArguments)!;
            }

            i += opcode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, i)),
                _ => 4,
            };
        }
    }
}
