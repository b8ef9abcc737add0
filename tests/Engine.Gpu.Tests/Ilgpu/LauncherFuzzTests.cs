using System.Reflection;
using System.Runtime.ExceptionServices;
using ILGPU;
using ILGPU.Runtime;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// Random launches with a fixed seed, most of them wrong in one way or another: each computes what it should or is refused by a typed error, and no
/// memory changes but what a good launch writes.
/// </summary>
[TestFixtureSource(typeof(KernelPlaces), nameof(KernelPlaces.All))]
internal sealed class LauncherFuzzTests(string place)
{
    private const int Size = 48;

    private static readonly int[] s_extents = [0, 1, 5, 48, 100, 100, 48, 20, -1, int.MinValue];
    private static readonly int[] s_groupSizes = [1, 7, 64, 64, 7, 0, -5, 4096, int.MaxValue];
    private static readonly int[] s_groups = [0, 1, 2, 3, 2, 1, -1, int.MinValue];

    private Device _device = null!;
    private Random _random = null!;
    private Tensor[] _tensors = null!;
    private float[][] _mirrors = null!;
    private Tensor[] _elsewhere = null!;

    [OneTimeSetUp]
    public void GetDevice() => _device = KernelPlaces.Get(place);

    [Test]
    public void Launch_RandomArguments_AreComputedOrRefused([Values(1, 2)] int seed)
    {
        _random = new Random(seed);
        using TensorScope scope = TensorScope.Begin();
        _mirrors = [.. Enumerable.Range(0, 4).Select(k => Enumerable.Range(0, Size).Select(i => (float)((k * 100) + i)).ToArray())];
        _tensors = [.. _mirrors.Select(m => Tensor.From<float>(m, device: _device))];
        _elsewhere = [Tensor.Zeros([Size], device: place == "cpu" ? KernelDevices.Get("interpreter") : Device.Cpu)];
        int good = 0, refused = 0;
        for (int launch = 0; launch < 300; launch++)
        {
            string text = string.Empty;
            try
            {
                Action? effect = One(ref text);
                good++;
                effect?.Invoke();
            }
            catch (Exception e) when (e is ArgumentException or EngineException or ObjectDisposedException)
            {
                Assert.That(e.Message, Has.Length.GreaterThan(20), text);
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"launch {launch} of seed {seed}, {text}: {e}");
            }

            if (launch % 10 == 0)
            {
                Compare(launch, seed, text);
            }
        }

        Compare(300, seed, "the end");
        Assert.That(Math.Min(good, refused), Is.GreaterThan(40), $"{good} good, {refused} refused");
    }

    private void Compare(int launch, int seed, string text)
    {
        for (int k = 0; k < _tensors.Length; k++)
        {
            Assert.That(_tensors[k].ToArray<float>(), Is.EqualTo(_mirrors[k]), $"tensor {k} after launch {launch} of seed {seed}, {text}");
        }

        Assert.That(_elsewhere[0].ToArray<float>(), Is.All.Zero);
    }

    /// <summary>One launch; what it does to the mirrors, if it is a good one.</summary>
    private Action? One(ref string text)
    {
        (int from, int to) = (_random.Next(4), _random.Next(3));
        to += to >= from ? 1 : 0;
        (int start, int length) x = Part(), y = Part();
        ArrayView<float> xView = _tensors[from].AsArrayView<float>().SubView(x.start, x.length), yView = _tensors[to].AsArrayView<float>().SubView(y.start, y.length);
        float a = _random.Next(1, 4);
        int extent = Pick(s_extents);
        float[] source = _mirrors[from], target = _mirrors[to];
        switch (_random.Next(4))
        {
            case 0:
                text = $"Add({x}, {y}, {a})";
                if (!Spoil(Add, extent, text, xView, yView, a))
                {
                    return null;
                }

                return () => Each(Math.Min(extent, Math.Min(x.length, y.length)), i => target[y.start + i] = (source[x.start + i] * a) - 1);
            case 1:
                text = $"Bits({y}) as numbers of four bytes";
                if (!Spoil(Bits, extent, text, yView.Cast<int>(), BitConverter.SingleToInt32Bits(a)))
                {
                    return null;
                }

                return () => Each(Math.Min(extent, y.length), i => target[y.start + i] = a);
            case 2:
                int group = Pick(s_groupSizes), groups = Pick(s_groups), shared = Pick([64, 0, 16, 64, int.MaxValue, 1 << 29]);
                KernelConfig config = new(new Index3D(groups, 1, 1), new Index3D(group, 1, 1), SharedMemoryConfig.RequestDynamic<long>(shared));
                text = $"Shift(({groups}, {group}), {shared} longs, {y})";
                Launch(Shift, config, [yView, a], text);
                return () => Each(Math.Min(groups * group, y.length), i => target[y.start + i] += i % group < shared ? a : 0);
            default:
                int rows = _random.Next(0, 5), columns = _random.Next(0, 9), first = _random.Next(0, 12);
                Tensor part = _tensors[to].Reshape(6, 8)[(first / 8)..Math.Min(6, (first / 8) + rows), (first % 8)..Math.Min(8, (first % 8) + columns)];
                bool turned = _random.Next(2) == 0;
                ArrayView2D<float, Stride2D.General> matrix = (turned ? part.Permute(1, 0) : part).AsArrayView2D<float>();
                (int rows, int columns) seen = turned ? (part.Shape[1], part.Shape[0]) : (part.Shape[0], part.Shape[1]);
                Index2D size = new(Pick([seen.rows, 3, 9, -1, seen.rows]), Pick([seen.columns, 2, 8, seen.columns]));
                text = $"Place({part.Shape}, turned {turned}, {size})";
                Launch(Place, (KernelExtent)size, [matrix, a], text);
                return () => Each(Math.Max(0, Math.Min(size.X, seen.rows)) * Math.Max(0, Math.Min(size.Y, seen.columns)), n =>
                {
                    int c = Math.Min(size.Y, seen.columns), i = n / c, j = n % c;
                    (int row, int column) = turned ? (j, i) : (i, j);
                    target[(((first / 8) + row) * 8) + (first % 8) + column] = (10 * i) + j + a;
                });
        }
    }

    /// <summary>Launches with these arguments, or with one that is wrong, or too many, or too few; true for a good one.</summary>
    private bool Spoil(Delegate method, int extent, string text, params object[] arguments)
    {
        List<object?> given = [.. arguments];
        int at = _random.Next(given.Count);
        bool isGood = false;
        switch (_random.Next(12))
        {
            case 0:
                given[at] = Wrong();
                break;
            case 1:
                given.Add(Wrong());
                break;
            case 2:
                given.RemoveAt(at);
                break;
            case 3:
                given[0] = Outside(given[0]!);
                break;
            case 4:
                Tensor gone = Tensor.Ones([Size], device: _device);
                given[0] = given[0] is ArrayView<int> ? gone.AsArrayView<float>().Cast<int>() : gone.AsArrayView<float>();
                gone.Dispose();
                // Whoever gets the block next must not be written into.
                _tensors[0] = Tensor.From<float>(_mirrors[0], device: _device);
                break;
            case 5:
                given[0] = given[0] is ArrayView<int> ? _elsewhere[0].AsArrayView<float>().Cast<int>() : _elsewhere[0].AsArrayView<float>();
                break;
            default:
                isGood = true;
                break;
        }

        if (_random.Next(15) == 0)
        {
            Launch(method, new KernelConfig(1, 1), given, text);
            Assert.Fail($"a kernel over an extent was launched over groups: {text}");
        }

        Launch(method, (KernelExtent)(long)extent, given, text);
        // Where arguments are wrong the launch has thrown, unless it was of nothing.
        Assert.That(isGood, Is.True, $"{text} with {string.Join(", ", given)}");
        return isGood;
    }

    private object? Wrong()
    {
        object?[] all = [null, "text", 1m, 'c', true, 1, 2u, 3L, 4UL, 1.5, System.Half.One, default(ArrayView<double>), default(Index2D), _tensors[0], DateTime.UnixEpoch, new object(), _tensors[0].AsArrayView<float>().Cast<byte>()];
        return Pick(all) is var value and not (int or float) ? value : (short)1;
    }

    private static object Outside(object view)
    {
        static ArrayView<T> Longer<T>(ArrayView<T> v)
            where T : unmanaged => new(((IArrayView)v).Buffer, 3, Size);
        return view is ArrayView<float> x ? Longer(x) : Longer((ArrayView<int>)view);
    }

    private void Launch(Delegate method, object where, IReadOnlyList<object?> arguments, string text)
    {
        if (arguments.Count == 0)
        {
            throw new ArgumentException($"{text}: C# itself has no such launch.");
        }

        MethodInfo launch = typeof(DeviceKernel).GetMethods().Single(m => m.Name == "Launch" && m.GetGenericArguments().Length == arguments.Count && m.GetParameters()[0].ParameterType == where.GetType())
            .MakeGenericMethod([.. arguments.Select(static a => a?.GetType() ?? typeof(object))]);
        try
        {
            launch.Invoke(_device.Kernel(method), [where, .. arguments]);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
        }
    }

    private (int Start, int Length) Part()
    {
        int start = Pick([0, 0, 1, 7, Size - 1, Size, 16]);
        return (start, Pick([Size - start, 0, Math.Min(3, Size - start), Math.Min(16, Size - start)]));
    }

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    private static void Each(int count, Action<int> action)
    {
        for (int i = 0; i < count; i++)
        {
            action(i);
        }
    }

    private static void Add(Index1D i, ArrayView<float> x, ArrayView<float> y, float a)
    {
        if (i < x.Length && i < y.Length)
        {
            y[i] = (x[i] * a) - 1;
        }
    }

    private static void Bits(Index1D i, ArrayView<int> y, int bits)
    {
        if (i < y.Length)
        {
            y[i] = bits;
        }
    }

    private static void Shift(ArrayView<float> y, float a)
    {
        ArrayView<long> shared = SharedMemory.GetDynamic<long>();
        int place = ILGPU.Group.IdxX, i = Grid.GlobalIndex.X;
        if (place < shared.Length)
        {
            shared[place] = (long)a;
        }

        ILGPU.Group.Barrier();
        if (i < y.Length)
        {
            y[i] += place < shared.Length ? shared[place] : 0;
        }
    }

    private static void Place(Index2D i, ArrayView2D<float, Stride2D.General> y, float a)
    {
        if (i.X < y.Extent.X && i.Y < y.Extent.Y)
        {
            y[i] = (10 * i.X) + i.Y + a;
        }
    }
}
