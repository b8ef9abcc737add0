using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Loops, branches, variables, barriers and shuffles.</summary>
[TestFixture]
internal sealed class PtxControlTests
{
    [Test]
    public void NestedLoopsAndBranches_Variables_FollowTheProgram()
    {
        int[] actual = Run(64, (k, y) =>
        {
            Variable sum = k.Variable(k.Int32(0));
            Variable seen = k.Variable(k.Bool(false));
            k.For(0, k.LocalId, 1, i =>
            {
                Variable product = k.Variable(i.Like(1));
                k.For(i, k.Int32(10), k.Int32(3), j => k.If((j & 1).Is(0), () => product.Value *= j + 1, () =>
                {
                    sum.Value += j;
                    k.If(i > 5, () => seen.Value = k.Bool(true));
                }));
                sum.Value += product.Value;
            });
            k.Store(y, k.LocalId, k.Select(seen.Value, sum.Value, -sum.Value));
        });

        Assert.That(actual, Is.EqualTo(Enumerable.Range(0, 64).Select(Expected)));

        static int Expected(int id)
        {
            int sum = 0;
            bool seen = false;
            for (int i = 0; i < id; i++)
            {
                int product = 1;
                for (int j = i; j < 10; j += 3)
                {
                    if ((j & 1) == 0)
                    {
                        product *= j + 1;
                    }
                    else
                    {
                        sum += j;
                        seen |= i > 5;
                    }
                }

                sum += product;
            }

            return seen ? sum : -sum;
        }
    }

    [Test]
    public void Loop_Of64BitsWithStep_CountsAlike()
    {
        int[] actual = Run(32, (k, y) =>
        {
            Variable rounds = k.Variable(k.Int64(0));
            Value start = k.Int64(-5_000_000_000);
            k.For(start, start + (k.LocalId.To(RegisterType.Int64) * 1_000_000_000), k.Int64(300_000_000), i => rounds.Value += i / -5);
            k.Store(y, k.LocalId, rounds.Value.To(RegisterType.Int32));
        });

        Assert.That(actual, Is.EqualTo(Enumerable.Range(0, 32).Select(static id =>
        {
            long sum = 0;
            for (long i = -5_000_000_000; i < -5_000_000_000 + (id * 1_000_000_000L); i += 300_000_000)
            {
                sum += i / -5;
            }

            return (int)sum;
        })));
    }

    [Test]
    public void Addresses_SharedByLoopsAndBranches_AreThereWhereverTheyAreUsed()
    {
        // The same index is used first inside a branch, then in a loop, then behind both; another one changes with each round.
        int[] actual = Run(32, (k, y) =>
        {
            Memory block = k.Shared("block", DType.Int32, 32);
            Value id = k.LocalId;
            k.Store(block, 31 - id, id);
            k.Barrier();
            Variable sum = k.Variable(k.Int32(0));
            k.If(id > 7, () => sum.Value += k.Load(block, id), () => sum.Value -= k.Load(block, id));
            k.For(0, k.Int32(3), 1, i =>
            {
                k.For(0, k.Int32(2), 1, j => k.If(i > 0, () => sum.Value += k.Load(block, id) * k.Load(block, (i * 2) + j)));
                sum.Value += k.Load(block, i);
            });
            k.Store(y, id, sum.Value + k.Load(block, id));
        });

        Assert.That(actual, Is.EqualTo(Enumerable.Range(0, 32).Select(static id =>
        {
            static int Block(int i) => 31 - i;
            int sum = id > 7 ? Block(id) : -Block(id);
            for (int i = 0; i < 3; i++)
            {
                for (int j = 0; j < 2; j++)
                {
                    sum += i > 0 ? Block(id) * Block((i * 2) + j) : 0;
                }

                sum += Block(i);
            }

            return sum + Block(id);
        })));
    }

    [Test]
    public void Barriers_InUniformLoop_SumAGroup()
    {
        const int GroupSize = 256;
        int[] actual = Run(GroupSize, (k, y) =>
        {
            Memory block = k.Shared("block", DType.Int32, GroupSize);
            k.Store(block, k.LocalId, (k.LocalId * k.LocalId) + k.GroupX);
            Variable half = k.Variable(k.Int32(GroupSize));
            k.For(0, k.Int32(8), 1, _ =>
            {
                half.Value >>= 1;
                k.Barrier();
                Value takesPart = k.LocalId < half.Value;
                Value other = k.Load(block, k.LocalId + half.Value, takesPart);
                k.Store(block, k.LocalId, k.Load(block, k.LocalId, takesPart) + other, takesPart);
            });
            k.Barrier();
            k.Store(y, k.GlobalId, k.Load(block, k.Int32(0)));
        });

        int expected = Enumerable.Range(0, GroupSize).Sum(static i => i * i);
        Assert.That(actual, Is.All.EqualTo(expected));
    }

    [Test]
    public void Grid_ThreeDirections_EachGroupKnowsItsPlace()
    {
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("places", machine.Target, 32);
        Memory y = k.Buffer("y", DType.Int32);
        Value group = (((k.GroupZ * k.GroupCountY) + k.GroupY) * k.GroupCountX) + k.GroupX;
        k.Store(y, (group * 32) + k.LocalId, (k.GroupX * 1000) + (k.GroupY * 100) + (k.GroupZ * 10) + k.GroupCountZ);
        int count = 3 * 2 * 4 * 32;
        nint result = machine.Allocate(count * sizeof(int));
        machine.Run(k.Build(), new LaunchGrid(3, 2, 4), [KernelArgument.Buffer(result, 0)]);

        int[] actual = MemoryMarshal.Cast<byte, int>(machine.Download(result, count * sizeof(int))).ToArray();
        for (int i = 0; i < count; i++)
        {
            int group32 = i / 32;
            int expected = (group32 % 3 * 1000) + (group32 / 3 % 2 * 100) + (group32 / 6 * 10) + 4;
            Assert.That(actual[i], Is.EqualTo(expected), machine.LastText);
        }
    }

    [Test]
    public void Shuffles_Butterfly_SumAWarp()
    {
        int[] actual = Run(64, (k, y) =>
        {
            Value number = k.LocalId.To(RegisterType.Float32);
            Value bits = k.LocalId.As(RegisterType.UInt32);
            for (int mask = 16; mask > 0; mask >>= 1)
            {
                number += k.ShuffleXor(number, mask);
                bits ^= k.ShuffleXor(bits, mask) << 1;
            }

            k.Store(y, k.LocalId, number.To(RegisterType.Int32) ^ bits.As(RegisterType.Int32));
        });

        uint[] lanes = [.. Enumerable.Range(0, 64).Select(static i => (uint)i)];
        for (int mask = 16; mask > 0; mask >>= 1)
        {
            lanes = [.. lanes.Select((lane, i) => lane ^ (lanes[i ^ mask] << 1))];
        }

        Assert.That(actual, Is.EqualTo(lanes.Select(static (lane, i) => (i < 32 ? 496 : 1520) ^ (int)lane)));
    }

    [Test]
    public void Scalars_EveryType_Arrive()
    {
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("scalars", machine.Target, 32);
        Value a = k.Scalar("a", RegisterType.Int32);
        Value b = k.Scalar("b", RegisterType.Int64);
        Value c = k.Scalar("c", RegisterType.UInt32);
        Memory y = k.Buffer("y", DType.Float64);
        Value d = k.Scalar("d", RegisterType.Float32);
        Value e = k.Scalar("e", RegisterType.Float64);
        Value[] all = [a.To(RegisterType.Float64), b.To(RegisterType.Float64), c.To(RegisterType.Float64), d.To(RegisterType.Float64), e];
        k.If(k.LocalId.Is(0), () =>
        {
            for (int i = 0; i < all.Length; i++)
            {
                k.Store(y, k.Int32(i), all[i]);
            }
        });
        nint result = machine.Allocate(5 * sizeof(double));
        machine.Run(k.Build(), new LaunchGrid(1), [-7, -1L << 40, 4_000_000_000u, KernelArgument.Buffer(result, 0), 0.25f, -1e-300]);

        double[] actual = MemoryMarshal.Cast<byte, double>(machine.Download(result, 5 * sizeof(double))).ToArray();
        Assert.That(actual, Is.EqualTo(new[] { -7, -(double)(1L << 40), 4e9, 0.25, -1e-300 }), machine.LastText);
    }

    private static int[] Run(int groupSize, Action<KernelBuilder, Memory> body)
    {
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("program", machine.Target, groupSize);
        Memory y = k.Buffer("y", DType.Int32);
        body(k, y);
        nint result = machine.Allocate(groupSize * sizeof(int));
        machine.Run(k.Build(), new LaunchGrid(1), [KernelArgument.Buffer(result, 0)]);
        return MemoryMarshal.Cast<byte, int>(machine.Download(result, groupSize * sizeof(int))).ToArray();
    }
}
