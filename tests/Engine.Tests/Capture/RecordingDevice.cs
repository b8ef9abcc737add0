using Engine.Tests.Reference;

namespace Engine.Tests.Capture;

/// <summary>
/// A device that records for real without a card: while it records, calls of its backend are kept instead of carried out, and a replay
/// carries them out with the very operands they had. Whatever a driver refuses while it records, it refuses too.
/// </summary>
internal sealed class RecordingDevice : HostDevice
{
    private readonly RecordingBackend _backend;

    public RecordingDevice()
        : base("recording") => _backend = new RecordingBackend(new ReferenceBackend());

    public override Backend Backend => _backend;

    public override bool CanRecord => true;

    /// <summary>Whether a recording is under way.</summary>
    public bool IsRecording => _backend.Recorded is not null;

    /// <summary>How often host values were sent.</summary>
    public int Uploads { get; private set; }

    /// <summary>Recordings that were not disposed.</summary>
    public int LivingRecordings { get; private set; }

    protected internal override void BeginRecording()
    {
        Refuse(nameof(BeginRecording));
        _backend.Recorded = [];
    }

    protected internal override DeviceRecording EndRecording()
    {
        List<Action> work = _backend.Recorded ?? throw new InvalidOperationException("Nothing is being recorded.");
        _backend.Recorded = null;
        LivingRecordings++;
        return new Recording(this, work);
    }

    protected internal override void AbortRecording() => _backend.Recorded = null;

    protected internal override bool TryAllocateMemory(long bytes, out nint handle)
    {
        Refuse(nameof(TryAllocateMemory));
        return base.TryAllocateMemory(bytes, out handle);
    }

    protected internal override void FreeMemory(nint handle)
    {
        Refuse(nameof(FreeMemory));
        base.FreeMemory(handle);
    }

    protected override void UploadCore(ReadOnlySpan<byte> source, Storage destination, long offsetInBytes)
    {
        Refuse(nameof(Upload));
        Uploads++;
        base.UploadCore(source, destination, offsetInBytes);
    }

    protected override void DownloadCore(Storage source, long offsetInBytes, Span<byte> destination)
    {
        Refuse(nameof(Download));
        base.DownloadCore(source, offsetInBytes, destination);
    }

    protected override void SynchronizeCore() => Refuse(nameof(Synchronize));

    private void Refuse(string call)
    {
        if (IsRecording)
            throw new InvalidOperationException($"{call} reached the driver while it records; Core should have refused it or waited.");
    }

    private sealed class Recording(RecordingDevice device, List<Action> work) : DeviceRecording
    {
        public override int Launches => work.Count;

        public override void Replay() => work.ForEach(static call => call());

        protected override void Dispose(bool disposing) => device.LivingRecordings--;
    }
}

/// <summary>Keeps or carries out the ten operations; all others are made of them.</summary>
internal sealed class RecordingBackend(Backend inner) : Backend
{
    /// <summary>The calls so far; null where calls are carried out.</summary>
    public List<Action>? Recorded { get; set; }

    public override void Map(in MapArgs args)
    {
        if (Recorded is null)
        {
            inner.Map(args);
            return;
        }

        (MapProgram program, DType type, Shape shape, Operand? memory, Operand? offset) = (args.Program, args.ComputeType, args.Shape, args.ParameterMemory, args.DrawOffset);
        (Operand[] inputs, Operand[] outputs, double[] parameters) = ([.. args.Inputs], [.. args.Outputs], [.. args.Parameters]);
        Recorded.Add(() => inner.Map(new MapArgs
        {
            Program = program,
            ComputeType = type,
            Shape = shape,
            Inputs = inputs,
            Outputs = outputs,
            Parameters = parameters,
            ParameterMemory = memory,
            DrawOffset = offset,
        }));
    }

    public override void Reduce(in ReduceArgs args)
    {
        if (Recorded is null)
        {
            inner.Reduce(args);
            return;
        }

        (ReduceProgram program, DType type, Shape shape, AxisSet axes) = (args.Program, args.ComputeType, args.Shape, args.Axes);
        (Operand[] inputs, Operand[] outputs, double[] parameters) = ([.. args.Inputs], [.. args.Outputs], [.. args.Parameters]);
        Recorded.Add(() => inner.Reduce(new ReduceArgs
        {
            Program = program,
            ComputeType = type,
            Shape = shape,
            Axes = axes,
            Inputs = inputs,
            Outputs = outputs,
            Parameters = parameters,
        }));
    }

    public override void Gemm(in GemmArgs args)
    {
        (Operand a, Operand b, Operand c, Operand? bias) = (args.A, args.B, args.C, args.Bias);
        (double alpha, double beta, MapProgram? activation) = (args.Alpha, args.Beta, args.Activation);
        Do(() => inner.Gemm(new GemmArgs { A = a, B = b, C = c, Alpha = alpha, Beta = beta, Bias = bias, Activation = activation }));
    }

    public override void ConvForward(in ConvArgs args) => Do(args, static (backend, a) => backend.ConvForward(a));

    public override void ConvBackwardData(in ConvArgs args) => Do(args, static (backend, a) => backend.ConvBackwardData(a));

    public override void ConvBackwardWeight(in ConvArgs args) => Do(args, static (backend, a) => backend.ConvBackwardWeight(a));

    public override void PoolForward(in PoolArgs args) => Do(args, static (backend, a) => backend.PoolForward(a));

    public override void PoolBackward(in PoolArgs args) => Do(args, static (backend, a) => backend.PoolBackward(a));

    public override void Gather(in Operand x, in Operand index, in Operand y, int axis)
    {
        (Operand source, Operand places, Operand destination) = (x, index, y);
        Do(() => inner.Gather(source, places, destination, axis));
    }

    public override void ScatterAdd(in Operand destination, in Operand index, in Operand source, int axis)
    {
        (Operand from, Operand places, Operand to) = (source, index, destination);
        Do(() => inner.ScatterAdd(to, places, from, axis));
    }

    private void Do(in ConvArgs args, Action<Backend, ConvArgs> call)
    {
        (ConvGeometry geometry, Operand x, Operand w, Operand y, Operand? bias, MapProgram? activation) = (args.Geometry, args.X, args.W, args.Y, args.Bias, args.Activation);
        Do(() => call(inner, new ConvArgs { Geometry = geometry, X = x, W = w, Y = y, Bias = bias, Activation = activation }));
    }

    private void Do(in PoolArgs args, Action<Backend, PoolArgs> call)
    {
        (PoolKind kind, PoolGeometry geometry, Operand x, Operand y, Operand? indices) = (args.Kind, args.Geometry, args.X, args.Y, args.Indices);
        Do(() => call(inner, new PoolArgs { Kind = kind, Geometry = geometry, X = x, Y = y, Indices = indices }));
    }

    private void Do(Action call)
    {
        if (Recorded is null)
            call();
        else
            Recorded.Add(call);
    }
}
