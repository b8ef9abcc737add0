namespace Engine.Nn;

/// <summary>Where a <see cref="Study"/> keeps its trials, and where workers that share it meet. All members are called from several threads.</summary>
public interface IStudyStorage
{
    /// <summary>How often a worker shows with <see cref="Beat"/> that its trials still run; null if their process cannot die without the storage.</summary>
    TimeSpan? HeartbeatInterval { get; }

    /// <summary>Begins a study or joins it; may be called again.</summary>
    /// <exception cref="StudyFileException">It is a study of another space or mode, damaged, or of a newer program.</exception>
    void Open(StudyDefinition definition);

    /// <summary>
    /// Hands out a trial: one that was released or whose worker has stopped beating, else a new one. A trial whose worker has died once too
    /// often fails instead.
    /// </summary>
    /// <param name="worker">Who asks, for those who look into the storage.</param>
    /// <param name="trials">New trials have numbers below this.</param>
    /// <param name="retries">How often a trial may be taken up again after its worker died.</param>
    /// <returns>Null if there is nothing to try.</returns>
    TrialClaim? Claim(string worker, int trials, int retries);

    /// <summary>Notes the values that were chosen for a trial.</summary>
    /// <returns>Whether the claim still holds; where not, nothing is changed. So for the other members.</returns>
    bool SetCoordinates(TrialClaim claim, IReadOnlyList<double> coordinates);

    /// <summary>Notes a value on the way.</summary>
    bool Report(TrialClaim claim, int step, double value);

    /// <summary>Shows that the worker lives.</summary>
    bool Beat(TrialClaim claim);

    /// <summary>Ends a trial.</summary>
    bool Finish(TrialClaim claim, TrialState state, double value, string? error);

    /// <summary>Puts a trial back for the next who asks, with its values but without its reports.</summary>
    bool Release(TrialClaim claim);

    /// <summary>All trials by number.</summary>
    IReadOnlyList<TrialRecord> Load();
}
