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
        {
            throw new InvalidOperationException($"{call} reached the driver while it records; Core should have refused it or waited.");
        }
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

    protected override void MapCore(in MapArgs args)
    {
        if (Recorded is null)
        {
            inner.Map(args);
            return;
        }

        (MapProgram program, DType type, Shape shape, Operand? memory, Operand? offset) = (args.Program, args.ComputeType, args.Shape, Lasting(args.ParameterMemory), Lasting(args.DrawOffset));
        (Operand[] inputs, Operand[] outputs, double[] parameters) = (Lasting(args.Inputs), Lasting(args.Outputs), [.. args.Parameters]);
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

    protected override void ReduceCore(in ReduceArgs args)
    {
        if (Recorded is null)
        {
            inner.Reduce(args);
            return;
        }

        (ReduceProgram program, DType type, Shape shape, AxisSet axes) = (args.Program, args.ComputeType, args.Shape, args.Axes);
        (Operand[] inputs, Operand[] outputs, double[] parameters) = (Lasting(args.Inputs), Lasting(args.Outputs), [.. args.Parameters]);
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

    protected override void GemmCore(in GemmArgs args)
    {
        (Operand a, Operand b, Operand c, Operand? bias) = (Lasting(args.A), Lasting(args.B), Lasting(args.C), Lasting(args.Bias));
        (double alpha, double beta, MapProgram? activation) = (args.Alpha, args.Beta, args.Activation);
        Do(() => inner.Gemm(new GemmArgs { A = a, B = b, C = c, Alpha = alpha, Beta = beta, Bias = bias, Activation = activation }));
    }

    protected override void ConvForwardCore(in ConvForwardArgs args)
    {
        (ConvGeometry geometry, Operand x, Operand w, Operand y) = (args.Geometry, Lasting(args.X), Lasting(args.W), Lasting(args.Y));
        (Operand? bias, MapProgram? activation) = (Lasting(args.Bias), args.Activation);
        Do(() => inner.ConvForward(new ConvForwardArgs { Geometry = geometry, X = x, W = w, Y = y, Bias = bias, Activation = activation }));
    }

    protected override void ConvBackwardDataCore(in ConvBackwardDataArgs args)
    {
        (ConvGeometry geometry, Operand dy, Operand w, Operand dx) = (args.Geometry, Lasting(args.GradY), Lasting(args.W), Lasting(args.GradX));
        Do(() => inner.ConvBackwardData(new ConvBackwardDataArgs { Geometry = geometry, GradY = dy, W = w, GradX = dx }));
    }

    protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args)
    {
        (ConvGeometry geometry, Operand x, Operand dy, Operand dw) = (args.Geometry, Lasting(args.X), Lasting(args.GradY), Lasting(args.GradW));
        Do(() => inner.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = geometry, X = x, GradY = dy, GradW = dw }));
    }

    protected override void PoolForwardCore(in PoolForwardArgs args)
    {
        (PoolKind kind, PoolGeometry geometry, Operand x, Operand y, Operand? indices) = (args.Kind, args.Geometry, Lasting(args.X), Lasting(args.Y), Lasting(args.Indices));
        Do(() => inner.PoolForward(new PoolForwardArgs { Kind = kind, Geometry = geometry, X = x, Y = y, Indices = indices }));
    }

    protected override void PoolBackwardCore(in PoolBackwardArgs args)
    {
        (PoolGeometry geometry, Operand dy, Operand? indices, Operand dx) = (args.Geometry, Lasting(args.GradY), Lasting(args.Indices), Lasting(args.GradX));
        Do(() => inner.PoolBackward(new PoolBackwardArgs { Geometry = geometry, GradY = dy, Indices = indices, GradX = dx }));
    }

    protected override void GatherCore(in Operand x, in Operand index, in Operand y, int axis)
    {
        (Operand source, Operand places, Operand destination) = (Lasting(x), Lasting(index), Lasting(y));
        Do(() => inner.Gather(source, places, destination, axis));
    }

    protected override void ScatterAddCore(in Operand destination, in Operand index, in Operand source, int axis)
    {
        (Operand from, Operand places, Operand to) = (Lasting(source), Lasting(index), Lasting(destination));
        Do(() => inner.ScatterAdd(to, places, from, axis));
    }

    // As a driver does it: a recorded call has addresses, whoever holds the recording sees to it that they stay good.
    private Operand Lasting(in Operand operand) =>
        Recorded is null ? operand : new(Storage.Wrap(operand.Storage.Device, operand.Storage.Handle, operand.Storage.Bytes), operand.DType, operand.Layout);

    private Operand? Lasting(in Operand? operand) => operand is { } given ? Lasting(given) : null;

    private Operand[] Lasting(ReadOnlySpan<Operand> operands)
    {
        Operand[] lasting = operands.ToArray();
        for (int i = 0; i < lasting.Length; i++)
        {
            lasting[i] = Lasting(lasting[i]);
        }

        return lasting;
    }

    private void Do(Action call)
    {
        if (Recorded is null)
        {
            call();
        }
        else
        {
            Recorded.Add(call);
        }
    }
}
