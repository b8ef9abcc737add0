using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>
/// Whether groups that wait for one another meet on a device: before the first such kernel a small one is run with as many groups as any may have, on its own and recorded, and its
/// results are compared. Where that fails kernels go on in two launches, and the probe report says so.
/// </summary>
internal sealed class MeetingTrial(GpuDevice device)
{
    private readonly Lock _lock = new();
    private volatile bool _hasPassed;
    private volatile string? _complaint;

    /// <summary>Why groups do not meet; null if nothing speaks against it so far.</summary>
    public string? Complaint => _complaint;

    /// <summary>Takes them to meet, on a device that computes nothing.</summary>
    public void Trust() => _hasPassed = true;

    /// <summary>Whether a launch of so many groups of a size may let them meet. The first question takes as long as a compiler and a few small launches.</summary>
    /// <remarks>While a recording is under way nothing can be tried, so they do not meet unless that was tried before.</remarks>
    public bool Passes(GpuBackend backend, long groups, int groupSize)
    {
        if (groups > backend.Target.MeetingGroups(groupSize) || _complaint is not null)
        {
            return false;
        }

        if (_hasPassed)
        {
            return true;
        }

        lock (_lock)
        {
            // In a host's stream nothing is waited for that the host has not asked for.
            if (_hasPassed || _complaint is not null || device.Work.IsRecordedHere || !device.Driver.OwnsStream)
            {
                return _hasPassed;
            }

            try
            {
                bool isRight = Try(backend);
                _complaint = isRight ? null : $"{device.Description}: groups that meet do not see each other's results; more launches are made instead. Please report it";
                _hasPassed = isRight;
            }
            catch (InvalidOperationException)
            {
                // Another thread records on this device: it is tried again at the next question.
            }
            catch (EngineException e) when (e is not DeviceLostException)
            {
                _complaint = $"{device.Description}: a kernel whose groups meet could not be used; more launches are made instead: {e.Message.Split('\n')[0]}";
            }

            return _hasPassed;
        }
    }

    private bool Try(GpuBackend backend)
    {
        MeetingTrialKernel kernel = default;
        int groups = backend.Target.MeetingGroups(backend.Target.GroupSize);
        CompiledKernel compiled = backend.CompiledKernels.Get(kernel);
        GpuDriver driver = device.Driver;
        int[] numbers = new int[(2 * groups) + 1];
        using TrialMemory memory = new(driver);
        KernelArgument terms = memory.Upload(MemoryMarshal.AsBytes(numbers.AsSpan()));
        KernelArgument sums = KernelArgument.Buffer(terms.Handle, groups * sizeof(int)), arrivals = KernelArgument.Buffer(terms.Handle, 2L * groups * sizeof(int));
        bool IsRight(int term)
        {
            driver.Download(terms.Handle, 0, MemoryMarshal.AsBytes(numbers.AsSpan()));
            int sum = checked((groups * (groups - 1) / 2) + (groups * term));
            return !numbers.AsSpan(groups, groups).ContainsAnyExcept(sum) && numbers[^1] == 0;
        }

        driver.Launch(compiled, new LaunchGrid(groups), [terms, sums, arrivals, 1]);
        if (!IsRight(1))
        {
            return false;
        }

        driver.BeginRecording();
        try
        {
            driver.Launch(compiled, new LaunchGrid(groups), [terms, sums, arrivals, 2]);
        }
        catch
        {
            driver.AbortRecording();
            throw;
        }

        using GpuRecording recording = driver.EndRecording();
        recording.Replay();
        return IsRight(2);
    }
}

/// <summary>Each group leaves a number, meets the others, and sums the numbers of all.</summary>
internal readonly record struct MeetingTrialKernel : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("meeting_trial", target, target.GroupSize);
        Memory numbers = k.Buffer("numbers", DType.Int32), sums = k.Buffer("sums", DType.Int32), arrivals = k.Buffer("arrivals", DType.Int32);
        Value term = k.Scalar("term", RegisterType.Int32), isFirst = k.LocalId.Is(0);
        k.Store(numbers, k.GroupX, k.GroupX + term, isFirst);
        k.Meet(arrivals, k.Int32(0), k.GroupCountX);
        Variable sum = k.Variable(k.Int32(0));
        k.For(0, k.GroupCountX, 1, group => sum.Value += k.Load(numbers, group));
        k.Store(sums, k.GroupX, sum.Value, isFirst);
        return k.Build();
    }
}
