"""An encoder's forward pass or training step with the transformers library."""

import numpy
import torch
from transformers import AutoModel

from protocol import sample, serve, use_threads


class Forward:
    """The forward pass of a batch whose rows are full."""

    def __init__(self, job):
        self.model = AutoModel.from_pretrained(job["encoder"], add_pooling_layer=False).eval()
        self.ids = torch.tensor(job["tokenIds"])
        self.mask = torch.ones_like(self.ids)

    def numbers(self):
        with torch.inference_mode():
            return sample(self.hidden().numpy())

    def run(self):
        with torch.inference_mode():
            self.hidden().numpy()

    def hidden(self):
        return self.model(input_ids=self.ids, attention_mask=self.mask).last_hidden_state


class Step(Forward):
    """A whole training step; the encoder's config says whether it has dropout."""

    def __init__(self, job):
        super().__init__(job)
        self.learning_rate = job["learningRate"]
        self.exact = job["dropout"] == 0
        shape = (*self.ids.shape, self.model.config.hidden_size)
        count = int(numpy.prod(shape))
        self.target = torch.tensor(numpy.sin(numpy.arange(count)).reshape(shape), dtype=torch.float32)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=self.learning_rate, eps=1e-6, weight_decay=0.0, fused=True
        )

    def numbers(self):
        with torch.inference_mode():
            losses = [self.loss().item()]
        self.model.train()
        return losses

    def run(self):
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        value = loss.item()
        return value if self.exact else None

    def loss(self):
        return (self.hidden() - self.target).square().mean()


def prepare(job):
    torch.manual_seed(1)
    use_threads(job["threads"])
    return Step(job) if job["kind"] == "encoder-step" else Forward(job)


serve(prepare)
