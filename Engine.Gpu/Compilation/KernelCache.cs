using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>The compiled kernels of one device, by definition, backed by those that <paramref name="disk"/> kept from earlier runs.</summary>
internal sealed class KernelCache(GpuDriver driver, DiskCache? disk, CompilerSlots compilers, GpuTarget target)
{
    /// <summary>For the driver's own target, with as many compilers at a time as the environment allows.</summary>
    public KernelCache(GpuDriver driver, DiskCache? disk = null)
        : this(driver, disk, CompilerSlots.Shared, driver.Target)
    {
    }

    private static int s_tables;

    private readonly GpuTarget _target = target;
    private readonly Lock _growing = new();
    private readonly ConcurrentQueue<CompiledKernel> _spilling = [];
    private object?[] _tables = new object?[32];
    private int _count;
    private int _loaded;

    /// <summary>How many kernels were compiled or loaded.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many of them came from the disk.</summary>
    public int Loaded => Volatile.Read(ref _loaded);

    /// <summary>Kernels whose registers did not suffice, so that they keep some of their values in memory: a mistake in the choice of a tile.</summary>
    public IReadOnlyCollection<CompiledKernel> Spilling => _spilling;

    /// <summary>The kernel of a definition, compiled on first use.</summary>
    public CompiledKernel Get<TDefinition>(in TDefinition definition)
        where TDefinition : struct, IKernelText, IEquatable<TDefinition> =>
        Find(definition, compilesAhead: false).Wait();

    /// <summary>The kernel of a definition, which may not be there yet. With <paramref name="compilesAhead"/> a new one is begun on another thread.</summary>
    /// <exception cref="OperationNotSupportedException">The device lacks a feature that the kernel needs.</exception>
    public KernelEntry Find<TDefinition>(in TDefinition definition, bool compilesAhead)
        where TDefinition : struct, IKernelText, IEquatable<TDefinition>
    {
        ConcurrentDictionary<TDefinition, KernelEntry> table = Table<TDefinition>();
        return table.TryGetValue(definition, out KernelEntry? entry) ? entry : Begin(table, definition, compilesAhead);
    }

    private KernelEntry Begin<TDefinition>(ConcurrentDictionary<TDefinition, KernelEntry> table, TDefinition definition, bool compilesAhead)
        where TDefinition : struct, IKernelText, IEquatable<TDefinition>
    {
        Entry<TDefinition> made = new(this, table, definition);
        KernelEntry entry = table.GetOrAdd(definition, made);
        try
        {
            _ = entry.Source;
        }
        catch
        {
            table.TryRemove(KeyValuePair.Create(definition, entry));
            throw;
        }

        if (compilesAhead && ReferenceEquals(entry, made))
        {
            ThreadPool.UnsafeQueueUserWorkItem(entry, preferLocal: false);
        }

        return entry;
    }

    private CompiledKernel Compile(KernelSource source)
    {
        byte[]? binary = disk?.TryRead(source, driver.Identity);
        // The turn before the slot: who waits for another process holds no compiler.
        using CompileTurn? turn = binary is null ? disk?.TakeTurn(source, driver.Identity, out binary) : null;
        CompiledKernel compiled;
        using (compilers.Enter())
        {
            if (binary is not null && driver.TryLoad(source, binary) is { } loaded)
            {
                Interlocked.Increment(ref _loaded);
                return loaded;
            }

            compiled = driver.Compile(source);
        }

        disk?.Write(source, driver.Identity, driver.GetBinary(compiled));
        return compiled;
    }

    // Every launch comes here: a number for each type of definitions is found much sooner than the type in a dictionary.
    private ConcurrentDictionary<TDefinition, KernelEntry> Table<TDefinition>()
        where TDefinition : struct, IKernelText, IEquatable<TDefinition>
    {
        object?[] tables = Volatile.Read(ref _tables);
        int number = TableNumber<TDefinition>.Value;
        return number < tables.Length && Volatile.Read(ref tables[number]) is { } table
            ? Unsafe.As<ConcurrentDictionary<TDefinition, KernelEntry>>(table)
            : NewTable<TDefinition>(number);
    }

    private ConcurrentDictionary<TDefinition, KernelEntry> NewTable<TDefinition>(int number)
        where TDefinition : struct, IKernelText, IEquatable<TDefinition>
    {
        lock (_growing)
        {
            object?[] tables = _tables;
            if (number >= tables.Length)
            {
                Array.Resize(ref tables, Math.Max(number + 1, 2 * tables.Length));
                Volatile.Write(ref _tables, tables);
            }

            if (tables[number] is not ConcurrentDictionary<TDefinition, KernelEntry> table)
            {
                table = new ConcurrentDictionary<TDefinition, KernelEntry>();
                Volatile.Write(ref tables[number], table);
            }

            return table;
        }
    }

    private static class TableNumber<TDefinition>
    {
        public static readonly int Value = Interlocked.Increment(ref s_tables) - 1;
    }

    private sealed class Entry<TDefinition>(KernelCache cache, ConcurrentDictionary<TDefinition, KernelEntry> table, TDefinition definition) : KernelEntry
        where TDefinition : struct, IKernelText, IEquatable<TDefinition>
    {
        protected override KernelSource Write() => definition.Write(cache._target);

        protected override CompiledKernel Make(KernelSource source)
        {
            try
            {
                CompiledKernel kernel = cache.Compile(source);
                source.ForgetText();
                Interlocked.Increment(ref cache._count);
                if (kernel.LocalBytes > 0)
                {
                    cache._spilling.Enqueue(kernel);
                }

                return kernel;
            }
            catch
            {
                // The next one who wants it tries anew: memory may have been short.
                table.TryRemove(definition, out _);
                throw;
            }
        }
    }
}
