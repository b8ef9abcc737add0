using System.Numerics;

namespace Engine.PtxInterpreter;

/// <summary>
/// Products of warpgroups that were begun: wgmma.mma_async. They are carried out when their group is waited for and not a moment sooner, from what shared memory
/// holds then. Until that the registers of the sums hold a NaN, so that a kernel that forgets to wait, or fills a buffer too early, computes nonsense.
/// </summary>
internal sealed unsafe class WarpgroupProducts
{
    /// <summary>Threads of a warpgroup.</summary>
    public const int Size = 128;

    private const uint UnderWay = 0x7FC0DEAD;

    private readonly Block _block;
    private readonly int[] _groups;
    private readonly bool[] _isFenced, _areFactorsFenced;
    private readonly List<Sums> _sums = [];
    private readonly Queue<Product>[] _pending;

    public WarpgroupProducts(Block block)
    {
        _block = block;
        int warpgroups = (block.Threads + Size - 1) / Size;
        (_groups, _isFenced, _areFactorsFenced) = (new int[warpgroups], new bool[warpgroups], new bool[warpgroups]);
        _pending = new Queue<Product>[warpgroups];
        for (int i = 0; i < warpgroups; i++)
        {
            _pending[i] = new Queue<Product>();
        }
    }

    /// <summary>Whether nothing is added to the sums: a broken card.</summary>
    public bool AreLost { get; set; }

    public void Reset()
    {
        Array.Clear(_groups);
        Array.Clear(_isFenced);
        Array.Clear(_areFactorsFenced);
        _sums.Clear();
        foreach (Queue<Product> pending in _pending)
        {
            pending.Clear();
        }
    }

    /// <summary>Orders what the threads did to their registers before the products that follow.</summary>
    public void Fence(int first) => _isFenced[first / Size] = _areFactorsFenced[first / Size] = true;

    /// <summary>Begins a product of the warpgroup whose first thread is given.</summary>
    public void Begin(int first, MatrixShape shape, int[] registers, WarpgroupFactor a, SharedMatrix b, bool isSum)
    {
        int warpgroup = first / Size;
        if (a.Registers is not null && !_areFactorsFenced[warpgroup])
        {
            _block.Fault(PtxFaultKind.AsyncOrder, first, "multiplies registers that were not ordered before by wgmma.fence");
        }

        Sums? sums = _sums.Find(known => known.First == first && known.Registers.Intersect(registers).Any());
        if (sums is not null && !sums.Registers.AsSpan().SequenceEqual(registers))
        {
            _block.Fault(PtxFaultKind.AsyncOrder, first, "adds to registers some of which belong to another product that is under way");
        }

        if (sums is null)
        {
            if (!_isFenced[warpgroup])
            {
                _block.Fault(PtxFaultKind.AsyncOrder, first, "uses registers that were not ordered before by wgmma.fence");
            }

            sums = new Sums(first, registers, shape);
            _sums.Add(sums);
            sums.Take(_block);
        }

        // A card may read at once, or as late as when it is waited for: both must find the factors.
        a.Shared?.Check(_block, first, shape.Rows, shape.Depth);
        b.Check(_block, first, shape.Columns, shape.Depth);
        sums.Pending++;
        _pending[warpgroup].Enqueue(new Product(_groups[warpgroup], sums, shape, a, b, isSum));
    }

    /// <summary>Closes the group of the products that the warpgroup began.</summary>
    public void Commit(int first)
    {
        _groups[first / Size]++;

        // Factors of the next group are other registers, which another fence has to order.
        _areFactorsFenced[first / Size] = false;
    }

    /// <summary>The warpgroup waits for all but the latest groups.</summary>
    public void Wait(int first, int latest)
    {
        int warpgroup = first / Size;
        while (_pending[warpgroup].TryPeek(out Product product) && product.Group < _groups[warpgroup] - latest)
        {
            _pending[warpgroup].Dequeue();
            if (!AreLost)
            {
                product.Sums.Add(_block, product);
            }

            if (--product.Sums.Pending == 0)
            {
                product.Sums.Give(_block);
                _sums.Remove(product.Sums);
            }
        }

        // What is done with registers from here on has to be ordered anew.
        _isFenced[warpgroup] = false;
    }

    /// <summary>A product under way.</summary>
    private readonly record struct Product(int Group, Sums Sums, MatrixShape Shape, WarpgroupFactor A, SharedMatrix B, bool IsSum);

    /// <summary>
    /// The sums of a warpgroup in its registers. Of warp w, lane l, register i holds row 16·w + l / 4 + 8·(i / 2 % 2) and column 8·(i / 4) + 2·(l % 4) + i % 2.
    /// </summary>
    private sealed class Sums(int first, int[] registers, MatrixShape shape)
    {
        private readonly float[] _values = new float[shape.Rows * shape.Columns];

        public int First => first;

        public int[] Registers => registers;

        public int Pending { get; set; }

        /// <summary>Reads them from the registers, which nobody may look at from now on.</summary>
        public void Take(Block block)
        {
            for (int i = 0; i < registers.Length; i++)
            {
                float* column = (float*)(block.Frame + registers[i]) + first;
                for (int thread = 0; thread < Size; thread++)
                {
                    _values[Place(thread, i)] = column[thread];
                    ((uint*)column)[thread] = UnderWay;
                }
            }
        }

        /// <summary>Writes them to the registers.</summary>
        public void Give(Block block)
        {
            for (int i = 0; i < registers.Length; i++)
            {
                float* column = (float*)(block.Frame + registers[i]) + first;
                for (int thread = 0; thread < Size; thread++)
                {
                    column[thread] = _values[Place(thread, i)];
                }
            }
        }

        public void Add(Block block, in Product product)
        {
            float[] a = product.A.Read(block, first, shape), b = product.B.Read(block, first, shape.Columns, shape.Depth);
            if (!product.IsSum)
            {
                Array.Clear(_values);
            }

            // B is held as columns of factors along the depth; rows of it let a row of sums be added to at once.
            float[] right = new float[b.Length];
            for (int column = 0; column < shape.Columns; column++)
            {
                for (int k = 0; k < shape.Depth; k++)
                {
                    right[(k * shape.Columns) + column] = b[(column * shape.Depth) + k];
                }
            }

            for (int row = 0; row < shape.Rows; row++)
            {
                Span<float> sums = _values.AsSpan(row * shape.Columns, shape.Columns);
                for (int k = 0; k < shape.Depth; k++)
                {
                    AddProducts(sums, right.AsSpan(k * shape.Columns, shape.Columns), a[(row * shape.Depth) + k]);
                }
            }
        }

        private static void AddProducts(Span<float> sums, ReadOnlySpan<float> factors, float factor)
        {
            int i = 0;
            for (Vector<float> all = new(factor); i <= sums.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.FusedMultiplyAdd(new Vector<float>(factors[i..]), all, new Vector<float>(sums[i..])).CopyTo(sums[i..]);
            }

            for (; i < sums.Length; i++)
            {
                sums[i] = MathF.FusedMultiplyAdd(factors[i], factor, sums[i]);
            }
        }

        private int Place(int thread, int register)
        {
            int lane = thread % WarpOperation.Size;
            int row = (16 * (thread / WarpOperation.Size)) + (lane / 4) + (8 * (register / 2 % 2)), column = (8 * (register / 4)) + (2 * (lane % 4)) + (register % 2);
            return (row * shape.Columns) + column;
        }
    }
}

/// <summary>The first factor of a product: in shared memory or in registers.</summary>
internal readonly record struct WarpgroupFactor(SharedMatrix? Shared, RegisterMatrix? Registers)
{
    /// <summary>The factors, [rows, depth].</summary>
    public float[] Read(Block block, int first, MatrixShape shape) =>
        Registers?.Read(block, first, shape.Depth) ?? Shared!.Value.Read(block, first, shape.Rows, shape.Depth);
}

/// <summary>Sizes of a product.</summary>
internal readonly record struct MatrixShape(int Rows, int Columns, int Depth);
