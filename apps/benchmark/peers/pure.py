"""PURE's relation model in PyTorch: its training step, and relations between given entities.

Written from the paper (Zhong and Chen, NAACL 2021) for this comparison. The full model has its markers in the text; the
approximation has those of many pairs behind it, where they share positions with the text and see it and their own pair.
"""

import os

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModel

from paper import Steps, linear, pad, read_input, read_weights
from protocol import serve

LEARNING_RATE = 2e-5
WEIGHT_DECAY = 0.01
MARKERS = 4


class Batch:
    """Texts laid out as tensors, their pairs one after the other."""

    def __init__(self, texts, pad_id):
        ids, positions, groups, heads, tails, labels = [], [], [], [], [], []
        for row, text in enumerate(texts):
            length, pairs = len(text["tokenIds"]), text["pairs"]
            places = torch.tensor(
                [[pair["headFirst"], pair["headLast"], pair["tailFirst"], pair["tailLast"]] for pair in pairs]
            )
            markers = [marker for pair in pairs for marker in pair.get("markers", [])]
            ids.append(torch.tensor(text["tokenIds"] + markers))
            if markers:
                behind = length + MARKERS * torch.arange(len(pairs))
                positions.append(torch.cat([torch.arange(length), places.flatten()]))
                groups.append(
                    torch.cat([torch.zeros(length, dtype=torch.long), 1 + torch.arange(len(markers)) // MARKERS])
                )
                starts = torch.stack([behind, behind + 2])
            else:
                starts = places[:, [0, 2]].T
            heads.append(torch.stack([torch.full((len(pairs),), row), starts[0]]))
            tails.append(torch.stack([torch.full((len(pairs),), row), starts[1]]))
            labels.extend(pair["labelIds"][-1] if pair["labelIds"] else 0 for pair in pairs)
        self.ids = pad(ids, pad_id)
        self.heads, self.tails = torch.cat(heads, dim=1), torch.cat(tails, dim=1)
        self.labels = torch.tensor(labels)
        lengths = torch.tensor([len(text["tokenIds"]) for text in texts])
        text_mask = torch.arange(self.ids.shape[1]) < lengths[:, None]
        self.positions, self.mask = None, text_mask.long()
        if groups:
            group = pad(groups)
            same_pair = (group[:, :, None] == group[:, None, :]) & (group[:, None, :] > 0)
            self.positions = pad(positions)
            self.mask = (text_mask[:, None, :] | same_pair)[:, None]  # [texts, 1, tokens, tokens]


class Pure(nn.Module):
    """Typed markers; a pair is the vectors of its two start markers."""

    def __init__(self, directory, weights, config):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(os.path.join(directory, "relation-encoder"), add_pooling_layer=False)
        self.norm = nn.LayerNorm(weights["norm.weight"].shape[0])
        self.norm.load_state_dict({"weight": weights["norm.weight"], "bias": weights["norm.bias"]})
        self.classifier = linear(weights, "classifier")
        self.dropout = nn.Dropout(config["outputDropout"])

    def forward(self, batch):
        """Logits of the pairs."""
        output = self.encoder(input_ids=batch.ids, attention_mask=batch.mask, position_ids=batch.positions)
        hidden = output.last_hidden_state
        pairs = torch.cat([hidden[tuple(batch.heads)], hidden[tuple(batch.tails)]], dim=1)
        return self.classifier(self.dropout(self.norm(pairs)))

    def loss(self, batch):
        return functional.cross_entropy(self(batch), batch.labels)

    def groups(self):
        """Biases and the encoder's norms do not decay."""
        named = list(self.named_parameters())
        decays = [not name.endswith("bias") and "LayerNorm" not in name for name, _ in named]
        kept = [value for (_, value), decay in zip(named, decays) if not decay]
        decayed = [value for (_, value), decay in zip(named, decays) if decay]
        return [
            {"params": kept, "lr": LEARNING_RATE},
            {"params": decayed, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY},
        ]


class Inference:
    """The likeliest label of all pairs, and its probability."""

    def __init__(self, model, batches):
        self.model, self.batches = model.eval(), batches

    def numbers(self):
        with torch.inference_mode():
            return [score for batch in self.batches for score in self.likeliest(batch)[0].tolist()]

    def run(self):
        with torch.inference_mode():
            found = [[values.tolist() for values in self.likeliest(batch)] for batch in self.batches]
        assert len(found) == len(self.batches)

    def likeliest(self, batch):
        return self.model(batch).softmax(dim=1).max(dim=1)


def prepare(job):
    batches, config = read_input(job)
    directory = os.path.join(job["workspace"], "model")
    model = Pure(directory, read_weights(job, "relation-head.safetensors"), config)
    laid_out = [Batch(texts, model.encoder.config.pad_token_id or 0) for texts in batches]
    if job["part"] == "step":
        return Steps(model, laid_out, model.groups(), epsilon=1e-6)
    return Inference(model, laid_out)


serve(prepare)
