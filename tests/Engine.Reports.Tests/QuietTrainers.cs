using Engine.Nn;
using NUnit.Framework;

namespace Engine.Reports.Tests;

/// <summary>Trainers of the tests write no lines.</summary>
[SetUpFixture]
internal sealed class QuietTrainers
{
    [OneTimeSetUp]
    public void Begin() => Trainer.DefaultVerbosity = Verbosity.Quiet;

    [OneTimeTearDown]
    public void End() => Trainer.DefaultVerbosity = Verbosity.Auto;
}
