namespace Engine.Cpu;

internal sealed partial class CpuBackend
{
    /// <summary>Moving a byte costs about an eighth of an addition.</summary>
    private const int BytesPerUnitOfWork = 8;

    /// <summary>A copy between layouts of one type, whatever the type.</summary>
    private unsafe void Copy(in Operand from, in Operand to, Shape shape)
    {
        CopyPlan.Create(from, to, shape, out CopyPlan plan);
        int parts = Parts(shape.ElementCount * plan.ElementBytes / BytesPerUnitOfWork, CopyLoop.Units(plan));
        var loop = new CopyLoop(&plan, _level, parts);
        _pool.Run(parts, ref loop);
    }
}
