using System.Reflection;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>Compares what must have a row with what has one.</summary>
internal static class Roll
{
    /// <summary>
    /// Asserts that every member is called by a row or is exempt for a reason, and that no exemption is left over: one that fits nothing, or
    /// fits only what has a row.
    /// </summary>
    /// <param name="table">Where a missing row belongs.</param>
    /// <param name="members">Who must answer.</param>
    /// <param name="called">Who does.</param>
    /// <param name="exempt">Type, or type.member for all overloads, and why it needs no row.</param>
    public static void Call(string table, IEnumerable<MethodBase> members, IReadOnlySet<MethodBase> called, IReadOnlyDictionary<string, string> exempt)
    {
        HashSet<string> used = [];
        List<string> missing = [];
        foreach (MethodBase member in members)
        {
            if (called.Contains(member))
            {
                continue;
            }

            string type = member.DeclaringType!.Name.Split('`')[0], name = NameOf(member);
            if (exempt.ContainsKey(type) || exempt.ContainsKey(name))
            {
                used.Add(type);
                used.Add(name);
            }
            else
            {
                missing.Add($"{name}({string.Join(", ", member.GetParameters().Select(static p => p.ParameterType.Name))})");
            }
        }

        Assert.Multiple(() =>
        {
            Assert.That(missing, Is.Empty, $"no row in {table}: {string.Join("; ", missing)}");
            Assert.That(exempt.Keys.Except(used), Is.Empty, "exemptions that exempt nothing");
        });
    }

    /// <summary>The public types of the libraries.</summary>
    public static IEnumerable<Type> Types(params Type[] ofAssembliesOf) => ofAssembliesOf.SelectMany(static t => t.Assembly.GetExportedTypes());

    private static string NameOf(MethodBase member)
    {
        string name = member.Name;
        name = name.StartsWith("get_", StringComparison.Ordinal) ? name[4..] : name;
        return $"{member.DeclaringType!.Name.Split('`')[0]}.{name}";
    }
}
