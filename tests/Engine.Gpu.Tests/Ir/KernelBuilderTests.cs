using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class KernelBuilderTests
{
    private static readonly GpuTarget s_target = new() { Api = GpuApi.OpenCl, ComputeUnits = 1, SharedBytes = 32768, HasMathFunctions = true };

    [SetUp]
    public void Reset() => Builder = new KernelBuilder("test", s_target, 64);

    private KernelBuilder Builder { get; set; } = null!;

    [Test]
    public void Constants_AreFolded()
    {
        Value value = ((Builder.Int32(3) + 4) * 5) - 1;
        Assert.That(value.IsConstant, Is.True);
        Assert.That(value.Bits, Is.EqualTo(34));
    }

    [Test]
    public void Constants_OfInt32_WrapAround()
    {
        Assert.That((Builder.Int32(int.MaxValue) + 1).Bits, Is.EqualTo(int.MinValue));
        Assert.That((Builder.UInt32(1) - Builder.UInt32(2)).Bits, Is.EqualTo(uint.MaxValue));
        Assert.That((Builder.UInt32(0x80000000) << 1).Bits, Is.Zero);
    }

    [Test]
    public void EqualValues_AreOne() =>
        Assert.That((Builder.LocalId * 7) + Builder.GroupX, Is.SameAs(Builder.GroupX + (Builder.LocalId * 7)));

    [Test]
    public void Identities_OfIntegers_VanishButZeroTimesNaNDoesNot()
    {
        Value i = Builder.LocalId;
        Assert.That(i + 0, Is.SameAs(i));
        Assert.That(i * 1, Is.SameAs(i));
        Assert.That((i * 0).IsConstant, Is.True);
        Value x = Builder.Scalar("x", RegisterType.Float32);
        Assert.That((x * 0).IsConstant, Is.False);
        Assert.That(x + 0, Is.Not.SameAs(x));                             // −0 + 0 is +0
        Assert.That(x * 1, Is.SameAs(x));
    }

    [Test]
    public void DivisionByAPowerOfTwo_OfNonNegative_IsAShift()
    {
        Value i = Builder.LocalId;
        Assert.That((i / 8).Op, Is.EqualTo(Opcode.ShiftRight));
        Assert.That((i % 8).Op, Is.EqualTo(Opcode.And));
        Value signed = Builder.Scalar("s", RegisterType.Int32);
        Assert.That((signed / 8).Op, Is.EqualTo(Opcode.Div));
    }

    [Test]
    public void LastGroup_WhereGroupsCannotSeeEachOther_IsRefused()
    {
        Memory counters = Builder.Buffer("counters", DType.Int32);
        Assert.That(() => Builder.IsLastGroup(counters, Builder.GroupX, Builder.GroupCountX), Throws.InvalidOperationException.With.Message.Contains("last group"));
        KernelBuilder k = new("test", PtxTarget.Ampere, 64);
        Memory floats = k.Buffer("floats", DType.Float32), shared = k.Shared("shared", DType.Int32, 1), numbers = k.Buffer("numbers", DType.Int32);
        Assert.That(() => k.IsLastGroup(floats, k.GroupX, k.GroupCountX), Throws.InvalidOperationException.With.Message.Contains("counts no groups"));
        Assert.That(() => k.IsLastGroup(shared, k.GroupX, k.GroupCountX), Throws.InvalidOperationException.With.Message.Contains("counts no groups"));
        Assert.That(() => k.If(k.LocalId < 3, () => k.IsLastGroup(numbers, k.GroupX, k.GroupCountX)), Throws.InvalidOperationException.With.Message.Contains("barrier"));
    }

    [Test]
    public void Meeting_OfGroupsThatNeedNotRunAtTheSameTime_IsRefused()
    {
        GpuTarget target = PtxTarget.Ampere with { HasMeetings = true, MaxGroupSize = 1024 };
        KernelBuilder none = new("test", PtxTarget.Ampere, 64);
        Assert.That(() => none.Meet(none.Buffer("counters", DType.Int32), none.GroupX, none.GroupCountX), Throws.InvalidOperationException.With.Message.Contains("need not run"));
        KernelBuilder k = new("test", target, 256);
        Memory floats = k.Buffer("floats", DType.Float32), counters = k.Buffer("counters", DType.Int32);
        Assert.That(() => k.Meet(floats, k.GroupX, k.GroupCountX), Throws.InvalidOperationException.With.Message.Contains("counts no groups"));
        Assert.That(() => k.If(k.LocalId < 3, () => k.Meet(counters, k.GroupX, k.GroupCountX)), Throws.InvalidOperationException.With.Message.Contains("barrier"));
        KernelBuilder large = new("test", target, 256);
        large.Meet(large.Buffer("counters", DType.Int32), large.GroupX, large.GroupCountX);
        Assert.That(large.MinGroupsPerUnit, Is.EqualTo(4));
        _ = large.Shared("much", DType.Float32, 5000);
        Assert.That(large.Build, Throws.InvalidOperationException.With.Message.Contains("too few fit"));
    }

    [Test]
    public void Meeting_InAPart_IsRefused()
    {
        GpuTarget target = PtxTarget.Ampere with { HasMeetings = true };
        KernelBuilder k = new("test", target, 64);
        Value across = k.Size("across"), down = k.Size("down");
        Kernel Part()
        {
            KernelBuilder part = new("part", target, 64);
            part.Meet(part.Buffer("counters", DType.Int32), part.GroupX, part.GroupCountX);
            return part.Build();
        }

        Assert.That(() => k.Part(k.GroupX, (across, down), Part), Throws.InvalidOperationException.With.Message.Contains("in a part"));
    }

    [Test]
    public void Part_OfOtherGroups_IsRefused()
    {
        KernelBuilder k = new("test", PtxTarget.Ampere, 64);
        Value across = k.Size("across"), down = k.Size("down");
        Assert.That(() => k.Part(k.GroupX, (across, down), () => new KernelBuilder("part", PtxTarget.Ampere, 128).Build()), Throws.InvalidOperationException.With.Message.Contains("groups of 128"));
    }

    [Test]
    public void ConstantPartOfAnIndex_MovesIntoTheLoad()
    {
        Memory x = Builder.Buffer("x", DType.Float32);
        Value i = Builder.LocalId, j = Builder.GroupX;
        Builder.Store(x, ((i + 3) * 4) + j + 2, Builder.Load(x, i + 1));
        Kernel kernel = Builder.Build();
        Assert.That(kernel.Body.Statements.OfType<StoreStatement>().Single().Offset, Is.EqualTo(14));
        Assert.That(kernel.Body.Statements.OfType<LoadStatement>().Single().Offset, Is.EqualTo(1));
    }

    [Test]
    public void InvariantValues_AreComputedBeforeTheLoop()
    {
        Memory x = Builder.Buffer("x", DType.Float32);
        Value n = Builder.Size("n");
        Builder.For(0, n, 1, i => Builder.Store(x, (Builder.LocalId * 3) + i, Builder.Float32(1)));
        Kernel kernel = Builder.Build();
        Assert.That(kernel.Body.Statements.OfType<DefineStatement>().Any(d => d.Value.Op == Opcode.Mul), Is.True);
        Assert.That(kernel.Body.Statements.OfType<ForStatement>().Single().Body.Statements.OfType<DefineStatement>().Any(d => d.Value.Op == Opcode.Mul), Is.False);
    }

    [Test]
    public void ValuesInABranch_StayThere()
    {
        Memory x = Builder.Buffer("x", DType.Int32);
        Value n = Builder.Size("n"), d = Builder.Size("d");
        Builder.For(0, n, 1, _ => Builder.If(d > 0, () => Builder.Store(x, Builder.LocalId, n / d)));
        Kernel kernel = Builder.Build();
        ForStatement loop = kernel.Body.Statements.OfType<ForStatement>().Single();
        IfStatement branch = loop.Body.Statements.OfType<IfStatement>().Single();
        Assert.That(branch.Then.Statements.OfType<DefineStatement>().Single().Value.Op, Is.EqualTo(Opcode.Div));
    }

    [Test]
    public void UnusedValuesLoadsAndVariables_AreDropped()
    {
        Memory x = Builder.Buffer("x", DType.Float32);
        Variable unused = Builder.Variable(Builder.Float32(0));
        Builder.For(0, Builder.Size("n"), 1, i => unused.Value += Builder.Load(x, i) * 2);
        Kernel kernel = Builder.Build();
        ForStatement loop = kernel.Body.Statements.OfType<ForStatement>().Single();
        // The variable reads itself, so its own sum keeps it alive inside the loop; nothing outside does.
        Assert.That(loop.Body.Statements.OfType<StoreStatement>(), Is.Empty);
        Assert.That(kernel.Body.Statements.OfType<StoreStatement>(), Is.Empty);
    }

    [Test]
    public void AssignmentsInAStraightLine_OnlyTheLastIsMade()
    {
        Memory x = Builder.Buffer("x", DType.Float32);
        Variable sum = Builder.Variable(Builder.Load(x, Builder.LocalId));
        for (int i = 0; i < 10; i++)
        {
            sum.Value += 1;
        }

        Builder.Store(x, Builder.LocalId, sum.Value);
        Assert.That(Builder.Build().Body.Statements.OfType<SetStatement>().Count(), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void NameThatIsTaken_Throws()
    {
        Builder.Buffer("taken", DType.Float32);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Builder.Buffer("taken", DType.Int32), Throws.InvalidOperationException.With.Message.Contains("the name 'taken'"));
            Assert.That(() => Builder.Size("taken"), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void Pointer_SetAfterItsUse_Throws()
    {
        Memory x = Builder.Buffer("x", DType.Float32), pointer = Builder.Pointer("either", DType.Float32);
        Builder.Point(pointer, x);
        Builder.Store(pointer, Builder.LocalId, Builder.Constant(RegisterType.Float32, 1));
        Assert.That(() => Builder.Point(pointer, x), Throws.InvalidOperationException.With.Message.Contains("either is set after it was used"));
    }

    [Test]
    public void Pointer_ToOtherElementsOrSharedMemory_Throws()
    {
        Memory pointer = Builder.Pointer("either", DType.Float32);
        foreach (Memory target in (Memory[])[Builder.Buffer("i", DType.Int32), Builder.Buffer("r", DType.Float32, readOnly: true), Builder.Shared("s", DType.Float32, 4), pointer])
        {
            Assert.That(() => Builder.Point(pointer, target), Throws.InvalidOperationException.With.Message.Contains($"either cannot become {target.Name}"));
        }
    }

    [Test]
    public void ValueOfAFinishedLoop_UsedOutside_Throws()
    {
        Value? inside = null;
        Builder.For(0, Builder.Size("n"), 1, i => inside = i + 1);
        Assert.That(() => inside! + 1, Throws.InvalidOperationException.With.Message.Contains("carry it out in a variable"));
    }

    [Test]
    public void BarrierInABranch_Throws()
    {
        Assert.That(() => Builder.If(Builder.LocalId < 3, Builder.Barrier), Throws.InvalidOperationException.With.Message.Contains("barrier"));
        KernelBuilder uniform = new("uniform", s_target, 64);
        Assert.That(() => uniform.If(uniform.Size("n") > 3, uniform.Barrier, uniform: true), Throws.Nothing);
    }

    [Test]
    public void TypesThatDoNotFit_Throw()
    {
        Memory x = Builder.Buffer("x", DType.Float32);
        Value f = Builder.Float32(1.5f), n = Builder.Size("n");
        Assert.That(() => f + Builder.Int32(1), Throws.InvalidOperationException);
        Assert.That(() => Builder.Store(x, n, n), Throws.InvalidOperationException);
        Assert.That(() => Builder.Load(x, f), Throws.InvalidOperationException);
        Assert.That(() => Builder.ShuffleXor(f, 1), Throws.InvalidOperationException);
        Assert.That(() => Builder.CommitAsync(), Throws.InvalidOperationException);
        Assert.That(() => new KernelBuilder("wide", s_target, 512), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(7)]
    [TestCase(641)]
    [TestCase(65536)]
    [TestCase(1_000_000_007)]
    [TestCase(int.MaxValue)]
    public void Divisor_AnyNumberBelow2To31_DividesExactly(int d)
    {
        Divisor divisor = new(d);
        Random random = new(d);
        List<int> numbers = [0, 1, d - 1, d, int.MaxValue, int.MaxValue - 1];
        for (int i = 0; i < 10_000; i++)
        {
            numbers.Add(random.Next());
            long multiple = (long)d * random.NextInt64(1, (int.MaxValue / (long)d) + 1);
            numbers.Add((int)multiple);
            numbers.Add((int)multiple - 1);
        }

        foreach (int n in numbers)
        {
            uint quotient = (uint)((((ulong)(uint)n << 1) * divisor.Multiplier) >> 32) >> divisor.Shift;
            Assert.That(quotient, Is.EqualTo((uint)(n / d)), $"{n} / {d}");
        }
    }
}
