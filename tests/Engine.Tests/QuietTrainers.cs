using Engine.Nn;
using NUnit.Framework;

// Outside of any namespace, so that it holds for each assembly of tests that compiles it.

/// <summary>Trainers of the tests write no lines; those of the progress bar's tests are asked to.</summary>
[SetUpFixture]
internal sealed class QuietTrainers
{
    [OneTimeSetUp]
    public void Begin() => Trainer.DefaultVerbosity = Verbosity.Quiet;

    [OneTimeTearDown]
    public void End() => Trainer.DefaultVerbosity = Verbosity.Auto;
}
