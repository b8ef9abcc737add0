using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Loads and stores at the end of a row: of all lanes where so many numbers are left, else of the first ones.</summary>
internal static unsafe class Tail
{
    /// <summary>The next lanes of <paramref name="left"/> numbers; 0 after them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(void* source, nint left) where V : struct, ISimd<V> => left >= V.Count ? V.Load(source) : V.LoadFirst(source, left);

    /// <summary>Writes no more than <paramref name="left"/> numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, void* destination, nint left) where V : struct, ISimd<V>
    {
        if (left >= V.Count)
        {
            value.Store(destination);
        }
        else
        {
            value.StoreFirst(destination, left);
        }
    }

    /// <summary>The first lanes of a value; 0 in the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V First<V>(V value, nint left) where V : struct, ISimd<V> => left >= V.Count ? value : Mask<V>(left) & value;

    /// <summary>Mask of the lanes below <paramref name="left"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Mask<V>(nint left) where V : struct, ISimd<V> => V.Less(V.Indices, V.Create(left));
}
