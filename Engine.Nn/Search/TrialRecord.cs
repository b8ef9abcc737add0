namespace Engine.Nn;

/// <summary>A trial as an <see cref="IStudyStorage"/> keeps it.</summary>
/// <param name="Number">The number of the trial, from 0.</param>
/// <param name="Attempt">How often it was begun.</param>
/// <param name="State">How it stands.</param>
/// <param name="Coordinates">The values in the order of the space, NaN for those it does not have; null before they are chosen.</param>
/// <param name="Value">The value of the objective; NaN if there is none.</param>
/// <param name="Reports">Values on the way.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Started">When this attempt was begun.</param>
/// <param name="Finished">When it ended.</param>
public sealed record TrialRecord(
    int Number,
    int Attempt,
    TrialState State,
    IReadOnlyList<double>? Coordinates,
    double Value,
    IReadOnlyList<(int Step, double Value)> Reports,
    string? Error,
    DateTimeOffset Started,
    DateTimeOffset? Finished);

/// <summary>The right to try a trial, which one worker has at a time.</summary>
/// <param name="Number">The number of the trial.</param>
/// <param name="Attempt">1, or more if it is taken up again. The worker of an earlier attempt has lost the trial.</param>
/// <param name="Coordinates">The values of an earlier attempt; null if they have to be chosen.</param>
public sealed record TrialClaim(int Number, int Attempt, IReadOnlyList<double>? Coordinates);
