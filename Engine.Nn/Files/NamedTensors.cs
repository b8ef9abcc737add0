namespace Engine.Nn;

/// <summary>The tensors of a file by their names; where reading fails, those that were read are given up.</summary>
internal static class NamedTensors
{
    /// <param name="file">Says what is wrong where two have one name.</param>
    /// <param name="arrays">Read one after another.</param>
    public static Dictionary<string, Tensor> Collect(CheckedFile file, IEnumerable<(string Name, Tensor Tensor)> arrays)
    {
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        try
        {
            foreach ((string name, Tensor tensor) in arrays)
            {
                if (!tensors.TryAdd(name, tensor))
                {
                    tensor.Dispose();
                    throw file.Damaged($"two of its arrays are named {FileText.Quote(name)}");
                }
            }

            return tensors;
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }
}
