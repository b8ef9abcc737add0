using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Reference;
using Module = Engine.Nn.Module;

namespace Engine.Tests.Errors.Nulls;

/// <summary>A harmless value of any type that the public API takes.</summary>
internal static class Specimens
{
    private const int Deepest = 6;

    private static readonly Dictionary<Type, Func<object>> s_known = new()
    {
        [typeof(Tensor)] = static () => Tensor.Ones([2, 2], device: ReferenceDevice.Shared),
        [typeof(Device)] = static () => ReferenceDevice.Shared,
        [typeof(Storage)] = static () => Tensor.Ones([2, 2], device: ReferenceDevice.Shared).Storage,
        [typeof(Backend)] = static () => ReferenceDevice.Shared.Backend,
        [typeof(MemoryPool)] = static () => ReferenceDevice.Shared.Pool,
        [typeof(Generator)] = static () => new Generator(1),
        [typeof(Shape)] = static () => new Shape(2, 2),
        [typeof(string)] = static () => "loss",
        [typeof(Layer)] = static () => new Relu(),
        [typeof(Module)] = static () => new Linear(2, 2),
        [typeof(Optimizer)] = static () => new Sgd([Parameter()]),
        [typeof(Callback)] = static () => new LambdaCallback(),
        [typeof(Metric)] = static () => new Accuracy(),
        [typeof(Schedule)] = static () => Schedule.Constant(0.1),
        [typeof(IDataset)] = static () => new TensorDataset(Tensor.Ones([4, 2]), Tensor.Ones([4, 2])),
        [typeof(IBatchSource)] = static () => new DataLoader(new TensorDataset(Tensor.Ones([4, 2]), Tensor.Ones([4, 2])), 2),
        [typeof(Trainer)] = static () => MakeTrainer(),
        [typeof(TrainingContext)] = static () => MakeContext(),
        [typeof(Batch)] = static () => new Batch(Tensor.Ones([2, 2]), Tensor.Ones([2, 2])),
        [typeof(Tensors)] = static () => (Tensors)Tensor.Ones([2, 2]),
        [typeof(SampleDataset)] = static () => Dataset.From((float[])[1, 2], static v => new Sample(v, v)),
        [typeof(IStreamDataset)] = static () => StreamDataset.From((float[])[1, 2], static v => new Sample(v, v)),
        [typeof(FieldDecoder)] = static () => FieldDecoder.Class,
        [typeof(StepContext)] = static () => MakeStepContext(),
        [typeof(Stream)] = static () => new MemoryStream(),
        [typeof(JsonObject)] = static () => new JsonObject(),
        [typeof(TimeProvider)] = static () => TimeProvider.System,
        [typeof(TextWriter)] = static () => TextWriter.Null,
        [typeof(object)] = static () => "a",
        [typeof(int)] = static () => 2,
        [typeof(long)] = static () => 1L,
        [typeof(double)] = static () => 0.5,
        [typeof(FusedMap)] = static () => Fuse.Map(static x => x),
        [typeof(FusedMaps)] = static () => Fuse.Map(static x => (Expr[])[x, -x]),
        [typeof(MapProgram)] = static () => Fuse.Map(static x => x).Program,
        [typeof(ReduceProgram)] = static () => ReduceProgram.Sum,
        [typeof(Expr)] = static () => Expr.Input(0) + Expr.Parameter(0),
        [typeof(ComputationGraph)] = static () => ComputationGraph.Of(Parameter() * 2),
        [typeof(CustomFunction)] = static () => new Doubling(),
        [typeof(CapturedStep)] = static () => Trainable().CaptureOnUse(static () => { }),
        [typeof(IImageTransform)] = static () => new RandomHorizontalFlip(),
        [typeof(ImageDataset)] = static () => new ImageDataset(new byte[4], [1], [1, 2, 2]),
        [typeof(SearchSpace)] = static () => Space(out _),
        [typeof(Dimension)] = static () => Space(out _).Dimensions[0],
        [typeof(Dimension<double>)] = static () => Space(out _).Dimensions[0],
        [typeof(Dimension<float>)] = static () => new SearchSpace().Choice("f", 1f),
        [typeof(Dimension<int>)] = static () => new SearchSpace().Integer("i", 1, 2),
        [typeof(Dimension<string>)] = static () => new SearchSpace().Choice("s", "a"),
        [typeof(TestFunction)] = static () => TestFunctions.Booth,
        [typeof(Projection)] = static () => Projection.Box(0, 1),
        [typeof(Constraint)] = static () => Constraint.EqualToZero(static x => x),
        [typeof(Study)] = static () => new Study(Space(out _), new RandomSearch()),
        [typeof(Trial)] = static () => MakeTrial(),
        [typeof(ReportSeries)] = static () => new ReportSeries("a", [1]),
        [typeof(ReportImage)] = static () => new ReportImage(1, 1, [0], "a"),
        [typeof(ReportGraph)] = static () => new ReportGraph([new ReportNode("a", "a")], []),
        [typeof(SafetensorsFile)] = static () => MakeFile(),
        [typeof(IProgress<TrainingProgress>)] = static () => new Progress<TrainingProgress>(),
        [typeof(GradSink)] = static () => new GradSink(null!),
        [typeof(FusedInference)] = static () => new ConvBn().FuseBatchNorm(),
        [typeof(DenseNetBc)] = static () => new DenseNetBc(10, 4),
        [typeof(LossScaler)] = static () => new LossScaler(),
        [typeof(AveragedModel)] = static () => AveragedModel.Swa(new Linear(2, 2)),
        [typeof(Fold)] = static () => ((IDataset)Make(typeof(IDataset))!).KFold(2)[0],
        [typeof(CrossValidationResult)] = static () => CrossValidation.Run((IReadOnlyList<Fold>)[(Fold)Make(typeof(Fold))!], static _ => new Evaluation(1, new Dictionary<string, double>())),
        [typeof(LearningCurve)] = static () => LearningCurve.Of(new History()),
        [typeof(EarlyStopping)] = static () => new EarlyStopping(),
        [typeof(TransformerEncoder)] = static () => new TransformerEncoder(static () => new TransformerEncoderLayer(2, 1, 2), 1),
        [typeof(TransformerDecoder)] = static () => new TransformerDecoder(static () => new TransformerDecoderLayer(2, 1, 2), 1),
        [typeof(PackedSequence)] = static () => Sequences.PackSequence([Tensor.Ones([2, 2], device: ReferenceDevice.Shared)]),
        [typeof(ICollection<ProbeEntry>)] = static () => new List<ProbeEntry>(),
    };

    public static IReadOnlyList<Assembly> Assemblies { get; } = [typeof(Tensor).Assembly, typeof(global::Engine.Cpu.CpuDevice).Assembly, typeof(global::Engine.Gpu.GpuDeviceProvider).Assembly, typeof(Module).Assembly];

    private static readonly Type[] s_types = [.. Assemblies.SelectMany(static a => a.GetExportedTypes()).Where(static t => !t.IsAbstract && !t.ContainsGenericParameters)];

    /// <summary>A value, or null where none is known.</summary>
    public static object? Make(Type type, int depth = 0)
    {
        if (s_known.TryGetValue(type, out Func<object>? make))
        {
            return make();
        }

        if (Nullable.GetUnderlyingType(type) is { } bare)
        {
            return Make(bare, depth);
        }

        return type.IsEnum ? Enum.GetValues(type).GetValue(0)
            : type.IsArray ? MakeArray(type.GetElementType()!, type.GetArrayRank(), depth)
            : typeof(Delegate).IsAssignableFrom(type) ? MakeDelegate(type)
            : type.IsInterface && type.IsGenericType && MakeCollection(type, depth) is { } collection ? collection
            : type.IsAbstract || type.IsInterface ? MakeDerived(type, depth)
            : MakeByConstructor(type, depth);
    }

    private static Capture.RecordingDevice Trainable() => new();

    private static SearchSpace Space(out Dimension<double> dimension)
    {
        SearchSpace space = new();
        dimension = space.Uniform("d", 0, 1);
        return space;
    }

    private static Trial MakeTrial()
    {
        Study study = new(Space(out _), new RandomSearch());
        study.Optimize(
            static trial =>
            {
                trial.Report(0, 1);
                return 1;
            },
            trials: 1);
        return study.Trials[0];
    }

    private static SafetensorsFile MakeFile()
    {
        using Nn.TemporaryFolder folder = new();
        Safetensors.Save(folder.File("a"), new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([1], device: ReferenceDevice.Shared) });
        return SafetensorsFile.Open(folder.File("a"));
    }

    private static Tensor Parameter() => Tensor.Ones([2, 2], device: ReferenceDevice.Shared).WithGrad();

    private static Trainer MakeTrainer()
    {
        Linear model = new(2, 2);
        return new Trainer(model, new Sgd(model.Parameters), Losses.Mse);
    }

    private static TrainingContext MakeContext()
    {
        TrainingContext? seen = null;
        Linear model = new(2, 2);
        Trainer trainer = new(model, new Sgd(model.Parameters), Losses.Mse) { Callbacks = [new LambdaCallback { TrainBegin = c => seen = c }] };
        trainer.Fit((IBatchSource)Make(typeof(IBatchSource))!);
        return seen!;
    }

    private static StepContext MakeStepContext()
    {
        StepContext? seen = null;
        Linear model = new(2, 2);
        Trainer trainer = new(model, (Optimizer[])[new Sgd(model.Parameters)], (step, batch) =>
        {
            seen = step;
            return batch.Inputs.Sum();
        });
        trainer.Fit((IBatchSource)Make(typeof(IBatchSource))!);
        return seen!;
    }

    private static Array MakeArray(Type element, int rank, int depth)
    {
        Array array = Array.CreateInstance(element, Enumerable.Repeat(1, rank).ToArray());
        array.SetValue(Make(element, depth + 1), new int[rank]);
        return array;
    }

    private static object? MakeCollection(Type type, int depth)
    {
        Type[] arguments = type.GetGenericArguments();
        if (arguments.Length == 2 && type.IsAssignableFrom(typeof(Dictionary<,>).MakeGenericType(arguments)))
        {
            var dictionary = (System.Collections.IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(arguments))!;
            dictionary.Add(Make(arguments[0], depth + 1)!, Make(arguments[1], depth + 1));
            return dictionary;
        }

        return arguments.Length == 1 && type.IsAssignableFrom(arguments[0].MakeArrayType()) ? MakeArray(arguments[0], 1, depth) : null;
    }

    // A delegate of no particular type is a kernel.
    private static void Kernel(ILGPU.Index1D i, ILGPU.ArrayView<float> x, ILGPU.ArrayView<float> y) => y[i] = x[i];

    private static Delegate MakeDelegate(Type type)
    {
        if (type == typeof(Delegate))
        {
            return Kernel;
        }

        MethodInfo invoke = type.GetMethod("Invoke")!;
        ParameterExpression[] parameters = Array.ConvertAll(invoke.GetParameters(), static p => Expression.Parameter(p.ParameterType, p.Name));
        Type result = invoke.ReturnType;
        Expression body = result == typeof(void) ? Expression.Empty()
            : Array.Find(parameters, p => p.Type == result) is { } same ? same
            : Expression.Default(result);
        return Expression.Lambda(type, body, parameters).Compile();
    }

    private static object? MakeDerived(Type type, int depth) => depth > Deepest ? null
        : Array.FindAll(s_types, t => type.IsAssignableFrom(t)).Select(t => Make(t, depth + 1)).FirstOrDefault(static made => made is not null);

    private static object? MakeByConstructor(Type type, int depth)
    {
        if (depth > Deepest || type.ContainsGenericParameters)
        {
            return null;
        }

        foreach (ConstructorInfo constructor in type.GetConstructors().OrderBy(static c => c.GetParameters().Length))
        {
            if (PublicCall.Of(constructor) is not { } call)
            {
                continue;
            }

            object?[] arguments = Array.ConvertAll(call.Parameters, p => p.HasDefaultValue && (p.DefaultValue is null || p.DefaultValue.GetType() == p.ParameterType)
                ? p.DefaultValue
                : Make(PublicCall.Boxed(p.ParameterType), depth + 1));
            try
            {
                return call.Invoke(null, arguments);
            }
            catch (Exception e) when (e is ArgumentException or EngineException or InvalidCastException or NullReferenceException)
            {
                // The next constructor may do.
            }
        }

        return type.IsValueType ? Activator.CreateInstance(type) : null;
    }

    private sealed class Doubling : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[0] * 2;

        protected override Tensor?[] Backward(Tensor dy) => [dy * 2];
    }
}
