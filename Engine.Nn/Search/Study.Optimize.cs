using System.Runtime.ExceptionServices;

namespace Engine.Nn;

public sealed partial class Study
{
    // Of a heartbeat: how long a worker waits before it looks again whether others' trials have ended.
    private const double LookShare = 0.25;

    /// <summary>Tries until the study has so many trials.</summary>
    /// <param name="objective">Trains with the trial's values and returns the number to minimise or maximise. NaN fails the trial.</param>
    /// <param name="trials">How many trials the study shall have, with those that it has already; all combinations if left out with a <see cref="GridSearch"/>.</param>
    /// <param name="parallelism">How many trials to try at a time, each on a thread of its own. 1 tries them one by one on the calling thread.</param>
    /// <param name="progress">Is told of each trial that ended here, one at a time.</param>
    /// <param name="cancellationToken">Checked before each trial, and handed to objectives as <see cref="Trial.CancellationToken"/>.</param>
    /// <remarks>
    /// An exception for which <see cref="IsFailure"/> holds fails its trial; any other fails it too and ends the search. A trial whose objective
    /// is cancelled is put back and tried first when the search goes on. Where the storage is shared with other processes, the call returns
    /// when their trials have ended too: one whose process died is taken up again.
    /// </remarks>
    /// <exception cref="ArgumentException">The number of trials is left out and the algorithm has no end.</exception>
    /// <exception cref="OperationCanceledException">The token asked for the end.</exception>
    /// <exception cref="StudyFileException">The storage cannot be read or written.</exception>
    public void Optimize(Func<Trial, double> objective, int? trials = null, int parallelism = 1, IProgress<Trial>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(objective);
        Hyper.Count(parallelism);
        int? limit = Algorithm.Limit(Space);
        if (trials is null && limit is null)
        {
            throw new ArgumentException($"Optimize: {Algorithm.GetType().Name} has no end; say how many trials.", nameof(trials));
        }

        int wanted = Math.Min(trials ?? int.MaxValue, limit ?? int.MaxValue);
        ArgumentOutOfRangeException.ThrowIfNegative(wanted, nameof(trials));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using Run run = new(this, objective, wanted, progress, stop);
        if (parallelism == 1)
        {
            run.Work();
        }
        else
        {
            Task[] workers = [.. Enumerable.Range(0, Math.Min(parallelism, wanted)).Select(_ => Task.Factory.StartNew(run.Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            Task.WaitAll(workers, CancellationToken.None);
        }

        run.ThrowIfFailed();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>One call of <see cref="Optimize"/> with its workers.</summary>
    private sealed class Run : IDisposable
    {
        private readonly Study _study;
        private readonly Func<Trial, double> _objective;
        private readonly int _trials;
        private readonly IProgress<Trial>? _progress;
        private readonly CancellationTokenSource _stop;
        private readonly string _worker = $"{Environment.MachineName}:{Environment.ProcessId}";
        private readonly Lock _lock = new();
        private readonly Lock _progressLock = new();
        private readonly HashSet<TrialClaim> _claims = [];
        private readonly Timer? _heart;
        private Exception? _error;

        public Run(Study study, Func<Trial, double> objective, int trials, IProgress<Trial>? progress, CancellationTokenSource stop)
        {
            (_study, _objective, _trials, _progress, _stop) = (study, objective, trials, progress, stop);
            if (study.Storage.HeartbeatInterval is { } interval)
            {
                _heart = new Timer(_ => Beat(), null, interval, interval);
            }
        }

        /// <summary>Tries trials until there are no more. Does not throw: an exception is kept, and stops the other workers.</summary>
        public void Work()
        {
            try
            {
                while (!_stop.IsCancellationRequested)
                {
                    if (_study.Storage.Claim(_worker, _trials, _study.Retries) is { } claim)
                    {
                        Try(claim);
                    }
                    else if (_study.Storage.HeartbeatInterval is not { } interval || !OthersRun())
                    {
                        return;
                    }
                    else
                    {
                        _stop.Token.WaitHandle.WaitOne(interval * LookShare);
                    }
                }
            }
            catch (Exception error)
            {
                Keep(error);
            }
        }

        public void ThrowIfFailed()
        {
            if (_error is not null)
            {
                ExceptionDispatchInfo.Throw(_error);
            }
        }

        public void Dispose()
        {
            if (_heart is not null)
            {
                // Waits for a beat that is under way: the storage may be disposed of next.
                using ManualResetEvent stopped = new(false);
                if (_heart.Dispose(stopped))
                {
                    stopped.WaitOne();
                }
            }
        }

        private void Try(TrialClaim claim)
        {
            lock (_lock)
            {
                _claims.Add(claim);
            }

            try
            {
                double[] coordinates;
                if (claim.Coordinates is { } known)
                {
                    coordinates = [.. known];
                }
                else
                {
                    coordinates = _study.Algorithm.Sample(_study.Space, claim.Number, () => Others(claim.Number), _study.Mode);
                    if (!_study.Storage.SetCoordinates(claim, coordinates))
                    {
                        return;
                    }
                }

                Trial trial = new(_study.Space, claim.Number, coordinates, t => Reported(t, claim), _stop.Token);
                if (Evaluate(trial, claim))
                {
                    Tell(claim.Number);
                }
            }
            finally
            {
                lock (_lock)
                {
                    _claims.Remove(claim);
                }
            }
        }

        /// <summary>Runs the objective and notes how it ended; false if another worker has the trial by now or if it was put back.</summary>
        private bool Evaluate(Trial trial, TrialClaim claim)
        {
            IStudyStorage storage = _study.Storage;
            try
            {
                double value = _objective(trial);
                return trial.ShouldPrune ? storage.Finish(claim, TrialState.Pruned, value, null)
                    : double.IsNaN(value) ? storage.Finish(claim, TrialState.Failed, value, "The objective was NaN.")
                    : storage.Finish(claim, TrialState.Completed, value, null);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                storage.Release(claim);
                return false;
            }
            catch (StudyFileException)
            {
                throw;
            }
            catch (Exception error)
            {
                bool ended = storage.Finish(claim, TrialState.Failed, double.NaN, error.Message);
                if (!_study.IsFailure(error))
                {
                    Keep(error);
                }

                return ended;
            }
        }

        private bool Reported(Trial trial, TrialClaim claim)
        {
            (int step, double value) = trial.Reports[^1];

            // Another worker has taken the trial over, so that its result here does not count.
            return !_study.Storage.Report(claim, step, value) || _study.Pruner?.ShouldPrune(trial, Others(trial.Number), _study.Mode) == true;
        }

        private Trial[] Others(int number) => [.. _study.Trials.Where(t => t.Number != number)];

        private void Tell(int number)
        {
            if (_progress is not null && _study.Trials.FirstOrDefault(t => t.Number == number) is { } trial)
            {
                lock (_progressLock)
                {
                    _progress.Report(trial);
                }
            }
        }

        private bool OthersRun()
        {
            int[] own;
            lock (_lock)
            {
                own = [.. _claims.Select(static c => c.Number)];
            }

            return _study.Trials.Any(t => t.State == TrialState.Running && !own.Contains(t.Number));
        }

        private void Beat()
        {
            TrialClaim[] claims;
            lock (_lock)
            {
                claims = [.. _claims];
            }

            try
            {
                foreach (TrialClaim claim in claims)
                {
                    _study.Storage.Beat(claim);
                }
            }
            catch (Exception error)
            {
                // On a thread of the pool it would end the process.
                Keep(error);
            }
        }

        private void Keep(Exception error)
        {
            Interlocked.CompareExchange(ref _error, error, null);
            _stop.Cancel();
        }
    }
}
