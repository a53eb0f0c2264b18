"""anomalib's PaDiM and PatchCore, references for the speed of detectors for photographs.

They run unchanged, from pixels, or on given features.
"""

import sys

import torch
from torch import nn

# PyTorch's compiler for GPUs, which crashes in a process that has loaded TensorFlow.
sys.modules.setdefault("triton", None)
from anomalib.models.components import KCenterGreedy  # noqa: E402
from anomalib.models.image.padim.torch_model import PadimModel  # noqa: E402
from anomalib.models.image.patchcore.torch_model import PatchcoreModel  # noqa: E402

# Means and deviations for pretrained networks of torchvision.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Number of centers whose choice is timed if choosing all would need too much time or memory.
TIMED_CENTERS = 50


class Given(nn.Module):
    """Replaces a network; its maps are the given ones."""

    maps = None

    def forward(self, images):
        return {"maps": self.maps}


class GivenPadim:
    """PaDiM on grids of features.

    Args:
        num_kept: Number of channels that it draws.
        side: Side of the images, for the map.
    """

    def __init__(self, num_kept, side):
        self._model = PadimModel(pre_trained=False, n_features=num_kept)
        self._model.layers, self._model.feature_extractor = ["maps"], Given()
        self._num_kept, self._images = num_kept, torch.empty(1, 3, *side)

    @torch.inference_mode()
    def fit(self, maps):
        """Learns from `(images, channels, rows, columns)`."""
        self._model.idx = torch.randperm(maps.shape[1])[: self._num_kept]
        self._model.train()
        self._model.feature_extractor.maps = maps
        self._model(self._images)
        self._model.fit()

    @torch.inference_mode()
    def score(self, maps):
        self._model.eval()
        self._model.feature_extractor.maps = maps
        return self._model(self._images).pred_score.numpy()


class GivenPatchcore:
    """PatchCore on grids of features."""

    def __init__(self, num_units, side):
        self._model = PatchcoreModel(["layer2"], "resnet18", pre_trained=False)
        self._model.layers, self._model.feature_extractor = ["maps"], Given()
        # The grids have already been averaged over their neighbors.
        self._model.feature_pooler = nn.Identity()
        self.num_units, self._images = num_units, torch.empty(1, 3, *side)

    @torch.inference_mode()
    def fit(self, candidates, clock):
        """Chooses units from `(patches, channels)`.

        Returns:
            Seconds of `clock`, extrapolated from a few units, because all need more than 17 GB.
        """
        # Time to score depends on how many units there are, not on which.
        self._model.memory_bank = candidates[: self.num_units]
        return _extended(KCenterGreedy(candidates, 0.1), self.num_units, clock)

    @torch.inference_mode()
    def score(self, maps):
        self._model.eval()
        self._model.feature_extractor.maps = maps
        return self._model(self._images).pred_score.numpy()


class AsItComes:
    """A model of anomalib with its own network with random weights, from pixels."""

    def __init__(self, name):
        self.name = name
        if name == "padim":
            self._model = PadimModel(pre_trained=False)
        else:
            self._model = PatchcoreModel(["layer2", "layer3"], pre_trained=False)

    @torch.inference_mode()
    def read(self, images, batch):
        """Passes uint8 images, `(images, height, width, 3)`, through the network."""
        self._model.train()
        self._model.feature_extractor.eval()
        for start in range(0, len(images), batch):
            self._model(_normalized(images[start : start + batch]))

    @torch.inference_mode()
    def learn(self, clock):
        """Learns from the features of `read`.

        Returns:
            Seconds of `clock`; for PatchCore's coreset, extrapolated from a few of its centers.
        """
        if self.name == "padim":
            return clock(self._model.fit)
        patches = torch.vstack(self._model.embedding_store)
        self._model.embedding_store = []
        sampler = KCenterGreedy(patches, 0.1)
        count = sampler.coreset_size
        # Time to score depends on how many units there are, not on which.
        self._model.memory_bank = patches[torch.randperm(len(patches))[:count]]
        return _extended(sampler, count, clock)

    @torch.inference_mode()
    def score(self, images):
        self._model.eval()
        return self._model(_normalized(images)).pred_score.numpy()


def _extended(sampler, count, clock):
    """Seconds to choose `count` centers, extrapolated from one and a few more."""
    found = []
    for centers in (1, 1 + TIMED_CENTERS):
        sampler.coreset_size = centers
        found.append(clock(sampler.select_coreset_idxs))
    return [a + (b - a) / TIMED_CENTERS * count for a, b in zip(*found, strict=True)]


def _normalized(images):
    values = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    shape = (1, 3, 1, 1)
    return (values - torch.tensor(MEAN).view(shape)) / torch.tensor(DEVIATION).view(shape)
