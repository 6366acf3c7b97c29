"""What each metric says, in a sentence for a reader of a report."""

from typing import NamedTuple

FACTORS = "Latents and factors"
PREDICTION = "What can be predicted from the codes"
DEPENDENCE = "Latents alone"
IMAGES = "Images"


class Meaning(NamedTuple):
    """A metric in words.

    Attributes:
      group: Of the metrics that it stands with.
      title: Its name for a reader.
      sentence: What it measures.
      range: Its least and greatest value, or its unit.
      better: higher or lower; empty if it is neither good nor bad.
    """

    group: str
    title: str
    sentence: str
    range: str = "0 to 1"
    better: str = "higher"


MEANINGS = {
    "mig_histogram": Meaning(
        FACTORS,
        "Mutual information gap, histogram",
        "By how much of a factor's entropy the latent that tells most of it is "
        "ahead of the second; 20 bins.",
    ),
    "mig_analytic": Meaning(
        FACTORS,
        "Mutual information gap, analytic",
        "The same gap, computed from the posteriors themselves without bins.",
    ),
    "factor_vae_score": Meaning(
        FACTORS,
        "FactorVAE score",
        "How often the fixed factor is named from the latent that varies "
        "least; chance is 1 / number of factors.",
    ),
    "higgins_score": Meaning(
        FACTORS,
        "Higgins score",
        "Accuracy of a classifier that names the factor which pairs of images "
        "have in common; blind to rotations of the codes.",
    ),
    "zdiff_corr": Meaning(
        FACTORS,
        "Z-diff correlation",
        "Whether codes differ where a factor differs, over random pairs.",
    ),
    "modularity": Meaning(
        FACTORS,
        "Modularity",
        "How far each latent tells of one factor only; read it against its "
        "noise floor.",
    ),
    "sap_svm": Meaning(
        FACTORS,
        "SAP score, support vectors",
        "Lead of the best latent over the second in telling a factor by a "
        "linear classifier; perfect codes of dSprites score 0.25.",
    ),
    "sap_correlation": Meaning(
        FACTORS,
        "SAP score, correlation",
        "Lead of the best latent over the second in squared correlation with a "
        "factor.",
    ),
    "dci": Meaning(
        FACTORS,
        "DCI disentanglement",
        "How few factors each latent serves, by the importances of predictors; "
        "completeness asks how few latents each factor has.",
    ),
    "irs": Meaning(
        FACTORS,
        "Interventional robustness",
        "How little a latent moves while factors other than its own are "
        "changed; noise scores about 0.4.",
    ),
    "explicitness": Meaning(
        PREDICTION,
        "Explicitness",
        "Area under the ROC curve of linear classifiers of each factor's "
        "value; chance is 0.5.",
    ),
    "factor_accuracy": Meaning(
        PREDICTION,
        "Factor accuracy",
        "Accuracy of linear classifiers of each factor's value, and their "
        "mean.",
    ),
    "downstream_accuracy": Meaning(
        PREDICTION,
        "Downstream accuracy",
        "Mean accuracy of classifiers of the factors that see few or many "
        "labels.",
    ),
    "unfairness": Meaning(
        PREDICTION,
        "Unfairness",
        "How much predictions of one factor move when another one is changed.",
        better="lower",
    ),
    "active_units": Meaning(
        DEPENDENCE,
        "Active units",
        "Latents whose mean varies over images by more than 0.01.",
        "a number",
        "",
    ),
    "mean_pairwise_mi": Meaning(
        DEPENDENCE,
        "Mean pairwise mutual information",
        "How much one latent tells of another, on average over pairs.",
        "nats, from 0",
        "lower",
    ),
    "gaussian_wasserstein": Meaning(
        DEPENDENCE,
        "Gaussian Wasserstein distance",
        "Squared distance of a Gaussian with the covariance of the codes from "
        "one with independent latents.",
        "from 0",
        "lower",
    ),
    "tc_gaussian": Meaning(
        DEPENDENCE,
        "Total correlation, Gaussian",
        "Total correlation of a Gaussian with the covariance of the codes: "
        "linear dependence alone.",
        "nats, from 0",
        "lower",
    ),
    "tc_mss": Meaning(
        DEPENDENCE,
        "Total correlation, stratified batches",
        "Estimated from batches; it errs to the low side, even below 0.",
        "nats",
        "lower",
    ),
    "tc_mixture": Meaning(
        DEPENDENCE,
        "Total correlation, mixture",
        "Of the mixture of the posteriors of a sample; it errs to the high "
        "side.",
        "nats, from 0",
        "lower",
    ),
    "tc_discriminator": Meaning(
        DEPENDENCE,
        "Total correlation, density ratio",
        "By a classifier that tells codes from shuffled ones; it errs to the "
        "low side.",
        "nats",
        "lower",
    ),
    "frechet_distance_efficientnet_lite0": Meaning(
        IMAGES,
        "Fréchet and kernel distance, EfficientNet-Lite0",
        "How far reconstructions and samples are from the data in the features "
        "of a network; never comparable with FID.",
        "from 0",
        "lower",
    ),
    "fid": Meaning(
        IMAGES,
        "Fréchet and kernel Inception distance",
        "How far reconstructions and samples are from the data in the features "
        "of InceptionV3; compare only with the same number of images.",
        "from 0",
        "lower",
    ),
    "grey_pixels": Meaning(
        IMAGES,
        "Grey pixels",
        "Share of pixels that are neither black nor white.",
        better="",
    ),
    "code_recovery": Meaning(
        IMAGES,
        "Code recovery",
        "Correlation of the code that an image was made from with the one that "
        "the encoder reads from it.",
        "-1 to 1",
    ),
}
