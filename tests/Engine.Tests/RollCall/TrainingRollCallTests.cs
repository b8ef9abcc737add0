using System.Reflection;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>Every public optimizer, loss, metric and schedule has a row that computes the same by hand.</summary>
internal sealed class TrainingRollCallTests
{
    private static readonly Dictionary<string, string> s_none = [];
    private static readonly Dictionary<string, string> s_wholeVectors = new() { ["Lbfgs"] = "moves all parameters as one vector, by a closure; LbfgsOptimizerTests" };

    [Test]
    public void Optimizers_AllHaveARow() => CallTypes<Optimizer>("OptimizerCases", OptimizerCases.All.Select(static row => row.Make), s_wholeVectors);

    [Test]
    public void Metrics_AllHaveARow() => CallTypes<Metric>("MetricCases", MetricCases.All.Select(static row => row.Make), s_none);

    [Test]
    public void Losses_AllHaveARow() => Roll.Call(
        "LossCases",
        typeof(Losses).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly),
        CalledMembers.Of(LossCases.All.Select(static row => (Delegate)row.Run)),
        s_none);

    [Test]
    public void Schedules_AllHaveARow() => Roll.Call(
        "ScheduleCases",
        typeof(Schedule).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(static m => m.ReturnType == typeof(Schedule)),
        CalledMembers.Of(ScheduleCases.All.Select(static row => (Delegate)row.Make)),
        s_none);

    private static void CallTypes<T>(string table, IEnumerable<Delegate> makers, IReadOnlyDictionary<string, string> exempt)
    {
        HashSet<Type?> made = [.. CalledMembers.Of(makers).OfType<ConstructorInfo>().Select(static c => c.DeclaringType)];
        ConstructorInfo[] wanted = [.. Roll.Types(typeof(T)).Where(static t => typeof(T).IsAssignableFrom(t) && !t.IsAbstract).Select(static t => t.GetConstructors()[0])];
        Assert.That(wanted, Is.Not.Empty);
        Roll.Call(table, wanted, wanted.Where(c => made.Contains(c.DeclaringType)).ToHashSet<MethodBase>(), exempt);
    }
}
