using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// How the inputs of neighbouring outputs come into the panels of a matrix product, [panel][term][output of the panel]: a list of vectors to copy, which is the same for all taps.
/// </summary>
/// <remarks>
/// A run of outputs may begin in any lane, so a vector may write too much: into lanes that the next copy writes, or into the next term, which is copied later. The last term of a
/// panel has room behind it.
/// </remarks>
internal unsafe struct InputPanels<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    private readonly Move* _moves;
    private readonly int* _firstMoves;
    private readonly nint _panelStep;
    private int _columns;

    private readonly record struct Move(nint From, nint To);

    /// <summary>An empty list in memory of <see cref="ListBytes"/>; panels are <paramref name="panelStep"/> values apart.</summary>
    public InputPanels(void* list, int columns, int runs, nint panelStep)
    {
        _moves = (Move*)list;
        _firstMoves = (int*)(_moves + MostMoves(columns, runs));
        _panelStep = panelStep;
        *_firstMoves = 0;
    }

    private static int Width => GemmKernels<T, TVec>.PanelColumns;

    /// <summary>Bytes of a list for so many outputs in so many runs.</summary>
    public static nint ListBytes(int columns, int runs) => MostMoves(columns, runs) * sizeof(Move) + (columns / Width + 2) * sizeof(int);

    private static nint MostMoves(int columns, int runs) => 2 * (columns / Width + 1) + 2 * (nint)runs;

    /// <summary>Adds a run of <paramref name="count"/> outputs, whose inputs for a tap lie side by side and begin at <paramref name="from"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(nint from, int count)
    {
        int panel = _columns / Width, lane = _columns % Width, next = _firstMoves[panel];
        if (lane > 0)
        {
            next = _firstMoves[panel + 1];
        }

        _columns += count;
        while (count > 0)
        {
            int some = Math.Min(count, Math.Min(TVec.Count, Width - lane));
            _moves[next++] = new Move(from, panel * _panelStep + lane);
            from += some;
            count -= some;
            lane += some;
            _firstMoves[panel + 1] = next;
            if (lane == Width)
            {
                panel++;
                lane = 0;
            }
        }
    }

    /// <summary>Copies the inputs of whole panels [first, end).</summary>
    /// <param name="first">First panel; it is written to <paramref name="panels"/>.</param>
    /// <param name="end">Panel after the last.</param>
    /// <param name="source">Where the runs begin.</param>
    /// <param name="last">Last place from which a whole vector may be read.</param>
    /// <param name="offsets">Where the taps begin, in order.</param>
    /// <param name="taps">Their number.</param>
    /// <param name="hasOnes">Whether a term of ones comes before the taps.</param>
    /// <param name="panels">Receives the panels.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Copy(int first, int end, T* source, T* last, nint* offsets, int taps, bool hasOnes, T* panels)
    {
        T one = T.One;
        for (int panel = first; hasOnes && panel < end; panel++)
        {
            T* ones = panels + (panel - first) * _panelStep;
            TVec.Broadcast(&one).Store(ones);
            TVec.Broadcast(&one).Store(ones + TVec.Count);
        }

        Move* move = _moves + _firstMoves[first], endMove = _moves + _firstMoves[end];
        T* target = panels - first * _panelStep + (hasOnes ? Width : 0);
        for (; taps > 0; taps--, target += Width)
        {
            T* tap = source + *offsets++;
            for (Move* m = move; m < endMove; m++)
            {
                T* from = tap + m->From;
                (from <= last ? TVec.Load(from) : TVec.LoadFirst(from, (nint)(last - from) + TVec.Count)).Store(target + m->To);
            }
        }
    }
}
