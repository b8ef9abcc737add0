using System.Collections.Concurrent;

namespace Engine.Gpu;

/// <summary>The compiled kernels of one device, by definition; behind them those that <paramref name="disk"/> kept from earlier runs.</summary>
internal sealed class KernelCache(GpuDriver driver, DiskCache? disk = null)
{
    private readonly ConcurrentDictionary<Type, object> _tables = new();
    private readonly Lock _compiling = new();
    private int _count;
    private int _loaded;

    /// <summary>How many kernels were compiled or loaded.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many of them came from the disk.</summary>
    public int Loaded => Volatile.Read(ref _loaded);

    /// <summary>The kernel of a definition, compiled on first use.</summary>
    public CompiledKernel Get<TDefinition>(in TDefinition definition)
        where TDefinition : struct, IKernelDefinition, IEquatable<TDefinition>
    {
        var table = (ConcurrentDictionary<TDefinition, CompiledKernel>)_tables.GetOrAdd(typeof(TDefinition), static _ => new ConcurrentDictionary<TDefinition, CompiledKernel>());
        return table.TryGetValue(definition, out CompiledKernel? kernel) ? kernel : Compile(table, definition);
    }

    private CompiledKernel Compile<TDefinition>(ConcurrentDictionary<TDefinition, CompiledKernel> table, TDefinition definition)
        where TDefinition : struct, IKernelDefinition, IEquatable<TDefinition>
    {
        lock (_compiling)
        {
            if (!table.TryGetValue(definition, out CompiledKernel? kernel))
            {
                kernel = Compile(KernelRenderer.Render(definition.Build(driver.Target), driver.Target));
                _count++;
                table[definition] = kernel;
            }

            return kernel;
        }
    }

    private CompiledKernel Compile(KernelSource source)
    {
        if (disk?.TryRead(source, driver.Identity) is { } binary && driver.TryLoad(source, binary) is { } loaded)
        {
            _loaded++;
            return loaded;
        }

        CompiledKernel compiled = driver.Compile(source);
        disk?.Write(source, driver.Identity, driver.GetBinary(compiled));
        return compiled;
    }
}
