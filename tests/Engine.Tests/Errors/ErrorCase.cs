using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Errors;

/// <summary>A call that must fail, with the type of its exception and the text that the user reads.</summary>
internal sealed record ErrorCase(Type Type, string Message, Action Call)
{
    /// <summary>Asserts that the call fails in just this way.</summary>
    public void Check()
    {
        Exception? error = null;
        try
        {
            Call();
        }
        catch (Exception e)
        {
            error = e;
        }

        Assert.That(error, Is.Not.Null, "no exception");
        Assert.That(error, Is.TypeOf(Type), error!.ToString());
        Assert.That(error.Message, Does.StartWith(Message));
    }

    /// <summary>A test case named <c>Op_Situation_Throws</c>.</summary>
    public static TestCaseData Row<TException>(string name, string message, Action call)
        where TException : Exception => new TestCaseData(new ErrorCase(typeof(TException), message, call)).SetName(name + "_Throws");

    /// <summary>Zeros on the reference device; the checks are Core's and the same for all devices.</summary>
    public static Tensor X(params ReadOnlySpan<int> sizes) => Tensor.Zeros(new Shape(sizes), device: ReferenceDevice.Shared);

    /// <summary>int64 zeros.</summary>
    public static Tensor Ints(params ReadOnlySpan<int> sizes) => Tensor.Zeros(new Shape(sizes), DType.Int64, ReferenceDevice.Shared);
}
