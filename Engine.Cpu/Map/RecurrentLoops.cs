using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The programs of <see cref="RecurrentPrograms"/> in up to four passes over a kilobyte at a time. In tiles a step of an LSTM went 14 times through the first-level cache, 256 numbers at a
/// time, which took as long as its five functions.
/// </summary>
/// <remarks>
/// The same operations in the same order as the steps of the tiles, so that the bits are the same. A pass has a sigmoid and a tanh at most: the inliner's budget ends there, and what it
/// does not take is a call for each vector.
/// </remarks>
internal static unsafe class RecurrentLoops
{
    private const int Lstm = RecurrentPrograms.LstmGates, Gru = RecurrentPrograms.GruGates;

    private const int PieceBytes = 1024, MostGates = 4;

    /// <summary>The loop that computes a program, or null.</summary>
    public static delegate*<byte**, nint*, nint, void> Find<V>(MapProgram program) where V : unmanaged, ISimd<V> =>
        program.Equals(RecurrentPrograms.LstmForward) ? &Loop<LstmCandidate, LstmForget, LstmOutput, LstmState<Kept>, V>
            : program.Equals(RecurrentPrograms.LstmPredict) ? &Loop<LstmCandidate, LstmForget, LstmOutput, LstmState<Dropped>, V>
            : program.Equals(RecurrentPrograms.LstmBackward) ? &Loop<Nothing, Nothing, Nothing, LstmBackward, V>
            : program.Equals(RecurrentPrograms.GruForward) ? &Loop<Nothing, Nothing, GruCandidate, GruState<Kept>, V>
            : program.Equals(RecurrentPrograms.GruPredict) ? &Loop<Nothing, Nothing, GruCandidate, GruState<Dropped>, V>
            : program.Equals(RecurrentPrograms.GruBackward) ? &Loop<Nothing, Nothing, Nothing, GruBackward, V>
            : null;

    /// <summary>What a pass does with one vector of each operand.</summary>
    private interface IPass
    {
        static abstract void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>;
    }

    /// <summary>Whether the gates are results.</summary>
    private interface IGates
    {
        static abstract bool AreKept { get; }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<TFirst, TSecond, TThird, TLast, V>(byte** p, nint* m, nint bytes)
        where TFirst : struct, IPass
        where TSecond : struct, IPass
        where TThird : struct, IPass
        where TLast : struct, IPass
        where V : unmanaged, ISimd<V>
    {
        byte* gates = stackalloc byte[MostGates * PieceBytes];
        for (nint start = 0; start < bytes; start += PieceBytes)
        {
            nint end = Math.Min(start + PieceBytes, bytes);
            if (typeof(TFirst) != typeof(Nothing))
            {
                Pass<TFirst, V>(p, m, gates - start, start, end);
            }

            if (typeof(TSecond) != typeof(Nothing))
            {
                Pass<TSecond, V>(p, m, gates - start, start, end);
            }

            if (typeof(TThird) != typeof(Nothing))
            {
                Pass<TThird, V>(p, m, gates - start, start, end);
            }

            Pass<TLast, V>(p, m, gates - start, start, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Pass<TPass, V>(byte** p, nint* m, byte* gates, nint i, nint end) where TPass : struct, IPass where V : unmanaged, ISimd<V>
    {
        for (; i <= end - sizeof(V); i += sizeof(V))
        {
            TPass.Run(new Place<V>(p, m, gates, i, V.Count));
        }

        if (i < end)
        {
            Rest<TPass, V>(p, m, gates, i, (end - i) / (V.IsFloat64 ? sizeof(double) : sizeof(float)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rest<TPass, V>(byte** p, nint* m, byte* gates, nint offset, nint lanes) where TPass : struct, IPass where V : unmanaged, ISimd<V> =>
        TPass.Run(new Place<V>(p, m, gates, offset, lanes));

    /// <summary>Where in the operands a pass is; an operand that is one value for all has the mask 0.</summary>
    private readonly struct Place<V>(byte** operands, nint* masks, byte* gates, nint offset, nint lanes) where V : unmanaged, ISimd<V>
    {
        public V this[int operand]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Tail.Load<V>(operands[operand] + (offset & masks[operand]), lanes);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(int operand, V value) => Tail.Store(value, operands[operand] + offset, lanes);

        /// <summary>A gate that an earlier pass has computed.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Gate(int number) => V.Load(gates + (number * PieceBytes) + offset);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void StoreGate(int number, V value) => value.Store(gates + (number * PieceBytes) + offset);
    }

    private readonly struct Kept : IGates
    {
        public static bool AreKept => true;
    }

    private readonly struct Dropped : IGates
    {
        public static bool AreKept => false;
    }

    private readonly struct Nothing : IPass
    {
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>
        {
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Slope<V>(V sigmoid) where V : unmanaged, ISimd<V> => sigmoid * (V.Create(1) - sigmoid);

    /// <summary>1 − a·a, rounded as a contraction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V SlopeOfTanh<V>(V tanh) where V : unmanaged, ISimd<V> => V.MultiplyAdd(-tanh, tanh, V.Create(1));

    private readonly struct LstmCandidate : IPass
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>
        {
            at.StoreGate(0, VectorMath.Sigmoid(at[0] + at[Lstm]));
            at.StoreGate(2, VectorMath.Tanh(at[2] + at[Lstm + 2]));
        }
    }

    private readonly struct LstmForget : IPass
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V> => at.StoreGate(1, VectorMath.Sigmoid(at[1] + at[Lstm + 1]));
    }

    private readonly struct LstmOutput : IPass
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V> => at.StoreGate(3, VectorMath.Sigmoid(at[3] + at[Lstm + 3]));
    }

    private readonly struct LstmState<TGates> : IPass where TGates : struct, IGates
    {
        private const int Out = (2 * Lstm) + 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>
        {
            V input = at.Gate(0), forget = at.Gate(1), candidate = at.Gate(2), output = at.Gate(3);
            V cell = V.MultiplyAdd(input, candidate, forget * at[2 * Lstm]);
            if (TGates.AreKept)
            {
                at.Store(Out, input);
                at.Store(Out + 1, forget);
                at.Store(Out + 2, candidate);
                at.Store(Out + 3, output);
            }

            int state = TGates.AreKept ? Out + Lstm : Out;
            at.Store(state, cell);
            at.Store(state + 1, output * VectorMath.Tanh(cell));
        }
    }

    private readonly struct LstmBackward : IPass
    {
        private const int Out = 9;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>
        {
            V dh = at[0] + at[1], input = at[3], forget = at[4], candidate = at[5], output = at[6], before = at[7], squashed = VectorMath.Tanh(at[8]);
            V dc = V.MultiplyAdd(dh * output, SlopeOfTanh(squashed), at[2]);
            at.Store(Out, dc * candidate * Slope(input));
            at.Store(Out + 1, dc * before * Slope(forget));
            at.Store(Out + 2, dc * input * SlopeOfTanh(candidate));
            at.Store(Out + 3, dh * squashed * Slope(output));
            at.Store(Out + 4, dc * forget);
        }
    }

    private readonly struct GruCandidate : IPass
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>
        {
            V reset = VectorMath.Sigmoid(at[0] + at[Gru]);
            at.StoreGate(0, reset);
            at.StoreGate(1, VectorMath.Tanh(V.MultiplyAdd(reset, at[Gru + 2], at[2])));
        }
    }

    private readonly struct GruState<TGates> : IPass where TGates : struct, IGates
    {
        private const int Out = (2 * Gru) + 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>
        {
            V candidate = at.Gate(1), update = VectorMath.Sigmoid(at[1] + at[Gru + 1]), next = V.MultiplyAdd(V.Create(1) - update, candidate, update * at[2 * Gru]);
            if (TGates.AreKept)
            {
                V share = at[Gru + 2];
                at.Store(Out, at.Gate(0));
                at.Store(Out + 1, update);
                at.Store(Out + 2, candidate);
                at.Store(Out + 3, share);
            }

            at.Store(TGates.AreKept ? Out + Gru + 1 : Out, next);
        }
    }

    private readonly struct GruBackward : IPass
    {
        private const int Out = 8;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Run<V>(in Place<V> at) where V : unmanaged, ISimd<V>
        {
            V one = V.Create(1), dh = at[0] + at[1] + at[2], reset = at[3], update = at[4], candidate = at[5], share = at[6], before = at[7];
            V dn = dh * (one - update) * SlopeOfTanh(candidate);
            V dr = dn * share * reset * (one - reset), dz = dh * (before - candidate) * update * (one - update);
            at.Store(Out, dr);
            at.Store(Out + 1, dz);
            at.Store(Out + 2, dn);
            at.Store(Out + 3, dr);
            at.Store(Out + 4, dz);
            at.Store(Out + 5, dn * reset);
            at.Store(Out + 6, dh * update);
        }
    }
}
