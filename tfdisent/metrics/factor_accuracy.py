"""Table 2 of the beta-VAE paper: linear classification of each factor."""

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from tfdisent.metrics import checks, classifiers
from tfdisent.metrics import codes as codes_lib

# With tol=1e-6 it takes 20 times as long for the same accuracy within 0.001;
# Newton-CG, the better solver for C = 1, takes 5 times as long.
_UNREGULARIZED = LogisticRegression(
    C=1e4, solver="lbfgs", tol=1e-4, max_iter=10_000
)


def factor_accuracy(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_train: int = 10_000,
    num_test: int = 5_000,
) -> dict[str, float]:
    """Accuracy of a linear classifier of each factor's value, and the mean.

    For each factor k fit p_k(v | z), softmax regression on standardised
    codes; with K factors and test points (z_i, v_i)

        factor_accuracy = 1/K sum_k mean_i [argmax_v p_k(v | z_i) = v_ik].

    The paper states neither optimiser nor regularisation nor counts, and they
    decide the result: on a code that equals the factor, the border between two
    neighbours among 40 values takes large weights. So there are two numbers:
    with C = 1 (the main one) and with C = 1e4, all but unregularised. Codes
    equal to the factors of dSprites score 0.67 and 1.00, rotations of them the
    same, noise 0.12, which is chance. With C = 1 the score grows with
    num_train, and falls to 0.63 with five latents of noise beside.

    The defaults cost 15,000 encodings, and 2 s on 2 cores for ten latents and
    the factors of dSprites. The Monte-Carlo standard deviation is 0.004 for
    perfect codes and 0.001 for noise with C = 1, 0.003 at most with 1e4.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_train: points that train the classifiers.
      num_test: points that measure them.

    Returns:
      "factor_accuracy" in [0, 1], with C = 1, and "factor_accuracy/<factor>";
      "factor_accuracy/unregularized" and
      "factor_accuracy/unregularized/<factor>", with C = 1e4; and
      "factor_accuracy/chance", the mean accuracy on the test points of the
      value that is the most frequent in training. A value that is missing from
      the training points is never named.

    Raises:
      UsageError: a bad argument, bad codes, or no factor that varies.

    References:
      Higgins et al. 2017, beta-VAE: Learning Basic Visual Concepts with a
      Constrained Variational Framework, appendix A.5.
    """
    checks.check_at_least(1, num_train=num_train, num_test=num_test)
    train, test, varying = classifiers.draw(
        "factor_accuracy", sampler, rng, num_train, num_test
    )
    names = sampler.factor_names

    scores = {}
    for key, classifier in {
        "factor_accuracy": classifiers.softmax_regression(),
        "factor_accuracy/unregularized": _UNREGULARIZED,
        "factor_accuracy/chance": DummyClassifier(strategy="most_frequent"),
    }.items():
        accuracies = {}
        for k in varying:
            model = classifiers.fit(
                "factor_accuracy", classifier, train.codes, train.factors[:, k]
            )
            accuracies[f"{key}/{names[k]}"] = float(
                model.score(test.codes, test.factors[:, k])
            )
        scores[key] = float(np.mean(list(accuracies.values())))
        if key != "factor_accuracy/chance":
            scores |= accuracies
    return scores
