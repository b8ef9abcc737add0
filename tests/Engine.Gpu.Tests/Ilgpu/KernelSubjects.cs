using System.Numerics;
using ILGPU;

#pragma warning disable IDE0051, SYSLIB5001

namespace Engine.Gpu.Tests;

/// <summary>Methods as C# allows them: what a kernel may be, and what it must not be.</summary>
internal static unsafe class KernelSubjects
{
    private static readonly int s_seven = 7;
    private static readonly int[] s_table = [1, 2, 3];
    private static int s_changing = 5;

    /// <summary>Kernels of (index, numbers, results), each with the result for a number.</summary>
    public static IEnumerable<(string Name, Action<Index1D, ArrayView<int>, ArrayView<int>> Method, Func<int, int> Expected)> Good()
    {
        yield return ("local functions", LocalFunctions, static x => (2 * x) + 1);
        yield return ("letters beyond ASCII", Größe_日本, static x => x + 4);
        yield return ("nested private class", Inner.Deeper.Run, static x => x + 100);
        yield return ("the same name in another class", Other.Run, static x => x + 200);
        yield return ("and in a generic one", Box<long>.Run, static x => x + 8);
        yield return ("with another type", Box<short>.Run, static x => x + 2);
        yield return ("generic method", Sized<double>, static x => x + 8);
        yield return ("with another type", Sized<byte>, static x => x + 1);
        yield return ("static readonly field", ReadOnlyField, static x => 7 * x);
        yield return ("switch", Switch, static x => x switch { 0 => 5, 1 => 7, 2 => 11, 3 => 13, 8 => 4, _ => 1 });
        yield return ("tuples", Tuples, static x => x + 6);
        yield return ("jumps", Jumps, static x => Math.Max(x, 1) + 2);
        yield return ("static members of interfaces", StaticMembers, static x => x > 0 ? 1 : 2);
        yield return ("constrained calls", Constrained, static x => x.CompareTo(5));
        yield return ("structures with methods", Structures, static x => (3 * x) + 10);
        yield return ("numbers with a point", Points, static x => (int)(x * 1.5f * 1e-3f * 1e6f));
        yield return ("value behind a loop", BehindKernel, Behind);
        yield return ("swap in a loop", SwapKernel, Swap);
        yield return ("condition of a loop", ConditionKernel, Condition);
        yield return ("loops in a loop", NestedKernel, Nested);
        yield return ("switch in a loop", SwitchInLoopKernel, SwitchInLoop);
        yield return ("two ways out of a loop", TwoWaysOutKernel, TwoWaysOut);
        yield return ("values of a branch", BranchesKernel, Branches);
        static void MangledByTheCompiler(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i] - 9;
        yield return ("a name of the compiler's", MangledByTheCompiler, static x => x - 9);
    }

    /// <summary>Methods that no card can run.</summary>
    public static IEnumerable<(string Name, Action<Index1D, ArrayView<int>> Method, string Reason)> Bad()
    {
        yield return ("recursion", Recursion, "KernelSubjects.Factorial calls itself");
        yield return ("recursion of two", Mutual, "calls itself through KernelSubjects.Odd");
        yield return ("recursion of the kernel", Self, "KernelSubjects.Self calls itself");
        yield return ("recursion over types", OverTypes, "KernelSubjects.Tree calls itself");
        yield return ("doubling", Doubling, "instructions");
        yield return ("try", TryCatch, "Leave");
        yield return ("finally", TryFinally, "Leave");
        yield return ("throw", Throws, "Throw");
        yield return ("stackalloc", StackAlloc, "cannot be compiled");
        yield return ("span", Spans, "cannot be compiled");
        yield return ("string", Strings, "string");
        yield return ("object", Objects, "Object");
        yield return ("list", Lists, "List");
        yield return ("field", Field, "s_changing");
        yield return ("write to a field", FieldWritten, "s_changing");
        yield return ("static array", Table, "static array");
        yield return ("delegate", Delegates, "Ldftn");
        yield return ("loop without an end", Endless, "loop that never ends");
        yield return ("decimal", Decimals, "cannot be compiled");
        yield return ("array of any length", Arrays, "cannot be compiled");
        yield return ("console", Prints, "Console");
    }

    private static void LocalFunctions(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        y[i] = AddOne(Twice(x[i]));
        static int Twice(int n) => 2 * n;
        static int AddOne(int n) => n + 1;
    }

    private static void Größe_日本(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Größe(x[i]);

    private static int Größe(int größe) => größe + 4;

    private static void Sized<T>(Index1D i, ArrayView<int> x, ArrayView<int> y)
        where T : unmanaged => y[i] = x[i] + sizeof(T);

    private static void ReadOnlyField(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i] * s_seven;

    private static void Switch(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i] switch { 0 => 5, 1 => 7, 2 => 11, 3 => 13, 8 => 4, _ => 1 };

    private static void Tuples(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        (int a, long b) = Pair(x[i]);
        y[i] = a + (int)b;
    }

    private static (int A, long B) Pair(int n) => (n + 1, 5L);

    private static void Jumps(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        int k = 0;
    again:
        k++;
        if (k < x[i])
        {
            goto again;
        }

        y[i] = k + 2;
    }

    private static void StaticMembers(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Sign(x[i]);

    private static int Sign<T>(T number)
        where T : INumber<T> => number > T.Zero ? 1 : 2;

    private static void Constrained(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Compare(x[i], 5);

    private static int Compare<T>(T a, T b)
        where T : IComparable<T> => a.CompareTo(b);

    private static void Structures(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        Pile pile = new() { Height = x[i] };
        pile.Grow();
        y[i] = pile.Total(10);
    }

    private static void Points(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = (int)(x[i] * 1.5f * 1e-3f * 1e6f);

    private static void BehindKernel(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Behind(x[i]);

    private static void SwapKernel(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Swap(x[i]);

    private static void ConditionKernel(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Condition(x[i]);

    private static void NestedKernel(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Nested(x[i]);

    private static void SwitchInLoopKernel(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = SwitchInLoop(x[i]);

    private static void TwoWaysOutKernel(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = TwoWaysOut(x[i]);

    private static void BranchesKernel(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = Branches(x[i]);

    private static int Behind(int n)
    {
        int k = 0, last = 0;
        do
        {
            last = k;
            k++;
        }
        while (k < n);
        return (100 * last) + k + 2;
    }

    private static int Swap(int n)
    {
        int a = 1, b = 2, k = 0;
        do
        {
            (a, b) = (b, a + k);
            k++;
        }
        while (b < n);
        return (1000 * a) + b - k;
    }

    private static int Condition(int n)
    {
        bool goesOn = true, before;
        int k = 0;
        do
        {
            before = goesOn;
            goesOn = (k * 7) % 5 != 3 && k < n;
            k += 2;
        }
        while (before);
        return k + (goesOn ? 100 : 0);
    }

    private static int Nested(int n)
    {
        int sum = 0, k = 0;
        do
        {
            int j = k;
            do
            {
                sum += j;
                j += 3;
            }
            while (j < n);
            sum += j + 1;
            k++;
        }
        while (k < 4);
        return sum + k;
    }

    private static int SwitchInLoop(int n)
    {
        int state = n & 3, k = 0, previous;
        do
        {
            previous = state;
            switch (state)
            {
                case 0:
                    state = 2;
                    break;
                case 1:
                    state = 5;
                    break;
                case 2:
                    state = k > 4 ? 7 : 1;
                    break;
                default:
                    state = k & 3;
                    break;
            }

            k++;
        }
        while (k < 9 && state != 7);
        return (100 * previous) + (10 * state) + k;
    }

    private static int TwoWaysOut(int n)
    {
        int k = 0, sum = 5;
        while (true)
        {
            int before = sum;
            sum += k ^ n;
            if (sum > 40)
            {
                return before + 1;
            }

            if (++k >= 12)
            {
                return (2 * before) + sum + k;
            }
        }
    }

    private static int Branches(int n)
    {
        int a = n, b = 1;
        if (n > 5)
        {
            (a, b) = (b, a);
        }

        if ((n & 1) == 0)
        {
            a += b;
        }
        else if (a > b)
        {
            (a, b) = (b + 1, a);
        }

        return (100 * a) + b;
    }

    private static int Factorial(int n) => n <= 1 ? 1 : n * Factorial(n - 1);

    private static void Recursion(Index1D i, ArrayView<int> x) => x[i] = Factorial(x[i]);

    private static int Even(int n) => n == 0 ? 1 : Odd(n - 1);

    private static int Odd(int n) => n == 0 ? 0 : Even(n - 1);

    private static void Mutual(Index1D i, ArrayView<int> x) => x[i] = Even(x[i]);

    private static void Self(Index1D i, ArrayView<int> x)
    {
        if (i > 3)
        {
            Self(i - 1, x);
        }

        x[i] = 1;
    }

    private static int Tree<T>(int n)
        where T : struct => n == 0 ? 1 : Tree<Leaf<T>>(n - 1);

    private static void OverTypes(Index1D i, ArrayView<int> x) => x[i] = Tree<int>(x[i]);

    private static void Doubling(Index1D i, ArrayView<int> x) => x[i] = D1(x[i]);

    private static int D1(int n) => D2(n) + D2(n + 1) + D2(n + 2) + D2(n + 3);

    private static int D2(int n) => D3(n) + D3(n + 1) + D3(n + 2) + D3(n + 3);

    private static int D3(int n) => D4(n) + D4(n + 1) + D4(n + 2) + D4(n + 3);

    private static int D4(int n) => D5(n) + D5(n + 1) + D5(n + 2) + D5(n + 3);

    private static int D5(int n) => D6(n) + D6(n + 1) + D6(n + 2) + D6(n + 3);

    private static int D6(int n) => D7(n) + D7(n + 1) + D7(n + 2) + D7(n + 3);

    private static int D7(int n) => n * n;

    private static void TryCatch(Index1D i, ArrayView<int> x)
    {
        try
        {
            x[i] = 1 / x[i];
        }
        catch (DivideByZeroException)
        {
            x[i] = 0;
        }
    }

    private static void TryFinally(Index1D i, ArrayView<int> x)
    {
        try
        {
            x[i] = 1 / x[i];
        }
        finally
        {
            x[i] = 0;
        }
    }

    private static void Throws(Index1D i, ArrayView<int> x)
    {
        if (x[i] < 0)
        {
            throw new ArgumentException("negative");
        }

        x[i] = 3;
    }

    private static void StackAlloc(Index1D i, ArrayView<int> x)
    {
        int* p = stackalloc int[4];
        p[0] = x[i];
        x[i] = p[0] + 1;
    }

    private static void Spans(Index1D i, ArrayView<int> x)
    {
        Span<int> s = stackalloc int[4];
        s[1] = x[i];
        x[i] = s[1];
    }

    private static void Strings(Index1D i, ArrayView<int> x)
    {
        string s = "abc";
        x[i] = s.Length;
    }

    private static void Objects(Index1D i, ArrayView<int> x)
    {
        object o = x[i];
        x[i] = (int)o;
    }

    private static void Lists(Index1D i, ArrayView<int> x)
    {
        List<int> l = [x[i]];
        x[i] = l.Count;
    }

    private static void Field(Index1D i, ArrayView<int> x) => x[i] = s_changing;

    private static void FieldWritten(Index1D i, ArrayView<int> x) => s_changing = x[i];

    private static void Table(Index1D i, ArrayView<int> x) => x[i] = s_table[i];

    private static void Delegates(Index1D i, ArrayView<int> x)
    {
        Func<int, int> f = static a => a + 1;
        x[i] = f(x[i]);
    }

    private static void Endless(Index1D i, ArrayView<int> x)
    {
        while (true)
        {
            x[i]++;
        }
    }

    private static void Decimals(Index1D i, ArrayView<int> x) => x[i] = (int)(x[i] * 2m);

    private static void Arrays(Index1D i, ArrayView<int> x)
    {
        int[] a = new int[x[i]];
        a[0] = 1;
        x[i] = a[0];
    }

    private static void Prints(Index1D i, ArrayView<int> x) => Console.WriteLine(x[i]);

    private readonly struct Leaf<T>
    {
        public T Value { get; init; }
    }

    private struct Pile
    {
        public int Height;

        public void Grow() => Height *= 3;

        public readonly int Total(int more) => Height + more;
    }

    private static class Inner
    {
        internal static class Deeper
        {
            internal static void Run(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i] + 100;
        }
    }

    private static class Other
    {
        internal static void Run(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i] + 200;
    }

    private static class Box<T>
        where T : unmanaged
    {
        internal static void Run(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i] + sizeof(T);
    }
}
