using Engine.PtxInterpreter;

namespace Engine.Perf.Paper;

/// <summary>Devices on which workloads run for a card that is not there.</summary>
internal static class PaperDevice
{
    /// <summary>A device whose kernels are chosen for the card and whose launches are sampled.</summary>
    public static Engine.Gpu.CudaDevice Create(PaperCard card, LaunchSampler sampler) => InterpretedCuda.CreatePaperDevice(
        card.Capability, card.Multiprocessors, sampler, target => card.OpenClSums > 0 ? target with { MostSums = card.OpenClSums, HasMeetings = false } : target);
}
