using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>A card of the fake driver, with what tests may do to it.</summary>
internal sealed class FakeDevice(int ordinal, string name, int computeCapability, long memoryBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<CudaResult>> _failures = [];

    public int Ordinal { get; } = ordinal;

    public string Name { get; } = name;

    public int ComputeCapability { get; } = computeCapability;

    /// <summary>The most shared memory of a block.</summary>
    public int MaxSharedBytes => ComputeCapability >= 90 ? 227 * 1024 : 163 * 1024;

    /// <summary>Multiprocessors, which the choice of kernels depends on.</summary>
    public int Multiprocessors { get; init; } = 4;

    /// <summary>Whether it starts kernels whose blocks wait for one another.</summary>
    public bool HasCooperativeLaunch { get; init; } = true;

    /// <summary>Whether kernels are run; else they are compiled, and launches do nothing.</summary>
    public bool Runs
    {
        get;
        init
        {
            field = value;

            // On paper hardly a block writes what another one reads: numbers that are not, there, would send samples through branches for them.
            Memory.Filler = value ? byte.MaxValue : (byte)0;
        }
    }

    = true;

    /// <summary>Where kernels are not run: samples each launch, if it is set.</summary>
    public LaunchSampler? Sampler { get; set; }

    public GlobalMemory Memory { get; } = new(memoryBytes);

    /// <summary>Whether launches watch global memory for races between threads; slow. ENGINE_INTERPRETER_RACES=1 asks for it everywhere.</summary>
    public bool WatchesGlobalRaces { get; set; } = Environment.GetEnvironmentVariable("ENGINE_INTERPRETER_RACES") == "1";

    /// <summary>
    /// Whether threads of one warp that part at a branch with .uni are an error. The language says so, and cards do not tell; compilers that
    /// promise too much are the reason why it has to be asked for.
    /// </summary>
    public bool WatchesUniformBranches { get; set; }

    /// <summary>When streams carry out what they are given.</summary>
    public StreamOrder Order { get; set; }

    /// <summary>A target whose texts the driver's compiler refuses.</summary>
    public string? RefusesTarget { get; set; }

    /// <summary>Whether products of warpgroups are lost, as on a card that computes them wrongly.</summary>
    public bool LosesProducts { get; set; }

    /// <summary>What the last kernel that failed did wrong.</summary>
    public PtxFault? LastFault { get; private set; }

    /// <summary>What every call in a context of this device answers, once it is lost.</summary>
    public CudaResult Lost { get; private set; }

    /// <summary>Kernels that were run.</summary>
    public long Launches { get; private set; }

    /// <summary>Threads times instructions of all kernels.</summary>
    public long ThreadInstructions { get; private set; }

    /// <summary>The primary context, its users counted.</summary>
    public FakeContext? Primary { get; set; }

    public int PrimaryUsers { get; set; }

    /// <summary>Makes the next call of a function fail.</summary>
    public void FailNext(string function, CudaResult result)
    {
        lock (_lock)
        {
            if (!_failures.TryGetValue(function, out Queue<CudaResult>? queue))
            {
                _failures.Add(function, queue = new Queue<CudaResult>());
            }

            queue.Enqueue(result);
        }
    }

    /// <summary>From now on every call fails, as after a fault of the hardware.</summary>
    public void Lose(CudaResult result = CudaResult.CUDA_ERROR_ECC_UNCORRECTABLE) => Lost = result;

    public CudaResult TakeFailure(string function)
    {
        lock (_lock)
        {
            return _failures.TryGetValue(function, out Queue<CudaResult>? queue) && queue.TryDequeue(out CudaResult result) ? result : CudaResult.CUDA_SUCCESS;
        }
    }

    /// <summary>Runs a kernel; what it does wrong loses the device.</summary>
    public unsafe CudaResult Run(KernelProgram program, (int X, int Y, int Z) grid, int dynamicSharedBytes, byte[] parameters, string text = "", bool isResident = false)
    {
        if (!Runs)
        {
            Sampler?.Add(Memory, ComputeCapability, text, program, grid, dynamicSharedBytes, parameters);
            return CudaResult.CUDA_SUCCESS;
        }

        lock (_lock)
        {
            try
            {
                fixed (byte* block = parameters.Length == 0 ? new byte[1] : parameters)
                {
                    Launch launch = new()
                    {
                        Memory = Memory,
                        Grid = grid,
                        DynamicSharedBytes = dynamicSharedBytes,
                        Parameters = block,
                        Order = Launches,
                        Races = WatchesGlobalRaces ? new GlobalRaces() : null,
                        WatchesUniformBranches = WatchesUniformBranches,
                        LosesProducts = LosesProducts,
                        IsResident = isResident,
                    };
                    Launches++;
                    ThreadInstructions += launch.Run(program);
                }

                return CudaResult.CUDA_SUCCESS;
            }
            catch (PtxFault fault)
            {
                LastFault = fault;
                Lost = fault.Kind switch
                {
                    PtxFaultKind.OutOfBounds or PtxFaultKind.SharedOutOfBounds or PtxFaultKind.LocalOutOfBounds => CudaResult.CUDA_ERROR_ILLEGAL_ADDRESS,
                    PtxFaultKind.Misaligned => CudaResult.CUDA_ERROR_MISALIGNED_ADDRESS,
                    PtxFaultKind.Endless => CudaResult.CUDA_ERROR_LAUNCH_TIMEOUT,
                    _ => CudaResult.CUDA_ERROR_LAUNCH_FAILED,
                };
                return Lost;
            }
        }
    }
}
