namespace Engine.Cpu;

/// <summary>Operations whose kernels have not landed; each owner deletes its lines, and the last one this file.</summary>
internal sealed partial class CpuBackend
{
    public override void PoolForward(in PoolArgs args) => throw new OperationNotSupportedException("PoolForward has no CPU kernel yet.");

    public override void PoolBackward(in PoolArgs args) => throw new OperationNotSupportedException("PoolBackward has no CPU kernel yet.");

}
