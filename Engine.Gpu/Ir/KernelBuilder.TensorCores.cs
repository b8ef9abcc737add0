namespace Engine.Gpu;

internal sealed partial class KernelBuilder
{
    /// <summary>A Float32 as a tf32 factor of <see cref="Mma"/>, UInt32.</summary>
    public Value RoundTf32(Value a)
    {
        RequireTensorCores(nameof(RoundTf32));
        RequireType(Opcode.RoundTf32, a, RegisterType.Float32);
        return Pure(Opcode.RoundTf32, RegisterType.UInt32, 0, a, isNonNegative: true);
    }

    /// <summary>Two Float32 as two neighbouring factors of <see cref="Mma"/>, UInt32.</summary>
    /// <param name="element">Float16 or BFloat16.</param>
    /// <param name="first">The one at the lower address.</param>
    /// <param name="second">The other.</param>
    public Value Pack(DType element, Value first, Value second)
    {
        RequireTensorCores(nameof(Pack));
        Opcode op = element == DType.Float16 ? Opcode.PackFloat16 : Opcode.PackBFloat16;
        RequireType(op, first, RegisterType.Float32);
        RequireType(op, second, RegisterType.Float32);
        return Pure(op, RegisterType.UInt32, 0, second, first, isNonNegative: true);
    }

    /// <summary>2ᵃ, quickly and to nearly all digits; 0 for −∞, NaN for NaN.</summary>
    public Value FastPowerOfTwo(Value a)
    {
        RequireTensorCores(nameof(FastPowerOfTwo));
        RequireType(Opcode.FastPowerOfTwo, a, RegisterType.Float32);
        return Pure(Opcode.FastPowerOfTwo, RegisterType.Float32, 0, a);
    }

    /// <summary>D = A·B + C over a warp, as lanes hold it; see <see cref="MmaShape"/>.</summary>
    public Value[] Mma(MmaShape shape, Value[] a, Value[] b, Value[] c)
    {
        RequireTensorCores(nameof(Mma));
        if (a.Length != 4 || b.Length != 2 || c.Length != 4)
        {
            throw Fault($"{shape} of {a.Length}, {b.Length} and {c.Length} registers");
        }

        RequireAll(a, RegisterType.UInt32);
        RequireAll(b, RegisterType.UInt32);
        RequireAll(c, RegisterType.Float32);
        Value[] results = FreshFour(RegisterType.Float32);
        Append(new MmaStatement(shape, a, b, c, results));
        return results;
    }

    /// <summary>C += A·B over a warp, in the four registers of each lane.</summary>
    public void AddMma(MmaShape shape, Value[] a, Value[] b, Variable[] sums)
    {
        Value[] results = Mma(shape, a, b, Array.ConvertAll(sums, static sum => sum.Value));
        for (int r = 0; r < results.Length; r++)
        {
            sums[r].Value = results[r];
        }
    }

    /// <summary>Four 8×8 matrices of 16-bit elements; lane 8i + r passes where row r of matrix i begins.</summary>
    public Value[] LoadMatrix(Memory shared, Value index, bool transposed)
    {
        RequireTensorCores(nameof(LoadMatrix));
        (Value start, int offset) = Address(shared, index, 1, null);
        Value[] results = FreshFour(RegisterType.UInt32);
        Append(new LoadMatrixStatement(shared, start, offset, transposed, results));
        return results;
    }

    /// <summary>Starts a copy of 4, 8 or 16 bytes from global to shared memory; zeros where the condition does not hold.</summary>
    public void CopyAsync(Memory shared, Value sharedIndex, Memory global, Value globalIndex, int bytes, Value? condition = null)
    {
        RequireTensorCores(nameof(CopyAsync));
        if (bytes is not (4 or 8 or 16))
        {
            throw Fault($"an asynchronous copy of {bytes} bytes");
        }

        (Value to, int toOffset) = Address(shared, sharedIndex, 1, condition);
        (Value from, int fromOffset) = Address(global, globalIndex, 1, condition);
        Append(new CopyAsyncStatement(shared, to, toOffset, global, from, fromOffset, bytes, condition));
    }

    /// <summary>Closes a group of asynchronous copies.</summary>
    public void CommitAsync()
    {
        RequireTensorCores(nameof(CommitAsync));
        Append(new CommitAsyncStatement());
    }

    /// <summary>Waits until at most so many groups are under way.</summary>
    public void WaitAsync(int groupsInFlight)
    {
        RequireTensorCores(nameof(WaitAsync));
        Append(new WaitAsyncStatement(groupsInFlight));
    }

    private Value[] FreshFour(RegisterType type) =>
        [Fresh(Opcode.Read, type, -1, false), Fresh(Opcode.Read, type, -1, false), Fresh(Opcode.Read, type, -1, false), Fresh(Opcode.Read, type, -1, false)];

    private void RequireAll(Value[] values, RegisterType type)
    {
        foreach (Value value in values)
        {
            RequireType(Opcode.Read, value, type);
        }
    }

    private void RequireTensorCores(string what)
    {
        if (!Target.HasTensorCores)
        {
            throw Fault($"{what} needs a CUDA device of compute capability 8.0");
        }
    }
}
