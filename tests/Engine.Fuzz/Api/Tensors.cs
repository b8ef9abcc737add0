namespace Engine.Fuzz.Api;

/// <summary>Tensors of all ranks, types and layouts; now and then a disposed one, one on another device, one full of NaN.</summary>
internal sealed class Tensors(Random random, Device device, Device other)
{
    private const int Most = 40;
    private const int LargestKept = 4096;

    private static readonly DType[] s_types = Enum.GetValues<DType>();

    private static readonly int[][] s_hostile =
    [
        [int.MaxValue, int.MaxValue], [65536, 65536, 65536], [65536, 65536, 65536, 65536], [2, 2, 5, 5581, 8681, 49477, 384773], [int.MaxValue], [0, int.MaxValue], [-1], [1, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ];

    private readonly List<Tensor> _pool = [];

    public Tensor Next()
    {
        if (_pool.Count > 5 && (_pool.Count >= Most || random.Next(3) > 0))
        {
            return _pool[random.Next(_pool.Count)];
        }

        Tensor tensor = Make();
        Add(tensor);
        return tensor;
    }

    public void Add(Tensor tensor)
    {
        if (tensor.ElementCount > LargestKept)
        {
            return;
        }

        tensor.Keep();
        if (_pool.Count < Most)
        {
            _pool.Add(tensor);
        }
        else
        {
            _pool[random.Next(Most)] = tensor;
        }
    }

    public void Clear()
    {
        foreach (Tensor tensor in _pool)
        {
            tensor.Dispose();
        }

        _pool.Clear();
    }

    /// <summary>A shape to ask for.</summary>
    public Shape Shape() => random.Next(12) == 0 ? new Shape(s_hostile[random.Next(s_hostile.Length)]) : Small();

    private Shape Small()
    {
        if (_pool.Count > 0 && random.Next(3) == 0)
        {
            return _pool[random.Next(_pool.Count)].Shape;
        }

        return new Shape([.. Enumerable.Range(0, random.Next(20) == 0 ? random.Next(9) : random.Next(5)).Select(_ => random.Next(14) == 0 ? 0 : 1 + random.Next(5))]);
    }

    private Tensor Make()
    {
        Shape shape = Small();
        DType type = random.Next(3) == 0 ? s_types[random.Next(s_types.Length)] : DType.Float32;
        Device where = random.Next(30) == 0 ? other : device;
        Tensor x = random.Next(5) switch
        {
            0 => Tensor.Zeros(shape, type, where),
            1 => Tensor.Full(shape, type.IsFloatingPoint() && random.Next(2) == 0 ? double.NaN : 1, type, where),
            2 => Tensor.RandInt(shape, 0, 4, device: where).To(type),
            _ => Tensor.Randn(shape, device: where).To(type),
        };
        int rank = x.Rank;
        x = random.Next(8) switch
        {
            0 when rank > 0 => x.Flip(random.Next(rank)),
            1 when rank > 1 => x.Transpose(0, rank - 1),
            2 when rank > 0 => x.Slice(random.Next(rank), 0, int.MaxValue, 2),
            3 when rank is > 0 and < 7 => x.Unsqueeze(0).Expand([3, .. x.Shape.ToArray()]),
            _ => x,
        };
        if (type.IsFloatingPoint() && random.Next(4) == 0)
        {
            x = x.Detach().WithGrad();
        }

        if (random.Next(80) == 0)
        {
            x.Dispose();
        }

        return x;
    }
}
