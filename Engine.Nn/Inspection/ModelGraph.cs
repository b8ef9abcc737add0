namespace Engine.Nn;

/// <summary>The computation graph of a model, its steps grouped by module.</summary>
public static class ModelGraph
{
    /// <summary>Records a computation in which a model runs: its steps lie in the groups of the modules that made them, its parameters have their names.</summary>
    /// <param name="model">The model.</param>
    /// <param name="compute">Runs the model, and a loss where one is wanted: <c>() => Losses.CrossEntropy(model.Forward(x), y)</c>.</param>
    /// <returns>
    /// The graph with every step. <c>Collapse(2)</c> shows the blocks of a ResNet as one node each. Modules that the engine fuses with their
    /// neighbours (a ReLU into a convolution) run by themselves here, so that each is seen.
    /// </returns>
    /// <remarks>
    /// Steps between the inner calls of a module belong to that module, if it is one of the engine's layers or a member of a
    /// <see cref="Sequential"/>; other modules show no steps of their own.
    /// </remarks>
    /// <exception cref="GradientException">The result does not depend on a tensor that requires a gradient.</exception>
    public static ComputationGraph Of(Module model, Func<Tensor> compute)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(compute);
        ModuleGroups groups = new(model);
        ComputationGraph graph;
        using (ForwardTrace.Begin(groups.Add))
        {
            graph = ComputationGraph.Record(compute);
        }

        groups.Complete(graph);
        return graph;
    }

    /// <summary>The graph of a layer's forward pass on zeros of the given shape, in its present mode; running statistics are put back.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">The shape of a batch, such as [1, 3, 32, 32].</param>
    /// <param name="dtype">The type of the input: that of the parameters unless given; int64 for an embedding.</param>
    /// <exception cref="GradientException">No parameter of the layer requires a gradient.</exception>
    public static ComputationGraph Graph(this Layer layer, Shape input, DType? dtype = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        Tensor? parameter = layer.Parameters.FirstOrDefault();
        Tensor x = Tensor.Zeros(input, dtype ?? parameter?.DType ?? DType.Float32, parameter?.Device);
        x.Name = "input";
        List<(Tensor Buffer, Tensor Before)> buffers = [];
        using GradMode.Scope mode = GradMode.On();
        foreach ((_, Tensor buffer) in layer.NamedBuffers())
        {
            buffers.Add((buffer, buffer.Clone()));
        }

        try
        {
            return Of(layer, () => layer.Forward(x));
        }
        finally
        {
            foreach ((Tensor buffer, Tensor before) in buffers)
            {
                buffer.CopyFrom(before);
                before.Dispose();
            }
        }
    }
}
