using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed unsafe class ScratchTests
{
    [Test]
    public void Rent_Blocks_AreAlignedAndDisjoint()
    {
        using ScratchLease a = Scratch.Rent(100);
        using ScratchLease b = Scratch.Rent<double>(7);
        using ScratchLease c = Scratch.Rent(0);
        Assert.That((long)a.Pointer % Scratch.Alignment, Is.Zero);
        Assert.That((long)b.Pointer % Scratch.Alignment, Is.Zero);
        Assert.That((nint)b.Pointer - (nint)a.Pointer, Is.GreaterThanOrEqualTo((nint)100));
        Assert.That((nint)c.Pointer - (nint)b.Pointer, Is.GreaterThanOrEqualTo((nint)56));
    }

    [Test]
    public void Rent_AfterReturn_GivesTheSameBlock()
    {
        nint first, second;
        using (ScratchLease lease = Scratch.Rent(5000))
        {
            first = (nint)lease.Pointer;
        }
        using (ScratchLease lease = Scratch.Rent(5000))
        {
            second = (nint)lease.Pointer;
        }
        Assert.That(second, Is.EqualTo(first));
    }

    [Test]
    public void Rent_MoreThanThereIs_IsATypedErrorAndChangesNothing()
    {
        nint before, after;
        using (ScratchLease lease = Scratch.Rent(5000))
        {
            before = (nint)lease.Pointer;
        }
        for (int i = 0; i < 3; i++)
        {
            Assert.Throws<OutOfDeviceMemoryException>(static () => Scratch.Rent(nint.MaxValue / 4).Dispose());
        }
        using (ScratchLease lease = Scratch.Rent(5000))
        {
            after = (nint)lease.Pointer;
        }
        Assert.That(after, Is.EqualTo(before));
    }

    [Test]
    public void Rent_MoreThanAChunk_LeavesEarlierBlocksInPlace()
    {
        using ScratchLease small = Scratch.Rent(64);
        small.Pointer[63] = 42;
        for (int round = 0; round < 3; round++)
        {
            using ScratchLease large = Scratch.Rent(9 << 20);
            new Span<byte>(large.Pointer, 9 << 20).Fill(7);
            using ScratchLease larger = Scratch.Rent(20 << 20);
            new Span<byte>(larger.Pointer, 20 << 20).Fill(8);
            Assert.That(large.Pointer[(9 << 20) - 1], Is.EqualTo(7));
        }

        Assert.That(small.Pointer[63], Is.EqualTo(42));
    }

    [Test]
    public void Rent_MoreThanIsRetained_WorksAgainAndAgain()
    {
        for (int round = 0; round < 3; round++)
        {
            using ScratchLease huge = Scratch.Rent(100 << 20);
            huge.Pointer[0] = 1;
            huge.Pointer[(100 << 20) - 1] = 2;
            Assert.That(huge.Pointer[0], Is.EqualTo(1));
        }
    }

    [Test]
    public void Rent_OnTwoThreads_GivesTwoBlocks()
    {
        using ScratchLease mine = Scratch.Rent(64);
        nint other = 0;
        var thread = new Thread(() =>
        {
            using ScratchLease lease = Scratch.Rent(64);
            other = (nint)lease.Pointer;
        });
        thread.Start();
        thread.Join();
        Assert.That(other, Is.Not.EqualTo((nint)mine.Pointer));
    }

    [Test]
    public void Rent_LargeOnOneThreadAfterAnother_GivesTheSameBlock()
    {
        IdleChunks idle = new();
        nint[] blocks = [.. Enumerable.Range(0, 5).Select(_ =>
        {
            ScratchStack stack = new(idle);
            using ScratchLease small = stack.Rent(1000);
            using ScratchLease large = stack.Rent(30 << 20);
            large.Pointer[(30 << 20) - 1] = 1;
            return (nint)large.Pointer;
        })];
        Assert.That(blocks, Is.All.EqualTo(blocks[0]));
    }

    [Test]
    public void Rent_SeveralLarge_BecomeOneBlockForTheNextRound()
    {
        IdleChunks idle = new();
        ScratchStack stack = new(idle);
        for (int round = 0; round < 2; round++)
        {
            using ScratchLease small = stack.Rent(64);
            using ScratchLease first = stack.Rent(9 << 20);
            using ScratchLease second = stack.Rent(20 << 20);
            if (round == 1)
            {
                Assert.That((nint)second.Pointer - (nint)first.Pointer, Is.EqualTo((nint)(9 << 20)));
            }
        }
    }

    [Test]
    public void Idle_MoreThanForAllProcessors_IsFreed()
    {
        IdleChunks idle = new();
        int most = Environment.ProcessorCount;
        for (int i = 0; i < most + 2; i++)
        {
            Assert.That(idle.TryAllocate(IdleChunks.LargestBytes, out nint pointer), Is.True);
            idle.Give((pointer, IdleChunks.LargestBytes));
        }

        int held = 0;
        while (idle.TryTake(1, out (nint Pointer, nint Bytes) chunk))
        {
            held++;
            LargePages.Free((void*)chunk.Pointer, chunk.Bytes);
        }

        Assert.That(held, Is.EqualTo(most));
    }

    [Test]
    public void Rent_NegativeSize_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => Scratch.Rent(-1).Dispose());

    [Test]
    public void Rent_SizeOverflows_Throws() => Assert.Throws<OverflowException>(() => Scratch.Rent<double>(nint.MaxValue / 2).Dispose());
}
