"""The registry of methods with their settings, presets and classes, without TensorFlow."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from memgan_tf.config import (
    adgan,
    alad,
    bigan,
    dagmm,
    dcae,
    deep_svdd,
    dsebm,
    features,
    isolation_forest,
    kde,
    memae,
    memgan,
    memgan_plus,
    ocsvm,
    pca,
    vae,
)
from memgan_tf.config.shared import ModelConfig


class Method(NamedTuple):
    """A registered method.

    Attributes:
        config: Class of its settings.
        presets: Values by preset and family of images.
        implementation: Place of its class below `memgan_tf`: a model in `models`, which is trained
            in steps, or a complete detector. It is imported on demand.
    """

    config: type[ModelConfig]
    presets: Mapping[str, Any]
    implementation: str


DETECTORS: dict[str, Method] = {
    "memgan": Method(memgan.MemganConfig, memgan.PRESETS, "models.memgan.MEMGAN"),
    "memgan_plus": Method(
        memgan_plus.MemganPlusConfig, memgan_plus.PRESETS, "models.memgan_plus.MEMGANPlus"
    ),
    "adgan": Method(adgan.AdganConfig, adgan.PRESETS, "models.adgan.ADGAN"),
    "alad": Method(alad.AladConfig, alad.PRESETS, "models.alad.ALAD"),
    "bigan": Method(bigan.BiganConfig, bigan.PRESETS, "models.bigan.BiGAN"),
    "dagmm": Method(dagmm.DagmmConfig, dagmm.PRESETS, "models.dagmm.DAGMM"),
    "dcae": Method(dcae.DcaeConfig, dcae.PRESETS, "models.dcae.DCAE"),
    "deep_svdd": Method(deep_svdd.DeepSvddConfig, deep_svdd.PRESETS, "models.deep_svdd.DeepSVDD"),
    "dsebm": Method(dsebm.DsebmConfig, dsebm.PRESETS, "models.dsebm.DSEBM"),
    "isolation_forest": Method(
        isolation_forest.IsolationForestConfig,
        isolation_forest.PRESETS,
        "detectors.isolation_forest.IsolationForest",
    ),
    "kde": Method(kde.KdeConfig, kde.PRESETS, "detectors.kde.KernelDensity"),
    "memae": Method(memae.MemaeConfig, memae.PRESETS, "models.memae.MemAE"),
    "ocsvm": Method(ocsvm.OcsvmConfig, ocsvm.PRESETS, "detectors.ocsvm.OneClassSvm"),
    "pca": Method(pca.PcaConfig, pca.PRESETS, "detectors.pca.PrincipalComponents"),
    "vae": Method(vae.VaeConfig, vae.PRESETS, "models.vae.VAE"),
    "patch_memory": Method(
        features.PatchMemoryConfig,
        features.PATCH_MEMORY_PRESETS,
        "detectors.patches.patch_memory.PatchMemory",
    ),
    "padim": Method(features.PadimConfig, features.PADIM_PRESETS, "detectors.patches.padim.Padim"),
    "patchcore": Method(
        features.PatchcoreConfig,
        features.PATCHCORE_PRESETS,
        "detectors.patches.patchcore.Patchcore",
    ),
    "features_knn": Method(
        features.FeaturesKnnConfig,
        features.FEATURES_KNN_PRESETS,
        "detectors.patches.features_knn.FeaturesKnn",
    ),
}
# Names by kind: trained in steps, fitted at once to pixels, and fitted to features of a network.
DEEP = tuple(name for name, method in DETECTORS.items() if method.config.trains_in_steps)
BY_FEATURES = tuple(name for name, method in DETECTORS.items() if method.config.by_features)
SHALLOW = tuple(name for name in DETECTORS if name not in (*DEEP, *BY_FEATURES))
