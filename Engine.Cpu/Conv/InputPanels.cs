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

    private static nint MostMoves(int columns, int runs) => Width / TVec.Count * (nint)(columns / Width + 1) + 2 * (nint)runs;

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

    /// <summary>Copies the inputs of one panel from padded channels, which lie in a near cache; a whole vector may be read from any place of them.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="source">Where the runs begin.</param>
    /// <param name="offsets">Where the taps begin, in order.</param>
    /// <param name="taps">Their number.</param>
    /// <param name="hasOnes">Whether a term of ones comes before the taps.</param>
    /// <param name="target">Receives the panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void CopyNear(int panel, T* source, nint* offsets, int taps, bool hasOnes, T* target)
    {
        Move* move = _moves + _firstMoves[panel], last = _moves + _firstMoves[panel + 1] - 1;
        nint place = panel * _panelStep;
        if (hasOnes)
        {
            Ones(target);
            target += Width;
        }

        if (last - move <= 3)
        {
            // Two vectors or three, or up to four where a run ends within the panel. Missing ones repeat the last.
            nint from0 = move->From, to0 = move->To - place, from3 = last->From, to3 = last->To - place;
            if (last - move <= 1)
            {
                for (; taps > 0; taps--, target += Width)
                {
                    T* tap = source + *offsets++;
                    TVec.Load(tap + from0).Store(target + to0);
                    TVec.Load(tap + from3).Store(target + to3);
                }

                return;
            }

            nint from1 = move[1].From, to1 = move[1].To - place, from2 = last[-1].From, to2 = last[-1].To - place;
            for (; taps > 0; taps--, target += Width)
            {
                T* tap = source + *offsets++;
                TVec.Load(tap + from0).Store(target + to0);
                TVec.Load(tap + from1).Store(target + to1);
                TVec.Load(tap + from2).Store(target + to2);
                TVec.Load(tap + from3).Store(target + to3);
            }

            return;
        }

        for (; taps > 0; taps--, target += Width)
        {
            T* tap = source + *offsets++;
            for (Move* m = move; m <= last; m++)
            {
                TVec.Load(tap + m->From).Store(target + (m->To - place));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ones(T* target)
    {
        T one = T.One;
        for (int lane = 0; lane < Width; lane += TVec.Count)
        {
            TVec.Broadcast(&one).Store(target + lane);
        }
    }

    /// <summary>Copies the inputs of whole panels [first, end), a run for each tap after the other.</summary>
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
        for (int panel = first; hasOnes && panel < end; panel++)
        {
            Ones(panels + (panel - first) * _panelStep);
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
