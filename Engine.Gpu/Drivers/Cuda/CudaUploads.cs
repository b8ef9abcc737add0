namespace Engine.Gpu;

/// <summary>
/// Large uploads, such as a loader's next batch, beside the work of the stream: a stream of their own carries the bytes to blocks of the device's memory while the step before computes, and the
/// work's stream copies them from there to their place, in its order.
/// </summary>
/// <remarks>
/// The place itself is written by the work's stream alone, so that a block of the pool may have any use before and after, as with every other operation. Two events guard a block: its bytes have
/// arrived (the work's stream waits for that), they were fetched (the uploads' stream waits for that before it writes the next ones). The second copy runs at the speed of the device's
/// own memory, a hundredth of the time that the bus takes.
/// </remarks>
internal sealed unsafe class CudaUploads(CudaContext context)
{
    /// <summary>Uploads below this stay in the work's stream: the second copy and the events would cost more than they save.</summary>
    public const int LeastBytes = 64 << 10;

    /// <summary>The most blocks, of which each carries one piece of an upload.</summary>
    public const int MostBlocks = 64;

    private const int BlockBytes = CudaStagingRing.SlotBytes;
    private const uint NonBlockingStream = 1, EventWithoutTiming = 2;

    private readonly Lock _lock = new();
    private readonly CudaStagingRing _staging = new(context);

    // The one that was used longest ago first.
    private readonly Queue<Block> _blocks = new();
    private nint _stream;
    private bool _isFull;

    /// <summary>Copies bytes to an address, in the order of the work's stream. The context is current.</summary>
    /// <returns>False where they are few, or the device has no memory for a block.</returns>
    public bool TryUpload(ReadOnlySpan<byte> source, nint destination, nint work)
    {
        if (source.Length < LeastBytes)
        {
            return false;
        }

        lock (_lock)
        {
            if (_stream == 0)
            {
                nint stream;
                context.Check(context.Api.cuStreamCreate(&stream, NonBlockingStream));
                _stream = stream;
            }

            if (Next() is not { } block)
            {
                return false;
            }

            while (true)
            {
                ReadOnlySpan<byte> piece = source[..Math.Min(source.Length, BlockBytes)];
                Send(piece, block, destination, work);
                source = source[piece.Length..];
                destination += piece.Length;
                if (source.IsEmpty)
                {
                    return true;
                }

                // There is one now, if only the same again.
                block = Next()!;
            }
        }
    }

    /// <summary>Gives the blocks back whose bytes were fetched, for who finds no memory; false where there are none. The context is current.</summary>
    public bool Trim()
    {
        lock (_lock)
        {
            bool any = false;
            for (int i = _blocks.Count; i > 0; i--)
            {
                Block block = _blocks.Dequeue();
                if (block.WasUsed && !IsFetched(block))
                {
                    _blocks.Enqueue(block);
                    continue;
                }

                Release(block);
                any = true;
            }

            _isFull |= any;
            return any;
        }
    }

    /// <summary>Gives everything back. Never throws; the work's stream has been waited for.</summary>
    public void Release()
    {
        lock (_lock)
        {
            if (_stream != 0)
            {
                _ = context.Api.cuStreamSynchronize(_stream);
                _ = context.Api.cuStreamDestroy_v2(_stream);
                _stream = 0;
            }

            _staging.Release();
            while (_blocks.TryDequeue(out Block? block))
            {
                Release(block);
            }
        }
    }

    private void Send(ReadOnlySpan<byte> piece, Block block, nint destination, nint work)
    {
        CudaApi api = context.Api;
        try
        {
            if (block.WasUsed)
            {
                context.Check(api.cuStreamWaitEvent(_stream, block.Fetched, 0));
            }

            _staging.Upload(piece, block.Memory, _stream);
            context.Check(api.cuEventRecord(block.Arrived, _stream));
            context.Check(api.cuStreamWaitEvent(work, block.Arrived, 0));
            context.Check(api.cuMemcpyDtoDAsync_v2(destination, block.Memory, (nuint)piece.Length, work));
            context.Check(api.cuEventRecord(block.Fetched, work));
            block.WasUsed = true;
        }
        finally
        {
            _blocks.Enqueue(block);
        }
    }

    /// <summary>A block whose bytes were fetched, a new one, or else the one that will be free first; null where there is none at all.</summary>
    private Block? Next()
    {
        bool any = _blocks.TryPeek(out Block? first);
        if (any && (!first!.WasUsed || IsFetched(first)))
        {
            return _blocks.Dequeue();
        }

        if (!_isFull && _blocks.Count < MostBlocks)
        {
            if (TryAllocate() is { } added)
            {
                return added;
            }

            _isFull = true;
        }

        return any ? _blocks.Dequeue() : null;
    }

    private bool IsFetched(Block block)
    {
        CudaResult result = context.Api.cuEventQuery(block.Fetched);
        if (result != CudaResult.CUDA_ERROR_NOT_READY)
        {
            context.Check(result, nameof(context.Api.cuEventQuery));
        }

        return result == CudaResult.CUDA_SUCCESS;
    }

    private Block? TryAllocate()
    {
        CudaApi api = context.Api;
        Block block = new();
        nint memory, arrived, fetched;
        CudaResult result = api.cuMemAlloc_v2(&memory, BlockBytes);
        if (result == CudaResult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            return null;
        }

        context.Check(result, nameof(api.cuMemAlloc_v2));
        block.Memory = memory;
        try
        {
            context.Check(api.cuEventCreate(&arrived, EventWithoutTiming));
            block.Arrived = arrived;
            context.Check(api.cuEventCreate(&fetched, EventWithoutTiming));
            block.Fetched = fetched;
            return block;
        }
        catch
        {
            Release(block);
            throw;
        }
    }

    private void Release(Block block)
    {
        if (block.Arrived != 0)
        {
            _ = context.Api.cuEventDestroy_v2(block.Arrived);
        }

        if (block.Fetched != 0)
        {
            _ = context.Api.cuEventDestroy_v2(block.Fetched);
        }

        _ = context.Api.cuMemFree_v2(block.Memory);
    }

    private sealed class Block
    {
        public nint Memory, Arrived, Fetched;

        /// <summary>Whether an event of its last use was recorded.</summary>
        public bool WasUsed;
    }
}
