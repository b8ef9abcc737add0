using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests;

/// <summary>Trainers of the tests write no lines; those of the progress bar's tests are asked to.</summary>
[SetUpFixture]
internal sealed class QuietTrainers
{
    [OneTimeSetUp]
    public void Begin() => Trainer.DefaultVerbosity = Verbosity.Quiet;

    [OneTimeTearDown]
    public void End() => Trainer.DefaultVerbosity = Verbosity.Auto;
}
