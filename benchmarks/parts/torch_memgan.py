"""MEMGAN in idiomatic PyTorch, a reference for the speed of the step and of the score.

It has the networks of `torch_networks`, the same losses, Adam with the same settings, the same
instance noise and the same moving average of the weights.
"""

import copy

import torch
from torch.nn import functional

from parts.torch_networks import Discriminator, ScoringPath, distance


class TorchMemgan:
    """MEMGAN's networks, optimizers and Algorithm 1.

    Args:
        config: A `RunConfig` of MEMGAN.
        images: `(num_images, height, width, channels)` uint8, kept in memory.
        shares_passes: Whether G(z) is computed once for D, E, G and M, with `torch.autograd.grad`,
            as in MEMGAN's own step; otherwise E and G have a pass with a detached z.
        channels_last: Whether tensors have the memory layout that oneDNN and tensor cores prefer.
        fused: Whether to use PyTorch's fused Adam.
        device: Device of everything, including the images.
        autocast: Whether the networks compute in bfloat16 where PyTorch considers it safe.
        compiled: Whether `torch.compile` compiles the networks.
        graph: Whether the step is recorded once as a CUDA graph and then replayed.
    """

    def __init__(
        self,
        config,
        images,
        shares_passes=False,
        channels_last=False,
        fused=False,
        device="cpu",
        autocast=False,
        compiled=False,
        graph=False,
    ):
        self.config, model, training = config, config.model, config.training
        self.device, self.autocast = device, autocast
        widths = (model.base_width, model.max_width)
        self.nets = ScoringPath(config)
        self.discriminator = Discriminator(
            config.image_shape, model.latent_dim, *widths, model.discriminator_width
        )
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.nets.to(device, memory_format=self.format)
        self.discriminator.to(device, memory_format=self.format)
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2).to(device)
        self.images = self.images.contiguous(memory_format=self.format)
        self.average, self.shares_passes = copy.deepcopy(self.nets).eval(), shares_passes
        if compiled:
            for network in (self.nets.encoder, self.nets.generator, self.discriminator):
                network.compile()
        options = {
            "lr": training.learning_rate,
            "betas": (training.beta_1, training.beta_2),
            "eps": 1e-7,
            "fused": fused,
            "capturable": graph,
        }
        self.optimizer = torch.optim.Adam(self.nets.parameters(), **options)
        options["lr"] *= model.discriminator_learning_rate
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), **options)
        self.position = len(self.images)
        self._step = self._recorded() if graph else self._take_step

    def next_batch(self):
        size = self.config.training.batch_size
        if self.position + size > len(self.images):
            self.order = torch.randperm(len(self.images), device=self.device)
            self.position = 0
        chosen = self.order[self.position : self.position + size]
        self.position += size
        return self.images[chosen].contiguous(memory_format=self.format)

    def train_step(self):
        return self._step(self.next_batch())

    def _recorded(self):
        """The step as a CUDA graph, with the batch copied to its input."""
        batch, graph, side = self.next_batch(), torch.cuda.CUDAGraph(), torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self._take_step(batch)
        torch.cuda.current_stream().wait_stream(side)
        with torch.cuda.graph(graph):
            losses = self._take_step(batch)

        def replay(images):
            batch.copy_(images)
            graph.replay()
            return losses

        return replay

    def _take_step(self, images):
        kind = torch.device(self.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.autocast, cache_enabled=False):
            return self._algorithm_1(self.nets.scale(images))

    def _algorithm_1(self, scaled):
        model, nets, discriminator = self.config.model, self.nets, self.discriminator
        size = len(scaled)
        normal = torch.randn(size, model.num_units, device=self.device)
        weights = torch.softmax(model.mixing_scale * normal, 1)
        codes = nets.encoder(scaled)
        mixed = weights @ nets.memory.units
        generated = nets.generator(mixed)
        real_noise, fake_noise = (model.instance_noise * torch.randn_like(scaled) for _ in range(2))

        real = discriminator(scaled + real_noise, codes.detach())
        fake = discriminator(generated.detach() + fake_noise, mixed.detach())
        loss_d = (functional.softplus(-real) + functional.softplus(fake)).mean()
        self.optimizer_d.zero_grad()
        loss_d.backward()
        self.optimizer_d.step()

        projected = nets.memory(codes)
        cycle = distance(scaled, nets.generator(projected)).mean()
        projection = distance(codes, projected).mean()
        recoded = nets.memory.address(nets.encoder(generated))
        information = -(weights * torch.log_softmax(recoded, 1)).sum(1).mean()
        shared = cycle + projection + information
        self.optimizer.zero_grad()
        discriminator.requires_grad_(False)
        adversarial = self._share if self.shares_passes else self._add
        losses = adversarial(shared, scaled + real_noise, codes, generated, mixed, fake_noise)
        discriminator.requires_grad_(True)
        self.optimizer.step()
        self._average()
        return [loss_d.detach(), *losses, cycle.detach(), projection.detach(), information.detach()]

    def _add(self, shared, real_images, codes, generated, mixed, fake_noise):
        """One joint loss; a second pass through G keeps the adversarial term from M."""
        del generated
        detached = self.nets.generator(mixed.detach())
        loss_e = functional.softplus(self.discriminator(real_images, codes)).mean()
        logits = self.discriminator(detached + fake_noise, mixed.detach())
        loss_g = functional.softplus(-logits).mean()
        (shared + loss_e + loss_g).backward()
        return loss_e.detach(), loss_g.detach()

    def _share(self, shared, real_images, codes, generated, mixed, fake_noise):
        """The adversarial gradients enter at E(x) and G(z), as in MEMGAN's own step."""
        code, image = codes.detach().requires_grad_(), generated.detach().requires_grad_()
        loss_e = functional.softplus(self.discriminator(real_images, code)).mean()
        logits = self.discriminator(image + fake_noise, mixed.detach())
        loss_g = functional.softplus(-logits).mean()
        entering = torch.autograd.grad(loss_e + loss_g, [code, image])
        nets = self.nets
        networks = [*nets.encoder.parameters(), *nets.generator.parameters()]
        (nets.memory.units.grad,) = torch.autograd.grad(
            shared, [nets.memory.units], retain_graph=True
        )
        gradients = torch.autograd.grad(
            [shared, codes, generated], networks, [torch.ones_like(shared), *entering]
        )
        for parameter, gradient in zip(networks, gradients, strict=True):
            parameter.grad = gradient
        return loss_e.detach(), loss_g.detach()

    @torch.no_grad()
    def _average(self):
        rate = 1.0 - self.config.training.ema_decay
        for average, trained in zip(self.average.parameters(), self.nets.parameters(), strict=True):
            average.lerp_(trained, rate)

    @torch.inference_mode()
    def score(self, pixels):
        """A(x) of uint8 images `(num_images, height, width, channels)`, in batches of 256."""
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(self.device)
        parts = [
            self.average(images[start : start + 256].contiguous(memory_format=self.format))
            for start in range(0, len(images), 256)
        ]
        return torch.cat(parts).cpu().numpy()
