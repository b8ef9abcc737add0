namespace Engine.Nn;

internal sealed partial class PickleMachine
{
    private bool Collection(PickleOp op)
    {
        switch (op)
        {
            case PickleOp.EmptyTuple:
                Made(Array.Empty<object?>());
                return true;
            case PickleOp.Tuple1:
                Made(new[] { Pop() });
                return true;
            case PickleOp.Tuple2:
                object? second = Pop();
                Made(new[] { Pop(), second });
                return true;
            case PickleOp.Tuple3:
                object? third = Pop(), middle = Pop();
                Made(new[] { Pop(), middle, third });
                return true;
            case PickleOp.Tuple:
                Made(PopToMark());
                return true;
            case PickleOp.EmptyList:
                Made(new List<object?>());
                return true;
            case PickleOp.List:
                Made(new List<object?>(PopToMark()));
                return true;
            case PickleOp.Append:
                object? item = Pop();
                Top<List<object?>>("a list").Add(item);
                return true;
            case PickleOp.Appends:
                object?[] items = PopToMark();
                Top<List<object?>>("a list").AddRange(items);
                return true;
            case PickleOp.EmptyDict:
                Made(new OrderedDictionary<object, object?>(PickleKeys.Comparer));
                return true;
            case PickleOp.Dict:
                object?[] pairs = PopToMark();
                Made(new OrderedDictionary<object, object?>(PickleKeys.Comparer));
                Set(pairs);
                return true;
            case PickleOp.SetItem:
                object? value = Pop(), key = Pop();
                Set([key, value]);
                return true;
            case PickleOp.SetItems:
                Set(PopToMark());
                return true;
            case PickleOp.EmptySet:
                Made(new HashSet<object>(PickleKeys.Comparer));
                return true;
            case PickleOp.AddItems:
                object?[] members = PopToMark();
                Unite(Top<HashSet<object>>("a set"), members);
                return true;
            case PickleOp.FrozenSet:
                object?[] frozen = PopToMark();
                Made(Unite(new HashSet<object>(PickleKeys.Comparer), frozen));
                return true;
            default:
                return false;
        }
    }

    private T Top<T>(string what)
        where T : class => Peek() as T ?? throw Damaged($"its pickle adds something to what is not {what}");

    private void Set(object?[] pairs)
    {
        OrderedDictionary<object, object?> target = Top<OrderedDictionary<object, object?>>("a dictionary");
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (i + 1 == pairs.Length || pairs[i] is not { } key || !PickleKeys.IsKey(key))
            {
                throw Damaged("its pickle has a dictionary with a key that is neither text nor a number, or without a value");
            }

            target[key] = pairs[i + 1];
        }
    }

    private HashSet<object> Unite(HashSet<object> target, object?[] members)
    {
        foreach (object? member in members)
        {
            target.Add(PickleKeys.IsKey(member) ? member! : throw Damaged("its pickle has a set with a member that is neither text nor a number"));
        }

        return target;
    }
}
