"""What the counterparts of the papers share: reading what our side wrote, and training steps."""

import json
import os

import torch
from safetensors.torch import load_file
from torch import nn

from protocol import use_threads


def read_input(job):
    """The batches of features and the model's config; lets PyTorch compute with the job's threads."""
    torch.manual_seed(1)
    use_threads(job["threads"])
    with open(os.path.join(job["workspace"], "input.json"), encoding="utf-8") as file:
        batches = json.load(file)["batches"]
    with open(os.path.join(job["workspace"], "model", "config.json"), encoding="utf-8") as file:
        config = json.load(file)["config"]
    return batches, config


def read_weights(job, name="head.safetensors"):
    """The weights besides a pretrained encoder's, by name."""
    return load_file(os.path.join(job["workspace"], "model", name))


def linear(weights, name):
    """A layer with the weights of a file."""
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def pad(sequences, value=0):
    """Rows of one length `[rows, length]`."""
    rows = [torch.as_tensor(sequence, dtype=torch.long) for sequence in sequences]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=value)


class Steps:
    """A training step on each batch: forward, loss, backward, clipping where the recipe has it, fused AdamW.

    A model has `loss(batch)`.
    """

    def __init__(self, model, batches, groups, epsilon, clip_norm=None):
        self.model, self.batches, self.clip_norm = model, batches, clip_norm
        self.optimizer = torch.optim.AdamW(groups, eps=epsilon, weight_decay=0.0, fused=True)

    def numbers(self):
        self.model.eval()
        with torch.inference_mode():
            losses = [self.model.loss(batch).item() for batch in self.batches]
        self.model.train()
        return losses

    def run(self):
        for batch in self.batches:
            self.optimizer.zero_grad()
            loss = self.model.loss(batch)
            loss.backward()
            if self.clip_norm is not None:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
            self.optimizer.step()
            loss.item()
