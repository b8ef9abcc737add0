using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>
/// Every position of a run's JSON with every hostile value, and left out: the state is loaded, or it is a <see cref="ModelFileException"/>
/// that leaves everything as it was.
/// </summary>
internal sealed class StateMutationTests : ToyFixture
{
    private static readonly string[] s_hostile =
    [
        "null", "true", "\"x\"", "\"NaN\"", "\"\"", "-1", "0", "1.5", "1e400", "-0.001", "[]", "{}", "[[[]]]", """{"a":1}""",
        "2147483648", "4294967296", "9223372036854775807", "-9223372036854775808", "99999999999999999999",
    ];

    [Test]
    public void EveryPosition_EveryHostileValue_LoadsOrChangesNothing()
    {
        Trainer trained = Make();
        trained.Fit(Toy.Train, Toy.Validation, epochs: 2);
        TrainingState saved = ToyTraining.Saved(trained);
        KeyValuePair<string, Tensor>[] tensors = [.. saved.Tensors];
        string json = saved.Values.ToJsonString();

        Trainer other = Make();
        other.Fit(Toy.Train, Toy.Validation, epochs: 1);
        string before = Text(other);
        TrainingState start = ToyTraining.Saved(other);
        int refused = 0, positions = 0;
        foreach (string[] path in Paths(JsonNode.Parse(json)!, []))
        {
            positions++;
            for (int i = -1; i < s_hostile.Length; i++)
            {
                string what = $"{string.Join("/", path)} = {(i < 0 ? "nothing" : s_hostile[i])}";
                bool isLoaded = false;
                try
                {
                    other.Load(new TrainingState(tensors, Changed(json, path, i < 0 ? null : s_hostile[i])));
                    isLoaded = true;
                }
                catch (ModelFileException)
                {
                    refused++;
                }
                catch (Exception e)
                {
                    Assert.Fail($"{what}: {e}");
                }

                if (isLoaded)
                {
                    other.Load(Again(start));
                }

                Assert.That(Text(other), Is.EqualTo(before), what);
            }
        }

        Assert.That(positions, Is.GreaterThan(40));
        Assert.That(refused, Is.GreaterThan(positions * s_hostile.Length / 4));

        // The trainer that refused all of them still goes on as the one they were saved from.
        other.Load(new TrainingState(tensors, JsonNode.Parse(json)!.AsObject()));
        other.Fit(Toy.Train, Toy.Validation, epochs: 3);
        trained.Fit(Toy.Train, Toy.Validation, epochs: 3);
        Assert.That(ToyTraining.Weights(other), Is.EqualTo(ToyTraining.Weights(trained)));
    }

    [Test]
    public void EveryTensor_MissingOrOfAnotherShape_ChangesNothing()
    {
        Trainer trained = Make();
        trained.Fit(Toy.Train, Toy.Validation, epochs: 1);
        TrainingState saved = ToyTraining.Saved(trained);
        Trainer other = Make();
        string before = Text(other);
        foreach ((string name, _) in saved.Tensors.ToArray())
        {
            foreach (bool isMissing in (bool[])[true, false])
            {
                IEnumerable<KeyValuePair<string, Tensor>> tensors = saved.Tensors
                    .Where(t => !isMissing || t.Key != name)
                    .Select(t => t.Key == name ? KeyValuePair.Create(name, Tensor.Ones([3, 5, 7])) : t);
                TrainingState damaged = new([.. tensors], JsonNode.Parse(saved.Values.ToJsonString())!.AsObject());
                if (isMissing && name.StartsWith("trainer/", StringComparison.Ordinal))
                {
                    // A metric that the state does not know begins anew.
                    continue;
                }

                Assert.That(() => other.Load(damaged), Throws.TypeOf<ModelFileException>(), name);
                Assert.That(Text(other), Is.EqualTo(before), name);
            }
        }
    }

    [Test]
    public void GeneratorsMissing_AfterEverythingElseWasGood_ChangesNothing()
    {
        Trainer trained = Make();
        trained.Fit(Toy.Train, Toy.Validation, epochs: 1);
        TrainingState saved = ToyTraining.Saved(trained);
        saved.Values["trainer"]!["generators"] = new JsonArray();
        Trainer other = Make();
        string before = Text(other);
        Assert.That(() => other.Load(saved), Throws.TypeOf<ModelFileException>().With.Message.Contains("random generators"));
        Assert.That(Text(other), Is.EqualTo(before));
        Assert.That((other.Epoch, other.Step, other.History.Epochs.Count), Is.EqualTo((0, 0L, 0)));
    }

    [TestCase(typeof(Adam))]
    [TestCase(typeof(AdamW))]
    [TestCase(typeof(NAdam))]
    [TestCase(typeof(RAdam))]
    [TestCase(typeof(Adamax))]
    [TestCase(typeof(Adagrad))]
    [TestCase(typeof(Adadelta))]
    [TestCase(typeof(RmsProp))]
    [TestCase(typeof(Lion))]
    [TestCase(typeof(Rprop))]
    [TestCase(typeof(Asgd))]
    [TestCase(typeof(Lamb))]
    [TestCase(typeof(Adafactor))]
    [CancelAfter(20_000)]
    public void StepsOfAnUnheardOfNumber_AreLoadedAndCostNothing(Type type, CancellationToken token)
    {
        Tensor parameter = Tensor.Ones([2]).WithGrad();
        Optimizer optimizer = Make(type, parameter);
        Step();
        TrainingState state = new();
        optimizer.Save(state);
        state.Values["steps"]!["0"] = 1L << 53;
        optimizer.Load(ToyTraining.Reread(state));
        Task step = Task.Run(Step, token);
        Assert.That(() => step.Wait(token), Throws.Nothing);
        Assert.That(parameter.ToArray<float>(), Is.All.Matches<float>(float.IsFinite));

        void Step()
        {
            optimizer.ZeroGrad();
            (parameter * 2).Sum().Backward();
            optimizer.Step();
        }

        static Optimizer Make(Type type, Tensor parameter)
        {
            var constructor = Array.Find(type.GetConstructors(), static c => c.GetParameters()[0].ParameterType == typeof(IEnumerable<Tensor>))!;
            return (Optimizer)constructor.Invoke([.. constructor.GetParameters().Select((p, i) => i == 0 ? (Tensor[])[parameter] : p.DefaultValue)]);
        }
    }

    [Test]
    public void CallbackThatFails_IsTheFilesFault_AndChangesNothing()
    {
        Trainer trained = Make(new Refusing());
        trained.Fit(Toy.Train, Toy.Validation, epochs: 1);
        TrainingState saved = ToyTraining.Saved(trained);
        Trainer other = Make(new Refusing());
        string before = Text(other);
        saved.Values["trainer"]!["callbacks"]!["Refusing"]!["value"] = 2L;
        Assert.That(() => other.Load(saved), Throws.TypeOf<ModelFileException>().With.InnerException.TypeOf<OverflowException>());
        Assert.That(Text(other), Is.EqualTo(before));
    }

    private static Trainer Make(params Callback[] callbacks)
    {
        Layer model = ToyTraining.Model();
        Adam adam = new(model.Parameters, 0.02);
        return ToyTraining.Trainer(model, [new EarlyStopping("loss", patience: 9), new PlateauCallback(new ReduceOnPlateau(adam), "loss"), new ModelCheckpoint("x", "loss"), .. callbacks.Where(static c => c is Refusing)]);
    }

    /// <summary>Everything that a trainer saves, as text.</summary>
    private static string Text(Trainer trainer)
    {
        TrainingState state = new();
        trainer.Save(state);
        return state.Values.ToJsonString() + string.Join("\n", state.Tensors.Select(static t => $"{t.Key} {t.Value.Shape} {string.Join(" ", t.Value.ToArray<double>())}"));
    }

    /// <summary>The same state once more: a load may change its JSON.</summary>
    private static TrainingState Again(TrainingState state) => new([.. state.Tensors], JsonNode.Parse(state.Values.ToJsonString())!.AsObject());

    private static IEnumerable<string[]> Paths(JsonNode node, string[] path)
    {
        if (path.Length > 0)
        {
            yield return path;
        }

        IEnumerable<(string Key, JsonNode? Node)> children = node switch
        {
            JsonObject o => o.Select(static p => (p.Key, p.Value)),
            JsonArray a => a.Select(static (child, i) => ($"#{i}", child)),
            _ => [],
        };
        foreach ((string key, JsonNode? child) in children)
        {
            if (child is not null)
            {
                foreach (string[] below in Paths(child, [.. path, key]))
                {
                    yield return below;
                }
            }
        }
    }

    private static JsonObject Changed(string json, string[] path, string? value)
    {
        JsonObject root = JsonNode.Parse(json)!.AsObject();
        JsonNode at = root;
        foreach (string key in path[..^1])
        {
            at = key[0] == '#' ? at[int.Parse(key[1..])]! : at[key]!;
        }

        JsonNode? node = value is null ? null : JsonNode.Parse(value);
        if (at is JsonArray array)
        {
            int index = int.Parse(path[^1][1..]);
            array.RemoveAt(index);
            if (value is not null)
            {
                array.Insert(index, node);
            }
        }
        else if (value is null)
        {
            at.AsObject().Remove(path[^1]);
        }
        else
        {
            at[path[^1]] = node;
        }

        return root;
    }

    private sealed class Refusing : Callback
    {
        public override void Save(TrainingState state) => state.Set("value", 1L);

        public override void Load(TrainingState state) => _ = state.Integer("value") == 1 ? 1 : throw new OverflowException("no such value");
    }
}
