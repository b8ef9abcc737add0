using System.Collections.Concurrent;

namespace Engine.Gpu;

/// <summary>The compiled kernels of one device, by definition.</summary>
internal sealed class KernelCache(GpuDriver driver)
{
    private readonly ConcurrentDictionary<Type, object> _tables = new();
    private readonly Lock _compiling = new();
    private int _count;

    /// <summary>How many kernels were compiled or loaded.</summary>
    public int Count => Volatile.Read(ref _count);

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
                kernel = driver.Compile(KernelRenderer.Render(definition.Build(driver.Target), driver.Target));
                _count++;
                table[definition] = kernel;
            }

            return kernel;
        }
    }
}
