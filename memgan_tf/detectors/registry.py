"""The one place that lists the methods."""

from memgan_tf.config import RunConfig
from memgan_tf.detectors.base import Detector
from memgan_tf.detectors.deep import DeepDetector
from memgan_tf.detectors.isolation_forest import IsolationForest
from memgan_tf.detectors.kde import KernelDensity
from memgan_tf.detectors.ocsvm import OneClassSvm
from memgan_tf.detectors.patches.features_knn import FeaturesKnn
from memgan_tf.detectors.patches.padim import Padim
from memgan_tf.detectors.patches.patch_memory import PatchMemory
from memgan_tf.detectors.patches.patchcore import Patchcore
from memgan_tf.detectors.pca import PrincipalComponents
from memgan_tf.models.adgan import ADGAN
from memgan_tf.models.alad import ALAD
from memgan_tf.models.bigan import BiGAN
from memgan_tf.models.dagmm import DAGMM
from memgan_tf.models.dcae import DCAE
from memgan_tf.models.deep_svdd import DeepSVDD
from memgan_tf.models.dsebm import DSEBM
from memgan_tf.models.memae import MemAE
from memgan_tf.models.memgan import MEMGAN
from memgan_tf.models.memgan_plus import MEMGANPlus
from memgan_tf.models.vae import VAE
from memgan_tf.validation import check_choice

DEEP_MODELS = {
    "memgan": MEMGAN,
    "memgan_plus": MEMGANPlus,
    "adgan": ADGAN,
    "alad": ALAD,
    "bigan": BiGAN,
    "dagmm": DAGMM,
    "dcae": DCAE,
    "deep_svdd": DeepSVDD,
    "dsebm": DSEBM,
    "memae": MemAE,
    "vae": VAE,
}
SHALLOW_DETECTORS = {
    "isolation_forest": IsolationForest,
    "kde": KernelDensity,
    "ocsvm": OneClassSvm,
    "pca": PrincipalComponents,
}
FEATURE_DETECTORS = {
    "patch_memory": PatchMemory,
    "padim": Padim,
    "patchcore": Patchcore,
    "features_knn": FeaturesKnn,
}
NAMES = (*DEEP_MODELS, *SHALLOW_DETECTORS, *FEATURE_DETECTORS)


def make_detector(config: RunConfig) -> Detector:
    """The detector that a configuration describes, not fitted.

    Raises:
        ValueError: If its name is unknown.
    """
    name = check_choice("detector", config.detector, NAMES)
    for known in (SHALLOW_DETECTORS, FEATURE_DETECTORS):
        if name in known:
            return known[name](config)
    return DeepDetector(config, DEEP_MODELS[name])
