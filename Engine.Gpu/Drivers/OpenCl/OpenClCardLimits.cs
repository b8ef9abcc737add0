using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

/// <summary>What a class of cards allows tiles to be, where OpenCL has no question for it: from the vendors' published descriptions.</summary>
/// <param name="MostSums">Most sums that a work-item keeps in registers.</param>
/// <param name="MaxGroupSize">Most work-items of a group.</param>
/// <param name="UnitsOfCore">Compute units, as the driver counts them, that share local memory and run groups together.</param>
internal readonly record struct OpenClCardLimits(int MostSums, int MaxGroupSize, int UnitsOfCore)
{
    private const uint Intel = 0x8086, Arm = 0x13B5, Qualcomm = 0x5143;

    /// <summary>AMD's drivers promise no more than 256, and more would gain nothing elsewhere.</summary>
    private const int LargestGroup = 256;

    private static OpenClCardLimits Usual => new(GpuTarget.UsualSums, LargestGroup, 1);

    /// <summary>Reads them.</summary>
    public static OpenClCardLimits Read(ClApi api, nint device, bool isProcessor) => isProcessor ? Usual : Of(
        ClInfo.Device<uint>(api, device, CL_DEVICE_VENDOR_ID),
        ClInfo.DeviceString(api, device, CL_DEVICE_VENDOR),
        ClInfo.Device<uint>(api, device, CL_DEVICE_LOCAL_MEM_TYPE) == CL_LOCAL,
        (int)ClInfo.Device<uint>(api, device, CL_DEVICE_NUM_EUS_PER_SUB_SLICE_INTEL));

    /// <summary>The limits of a card.</summary>
    /// <param name="vendor">The vendor's number, that of PCI where the vendor has one.</param>
    /// <param name="name">The vendor's name.</param>
    /// <param name="hasLocalMemory">Whether local memory is memory of its own, and not a part of global memory.</param>
    /// <param name="unitsOfSlice">Of Intel's cards: the units that share local memory; 0 if the driver does not say.</param>
    public static OpenClCardLimits Of(uint vendor, string name, bool hasLocalMemory, int unitsOfSlice)
    {
        // A thread has 128 registers of 32 bytes: 64 numbers for each of 16 work-items. The driver counts the units of 8 or 16 lanes, of which
        // 8 to 16 share local memory.
        if (vendor == Intel)
        {
            return new OpenClCardLimits(32, LargestGroup, Math.Clamp(unitsOfSlice, 8, 16));
        }

        // Mali (Bifrost, Valhall) has 64 registers for each work-item, half of them with all threads in flight; its local memory lies in its caches.
        // Adreno publishes no number, and advises small groups and few registers.
        bool isMobile = vendor is Arm or Qualcomm || name.Contains("QUALCOMM", StringComparison.OrdinalIgnoreCase) || name.Equals("ARM", StringComparison.OrdinalIgnoreCase);
        return isMobile || !hasLocalMemory ? new OpenClCardLimits(16, 128, 1) : Usual;
    }
}
