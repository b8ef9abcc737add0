using System.Diagnostics;
using System.Numerics;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Files that PyTorch wrote (tests/golden_tools/make_pytorch_files.py), files of formats that it wrote before or after, and files for it.</summary>
internal sealed class PyTorchFileTests
{
    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("tensors.pth")]
    [TestCase("tensors_legacy.pth")]
    public void Load_EveryTypeAndLayout_HasPyTorchsValues(string file)
    {
        Dictionary<string, Tensor> loaded = PyTorchFile.Load(Data(file), _device);
        float[] ramp = [.. Enumerable.Range(0, 24).Select(static i => (float)i)];
        Check("float32", DType.Float32, [2, 3, 4], [.. ramp.Select(static v => v / 8)]);
        Check("float64", DType.Float64, [5], [0, 1.0 / 3, 2.0 / 3, 1, 4.0 / 3]);
        Check("float16", DType.Float16, [4], [1.5, -2, double.NaN, double.PositiveInfinity]);
        Check("bfloat16", DType.BFloat16, [3], [1.5, -2, 3.140625]);
        Check("int64", DType.Int64, [2], [1L << 40, -1]);
        Check("int32", DType.Int32, [1, 2], [int.MinValue, int.MaxValue]);
        Check("int16", DType.Int32, [2], [-300, 300]);
        Check("int8", DType.Int32, [2], [-100, 100]);
        Check("uint8", DType.UInt8, [2], [0, 255]);
        Check("bool", DType.Bool, [3], [1, 0, 1]);
        Check("scalar", DType.Float32, [], [2.5]);
        Check("empty", DType.Float32, [3, 0, 2], []);
        Check("transposed", DType.Float32, [6, 4], [.. Enumerable.Range(0, 24).Select(static i => (double)((i % 4 * 6) + (i / 4)))]);
        Check("slice", DType.Float32, [2, 3], [8, 9, 10, 14, 15, 16]);
        Check("step", DType.Float32, [8], [1, 4, 7, 10, 13, 16, 19, 22]);
        Check("expanded", DType.Float32, [2, 2], [3, 3, 3, 3]);
        Check("flipped_axes", DType.Float32, [4, 2, 3], [.. Enumerable.Range(0, 24).Select(static i => (double)((i / 3 % 2 * 12) + (i % 3 * 4) + (i / 6)))]);
        Check("channels_last", DType.Float32, [1, 2, 3, 4], [.. ramp]);
        Check("parameter", DType.Float32, [2], [1, 2]);
        Check("tied", DType.Float32, [24], [.. ramp]);
        Assert.That(loaded, Has.Count.EqualTo(21));

        // Views of one memory are tensors of their own.
        loaded["tied"].ZeroInPlace();
        Check("tied_too", DType.Float32, [24], [.. ramp]);

        void Check(string name, DType dtype, int[] shape, double[] values)
        {
            Assert.That(loaded[name].DType, Is.EqualTo(dtype), name);
            Assert.That(loaded[name].Shape.ToArray(), Is.EqualTo(shape), name);
            Assert.That(loaded[name].ToArray<double>(), Is.EqualTo(values), name);
        }
    }

    [TestCase("checkpoint_2.pth")]
    [TestCase("checkpoint_3.pth")]
    [TestCase("checkpoint_4.pth")]
    [TestCase("checkpoint_5.pth")]
    [TestCase("checkpoint_legacy.pth")]
    public void LoadAll_Checkpoint_HasItsNumbersAndTexts(string file)
    {
        OrderedDictionary<object, object?> all = (OrderedDictionary<object, object?>)PyTorchFile.LoadAll(Data(file), _device)!;
        Assert.Multiple(() =>
        {
            Assert.That(all["epoch"], Is.EqualTo(7L));
            Assert.That(all["best"], Is.EqualTo(0.25));
            Assert.That(all["note"], Is.EqualTo("ä \U0001F600"));
            Assert.That(all["classes"], Is.EqualTo((object[])["cat", "dog"]));
            Assert.That(all["betas"], Is.EqualTo((object?[])[0.5, 0.75, null, true, false]));
            Assert.That(all["tags"], Is.EquivalentTo((object[])["a"]));
            Assert.That(all["raw"], Is.EqualTo((byte[])[0, 255]));
            Assert.That(all["size"], Is.EqualTo((object[])[2L, 3L]));
            Assert.That(all["device"], Is.EqualTo("cuda:1"));
            Assert.That(all["dtype"], Is.EqualTo(DType.Float16));
            Assert.That(all["large"], Is.EqualTo(BigInteger.One << 70));
            Assert.That(all["negative"], Is.EqualTo(-5L));
        });
        OrderedDictionary<object, object?> optimizer = (OrderedDictionary<object, object?>)all["optimizer"]!;
        OrderedDictionary<object, object?> state = (OrderedDictionary<object, object?>)optimizer["state"]!;
        Assert.That(((Tensor)((OrderedDictionary<object, object?>)state[0L]!)["exp_avg"]!).Shape, Is.EqualTo(new Shape(2, 2)));
        List<object?> groups = (List<object?>)optimizer["param_groups"]!;
        Assert.That(((OrderedDictionary<object, object?>)groups[0]!)["lr"], Is.EqualTo(0.125));
    }

    [Test]
    public void Load_Nested_FindsTheStateAndTakesThePrefixOff()
    {
        string path = Data("checkpoint_4.pth");
        Assert.That(PyTorchFile.Load(path, _device).Keys, Has.All.StartsWith("module."));
        Dictionary<string, Tensor> state = PyTorchFile.Load(path, _device, prefix: "module.");
        Assert.That(state.Keys, Is.EqualTo((string[])["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"]));
        Sequential model = [new Linear(2, 2), new BatchNorm1d(2)];
        Assert.That(model.LoadStateDict(state).IsComplete);
        Assert.That(((Linear)model[0]).Bias!.ToArray<float>(), Is.EqualTo((float[])[10, 11]));
        Assert.That(PyTorchFile.Load(path, _device, "state_dict").Keys, Has.Member("module.0.weight"));
        Assert.That(PyTorchFile.Load(path, _device, "optimizer/state"), Is.Empty, "its keys are numbers");
        Assert.That(() => PyTorchFile.Load(path, _device, "ema"), Refused("no section 'ema': the keys there are epoch, best, note"));
        Assert.That(() => PyTorchFile.Load(path, _device, "note/x"), Refused("no section 'note/x': it is no dictionary there"));
        Assert.That(() => PyTorchFile.Load(path, _device, "note"), Refused("section 'note' is no dictionary"));
    }

    [Test]
    public void Load_SeveralStates_AsksWhich()
    {
        PickleText pickle = new();
        pickle.Raw("}").Text("generator").Named("w", static p => p.Tensor("0", 1, 0, [1], [1])).Raw("s").Text("critic").Named("w", static p => p.Tensor("0", 1, 0, [1], [1])).Raw("s");
        string path = _folder.Write("gan.pth", PickleText.Archive(pickle.Stop(), ("a/data/0", PickleText.Floats(3))));
        Assert.That(() => PyTorchFile.Load(path, _device), Refused("its tensors lie under generator, critic. Name one of them as the section"));
        Assert.That(PyTorchFile.Load(path, _device, "critic")["w"].Item(), Is.EqualTo(3));
        Assert.That(() => PyTorchFile.Load(_folder.Write("x", PickleText.Archive(new PickleText().Raw("N").Stop())), _device), Refused("does not hold a dictionary"));
        Assert.That(() => PyTorchFile.Load(_folder.Write("x", PickleText.Archive(new PickleText().Named("epoch", static p => p.Whole(3)).Stop())), _device), Refused("its keys are epoch"));
        Assert.That(PyTorchFile.Load(_folder.Write("x", PickleText.Archive(new PickleText().Raw("}").Stop())), _device), Is.Empty);
        byte[] twice = new PickleText().Raw("}").Text("a.w").Tensor("0", 1, 0, [1], [1]).Raw("s").Text("w").Tensor("0", 1, 0, [1], [1]).Raw("s").Stop();
        Assert.That(() => PyTorchFile.Load(_folder.Write("x", PickleText.Archive(twice, ("a/data/0", PickleText.Floats(3)))), _device, prefix: "a."), Refused("two of its tensors are named 'w'"));
    }

    [Test]
    public void Load_Model_AnswersAsPyTorch()
    {
        OrderedDictionary<object, object?> all = (OrderedDictionary<object, object?>)PyTorchFile.LoadAll(Data("model.pth"), Device.Get("cpu"))!;
        ResNet model = new(ResNetBlock.Basic, [1, 2], 3, 5, width: 4);
        Assert.That(model.LoadStateDict(PyTorchFile.Load(Data("model.pth"))).IsComplete);
        Tensor y = model.To(Device.Get("cpu")).Predict((Tensor)all["x"]!);
        Assert.That(y.ToArray<double>(), Is.EqualTo(((Tensor)all["y"]!).ToArray<double>()).Within(1e-5));
    }

    [TestCase("whole_module.pth", "'torch.nn.modules.linear.Linear'")]
    [TestCase("complex.pth", "'torch.ComplexFloatStorage'")]
    [TestCase("script.pt", "TorchScript archive")]
    public void Load_WhatIsNoState_SaysWhatToDo(string file, string reason) => Assert.That(() => PyTorchFile.Load(Data(file), _device), Refused(reason));

    [Test]
    public void Load_StateOfAScriptedModule_Works() => Assert.That(PyTorchFile.Load(Data("scripted_state.pth"), _device).Keys, Is.EqualTo((string[])["weight", "bias"]));

    // torch 2 writes types that have no storage class of their own so.
    [TestCase("torch.storage", "UntypedStorage", "bfloat16", DType.BFloat16)]
    [TestCase("torch", "UntypedStorage", "float16", DType.Float16)]
    [TestCase("torch.storage", "TypedStorage", "int16", DType.Int32)]
    public void Load_UntypedStorage_TakesTheTensorsType(string module, string storage, string dtype, DType expected)
    {
        byte[] pickle = new PickleText().Named("w", p => p.Global("torch._utils", "_rebuild_tensor_v3").Raw("(").Storage(module, storage, "0", 6).Whole(1).Tuple(2).Tuple(1)
            .Raw(0x89).Raw("}").Global("torch", dtype).Raw("}tR")).Stop();
        byte[] content = expected == DType.BFloat16 ? [0, 0, 0x80, 0x3F, 0, 0xC0] : expected == DType.Float16 ? [0, 0, 0, 0x3C, 0, 0xC0] : [0, 0, 1, 0, 0xFE, 0xFF];
        Tensor w = PyTorchFile.Load(_folder.Write("x.pth", PickleText.Archive(pickle, ("a/data/0", content), ("a/byteorder", "little"u8.ToArray()), ("a/.data/serialization_id", "1"u8.ToArray()))), _device)["w"];
        Assert.That(w.DType, Is.EqualTo(expected));
        Assert.That(w.ToArray<double>(), Is.EqualTo((double[])[1, -2]));
    }

    [Test]
    public void Load_BigEndian_TurnsBytesRound()
    {
        byte[] pickle = new PickleText().Named("w", static p => p.Tensor("0", 2, 0, [2], [1])).Stop();
        byte[] big = [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0];
        string path = _folder.Write("x.pth", PickleText.Archive(pickle, ("a/data/0", big), ("a/byteorder", "big"u8.ToArray())));
        Assert.That(PyTorchFile.Load(path, _device)["w"].ToArray<float>(), Is.EqualTo((float[])[1, -2]));
    }

    [Test]
    public void LoadAll_TensorSubclassStorageAndOldForms_AreRead()
    {
        PickleText pickle = new();
        pickle.Raw("](").Global("torch._tensor", "_rebuild_from_type_v2").Raw("(").Global("torch._utils", "_rebuild_tensor_v2").Global("torch", "Tensor")
            .Raw("(").Storage("torch", "FloatStorage", "0", 2).Whole(0).Tuple(2).Tuple(1).Raw(0x89).Raw("}t}tR")
            .Storage("torch.cuda", "FloatStorage", "0", 2)
            .Global("torch._utils", "_rebuild_tensor").Raw("(").Storage("torch", "FloatStorage", "0", 2).Whole(1).Tuple(1).Tuple(1).Raw("tR")
            .Global("torch._utils", "_rebuild_parameter_with_state").Raw("(").Tensor("0", 2, 0, [1, 2], [2, 1]).Raw(0x88).Raw("}}tR")
            .Global("collections", "OrderedDict").Raw("((").Text("k").Whole(4).Raw("tl").Raw(0x85).Raw("R")
            .Raw("e");
        string path = _folder.Write("x.pth", PickleText.Archive(pickle.Stop(), ("a/data/0", PickleText.Floats(5, 6))));
        List<object?> all = (List<object?>)PyTorchFile.LoadAll(path, _device)!;
        Assert.That(((Tensor)all[0]!).ToArray<float>(), Is.EqualTo((float[])[5, 6]));
        Assert.That(((Tensor)all[1]!).ToArray<float>(), Is.EqualTo((float[])[5, 6]));
        Assert.That(((Tensor)all[2]!).ToArray<float>(), Is.EqualTo((float[])[6]));
        Assert.That(((Tensor)all[3]!).Shape, Is.EqualTo(new Shape(1, 2)));
        Assert.That(((OrderedDictionary<object, object?>)all[4]!)["k"], Is.EqualTo(4L));
    }

    [Test]
    public void SaveThenLoad_KeepsTypesShapesAndValues()
    {
        Dictionary<string, Tensor> saved = Tensors();
        PyTorchFile.Save(_folder.File("x.pth"), saved);
        Dictionary<string, Tensor> loaded = PyTorchFile.Load(_folder.File("x.pth"), _device);
        Assert.That(loaded.Keys, Is.EqualTo(saved.Keys));
        foreach ((string name, Tensor tensor) in saved)
        {
            Assert.That(loaded[name].DType, Is.EqualTo(tensor.DType), name);
            Assert.That(loaded[name].Shape, Is.EqualTo(tensor.Shape), name);
            Assert.That(loaded[name].ToArray<double>(), Is.EqualTo(tensor.ToArray<double>()), name);
        }

        PyTorchFile.Save(_folder.File("y.pth"), saved);
        Assert.That(File.ReadAllBytes(_folder.File("y.pth")), Is.EqualTo(File.ReadAllBytes(_folder.File("x.pth"))), "equal input, equal bytes");
        Assert.That(() => PyTorchFile.Save(_folder.File("z.pth"), new Dictionary<string, Tensor> { ["w"] = null! }), Throws.ArgumentException.With.Message.Contains("'w' is null"));
    }

    [Test]
    public void Save_IsReadByPyTorch()
    {
        const string Python = "/usr/bin/python3";
        PyTorchFile.Save(_folder.File("x.pth"), Tensors());
        const string Script = """
            import sys
            try:
                import torch
            except ImportError:
                sys.exit(3)
            state = torch.load(sys.argv[1])
            for name, value in state.items():
                print(name, str(value.dtype)[6:], list(value.shape), [float(v) for v in value.flatten().double()])
            torch.save(state, sys.argv[2])
            """;
        if (!File.Exists(Python))
        {
            Assert.Ignore($"{Python} is not here.");
        }

        using Process process = Process.Start(new ProcessStartInfo(Python, ["-c", Script, _folder.File("x.pth"), _folder.File("back.pth")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd(), text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 3)
        {
            Assert.Ignore("Python has no module torch.");
        }

        Assert.That(process.ExitCode, Is.Zero, errors);
        Assert.That(text.TrimEnd().Split('\n'), Is.EqualTo((string[])
        [
            "bool bool [3] [1.0, 0.0, 1.0]", "u8 uint8 [2] [0.0, 255.0]", "i32 int32 [2] [-1.0, 2147483647.0]", "i64 int64 [1] [1099511627776.0]", "f16 float16 [1] [1.5]", "bf16 bfloat16 [1] [-2.0]",
            "f32 float32 [2, 2] [1.0, 3.0, 2.0, 4.0]", "f64 float64 [] [3.5]", "empty float32 [3, 0] []",
        ]));
        Dictionary<string, Tensor> back = PyTorchFile.Load(_folder.File("back.pth"), _device);
        Assert.That(back["f32"].ToArray<float>(), Is.EqualTo((float[])[1, 3, 2, 4]));
    }

    private Dictionary<string, Tensor> Tensors() => new()
    {
        ["bool"] = Tensor.From<bool>([true, false, true], device: _device),
        ["u8"] = Tensor.From<byte>([0, 255], device: _device),
        ["i32"] = Tensor.From<int>([-1, int.MaxValue], device: _device),
        ["i64"] = Tensor.From<long>([1L << 40], device: _device),
        ["f16"] = Tensor.From<Half>([(Half)1.5], device: _device),
        ["bf16"] = Tensor.From<BFloat16>([new BFloat16(0xC000)], device: _device),
        ["f32"] = Tensor.From<float>([1, 2, 3, 4], [2, 2], _device).T,
        ["f64"] = Tensor.From<double>([3.5], Shape.Scalar, _device),
        ["empty"] = Tensor.Empty([3, 0], DType.Float32, _device),
    };

    private static NUnit.Framework.Constraints.IResolveConstraint Refused(string reason) => Throws.TypeOf<ModelFileException>().With.Message.Contains(reason);

    private static string Data(string file) => Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "pytorch", file);
}
