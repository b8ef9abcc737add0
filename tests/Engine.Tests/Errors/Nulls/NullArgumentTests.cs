using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Errors.Nulls;

/// <summary>
/// Every public method, constructor, operator and setter with null for each parameter that is not declared nullable, and with a null inside
/// each list of such: an <see cref="ArgumentNullException"/> that names the parameter, and nothing else.
/// </summary>
internal sealed class NullArgumentTests
{
    private static readonly NullabilityInfoContext s_nullability = new();

    private static IEnumerable<TestCaseData> Cases
    {
        get
        {
            foreach (Type type in Specimens.Assemblies.SelectMany(static a => a.GetExportedTypes()).Where(static t => !t.ContainsGenericParameters && !typeof(Delegate).IsAssignableFrom(t)))
            {
                if (Targets(type).Any())
                {
                    yield return new TestCaseData(type).SetName($"{type.Name}_NullArguments_ThrowNamingTheParameter");
                }
            }
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Check(Type type)
    {
        List<string> faults = [];
        foreach ((PublicCall call, int parameter, bool isElement) in Targets(type))
        {
            if (Try(call, parameter, isElement) is { } fault)
            {
                faults.Add($"{call}: {(isElement ? "a null inside of " : string.Empty)}{call.Parameters[parameter].Name}: {fault}");
            }
        }

        Assert.That(faults, Is.Empty, string.Join("\n", faults));
    }

    [Test]
    public void Cases_CoverTheApi()
    {
        // So that a fault in the selection does not pass for a clean API.
        int count = Specimens.Assemblies.SelectMany(static a => a.GetExportedTypes()).Where(static t => !t.ContainsGenericParameters).Sum(static t => Targets(t).Count());
        Assert.That(count, Is.GreaterThan(500));
        Assert.That(Targets(typeof(Tensor)).Count(), Is.GreaterThan(80));
    }

    private static string? Try(PublicCall call, int parameter, bool isElement)
    {
        ParameterInfo tested = call.Parameters[parameter];
        object? self = null;
        object?[] arguments;
        try
        {
            if (call.Member is MethodInfo { IsStatic: false })
            {
                self = Specimens.Make(call.Member.DeclaringType!);
                if (self is null)
                {
                    return "no instance could be made";
                }
            }

            arguments = Array.ConvertAll(call.Parameters, static p => Specimens.Make(PublicCall.Boxed(p.ParameterType)));
            arguments[parameter] = isElement ? ListWithNull(PublicCall.Boxed(tested.ParameterType)) : null;
        }
        catch (Exception e)
        {
            return "arguments could not be made: " + e;
        }

        try
        {
            object? result = call.Invoke(self, arguments);
            if (result is IEnumerable lazy and not string)
            {
                foreach (object? _ in lazy)
                {
                    break;
                }
            }

            return "no exception";
        }
        catch (ArgumentNullException e)
        {
            // A formula made of others is refused by the operation that is given the null, under the name that it has there.
            bool isNamed = e.ParamName == tested.Name || call.Member.DeclaringType == typeof(Expr) || (call.Member.Name.StartsWith("set_", StringComparison.Ordinal) && e.ParamName == call.Member.Name[4..]);
            return isNamed ? null : $"the exception names '{e.ParamName}'";
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name}: {e.Message.Split('\n')[0]} {e.StackTrace?.Split('\n').FirstOrDefault(static l => l.Contains("Engine.", StringComparison.Ordinal))?.Trim()}";
        }
    }

    private static IEnumerable<(PublicCall Call, int Parameter, bool IsElement)> Targets(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        IEnumerable<MethodBase> members = type.GetMethods(Declared).Cast<MethodBase>().Concat(type.IsAbstract ? [] : type.GetConstructors());
        foreach (MethodBase member in members.Where(m => !m.IsAbstract && !IsExempt(type, m) && !IsGenerated(type, m)))
        {
            if (PublicCall.Of(member) is not { } call)
            {
                continue;
            }

            for (int i = 0; i < call.Parameters.Length; i++)
            {
                NullabilityInfo info = s_nullability.Create(member.GetParameters()[i]);
                Type boxed = PublicCall.Boxed(call.Parameters[i].ParameterType);
                bool isSpan = boxed.IsArray && !call.Parameters[i].ParameterType.IsArray;
                if (!boxed.IsValueType && !isSpan && info.WriteState == NullabilityState.NotNull)
                {
                    yield return (call, i, false);
                }

                if (ElementOf(boxed) is { IsValueType: false } && ElementInfo(info, isSpan) is { WriteState: NullabilityState.NotNull })
                {
                    yield return (call, i, true);
                }
            }
        }
    }

    /// <summary>Exceptions take a null for a message, as .NET's own do; the hooks of a callback do nothing; cards and recordings cannot be made up.</summary>
    private static bool IsExempt(Type type, MethodBase member) =>
        typeof(Exception).IsAssignableFrom(type) || type == typeof(Callback) || type == typeof(CapturePass) || type.Name is "CudaDevice" or "OpenClDevice" || type.IsByRefLike || member.DeclaringType!.IsByRefLike;

    /// <summary>Members of records, whose code is the compiler's.</summary>
    private static bool IsGenerated(Type type, MethodBase member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !member.Name.StartsWith("set_", StringComparison.Ordinal)
        || type.GetMethod("<Clone>$") is not null && (member is ConstructorInfo || member.Name.StartsWith("set_", StringComparison.Ordinal))
        || type is { IsValueType: true } && (member is ConstructorInfo || member.Name.StartsWith("set_", StringComparison.Ordinal)) && type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is not null;

    private static Type? ElementOf(Type boxed) => boxed.IsArray ? boxed.GetElementType()
        : boxed.IsGenericType && boxed.GetGenericTypeDefinition() != typeof(ICollection<>) && boxed.GetGenericArguments() is [var only] && typeof(IEnumerable).IsAssignableFrom(boxed) ? only
        : null;

    private static NullabilityInfo? ElementInfo(NullabilityInfo info, bool isSpan) => isSpan || info.ElementType is null ? info.GenericTypeArguments is [var only] ? only : null : info.ElementType;

    private static object ListWithNull(Type boxed)
    {
        Type element = ElementOf(boxed)!;
        Array array = Array.CreateInstance(element, 2);
        array.SetValue(Specimens.Make(element), 0);
        return boxed.IsAssignableFrom(array.GetType()) ? array : Activator.CreateInstance(boxed, array)!;
    }
}
