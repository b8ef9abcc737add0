using System.Reflection;
using Engine.Nn;
using Engine.Tests.Nn;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>Every public layer and model is made by a row of a numerics table, which holds its values and gradients against others.</summary>
internal sealed class LayerRollCallTests
{
    private static readonly Dictionary<string, string> s_exempt = new()
    {
        ["ModuleList"] = "computes nothing; ModuleTreeTests",
    };

    [Test]
    public void Layers_AllHaveARow()
    {
        IEnumerable<Delegate> rows = [.. LayerNumericsTests.Cases.Concat(ModelNumericsTests.Cases).Select(static row => row.Make), .. LayerCases.All.Select(static row => row.Make), .. TorchLayerCases.All.Values.Select(static row => row.Make), .. TorchvisionLogitsTests.Networks];
        HashSet<Type> made = [.. CalledMembers.Of(rows).Select(MadeBy)];
        IEnumerable<ConstructorInfo> constructors = Roll.Types(typeof(Layer)).Where(static t => typeof(Engine.Nn.Module).IsAssignableFrom(t) && !t.IsAbstract).Select(static t => t.GetConstructors()[0]);

        // One constructor stands for its layer: which of them a row calls is the row's affair.
        Roll.Call("LayerCases", constructors, constructors.Where(c => made.Contains(c.DeclaringType!)).ToHashSet<MethodBase>(), s_exempt);
    }

    private static Type MadeBy(MethodBase member) => member is MethodInfo { IsStatic: true } factory && typeof(Engine.Nn.Module).IsAssignableFrom(factory.ReturnType)
        ? factory.Name == nameof(ModelZoo.Create) ? typeof(Mlp) : factory.ReturnType
        : member.DeclaringType!;
}
