using System.Runtime.InteropServices;
using Engine.PtxInterpreter;

namespace Engine.Gpu.Tests;

/// <summary>Runs a module in the interpreter, without a driver: arrays become memory of exactly their size and are read back.</summary>
internal static unsafe class Machine
{
    /// <summary>Compiles the entry <c>k</c>.</summary>
    public static KernelProgram Compile(string text)
    {
        PtxModule module = PtxParser.Parse(text);
        return KernelCompiler.Compile(module, module.Find("k")!);
    }

    /// <summary>Runs the entry <c>k</c>.</summary>
    /// <returns>Threads times instructions.</returns>
    public static long Run(string text, LaunchGrid grid, params object[] arguments) => Run(Compile(text), grid, 0, watchesRaces: false, arguments);

    /// <summary>Runs a compiled kernel.</summary>
    public static long Run(KernelProgram program, LaunchGrid grid, int sharedBytes, bool watchesRaces, params object[] arguments) =>
        Run(program, grid, sharedBytes, watchesRaces, isResident: false, arguments);

    /// <summary>Runs a compiled kernel, whose blocks may all run at the same time.</summary>
    public static long Run(KernelProgram program, LaunchGrid grid, int sharedBytes, bool watchesRaces, bool isResident, params object[] arguments)
    {
        GlobalMemory memory = new(1L << 30);
        List<(Array Values, nint Address)> buffers = [];
        byte[] block = new byte[program.ParameterBytes + 8];
        for (int i = 0; i < arguments.Length; i++)
        {
            Span<byte> place = block.AsSpan(program.Parameters[i].Offset);
            switch (arguments[i])
            {
                case Array values:
                    Span<byte> bytes = Bytes(values);
                    memory.TryAllocate(bytes.Length, out nint address);
                    bytes.CopyTo(new Span<byte>((void*)address, bytes.Length));
                    buffers.Add((values, address));
                    MemoryMarshal.Write(place, address);
                    break;
                case int value:
                    MemoryMarshal.Write(place, value);
                    break;
                case long value:
                    MemoryMarshal.Write(place, value);
                    break;
                case float value:
                    MemoryMarshal.Write(place, value);
                    break;
                case double value:
                    MemoryMarshal.Write(place, value);
                    break;
                default:
                    throw new ArgumentException($"{arguments[i].GetType()} cannot be an argument.", nameof(arguments));
            }
        }

        try
        {
            fixed (byte* parameters = block)
            {
                Launch launch = new()
                {
                    Memory = memory,
                    Grid = (grid.X, grid.Y, grid.Z),
                    DynamicSharedBytes = sharedBytes,
                    Parameters = parameters,
                    Races = watchesRaces ? new GlobalRaces() : null,
                    IsResident = isResident,
                };
                long instructions = launch.Run(program);
                foreach ((Array values, nint address) in buffers)
                {
                    new Span<byte>((void*)address, Bytes(values).Length).CopyTo(Bytes(values));
                }

                return instructions;
            }
        }
        finally
        {
            memory.Clear();
            program.Clear();
        }
    }

    private static Span<byte> Bytes(Array values)
    {
        ref byte first = ref MemoryMarshal.GetArrayDataReference(values);
        return MemoryMarshal.CreateSpan(ref first, values is Half[]? values.Length * sizeof(Half) : Buffer.ByteLength(values));
    }
}
