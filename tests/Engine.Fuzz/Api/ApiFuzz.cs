using System.Diagnostics;
using System.Reflection;

namespace Engine.Fuzz.Api;

/// <summary>
/// Calls random members with random arguments. A call may give a result or an error that its caller was promised; nothing else, no crash, no
/// hang, no managed memory out of proportion, no mode that stays behind.
/// </summary>
internal sealed class ApiFuzz
{
    /// <summary>By one call; what tensors hold lies in the pool, which has a limit of its own.</summary>
    // Newton's method factorises a matrix in the host's memory: 4,096 variables, as many as a tensor here has, are two times 128 MiB.
    private const long MostManagedBytes = 320L << 20;

    private const long MostTensorBytes = 128L << 20;
    private const int CallsBetweenCleanings = 300;

    private readonly int _seed;
    private readonly Random _random;
    private readonly Device _device = Device.Get("cpu");
    private readonly Documentation _documentation = new();
    private readonly Dictionary<string, int> _faults = [];
    private readonly HashSet<MethodBase> _called = [];
    private readonly HashSet<MethodBase> _succeeded = [];
    private long _calls;
    private long _errors;
    private Watch? _watch;
    private Values? _values;

    public ApiFuzz(int seed)
    {
        _seed = seed;
        _random = new Random(seed);
    }

    public int Run(TimeSpan duration, long calls)
    {
        Console.WriteLine($"api: seed {_seed}");
        string folder = Directory.CreateTempSubdirectory("engine-fuzz-").FullName, started = Environment.CurrentDirectory;
        try
        {
            // Relative names land here too.
            Environment.CurrentDirectory = folder;
            Device.Default = _device;
            Surface surface = new();
            foreach (string fault in surface.Faults)
            {
                Note(fault, "the list of members");
            }

            using Watch watch = _watch = new Watch(started, _seed);
            _values = new Values(_random, _device, folder, surface, Call);
            Reset();
            Invoker[] ofTensors = [.. surface.Members.Where(static m => m.Member.DeclaringType == typeof(Tensor))];
            Stopwatch clock = Stopwatch.StartNew();
            for (long round = 0; _calls < calls && clock.Elapsed < duration; round++)
            {
                if (round % CallsBetweenCleanings == 0)
                {
                    _values.Clear();
                }

                Invoker[] from = _random.Next(3) == 0 ? ofTensors : [];
                One(from.Length > 0 ? from[_random.Next(from.Length)] : surface.Members[_random.Next(surface.Members.Count)]);
            }

            Report(surface);
        }
        finally
        {
            Environment.CurrentDirectory = started;
            Directory.Delete(folder, recursive: true);
        }

        return _faults.Count == 0 ? 0 : 1;
    }

    private void One(Invoker invoker)
    {
        object? self = null;
        if (invoker.NeedsSelf && (self = _values!.Self(invoker.Member.DeclaringType!)) is null)
        {
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        object? result = Call(invoker, self, _values!.Arguments(invoker));
        if (invoker.Member.DeclaringType == typeof(Device) || result is Device)
        {
            return;
        }

        _values.Add(result);
    }

    /// <summary>One call, judged. Null where it threw.</summary>
    private object? Call(Invoker invoker, object? self, object?[] arguments)
    {
        if (invoker.Selves.Any(i => arguments[i] is null))
        {
            return null;
        }

        MethodBase member = invoker.Member;
        string text = $"{Surface.NameOf(member)}({string.Join(", ", (self is null ? [] : (object?[])[self]).Concat(arguments).Select(Text.Of))})";
        _calls++;
        _called.Add(member);
        _watch!.Begin(_calls, text);
        long before = GC.GetAllocatedBytesForCurrentThread();

        // A function that is passed may be called, and call others, where gradients are off.
        bool wereOn = GradMode.IsEnabled;
        try
        {
            object? result = invoker.Invoke(self, arguments);
            Use(result);
            _succeeded.Add(member);
            return result;
        }
        catch (Exception error) when (invoker.Givers.Prepend(member).Any(m => _documentation.Allows(m, error)))
        {
            _errors++;
            return null;
        }
        catch (Exception error)
        {
            string where = string.Join(" < ", (error.StackTrace ?? string.Empty).Split('\n').Where(static l => l.Contains(" Engine.") && !l.Contains(" Engine.Fuzz.")).Take(2).Select(static l => l.Trim().Split(" in ")[0]));
            Note($"{error.GetType().Name} of {Surface.NameOf(member)} {where}", $"{text}: {error.Message.Split('\n')[0]}");
            return null;
        }
        finally
        {
            long managed = GC.GetAllocatedBytesForCurrentThread() - before;
            if (managed > MostManagedBytes)
            {
                Note($"too much managed memory in {Surface.NameOf(member)}", $"{text}: {managed >> 20} MiB");
            }

            if (wereOn && !GradMode.IsEnabled)
            {
                Note($"gradients stay off after {Surface.NameOf(member)}", text);
            }

            Reset();
            _watch.End();
        }
    }

    /// <summary>Looks at a result as a caller would.</summary>
    private void Use(object? result)
    {
        switch (result)
        {
            case Task task:
                task.GetAwaiter().GetResult();
                break;
            case Tensor { IsDisposed: false, ElementCount: < 100_000 } tensor when _random.Next(4) == 0:
                tensor.ToArray<float>();
                if (tensor.RequiresGrad && tensor.DType.IsFloatingPoint() && _random.Next(2) == 0)
                {
                    tensor.Sum().Backward();
                }

                break;
            case Tensor[] tensors:
                foreach (Tensor tensor in tensors.Where(static t => t is { ElementCount: < 100_000 }))
                {
                    tensor.ToArray<float>();
                }

                break;
            case System.Collections.IEnumerable many and not string:
                int seen = 0;
                foreach (object? one in many)
                {
                    if (++seen > 50)
                    {
                        break;
                    }
                }

                break;
        }
    }

    /// <summary>What calls may set for the whole process.</summary>
    private void Reset()
    {
        Device.Default = _device;
        foreach (Device device in _values?.Devices ?? [_device])
        {
            device.Threads = 1;
            device.Pool.Limit = MostTensorBytes;
        }
    }

    /// <summary>Said at once: a call that hangs or kills the process must not take with it what was found before.</summary>
    private void Note(string kind, string call)
    {
        if (_faults.TryGetValue(kind, out int count))
        {
            _faults[kind] = count + 1;
            return;
        }

        _faults[kind] = 1;
        Console.WriteLine($"  {kind}\n      call {_calls}: {call}");
        Console.Out.Flush();
    }

    private void Report(Surface surface)
    {
        Console.WriteLine($"api: {_calls} calls, {_errors} promised errors, {surface.Members.Count(m => _called.Contains(m.Member))} of {surface.Members.Count} members called, {surface.Members.Count(m => _succeeded.Contains(m.Member))} with a result");
        foreach ((string kind, int count) in _faults.OrderByDescending(static f => f.Value).Where(static f => f.Value > 1))
        {
            Console.WriteLine($"  {count} × {kind}");
        }

        if (Environment.GetEnvironmentVariable("ENGINE_FUZZ_VERBOSE") == "1")
        {
            Console.WriteLine($"never with a result: {string.Join(", ", surface.Members.Select(static m => m.Member).Except(_succeeded).Select(Surface.NameOf).Distinct())}");
        }

        Console.WriteLine($"api: {_faults.Count} kinds of faults; again: Engine.Fuzz api --seed {_seed} --calls {_calls}");
    }
}
