namespace Engine.Cpu;

/// <summary>Runs a tile program over a share of a plan's tiles and copies buffered results to their operands.</summary>
internal readonly unsafe struct MapLoop(TileProgram program, MapPlan* plan, byte* uniforms, double* parameters, int parts) : IParallelBody
{
    public void Run(int part, int worker)
    {
        var runner = new TileRunner(program, plan, uniforms, parameters);
        using ScratchLease scratch = Scratch.Rent(runner.ScratchBytes);
        runner.Bind(scratch.Pointer);
        long end = plan->Tiles * (part + 1) / parts;
        for (long tile = plan->Tiles * part / parts; tile < end; tile++)
        {
            runner.Run(tile);
            for (int o = 0; o < plan->Outputs; o++)
            {
                if (plan->View(plan->Inputs + o).Access != OperandAccess.Direct)
                {
                    Scatter(ref runner, o);
                }
            }
        }

        if (plan->Streams)
        {
            Streaming.End();
        }
    }

    private void Scatter(ref TileRunner runner, int output)
    {
        int k = plan->Inputs + output;
        ref OperandView view = ref plan->View(k);
        byte* tile = runner.Pointer(program.OutputSlots[output]);
        for (TileRows rows = runner.Rows(k); rows.Next(); tile += rows.Length * program.ComputeType.SizeInBytes())
        {
            TileTransfer.Store(program.ComputeType, view.DType, tile, view.Base + (rows.Offset * view.ElementBytes), rows.Stride, rows.Length);
        }
    }
}
