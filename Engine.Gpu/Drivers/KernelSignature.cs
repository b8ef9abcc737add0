namespace Engine.Gpu;

/// <summary>The declaration at one position of a kernel's list of parameters.</summary>
/// <param name="Name">The name in the rendered text.</param>
/// <param name="Kind">How it is passed, and of a number its type.</param>
/// <param name="Element">Of a buffer: the elements that the kernel sees there; null where no tensor has such.</param>
/// <param name="IsRead">Of a buffer: whether the kernel reads it.</param>
/// <param name="IsWritten">Of a buffer: whether the kernel writes it.</param>
internal readonly record struct ParameterSlot(string Name, ArgumentKind Kind, DType? Element, bool IsRead, bool IsWritten)
{
    /// <inheritdoc/>
    public override string ToString() => Kind == ArgumentKind.Buffer && Element is { } element ? $"{Name} ({element.ShortName()} buffer)" : $"{Name} ({Kind})";
}

/// <summary>
/// The parameters of a kernel in order, kept with its text: launches give arguments by position, and which of them a kernel
/// writes tells whose values are missing when it cannot run.
/// </summary>
internal sealed class KernelSignature
{
    private readonly ParameterSlot[] _slots;

    private KernelSignature(ParameterSlot[] slots) => _slots = slots;

    /// <summary>The parameters in the order of the launch.</summary>
    public ReadOnlySpan<ParameterSlot> Slots => _slots;

    /// <summary>As they are known from elsewhere.</summary>
    public static KernelSignature Of(ParameterSlot[] slots) => new(slots);

    /// <summary>Reads the declarations and the body of a kernel.</summary>
    public static KernelSignature Of(Kernel kernel)
    {
        Usage usage = new();
        usage.Collect(kernel.Body);
        var slots = new ParameterSlot[kernel.Parameters.Count];
        for (int i = 0; i < slots.Length; i++)
        {
            KernelParameter parameter = kernel.Parameters[i];
            slots[i] = parameter.Buffer is { } buffer
                ? new ParameterSlot(parameter.Name, ArgumentKind.Buffer, buffer.Element, usage.Reads(i), usage.Writes(i))
                : new ParameterSlot(parameter.Name, KindOf(parameter.Type), null, false, false);
        }

        return new KernelSignature(slots);
    }

    private static ArgumentKind KindOf(RegisterType type) => type switch
    {
        RegisterType.Int32 => ArgumentKind.Int32,
        RegisterType.UInt32 => ArgumentKind.UInt32,
        RegisterType.Int64 => ArgumentKind.Int64,
        RegisterType.Float32 => ArgumentKind.Float32,
        RegisterType.Float64 => ArgumentKind.Float64,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Kernels take no such parameter."),
    };

    /// <summary>Which buffers are read and written, including those that pointers lead to.</summary>
    private sealed class Usage
    {
        private readonly HashSet<int> _read = [], _written = [];
        private readonly List<(int Pointer, int Target)> _points = [];

        public bool Reads(int parameter) => Touches(_read, parameter);

        public bool Writes(int parameter) => Touches(_written, parameter);

        public void Collect(Block block)
        {
            foreach (Statement statement in block.Statements)
            {
                switch (statement)
                {
                    case LoadStatement load:
                        _read.Add(load.Memory.Parameter);
                        break;
                    case CopyAsyncStatement copy:
                        _read.Add(copy.Global.Parameter);
                        break;
                    case StoreStatement store:
                        _written.Add(store.Memory.Parameter);
                        break;
                    case PointStatement point:
                        _points.Add((point.Pointer.Parameter, point.Target.Parameter));
                        break;
                    case IfStatement branch:
                        Collect(branch.Then);
                        if (branch.Otherwise is { } otherwise)
                        {
                            Collect(otherwise);
                        }

                        break;
                    case ForStatement loop:
                        Collect(loop.Body);
                        break;
                }
            }
        }

        private bool Touches(HashSet<int> touched, int parameter) =>
            touched.Contains(parameter) || _points.Exists(point => point.Target == parameter && touched.Contains(point.Pointer));
    }
}
