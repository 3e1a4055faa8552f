"""ATLOP's training step and extraction in PyTorch.

Written from the paper (Zhou et al., AAAI 2021) for this comparison, in the form that suits PyTorch: the attention of a
document's mentions is read in one gather and averaged by one product, where code that slices mention by mention takes
several times as long.
"""

import os

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModel

from paper import Steps, linear, pad, read_input, read_weights
from protocol import serve

EPSILON = 1e-5
CLIP_NORM = 1.0


class Atlop(nn.Module):
    """The full model: eqs. 1 and 2, localized context pooling, group bilinear."""

    def __init__(self, directory, weights, config):
        super().__init__()
        # Attention weights are wanted, which only this form of attention gives.
        self.encoder = AutoModel.from_pretrained(
            os.path.join(directory, "encoder"), add_pooling_layer=False, attn_implementation="eager"
        )
        self.block_size = config["blockSize"]
        self.head_extractor = linear(weights, "headExtractor")
        self.tail_extractor = linear(weights, "tailExtractor")
        self.bilinear = linear(weights, "bilinear")

    def forward(self, documents):
        """Logits of the pairs of some documents, document after document."""
        rows = [document["tokenIds"] for document in documents]
        ids = pad(rows, self.encoder.config.pad_token_id or 0)
        mask = pad([[1] * len(row) for row in rows])
        output = self.encoder(input_ids=ids, attention_mask=mask, output_attentions=True)
        heads, tails, contexts = [], [], []
        for index, document in enumerate(documents):
            hidden, attention = output.last_hidden_state[index], output.attentions[-1][index]
            head, tail, context = pool(document, hidden, attention)
            heads.append(head)
            tails.append(tail)
            contexts.append(context)
        context = torch.cat(contexts)
        head = torch.tanh(self.head_extractor(torch.cat([torch.cat(heads), context], dim=1)))
        tail = torch.tanh(self.tail_extractor(torch.cat([torch.cat(tails), context], dim=1)))
        head = head.view(len(head), -1, self.block_size, 1)
        tail = tail.view(len(tail), -1, 1, self.block_size)
        return self.bilinear((head * tail).flatten(1))

    def loss(self, documents):
        return adaptive_threshold_loss(self(documents), target_rows(documents, self.bilinear.out_features))

    def groups(self):
        head = [value for name, value in self.named_parameters() if not name.startswith("encoder.")]
        return [{"params": list(self.encoder.parameters()), "lr": 5e-5}, {"params": head, "lr": 1e-4}]


def pool(document, hidden, attention):
    """Head vector, tail vector and context of each pair of one document."""
    length = len(document["tokenIds"])
    starts = [[start for start in mentions if start < length] for mentions in document["mentionStarts"]]
    positions = torch.tensor([start for mentions in starts for start in mentions], dtype=torch.long)
    owner = torch.tensor([entity for entity, mentions in enumerate(starts) for _ in mentions], dtype=torch.long)
    member = functional.one_hot(owner, len(starts)).T.bool()  # [entities, mentions]
    counts = member.sum(1, keepdim=True).clamp(min=1)

    vectors = hidden[positions]  # [mentions, hidden]
    masked = vectors.unsqueeze(0).masked_fill(~member.unsqueeze(2), float("-inf"))
    entities = torch.logsumexp(masked, dim=1)  # [entities, hidden]
    entities = torch.where(member.any(1, keepdim=True), entities, torch.zeros_like(entities))
    rows = attention[:, positions]  # [heads, mentions, tokens]
    by_entity = torch.matmul(member.float() / counts, rows)  # [heads, entities, tokens]

    pairs = torch.tensor(document["pairs"], dtype=torch.long)
    head, tail = pairs[:, 0], pairs[:, 1]
    shared = (by_entity[:, head] * by_entity[:, tail]).mean(0)  # [pairs, tokens]
    shared = shared / (shared.sum(1, keepdim=True) + EPSILON)
    return entities[head], entities[tail], shared @ hidden


def adaptive_threshold_loss(logits, targets):
    """The loss of the section on adaptive thresholding; class 0 is the threshold."""
    threshold = torch.zeros_like(targets)
    threshold[:, 0] = 1.0
    positive = targets.clone()
    positive[:, 0] = 0.0
    over_positive = logits - (1 - positive - threshold) * 1e30
    first = -(functional.log_softmax(over_positive, dim=1) * positive).sum(1)
    over_rest = logits - positive * 1e30
    second = -(functional.log_softmax(over_rest, dim=1) * threshold).sum(1)
    return (first + second).mean()


def target_rows(documents, labels):
    """1 = the label holds, a row a pair."""
    lists = [labels_of for document in documents for labels_of in document["targets"]]
    targets = torch.zeros(len(lists), labels)
    for row, labels_of in enumerate(lists):
        targets[row, labels_of] = 1.0
    return targets


class Inference:
    """The relations of all documents."""

    def __init__(self, model, batches):
        self.model, self.batches = model.eval(), batches

    def numbers(self):
        with torch.inference_mode():
            margins = [self.margins(batch) for batch in self.batches]
        return [float(value) for margin in margins for value in margin.flatten()]

    def run(self):
        with torch.inference_mode():
            found = [(self.margins(batch) > 0).nonzero().tolist() for batch in self.batches]
        assert len(found) == len(self.batches)

    def margins(self, batch):
        logits = self.model(batch)
        return logits[:, 1:] - logits[:, :1]


def prepare(job):
    batches, config = read_input(job)
    model = Atlop(os.path.join(job["workspace"], "model"), read_weights(job), config)
    if job["part"] == "step":
        return Steps(model, batches, model.groups(), epsilon=1e-6, clip_norm=CLIP_NORM)
    return Inference(model, batches)


serve(prepare)
