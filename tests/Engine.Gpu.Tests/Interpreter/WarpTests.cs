using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Shuffles, votes and matrices of the interpreter against plain loops.</summary>
[TestFixture]
internal sealed class WarpTests
{
    [TestCase("bfly", 5)]
    [TestCase("down", 3)]
    [TestCase("up", 3)]
    [TestCase("idx", 9)]
    public void Shuffle_WholeWarp_ReadsTheRightLane(string mode, int distance)
    {
        int[] x = new int[64];
        int clamp = mode == "up" ? 0 : 31;

        Machine.Run(PtxText.OverBuffer($"""
            mul.lo.u32 %r1, %r0, 10;
            shfl.sync.{mode}.b32 %r2|%p0, %r1, {distance}, {clamp}, 0xFFFFFFFF;
            selp.u32 %r3, 1, 0, %p0;
            add.u32 %r2, %r2, %r3;
            st.global.u32 [%rd1], %r2;
            """, groupSize: 64), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 64).Select(i =>
        {
            int lane = i % 32;
            int source = mode switch
            {
                "bfly" => lane ^ distance,
                "down" => lane + distance,
                "up" => lane - distance,
                _ => distance,
            };
            bool inside = source is >= 0 and < 32;
            return (10 * (inside ? i - lane + source : i)) + (inside ? 1 : 0);
        })));
    }

    [Test]
    public void Shuffle_InSegmentsOfEight_StaysInside()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("shfl.sync.down.b32 %r1, %r0, 1, 0x1807, -1; st.global.u32 [%rd1], %r1;"), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(i => i % 8 == 7 ? i : i + 1)));
    }

    [Test]
    public void Vote_OverTheWarp_SeesEveryLane()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("""
            setp.lt.u32 %p0, %r0, 4;
            vote.sync.ballot.b32 %r1, %p0, -1;
            vote.sync.any.pred %p1, %p0, -1;
            vote.sync.all.pred %p2, !%p0, -1;
            @%p1 add.u32 %r1, %r1, 100;
            @%p2 add.u32 %r1, %r1, 1000;
            st.global.u32 [%rd1], %r1;
            """), new LaunchGrid(1), x);

        Assert.That(x, Is.All.EqualTo(115));
    }

    [TestCase("f16", 8)]
    [TestCase("f16", 16)]
    [TestCase("bf16", 8)]
    [TestCase("bf16", 16)]
    [TestCase("tf32", 4)]
    [TestCase("tf32", 8)]
    public void MatrixMultiply_AgainstPlainLoops_IsEqual(string type, int depth)
    {
        Random random = new(1);
        float[] a = [.. Enumerable.Range(0, 16 * depth).Select(_ => (float)random.Next(-8, 9))];
        float[] b = [.. Enumerable.Range(0, depth * 8).Select(_ => (float)random.Next(-8, 9))];
        float[] c = [.. Enumerable.Range(0, 16 * 8).Select(_ => (float)random.Next(-100, 100))];
        int words = depth * (type == "tf32" ? 4 : 2) / 16;
        uint[] fragments = new uint[32 * ((3 * words) + 4)];
        for (int lane = 0; lane < 32; lane++)
        {
            Span<uint> own = fragments.AsSpan(lane * ((3 * words) + 4));
            (int g, int t) = (lane / 4, lane % 4);
            for (int w = 0; w < 2 * words; w++)
            {
                own[w] = Word(k => a[((g + (8 * (w % 2))) * depth) + k], w / 2, t);
            }

            for (int w = 0; w < words; w++)
            {
                own[(2 * words) + w] = Word(k => b[(k * 8) + g], w, t);
            }

            for (int i = 0; i < 4; i++)
            {
                own[(3 * words) + i] = BitConverter.SingleToUInt32Bits(c[((g + (8 * (i / 2))) * 8) + (2 * t) + (i % 2)]);
            }
        }

        string load = string.Concat(Enumerable.Range(0, 3 * words).Select(w => $"ld.global.b32 %r{w + 1}, [%rd1+{4 * w}];\n"));
        string left = string.Join(", ", Enumerable.Range(1, 2 * words).Select(w => $"%r{w}"));
        string right = string.Join(", ", Enumerable.Range((2 * words) + 1, words).Select(w => $"%r{w}"));
        int stride = 4 * ((3 * words) + 4);
        float[] d = new float[128];
        Machine.Run(PtxText.Module($$"""
            ld.param.u64 %rd0, [x];
            ld.param.u64 %rd2, [y];
            mov.u32 %r0, %tid.x;
            mad.wide.u32 %rd1, %r0, {{stride}}, %rd0;
            {{load}}
            ld.global.f32 %f0, [%rd1+{{12 * words}}];
            ld.global.f32 %f1, [%rd1+{{(12 * words) + 4}}];
            ld.global.f32 %f2, [%rd1+{{(12 * words) + 8}}];
            ld.global.f32 %f3, [%rd1+{{(12 * words) + 12}}];
            mma.sync.aligned.m16n8k{{depth}}.row.col.f32.{{type}}.{{type}}.f32 {%f0, %f1, %f2, %f3}, {{{left}}}, {{{right}}}, {%f0, %f1, %f2, %f3};
            mad.wide.u32 %rd3, %r0, 16, %rd2;
            st.global.v4.f32 [%rd3], {%f0, %f1, %f2, %f3};
            """, ".param .u64 x, .param .u64 y"), new LaunchGrid(1), fragments, d);

        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = (lane / 4) + (8 * (i / 2));
                int column = (2 * (lane % 4)) + (i % 2);
                float expected = c[(row * 8) + column] + Enumerable.Range(0, depth).Sum(k => a[(row * depth) + k] * b[(k * 8) + column]);
                Assert.That(d[(4 * lane) + i], Is.EqualTo(expected), $"row {row}, column {column}");
            }
        }

        uint Word(Func<int, float> value, int group, int t) => type switch
        {
            "tf32" => BitConverter.SingleToUInt32Bits(value((4 * group) + t)) | 0xFFF, // bits that the hardware does not read
            "f16" => Pair(value((8 * group) + (2 * t)), value((8 * group) + (2 * t) + 1), x => BitConverter.HalfToUInt16Bits((Half)x)),
            _ => Pair(value((8 * group) + (2 * t)), value((8 * group) + (2 * t) + 1), x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16)),
        };

        static uint Pair(float low, float high, Func<float, ushort> bits) => ((uint)bits(high) << 16) | bits(low);
    }

    [TestCase("", 4)]
    [TestCase(".trans", 4)]
    [TestCase("", 2)]
    [TestCase(".trans", 1)]
    public void LoadMatrix_Tiles_GoToTheRightLanes(string trans, int count)
    {
        // Element (row, column) of tile m is 64 m + 8 row + column; rows lie 32 bytes apart, tiles 512.
        uint[] x = new uint[32 * count];
        string vector = string.Join(", ", Enumerable.Range(10, count).Select(i => $"%r{i}"));

        Machine.Run(PtxText.Module($$"""
            ld.param.u64 %rd0, [x];
            mov.u32 %r0, %tid.x;
            mov.u32 %r1, s;
            shl.b32 %r2, %r0, 5;
            mul.lo.u32 %r3, %r0, 8;
            mov.u32 %r4, 0;
            add.u32 %r5, %r1, %r2;
            next:
            cvt.u16.u32 %h0, %r3;
            st.shared.u16 [%r5], %h0;
            add.u32 %r3, %r3, 1;
            add.u32 %r5, %r5, 2;
            add.u32 %r4, %r4, 1;
            setp.lt.u32 %p0, %r4, 8;
            @%p0 bra next;
            bar.sync 0;
            add.u32 %r6, %r1, %r2;
            ldmatrix.sync.aligned.m8n8.x{{count}}{{trans}}.shared.b16 {{{vector}}}, [%r6];
            mad.wide.u32 %rd1, %r0, {{4 * count}}, %rd0;
            {{string.Concat(Enumerable.Range(0, count).Select(i => $"st.global.u32 [%rd1+{4 * i}], %r{10 + i};\n"))}}
            """, ".param .u64 x", variables: ".shared .align 16 .b8 s[1024];"), new LaunchGrid(1), x);

        for (int lane = 0; lane < 32; lane++)
        {
            for (int m = 0; m < count; m++)
            {
                (int row, int column) = (lane / 4, 2 * (lane % 4));
                uint first = (uint)((64 * m) + (trans.Length > 0 ? (8 * column) + row : (8 * row) + column));
                uint second = first + (trans.Length > 0 ? 8u : 1u);
                Assert.That(x[(lane * count) + m], Is.EqualTo(first | (second << 16)), $"lane {lane}, tile {m}");
            }
        }
    }
}
