using System.Numerics;
using System.Text;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

internal sealed unsafe partial class OpenClDriver
{
    /// <summary>No fast-math flags: infinities, NaN, signed zeros and the order of sums are part of the results.</summary>
    private const string BuildOptions = "-cl-std=CL1.2";

    private readonly List<OpenClKernel> _kernels = [];

    /// <summary>Whether the driver has made sub-groups of another size than a kernel counted on, or refused such a text: none is tried again.</summary>
    private volatile bool _refusesSubGroups;

    /// <inheritdoc/>
    public override CompiledKernel Compile(KernelSource source)
    {
        if (source.WithoutSubGroups is { } plain)
        {
            try
            {
                if (!_refusesSubGroups)
                {
                    return CompileText(source);
                }
            }
            catch (KernelCompilationException)
            {
                _refusesSubGroups = true;
            }

            source = plain();
        }

        return CompileText(source);
    }

    private OpenClKernel CompileText(KernelSource source)
    {
        Enter();
        byte[] text = Encoding.UTF8.GetBytes(source.Text);
        int code;
        nint program;
        fixed (byte* first = text)
        {
            byte* line = first;
            nuint length = (nuint)text.Length;
            program = _api.clCreateProgramWithSource(_context, 1, &line, &length, &code);
        }

        Check(code, "clCreateProgramWithSource");
        code = Build(program, source);
        if (code != CL_SUCCESS)
        {
            string log = ClInfo.BuildLog(_api, program, _device);
            _ = _api.clReleaseProgram(program);
            throw CompilationFailed(source, $"clBuildProgram failed with {ClException.NameOf(code)}:\n{log}");
        }

        string? error = Finish(source, program, out OpenClKernel? kernel);
        return error is null ? kernel! : throw CompilationFailed(source, error);
    }

    /// <inheritdoc/>
    public override CompiledKernel? TryLoad(KernelSource source, ReadOnlySpan<byte> binary)
    {
        Enter();
        nint device = _device;
        nuint length = (nuint)binary.Length;
        int status;
        int code;
        nint program;
        fixed (byte* bytes = binary)
        {
            byte* first = bytes;
            program = _api.clCreateProgramWithBinary(_context, 1, &device, &length, &first, &status, &code);
        }

        if (code != CL_SUCCESS)
        {
            return null;
        }

        if (status != CL_SUCCESS || Build(program, source) != CL_SUCCESS)
        {
            _ = _api.clReleaseProgram(program);
            return null;
        }

        return Finish(source, program, out OpenClKernel? kernel) is null ? kernel : null;
    }

    /// <inheritdoc/>
    public override byte[] GetBinary(CompiledKernel kernel)
    {
        Enter();
        nint program = ((OpenClKernel)kernel).Program;
        nuint size = 0;
        if (_api.clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, (nuint)sizeof(nuint), &size, null) != CL_SUCCESS || size == 0)
        {
            return [];
        }

        byte[] binary = new byte[size];
        fixed (byte* bytes = binary)
        {
            byte* first = bytes;
            return _api.clGetProgramInfo(program, CL_PROGRAM_BINARIES, (nuint)sizeof(nint), &first, null) == CL_SUCCESS ? binary : [];
        }
    }

    /// <inheritdoc/>
    public override void Launch(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        Enter();
        ArgumentOutOfRangeException.ThrowIfNegative(grid.X);
        ArgumentOutOfRangeException.ThrowIfNegative(grid.Y);
        ArgumentOutOfRangeException.ThrowIfNegative(grid.Z);
        if (grid.X == 0 || grid.Y == 0 || grid.Z == 0)
        {
            return;
        }

        var openClKernel = (OpenClKernel)kernel;
        LaunchCheck.Verify(kernel.Source, arguments);

        // Setting the arguments of a kernel object and launching it is the one thing in OpenCL that two threads must not do at once.
        lock (_lock)
        {
            _lastKernel = kernel.Source.Name;
            if (Recording is { } recording)
            {
                recording.Add(Bind(openClKernel, grid, arguments));
            }
            else
            {
                SetArguments(openClKernel.Handle, arguments);
                EnqueueLaunch(openClKernel.Handle, kernel.Source.Group, grid);
                CountCommand();
            }
        }
    }

    private void SetArguments(nint kernel, ReadOnlySpan<KernelArgument> arguments)
    {
        uint index = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            ref readonly KernelArgument argument = ref arguments[i];
            long bits = argument.Bits;
            switch (argument.Kind)
            {
                case ArgumentKind.Buffer:
                    nint buffer = argument.Handle;
                    Check(_api.clSetKernelArg(kernel, index++, (nuint)sizeof(nint), &buffer), "clSetKernelArg");
                    Check(_api.clSetKernelArg(kernel, index++, sizeof(long), &bits), "clSetKernelArg");
                    break;
                case ArgumentKind.Memory:
                    nint memory = argument.Handle;
                    Check(_api.clSetKernelArg(kernel, index++, (nuint)sizeof(nint), &memory), "clSetKernelArg");
                    break;
                case ArgumentKind.SharedMemory:
                    Check(_api.clSetKernelArg(kernel, index++, (nuint)bits, null), "clSetKernelArg");
                    break;
                case ArgumentKind.Bytes:
                    SetStructure(kernel, index++, arguments[i..], out int words);
                    i += words - 1;
                    break;
                case ArgumentKind.Int32 or ArgumentKind.UInt32 or ArgumentKind.Float32:
                    Check(_api.clSetKernelArg(kernel, index++, sizeof(int), &bits), "clSetKernelArg");
                    break;
                default:
                    Check(_api.clSetKernelArg(kernel, index++, sizeof(long), &bits), "clSetKernelArg");
                    break;
            }
        }
    }

    /// <summary>Sets a parameter from eight bytes and those that continue it.</summary>
    private void SetStructure(nint kernel, uint index, ReadOnlySpan<KernelArgument> arguments, out int words)
    {
        words = 1;
        while (words < arguments.Length && arguments[words].Continues)
        {
            words++;
        }

        long* values = stackalloc long[words];
        for (int i = 0; i < words; i++)
        {
            values[i] = arguments[i].Bits;
        }

        Check(_api.clSetKernelArg(kernel, index, (nuint)(((words - 1) * sizeof(long)) + arguments[words - 1].Size), values), "clSetKernelArg");
    }

    private void EnqueueLaunch(nint kernel, GroupShape group, LaunchGrid grid)
    {
        uint dimensions = grid.Z > 1 || group.Z > 1 ? 3u : grid.Y > 1 || group.Y > 1 ? 2u : 1u;
        nuint* global = stackalloc nuint[] { (nuint)grid.X * (nuint)group.X, (nuint)grid.Y * (nuint)group.Y, (nuint)grid.Z * (nuint)group.Z };
        nuint* local = stackalloc nuint[] { (nuint)group.X, (nuint)group.Y, (nuint)group.Z };
        Check(_api.clEnqueueNDRangeKernel(_queue, kernel, dimensions, null, global, local, 0, null, null), "clEnqueueNDRangeKernel");
    }

    private int Build(nint program, KernelSource source)
    {
        nint device = _device;
        string? language = source.NeedsGenericPointers ? Target.GenericPointerLanguage : source.NeedsDeviceScope ? Target.DeviceScopeLanguage : source.Language;
        fixed (byte* options = Encoding.UTF8.GetBytes((language ?? BuildOptions) + '\0'))
        {
            return _api.clBuildProgram(program, 1, &device, options, 0, 0);
        }
    }

    /// <summary>Takes the kernel out of a built program. On an error it reports the error and releases the program.</summary>
    private string? Finish(KernelSource source, nint program, out OpenClKernel? kernel)
    {
        kernel = null;
        int code;
        nint handle = CreateKernel(program, source.Name, &code);
        if (code != CL_SUCCESS)
        {
            _ = _api.clReleaseProgram(program);
            return $"clCreateKernel failed with {ClException.NameOf(code)}";
        }

        string? error = WhyNotLaunchable(handle, source);
        if (error is not null)
        {
            _ = _api.clReleaseKernel(handle);
            _ = _api.clReleaseProgram(program);
            return error;
        }

        kernel = new OpenClKernel(source, program, handle);
        lock (_lock)
        {
            _kernels.Add(kernel);
        }

        return null;
    }

    private nint CreateKernel(nint program, string name, int* code)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(name + '\0'))
        {
            return _api.clCreateKernel(program, bytes, code);
        }
    }

    private string? WhyNotLaunchable(nint kernel, KernelSource source)
    {
        ulong most = ClInfo.Kernel<nuint>(_api, kernel, _device, CL_KERNEL_WORK_GROUP_SIZE);
        if (most != 0 && most < (ulong)source.GroupSize)
        {
            int groups = 1 << BitOperations.Log2(most);
            GroupsRefused?.Invoke(groups);
            return $"it needs groups of {source.GroupSize} work-items, but the device can run it with {most} at most. From now on no kernel is given more than {groups}: do the same again";
        }

        // A size that the text asks for is binding; PoCL reports another one, which it does not use.
        if (source.SubGroupSize > 0 && !source.RequiresSubGroupSize && _api.HasSubGroupInfo && SubGroupSize(kernel, source.GroupSize) is var size && size != (nuint)source.SubGroupSize)
        {
            return $"it counts on sub-groups of {source.SubGroupSize} work-items, but they have {size}";
        }

        ulong local = ClInfo.Kernel<ulong>(_api, kernel, _device, CL_KERNEL_LOCAL_MEM_SIZE);
        ulong localLimit = ClInfo.Device<ulong>(_api, _device, CL_DEVICE_LOCAL_MEM_SIZE);
        return local > localLimit ? $"it needs {local} bytes of local memory, but the device has {localLimit}" : null;
    }

    /// <summary>The size of all sub-groups but the last; 0 if the driver does not say.</summary>
    private nuint SubGroupSize(nint kernel, int groupSize)
    {
        nuint group = (nuint)groupSize;
        nuint size = 0;
        int code = _api.clGetKernelSubGroupInfo(kernel, _device, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE, (nuint)sizeof(nuint), &group, (nuint)sizeof(nuint), &size, null);
        return code == CL_SUCCESS ? size : 0;
    }

    private KernelCompilationException CompilationFailed(KernelSource source, string error)
    {
        StringBuilder message = new();
        message.Append(source.Name).Append(" cannot be compiled for ").Append(Description).Append(": ").Append(error).AppendLine().AppendNumbered(source.Text);
        return new KernelCompilationException(message.ToString());
    }

    private void ReleaseKernels()
    {
        foreach (OpenClKernel kernel in _kernels)
        {
            _ = _api.clReleaseKernel(kernel.Handle);
            _ = _api.clReleaseProgram(kernel.Program);
        }

        _kernels.Clear();
    }
}
