using System.Reflection;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>A backend works on memory that is held: here its operands are disposed, and memory asked for, while it works.</summary>
internal sealed class OperandLeaseTests
{
    [Test]
    public void Map_OperandsDisposedWithin_StayAsTheyAre()
    {
        var device = new DisposingDevice();
        Tensor x = Tensor.Full([1000], 3, device: device), y = Tensor.Full([1000], 4, device: device);
        HashSet<nint> handles = [x.Storage.Handle, y.Storage.Handle];
        List<Tensor> others = []; // Kept: memory of what a collection finds would be given out again first.
        device.Within = () =>
        {
            x.Dispose();
            y.Dispose();
            for (int i = 0; i < 3; i++)
            {
                others.Add(Tensor.Empty([1000], device: device));
                Assert.That(handles, Does.Not.Contain(others[^1].Storage.Handle), "memory of an operand was given away");
            }
        };
        others.Add(x + y);
        Assert.That(others[^1].ToArray<float>(), Has.All.EqualTo(7f));
        Assert.That(device.Within, Is.Null);
        Assert.That((nint[])[Tensor.Empty([1000], device: device).Storage.Handle, Tensor.Empty([1000], device: device).Storage.Handle], Is.EquivalentTo(handles), "given back after the call");
        GC.KeepAlive(others);
    }

    [Test]
    public void GlobalNorm_MoreOperandsThanTheLeaseHolds_HoldsAll()
    {
        var device = new ReferenceDevice();
        Tensor[] many = [.. Enumerable.Range(0, 150).Select(_ => Tensor.Ones([1], device: device))];
        using Tensor norm = Tensor.Empty(Shape.Scalar, device: device);
        device.Backend.GlobalNorm(Array.ConvertAll(many, static t => t.Operand), norm.Operand);
        Assert.That(norm.Item(), Is.EqualTo(Math.Sqrt(150)).Within(1e-5));
        Assert.That(many.Select(static t => t.Storage.References), Has.All.EqualTo(1));
    }

    [Test]
    public void Call_DisposedOperand_ThrowsAndHoldsNothing()
    {
        var device = new ReferenceDevice();
        Tensor a = Tensor.Ones([2, 2], device: device), b = Tensor.Ones([2, 2], device: device), c = Tensor.Ones([2, 2], device: device);
        GemmOperands operands = new(a.Operand, b.Operand, c.Operand);
        b.Dispose();
        Assert.That(() => operands.Multiply(device), Throws.TypeOf<ObjectDisposedException>());
        Assert.That((a.Storage.References, c.Storage.References), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Call_OperandsOfTwoDevicesOrTypes_Throws()
    {
        var device = new ReferenceDevice();
        Tensor a = Tensor.Ones([2, 2], device: device), b = Tensor.Ones([2, 2], device: new ReferenceDevice()), c = Tensor.Ones([2, 2], DType.Float64, device);
        Assert.That(() => new GemmOperands(a.Operand, b.Operand, a.Operand).Multiply(device), Throws.TypeOf<DeviceMismatchException>());
        Assert.That(() => new GemmOperands(a.Operand, a.Operand, c.Operand).Multiply(device), Throws.TypeOf<DTypeMismatchException>());
        Assert.That((a.Storage.References, b.Storage.References, c.Storage.References), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public void Members_OfEveryBackend_ComeInThroughTheLease()
    {
        MethodInfo[] calls = [.. typeof(Backend).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(static call => call.GetParameters().Length > 0)];
        Assert.That(calls, Has.Length.GreaterThan(20));
        foreach (MethodInfo call in calls)
        {
            Assert.That(call.IsVirtual, Is.False, call.Name);
            MethodInfo? core = typeof(Backend).GetMethod(call.Name + "Core", BindingFlags.NonPublic | BindingFlags.Instance);
            Assert.That(core, Is.Not.Null, call.Name);
            Assert.That(core!.IsFamily && core.IsVirtual, call.Name);
        }
    }

    private sealed record GemmOperands(Operand A, Operand B, Operand C)
    {
        public void Multiply(Device device) => device.Backend.Gemm(new GemmArgs { A = A, B = B, C = C });
    }

    private sealed class DisposingDevice() : HostDevice("disposing")
    {
        private readonly DisposingBackend _backend = new();

        public override Backend Backend => _backend;

        public Action? Within
        {
            get => _backend.Within;
            set => _backend.Within = value;
        }

        private sealed class DisposingBackend : ReferenceBackend
        {
            public Action? Within { get; set; }

            protected override void MapCore(in MapArgs args)
            {
                if (args.Inputs.Length == 2 && Within is { } within)
                {
                    Within = null;
                    within();
                }

                base.MapCore(args);
            }
        }
    }
}
