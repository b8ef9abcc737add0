using System.Reflection;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>A step of the graph that lets go of saved values also says that it has some, or a second backward pass would walk it without them.</summary>
internal sealed class GradNodeRollCallTests
{
    private static IEnumerable<Type> Nodes() => typeof(GradNode).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(GradNode)));

    [TestCaseSource(nameof(Nodes))]
    public void Node_ReleasesSavedValues_SaysThatItSavesThem(Type node)
    {
        Assert.That(Overrides(node, "SavesValues"), Is.EqualTo(Overrides(node, "ReleaseSaved")), node.FullName);
    }

    private static bool Overrides(Type node, string member)
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        MethodInfo method = node.GetMethod(member, All) ?? node.GetProperty(member, All)!.GetMethod!;
        return method.DeclaringType != typeof(GradNode);
    }
}
