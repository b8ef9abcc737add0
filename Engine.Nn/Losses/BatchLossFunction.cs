namespace Engine.Nn;

/// <summary>How far the outputs of a model are from what a batch asks for, as a scalar to minimise: of several outputs or targets, of weighted samples, or without targets.</summary>
/// <example><code>
/// BatchLossFunction two = (y, batch) => Losses.CrossEntropy(y["kind"], batch["kind"]) + (0.1 * Losses.Mse(y["price"], batch["price"]));
/// BatchLossFunction reconstruction = (y, batch) => Losses.Mse(y.Single, batch.Inputs);
/// </code></example>
/// <param name="predictions">The outputs of the model.</param>
/// <param name="batch">The batch that they are of.</param>
public delegate Tensor BatchLossFunction(Tensors predictions, Batch batch);
