using System.Numerics;
using System.Text;

namespace Engine.Nn;

/// <summary>
/// Reads one pickle of protocol 2 to 5: a stack machine for collections, numbers, text and bytes. Whatever else a pickle names is asked of
/// <see cref="IPickleObjects"/>, so that no file runs code.
/// </summary>
/// <remarks>
/// A list is a <see cref="List{T}"/>, a tuple an array, a dictionary an <see cref="OrderedDictionary{TKey, TValue}"/>, a set a <see cref="HashSet{T}"/>, a whole number a
/// <c>long</c>, or a <see cref="BigInteger"/> where it is larger. Nothing is recursive, memory is bounded by the bytes of the pickle and by <see cref="MaxObjects"/>.
/// </remarks>
internal sealed partial class PickleMachine(PickleBytes source, IPickleObjects objects)
{
    /// <summary>The most collections and calls: the state of a model of a hundred thousand tensors has about as many. One byte makes a dictionary.</summary>
    public const int MaxObjects = 2_000_000;

    private static readonly object s_true = true, s_false = false;

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly List<object?> _memo = [];
    private int _made;

    /// <summary>Everything that can hold something, in the order in which it was made.</summary>
    public List<object> Collections { get; } = [];

    public object? Run()
    {
        if (source.Next() != (byte)PickleOp.Protocol || source.Next() is < 2 or > 5)
        {
            throw Damaged("it does not hold a pickle of protocol 2 to 5");
        }

        while (true)
        {
            byte next = source.Next();
            switch ((PickleOp)next)
            {
                case PickleOp.Stop:
                    object? result = Pop();
                    return _stack.Count == 0 && _marks.Count == 0 ? result : throw Damaged("its pickle stops with values left over");
                case PickleOp.Frame:
                    source.Int64();
                    break;
                case PickleOp.Mark:
                    Count();
                    _marks.Add(_stack.Count);
                    break;
                case PickleOp.Pop when _marks.Count > 0 && _marks[^1] == _stack.Count:
                    _marks.RemoveAt(_marks.Count - 1);
                    break;
                case PickleOp.Pop:
                    Pop();
                    break;
                case PickleOp.PopMark:
                    PopToMark();
                    break;
                case PickleOp.Dup:
                    _stack.Add(Peek());
                    break;
                case PickleOp.Memoize:
                    _memo.Add(Peek());
                    break;
                case PickleOp.BinPut:
                    Put(source.Next());
                    break;
                case PickleOp.LongBinPut:
                    Put((uint)source.Int32());
                    break;
                case PickleOp.BinGet:
                    Get(source.Next());
                    break;
                case PickleOp.LongBinGet:
                    Get((uint)source.Int32());
                    break;
                default:
                    if (!Literal((PickleOp)next) && !Collection((PickleOp)next) && !Object((PickleOp)next))
                    {
                        throw Damaged($"its pickle has the instruction 0x{next:X2}, which no checkpoint needs");
                    }

                    break;
            }
        }
    }

    private bool Literal(PickleOp op)
    {
        switch (op)
        {
            case PickleOp.None:
                _stack.Add(null);
                return true;
            case PickleOp.NewTrue:
                _stack.Add(s_true);
                return true;
            case PickleOp.NewFalse:
                _stack.Add(s_false);
                return true;
            case PickleOp.BinInt:
                _stack.Add((long)source.Int32());
                return true;
            case PickleOp.BinInt1:
                _stack.Add((long)source.Next());
                return true;
            case PickleOp.BinInt2:
                _stack.Add((long)source.UInt16());
                return true;
            case PickleOp.Long1:
                _stack.Add(Integer(source.Bytes(source.Next())));
                return true;
            case PickleOp.Long4:
                _stack.Add(Integer(source.Bytes(source.Int32())));
                return true;
            case PickleOp.BinFloat:
                _stack.Add(source.Double());
                return true;
            case PickleOp.BinUnicode:
                _stack.Add(source.Text((uint)source.Int32()));
                return true;
            case PickleOp.ShortBinUnicode:
                _stack.Add(source.Text(source.Next()));
                return true;
            case PickleOp.BinUnicode8:
                _stack.Add(source.Text(source.Int64()));
                return true;
            case PickleOp.BinString:
                _stack.Add(Encoding.Latin1.GetString(source.Bytes(source.Int32())));
                return true;
            case PickleOp.ShortBinString:
                _stack.Add(Encoding.Latin1.GetString(source.Bytes(source.Next())));
                return true;
            case PickleOp.BinBytes:
                _stack.Add(source.Bytes((uint)source.Int32()));
                return true;
            case PickleOp.ShortBinBytes:
                _stack.Add(source.Bytes(source.Next()));
                return true;
            case PickleOp.BinBytes8 or PickleOp.ByteArray8:
                _stack.Add(source.Bytes(source.Int64()));
                return true;
            default:
                return false;
        }
    }

    private bool Object(PickleOp op)
    {
        switch (op)
        {
            case PickleOp.Global:
                string module = source.Line();
                Find(module, source.Line());
                return true;
            case PickleOp.StackGlobal:
                object? name = Pop(), package = Pop();
                Find(package as string ?? throw Damaged("its pickle names something by no text"), name as string ?? throw Damaged("its pickle names something by no text"));
                return true;
            case PickleOp.Reduce or PickleOp.NewObject:
                object?[] arguments = PopTuple();
                Made(objects.Call(Pop() ?? throw Damaged("its pickle calls None"), arguments));
                return true;
            case PickleOp.NewObjectWithNames:
                object? names = Pop();
                object?[] positional = PopTuple();
                Made(objects.Call(Pop() ?? throw Damaged("its pickle calls None"), names is OrderedDictionary<object, object?> { Count: 0 } ? positional : throw Damaged("its pickle calls something with named arguments")));
                return true;
            case PickleOp.BinPersistentId:
                Made(objects.Persistent(Pop()));
                return true;
            case PickleOp.Build:
                // Attributes of a dictionary, such as the versions of a state's modules: nothing that is read.
                Pop();
                return Peek() is OrderedDictionary<object, object?> ? true : throw Damaged("its pickle sets attributes of something that is no dictionary");
            default:
                return false;
        }
    }

    private void Find(string module, string name) =>
        _stack.Add(objects.Find(module, name) ?? throw Damaged(
            $"it holds {FileText.Quote($"{module}.{name}")}, which is code, a class or a type that is not read; tensors, collections, numbers and text are. "
            + "Save the weights alone in PyTorch, torch.save(model.state_dict(), path), or as a safetensors file"));

    private void Put(long index)
    {
        // Python numbers what it remembers in order; gaps would let a small file claim a large table.
        if (index > _memo.Count)
        {
            throw Damaged($"its pickle remembers a value under number {index} after {_memo.Count}");
        }

        if (index == _memo.Count)
        {
            _memo.Add(Peek());
        }
        else
        {
            _memo[(int)index] = Peek();
        }
    }

    private void Get(long index) => _stack.Add(index < _memo.Count ? _memo[(int)index] : throw Damaged($"its pickle recalls value {index} of {_memo.Count}"));

    private object? Pop()
    {
        object? value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object? Peek() => _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) ? _stack[^1] : throw Damaged("its pickle takes a value that is not there");

    private object?[] PopTuple() => Pop() as object?[] ?? throw Damaged("its pickle calls something without a tuple of arguments");

    /// <summary>The values since the last mark.</summary>
    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Damaged("its pickle goes back to a mark that is not there");
        }

        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        object?[] values = [.. _stack.GetRange(mark, _stack.Count - mark)];
        _stack.RemoveRange(mark, values.Length);
        return values;
    }

    private void Made(object? value)
    {
        Count();
        _stack.Add(value);
        if (value is not null)
        {
            Collections.Add(value);
        }
    }

    private void Count()
    {
        if (++_made > MaxObjects)
        {
            throw Damaged($"its pickle holds more than {MaxObjects:N0} objects");
        }
    }

    private static object Integer(byte[] littleEndian)
    {
        BigInteger value = new(littleEndian);
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private EngineException Damaged(string reason) => source.File.Damaged(reason);
}
