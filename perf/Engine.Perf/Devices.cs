using System.Collections.Immutable;
using System.Globalization;
using Engine.Gpu;
using Engine.Perf.Paper;
using Engine.PtxInterpreter;
using ILGPU;
using ILGPU.Runtime.Cuda;
using CudaDevice = Engine.Gpu.CudaDevice;

namespace Engine.Perf;

/// <summary>The devices that a name can mean here.</summary>
internal static class Devices
{
    private const string Paper = "paper:";

    /// <summary>
    /// A device by its name; or <c>paper:90x132</c>, a card of NVIDIA's that is not there, of compute capability 9.0 and with 132 multiprocessors: kernels are
    /// chosen and compiled for it and their launches do nothing, so that nothing but the host can be timed.
    /// </summary>
    public static Device Get(string name)
    {
        if (!name.StartsWith(Paper, StringComparison.Ordinal))
        {
            return Device.Get(name);
        }

        if (Perf.Paper.PaperCard.Find(name[Paper.Length..]) is { } card)
        {
            return InterpretedCuda.CreatePaperDevice(card.Capability, card.Multiprocessors);
        }

        string[] parts = name[Paper.Length..].Split('x');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int capability)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int multiprocessors)
            ? InterpretedCuda.CreatePaperDevice(capability, multiprocessors)
            : throw new ArgumentException($"{name} names no card; paper:90x132 has compute capability 9.0 and 132 multiprocessors.", nameof(name));
    }

    /// <summary>The card that a name such as <c>paper:h100</c> means.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static PaperCard PaperCard(string name) =>
        (name.StartsWith(Paper, StringComparison.Ordinal) ? Perf.Paper.PaperCard.Find(name[Paper.Length..]) : null)
        ?? throw new ArgumentException($"{name} names no card whose figures are known; --predict takes {string.Join(", ", Perf.Paper.PaperCard.All.Select(static card => Paper + card.Name))}.", nameof(name));

    /// <summary>Chooses the kernels of a device; null leaves them as they are.</summary>
    /// <exception cref="ArgumentException">The device has no other kernels than its own.</exception>
    public static void UseKernels(Device device, KernelSet? kernels)
    {
        if (device is GpuDevice gpu)
        {
            gpu.Kernels = kernels ?? gpu.Kernels;
        }
        else if (kernels == KernelSet.Ilgpu)
        {
            throw new ArgumentException($"--kernels ilgpu: {device.Name} has kernels of its own only. ILGPU's run on cuda and opencl devices.", nameof(kernels));
        }
    }

    /// <summary>A card of NVIDIA's (<c>cuda</c> or <c>cuda:1</c>) through an accelerator of ILGPU's, with cuBLAS for large products.</summary>
    public static CudaDevice GetWithCuBlas(string name)
    {
        string[] parts = name.Split(':');
        int index = 0;
        if (parts[0] != "cuda" || parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new ArgumentException($"{name} is no card that has cuBLAS; --cublas goes with --device cuda or cuda:1.", nameof(name));
        }

        IlgpuLibraries.Register();
        Context context = Context.Create(static builder => builder.Cuda().EnableAlgorithms());
        ImmutableArray<ILGPU.Runtime.Cuda.CudaDevice> cards = [.. context.GetCudaDevices()];
        if (index >= cards.Length)
        {
            throw new ArgumentException($"{name}: ILGPU finds {cards.Length} cards of NVIDIA's.", nameof(name));
        }

        CudaDevice device = CudaDevice.Adopt(cards[index].CreateCudaAccelerator(context));
        device.UseCuBlas = true;
        return device;
    }
}
