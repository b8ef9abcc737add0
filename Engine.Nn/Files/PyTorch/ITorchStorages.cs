namespace Engine.Nn;

/// <summary>Where a checkpoint of PyTorch keeps the elements that its pickle names.</summary>
internal interface ITorchStorages
{
    /// <summary>What the pickle holds.</summary>
    object? Root { get; }

    /// <summary>Everything in it that can hold a tensor.</summary>
    IReadOnlyList<object> Collections { get; }

    /// <summary>Whether the writer had the most significant byte first.</summary>
    bool IsBigEndian { get; }

    /// <summary>The place of a storage in the file.</summary>
    (long Offset, long Bytes) Locate(TorchStorage storage);
}
