using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Engine.Cpu;
using Engine.Nn;

namespace Engine.Fuzz.Api;

/// <summary>Random arguments of any type: usual, extreme and hostile ones.</summary>
internal sealed class Values
{
    private const int DeepestConstruction = 3;

    private static readonly int[] s_integers = [0, 1, 2, 3, 4, 5, 8, -1, -2, -3, 16, 100, -100, 65536, 1 << 30, int.MaxValue, int.MinValue];
    private static readonly double[] s_reals = [0, 1, 0.5, 2, 0.1, -1, -0.0, 1e-5, 3.7, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e300, -1e300, 1e-320, 1e10];

    private static readonly string?[] s_texts =
    [
        null, "", "loss", "val_loss", "accuracy", "x", "weight", "0", "model", "a/b", "ij,jk->ik", "ii->i", "...", "ij->", "é->", "a,b,c,d->abcd", "cpu", "cpu:1", "cuda:99", "opencl:x", "auto",
        "mlp", "lenet5", "resnet20", "{0}", "a\nb", "\0", new string('n', 5000),
    ];

    /// <summary>Numbers of things that cost time each, not memory, which the pool's limit bounds: what was asked for is done, however long it takes.</summary>
    private static readonly string[] s_counts = ["layers", "numlayers", "numencoderlayers", "numdecoderlayers", "maxlength", "blocks", "depth", "epochs", "trials", "threads", "warmup", "points", "prefetch", "blocksperstage", "convolutions", "samples", "parallelism", "candidates", "trees", "maxiterations", "maxinneriterations", "maxproducts"];

    private readonly Random _random;
    private readonly Device _device;
    private readonly Device _other;
    private readonly Paths _paths;
    private readonly Tensors _tensors;
    private readonly List<object> _objects = [];
    private readonly Surface _surface;
    private readonly Func<Invoker, object?, object?[], object?> _call;
    private readonly Dictionary<Type, Invoker[]> _makers = [];

    /// <summary>Arguments for the members of a surface.</summary>
    /// <param name="random">The source.</param>
    /// <param name="device">Where tensors live.</param>
    /// <param name="folder">Where files may be written.</param>
    /// <param name="surface">Where objects are made.</param>
    /// <param name="call">Calls a member and judges how it ends.</param>
    public Values(Random random, Device device, string folder, Surface surface, Func<Invoker, object?, object?[], object?> call)
    {
        (_random, _device, _surface, _call) = (random, device, surface, call);
        _other = new CpuDevice("other", threads: 1);
        _paths = new Paths(random, folder);
        _tensors = new Tensors(random, device, _other);
    }

    /// <summary>The devices that tensors are made on.</summary>
    public IEnumerable<Device> Devices => [_device, _other];

    public Tensor Tensor() => _tensors.Next();

    public void Clear()
    {
        // Threads and open files; the rest is the collector's.
        foreach (object o in _objects.Where(static o => o is CpuDevice or SafetensorsFile))
        {
            ((IDisposable)o).Dispose();
        }

        _objects.Clear();
        _tensors.Clear();
    }

    /// <summary>Remembers what a call gave, for later ones.</summary>
    public void Add(object? value)
    {
        switch (value)
        {
            case null or Device or string:
                break;
            case Tensor tensor:
                _tensors.Add(tensor);
                break;
            case var o when o.GetType().Assembly is { } assembly && Surface.Assemblies.Contains(assembly) && !o.GetType().IsEnum:
                if (_objects.Count > 150)
                {
                    _objects.RemoveAt(_random.Next(_objects.Count));
                }

                _objects.Add(o);
                break;
        }
    }

    /// <summary>An object to call a member on; null if none can be made.</summary>
    public object? Self(Type type) => type == typeof(Tensor) ? Tensor() : typeof(CpuDevice) == type ? Remember(new CpuDevice("own", 1)) : Object(type, 0);

    public object?[] Arguments(Invoker invoker, int depth = 0) =>
        [.. invoker.Slots.Select((slot, i) => invoker.Selves.Contains(i) ? Self(slot.Type) : Make(slot.Type, slot.Parameter, depth))];

    public object? Make(Type type, ParameterInfo? parameter, int depth = 0)
    {
        if (parameter is { HasDefaultValue: true } && _random.Next(2) == 0)
        {
            return Default(type, parameter);
        }

        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return _random.Next(3) == 0 ? null : Make(inner, parameter?.Name is { } named ? new Named(named, inner) : null, depth);
        }

        string name = (parameter?.Name ?? string.Empty).ToLowerInvariant();
        return Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => Enumeration(type),
            TypeCode.Boolean => _random.Next(2) == 0,
            TypeCode.Byte => (byte)_random.Next(256),
            TypeCode.Int32 when name == "count" && parameter!.Member.DeclaringType is { Name: nameof(Generator) or nameof(Sampler) or "WeightedSampler" } => _random.Next(-1, 100),
            TypeCode.Int32 => Integer(name),
            TypeCode.Int64 => _random.Next(4) > 0 ? Integer(name) : _random.Next(2) == 0 ? long.MaxValue : long.MinValue,
            TypeCode.UInt32 => (uint)_random.NextInt64(uint.MaxValue),
            TypeCode.UInt64 => (ulong)_random.NextInt64(),
            TypeCode.Single => (float)Real(),
            TypeCode.Double => Real(),
            TypeCode.Decimal => (decimal)_random.Next(5),
            TypeCode.Char => (char)_random.Next(128),
            TypeCode.String => Paths.IsPath(name) ? _paths.Next() : s_texts[_random.Next(s_texts.Length)],
            _ => Other(type, depth, name),
        };
    }

    private static object? Default(Type type, ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null or DBNull => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? Activator.CreateInstance(type) : null,
        var value when type.IsEnum => Enum.ToObject(type, value),
        var value when Nullable.GetUnderlyingType(type) is { IsEnum: true } inner => Enum.ToObject(inner, value),
        var value => value,
    };

    private object? Other(Type type, int depth, string name)
    {
        if (type == typeof(Tensor))
        {
            return _random.Next(40) == 0 ? null : Tensor();
        }

        if (type == typeof(Device) || type == typeof(HostDevice))
        {
            return _random.Next(12) switch { 0 => null, 1 => _other, _ => _device };
        }

        if (type == typeof(Shape))
        {
            return Construct<Shape>(() => _tensors.Shape());
        }

        if (type.IsArray)
        {
            return Array(type, depth, name);
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return _random.Next(25) == 0 ? null : Delegates.Make(type, (result, arguments) => Answer(result, arguments, depth));
        }

        return WellKnown(type) ?? (type.IsGenericType ? Generic(type, depth) : null) ?? Object(type, depth);
    }

    private object? WellKnown(Type type) => type switch
    {
        _ when type == typeof(object) => _random.Next(4) switch { 0 => null, 1 => 3, 2 => "text", _ => Tensor() },
        _ when type == typeof(Half) => (Half)Real(),
        _ when type == typeof(BFloat16) => (BFloat16)(float)Real(),
        _ when type == typeof(Index) => new Index(_random.Next(7), _random.Next(2) == 0),
        _ when type == typeof(Range) => new Range(new Index(_random.Next(4), _random.Next(2) == 0), new Index(_random.Next(7), _random.Next(2) == 0)),
        _ when type == typeof(CancellationToken) => new CancellationToken(canceled: _random.Next(10) == 0),
        _ when type == typeof(JsonObject) => new JsonObject { ["x"] = Real() is var r && double.IsFinite(r) ? r : 1, ["epoch"] = _random.Next(3) },
        _ when type == typeof(TimeProvider) => TimeProvider.System,
        _ when type == typeof(Exception) => _random.Next(2) == 0 ? null : new InvalidDataException("inner"),
        _ when type == typeof(Type) => typeof(float),
        _ when type == typeof(Stream) => new MemoryStream(),
        _ when type == typeof(TextWriter) => new StringWriter(CultureInfo.InvariantCulture),
        _ => null,
    };

    private Array? Array(Type type, int depth, string name)
    {
        if (_random.Next(30) == 0)
        {
            return null;
        }

        int rank = type.GetArrayRank();
        Type element = type.GetElementType()!;
        if (rank > 1)
        {
            return System.Array.CreateInstance(element, [.. Enumerable.Range(0, rank).Select(_ => _random.Next(4))]);
        }

        Array array = System.Array.CreateInstance(element, _random.Next(5));
        for (int i = 0; i < array.Length; i++)
        {
            array.SetValue(Make(element, s_counts.Contains(name) ? new Named(name, element) : null, depth), i);
        }

        return array;
    }

    private object? Generic(Type type, int depth)
    {
        Type definition = type.GetGenericTypeDefinition();
        Type[] arguments = type.GetGenericArguments();
        if (type.FullName!.StartsWith("System.ValueTuple", StringComparison.Ordinal) || definition == typeof(KeyValuePair<,>))
        {
            return Activator.CreateInstance(type, [.. arguments.Select(a => Make(a, null, depth))]);
        }

        if (definition == typeof(IProgress<>))
        {
            return _random.Next(3) == 0 ? null : Activator.CreateInstance(typeof(Silent<>).MakeGenericType(arguments));
        }

        if (definition == typeof(System.Numerics.Tensors.Tensor<>))
        {
            return null;
        }

        if (arguments.Length == 2 && typeof(Dictionary<,>).MakeGenericType(arguments) is { } dictionary && type.IsAssignableFrom(dictionary))
        {
            IDictionary made = (IDictionary)Activator.CreateInstance(dictionary)!;
            for (int i = _random.Next(4); i > 0; i--)
            {
                if (Make(arguments[0], null, depth) is { } key)
                {
                    made[key] = Make(arguments[1], null, depth);
                }
            }

            return _random.Next(25) == 0 ? null : made;
        }

        if (arguments.Length == 1 && typeof(List<>).MakeGenericType(arguments) is { } list && type.IsAssignableFrom(list))
        {
            IList made = (IList)Activator.CreateInstance(list)!;
            for (int i = _random.Next(5); i > 0; i--)
            {
                made.Add(Make(arguments[0], null, depth));
            }

            return _random.Next(25) == 0 ? null : made;
        }

        return null;
    }

    /// <summary>One of the engine's own objects: one that there is, or a new one from a random constructor or factory.</summary>
    private object? Object(Type type, int depth)
    {
        if (!type.IsValueType && depth > 0 && _random.Next(25) == 0)
        {
            return null;
        }

        if (_random.Next(10) < 6)
        {
            object[] there = [.. _objects.Where(type.IsInstanceOfType)];
            if (there.Length > 0)
            {
                return there[_random.Next(there.Length)];
            }
        }

        Invoker[] makers = Makers(type);
        for (int attempt = 0; attempt < 3 && makers.Length > 0 && depth < DeepestConstruction; attempt++)
        {
            Invoker maker = makers[_random.Next(makers.Length)];
            if (_call(maker, null, Arguments(maker, depth + 1)) is { } made && type.IsInstanceOfType(made))
            {
                Initialize(made, depth);
                return Remember(made);
            }
        }

        return type.IsValueType ? Activator.CreateInstance(type) : null;
    }

    /// <summary>Sets some of the properties that only an object initializer can set.</summary>
    private void Initialize(object made, int depth)
    {
        foreach (PropertyInfo property in made.GetType().GetProperties().Where(p => Surface.IsInit(p) && _random.Next(3) == 0))
        {
            Invoker setter = Invoker.Make(property.SetMethod!);
            ParameterInfo? named = property.PropertyType.IsValueType ? new Named(property.Name, property.PropertyType) : null;
            object? value = Make(property.PropertyType, named, depth + 1);
            if (value is not null || !property.PropertyType.IsValueType || Nullable.GetUnderlyingType(property.PropertyType) is not null)
            {
                _call(setter, made, [value]);
            }
        }
    }

    private Invoker[] Makers(Type type)
    {
        if (!_makers.TryGetValue(type, out Invoker[]? makers))
        {
            _makers[type] = makers = [.. _surface.Members.Where(m => m.Member is ConstructorInfo constructor
                ? type.IsAssignableFrom(constructor.DeclaringType)
                : m.Member is MethodInfo { IsStatic: true } method && type != typeof(object) && type.IsAssignableFrom(method.ReturnType) && !method.Name.StartsWith("op_", StringComparison.Ordinal))];
        }

        return makers;
    }

    private object Remember(object made)
    {
        Add(made);
        return made;
    }

    /// <summary>What a delegate returns; what it is handed is remembered.</summary>
    private object? Answer(Type result, object?[] arguments, int depth)
    {
        foreach (object? argument in arguments)
        {
            if (argument is not Engine.Tensor)
            {
                Add(argument);
            }
        }

        if (result == typeof(void))
        {
            return null;
        }

        object? same = arguments.FirstOrDefault(result.IsInstanceOfType);
        if (same is not null && _random.Next(3) > 0)
        {
            return same is Engine.Tensor tensor && _random.Next(2) == 0 ? tensor.Mean() : same;
        }

        return Make(result, null, depth + 1) ?? (result.IsValueType ? Activator.CreateInstance(result) : null);
    }

    private T Construct<T>(Func<T> make)
        where T : struct
    {
        try
        {
            return make();
        }
        catch (ArgumentException)
        {
            return default;
        }
    }

    private int Integer(string name) => s_counts.Contains(name) ? _random.Next(-1, 4)
        : _random.Next(3) > 0 ? s_integers[_random.Next(7)]
        : s_integers[_random.Next(s_integers.Length)];

    private double Real() => _random.Next(3) > 0 ? s_reals[_random.Next(5)] : s_reals[_random.Next(s_reals.Length)];

    private object Enumeration(Type type)
    {
        Array values = Enum.GetValues(type);
        return _random.Next(15) == 0 ? Enum.ToObject(type, 77) : values.GetValue(_random.Next(values.Length))!;
    }

    private sealed class Named : ParameterInfo
    {
        public Named(string name, Type type) => (NameImpl, ClassImpl) = (name, type);

        public override bool HasDefaultValue => false;
    }

    private sealed class Silent<T> : IProgress<T>
    {
        public void Report(T value)
        {
        }
    }
}
