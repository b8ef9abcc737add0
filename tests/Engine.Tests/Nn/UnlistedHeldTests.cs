using System.Reflection;
using System.Reflection.Emit;
using Engine.Nn;
using NUnit.Framework;
using Module = Engine.Nn.Module;

namespace Engine.Tests.Nn;

/// <summary>
/// Classes made at run time, in an assembly that the generator has not seen, below ones that it has: their open members are looked at when a module is asked for
/// what it holds.
/// </summary>
internal sealed class UnlistedHeldTests
{
    private static readonly ModuleBuilder s_assembly =
        AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Unseen"), AssemblyBuilderAccess.Run).DefineDynamicModule("Unseen");

    private static int s_count;

    [TestCase(typeof(object))]
    [TestCase(typeof(IBlock))]
    public void OpenMember_WithAModule_IsRefusedWhenAsked(Type member)
    {
        Module module = New(typeof(GeneratedBase), member, new Block(1));
        Assert.That(() => module.Parameters, Throws.TypeOf<UnlistedMembersException>().With.Message.Contains($"nothing lists its member held ({member.Name})"));
    }

    [TestCase(typeof(Layer))]
    [TestCase(typeof(List<Tensor>))]
    [TestCase(typeof(NoModule))]
    [TestCase(typeof(NoModule[]))]
    [TestCase(typeof(List<(int, NoModule)>))]
    public void PlainMember_IsRefusedAtOnce(Type member) => Assert.That(
        () => New(typeof(GeneratedBase), member, null), Throws.TypeOf<TargetInvocationException>().With.InnerException.TypeOf<UnlistedMembersException>());

    [Test]
    public void CollectionOfUnknown_WithATensor_IsRefused() => Assert.That(
        () => New(typeof(GeneratedBase), typeof(List<object>), new List<object> { 1, Tensor.Ones([1]) }).StateDict(),
        Throws.TypeOf<UnlistedMembersException>().With.Message.Contains("nothing lists its member held (List<Object>)").And.Message.Contains("because Unseen was compiled without"));

    [Test]
    public void BelowAGenericBase_IsRefused() => Assert.That(
        () => New(typeof(GenericBase<object>), typeof(object), new Block(1)).Eval(), Throws.TypeOf<UnlistedMembersException>());

    [TestCase(typeof(object), "a lock")]
    [TestCase(typeof(object), null)]
    [TestCase(typeof(IReadOnlyList<object>), null)]
    [TestCase(typeof(string), "text")]
    [TestCase(typeof(Sgd), null)]
    [TestCase(typeof(Func<NoModule>), null)]
    public void NothingHeld_OfTheBaseClassIsListed(Type member, object? value) =>
        Assert.That(New(typeof(GeneratedBase), member, value).NamedParameters().Select(static p => p.Name), Is.EqualTo((string[])["part.weight"]));

    /// <summary>The base class lists its own open members, in whichever assembly the derived one is.</summary>
    [Test]
    public void GenericBase_ListsItsMembers() =>
        Assert.That(((GenericBase<object>)New(typeof(GenericBase<object>), typeof(string), null)).With(new Block(1)).NamedParameters().Select(static p => p.Name), Is.EqualTo((string[])["inner.weight"]));

    private static Module New(Type parent, Type member, object? value)
    {
        TypeBuilder type = s_assembly.DefineType($"Derived{Interlocked.Increment(ref s_count)}", TypeAttributes.Public, parent);
        type.DefineField("held", member, FieldAttributes.Public);
        type.DefineDefaultConstructor(MethodAttributes.Public);
        Type made = type.CreateType();
        Module module = (Module)Activator.CreateInstance(made)!;
        made.GetField("held")!.SetValue(module, value);
        return module;
    }
}

/// <summary>A base class whose members the generator lists.</summary>
public abstract partial class GeneratedBase : Module
{
    /// <summary>A part.</summary>
    public object Part { get; } = new Block(1);
}

/// <summary>A generic one.</summary>
public abstract partial class GenericBase<T> : Module
{
    /// <summary>A part that may be anything.</summary>
    public T? Inner { get; private set; }

    /// <summary>The module, with a part.</summary>
    public GenericBase<T> With(T inner)
    {
        Inner = inner;
        return this;
    }
}

/// <summary>A class with a module and a reference to one of its kind.</summary>
public sealed class NoModule
{
    /// <summary>Another one.</summary>
    public NoModule? Next { get; init; }

    /// <summary>The module.</summary>
    public Linear? Part { get; init; }
}
