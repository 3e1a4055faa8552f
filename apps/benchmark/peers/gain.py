"""GAIN's training step in PyTorch, on a pretrained encoder or a BiLSTM over vectors of words.

Written from the paper (Zeng et al., EMNLP 2020) and what is known of the published model, for this comparison. Graphs run
on lists of edges over a whole batch, as graph libraries do it: vectors are gathered at one end and added up at the other.
Paths are those of the pairs in question, each edge between entities computed once.
"""

import os

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import AutoModel

from paper import Steps, linear, pad, read_input, read_weights
from protocol import serve

ENCODER_RATE, ENCODER_DECAY = 1e-5, 0.01
HEAD_RATE, HEAD_DECAY = 1e-3, 1e-4
EDGES = ("intraEntity", "interEntity", "document")


class Batch:
    """Documents as tensors; nodes, entities, edges and paths are numbered through the batch."""

    def __init__(self, documents, labels, pad_id):
        self.ids = pad([document["tokenIds"] for document in documents], pad_id)
        self.types = pad([document["tokenTypes"] for document in documents])
        self.entity_ids = pad([document["tokenEntities"] for document in documents])
        self.lengths = torch.tensor([len(document["tokenIds"]) for document in documents])
        self.mask = (torch.arange(self.ids.shape[1]) < self.lengths[:, None]).long()

        self.node_count = sum(document["mentionGraph"]["nodeCount"] for document in documents)
        self.entity_count = sum(document["entityGraph"]["entityCount"] for document in documents)
        nodes = entities = links = pairs = 0
        width = self.ids.shape[1]
        tokens, token_nodes, mentions, mention_entities, roots = [], [], [], [], []
        edges = {kind: [] for kind in EDGES}
        self.documents, pair_ends, link_ends, paths, targets = [], [], [], [], []
        for row, document in enumerate(documents):
            roots.append(nodes)
            for token, mention in enumerate(document["mentions"]["tokenMentions"]):
                if mention > 0:
                    tokens.append(row * width + token)
                    token_nodes.append(nodes + mention)
            for entity, numbers in enumerate(document["mentions"]["entityMentions"]):
                mentions += [nodes + number for number in numbers]
                mention_entities += [entities + entity for _ in numbers]
            for kind in EDGES:
                edges[kind] += [[nodes + start, nodes + end] for start, end in document["mentionGraph"]["edges"][kind]]
            count = document["entityGraph"]["entityCount"]
            number = {}
            neighbours = [[] for _ in range(count)]
            for start, end in document["entityGraph"]["edges"]:
                number[start, end] = links + len(number)
                neighbours[start].append(end)
                link_ends.append([entities + start, entities + end])
            for index, (head, tail) in enumerate(document["pairs"]):
                pair_ends.append([entities + head, entities + tail])
                paths += [
                    [pairs + index, number[head, way], number[way, tail], number[tail, way], number[way, head]]
                    for way in neighbours[head]
                    if (way, tail) in number
                ]
            self.documents += [row] * len(document["pairs"])
            targets += document["targets"]
            links += len(number)
            pairs += len(document["pairs"])
            nodes += document["mentionGraph"]["nodeCount"]
            entities += count
        self.roots, self.documents = torch.tensor(roots), torch.tensor(self.documents)
        self.tokens, self.token_nodes = torch.tensor(tokens), torch.tensor(token_nodes)
        self.mentions, self.mention_entities = torch.tensor(mentions), torch.tensor(mention_entities)
        self.edges = [torch.tensor(edges[kind], dtype=torch.long).view(-1, 2).T for kind in EDGES]
        self.pairs = torch.tensor(pair_ends).T
        self.links = torch.tensor(link_ends, dtype=torch.long).view(-1, 2).T
        self.paths = torch.tensor(paths, dtype=torch.long).view(-1, 5).T
        self.targets = torch.zeros(pairs, labels)
        rows = [row for row, held in enumerate(targets) for _ in held]
        self.targets[rows, [label for held in targets for label in held]] = 1.0


def mean_by(values, owners, count):
    """The mean of the values of each owner `[count, size]`; zero for one without."""
    sums = values.new_zeros(count, values.shape[1]).index_add(0, owners, values)
    counts = torch.bincount(owners, minlength=count).clamp(min=1)
    return sums / counts[:, None]


class Convolution(nn.Module):
    """The mean over the neighbours of each kind of edge, mapped; and the node itself."""

    def __init__(self, weights, name):
        super().__init__()
        self.weight = nn.Parameter(weights[f"{name}.weight"])  # [edges, size, size]
        self.self_weight = nn.Parameter(weights[f"{name}.selfWeight"])
        self.bias = nn.Parameter(weights[f"{name}.bias"])

    def forward(self, nodes, edges):
        total = nodes @ self.self_weight + self.bias
        for (start, end), weight in zip(edges, self.weight):
            total = total + mean_by(nodes[start], end, len(nodes)) @ weight
        return functional.relu(total)


class BertText(nn.Module):
    """GAIN-BERT: entity embeddings stand beside the encoder's output."""

    def __init__(self, directory):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(os.path.join(directory, "encoder"))
        self.pad_id = self.encoder.config.pad_token_id or 0

    def forward(self, batch, embeddings):
        output = self.encoder(input_ids=batch.ids, attention_mask=batch.mask)
        state = functional.pad(output.pooler_output, (0, embeddings.shape[2]))
        return torch.cat([output.last_hidden_state, embeddings], dim=2), state


class LstmText(nn.Module):
    """GAIN-GloVe: vectors of words and entity embeddings go through a BiLSTM."""

    pad_id = 0

    def __init__(self, weights, config):
        super().__init__()
        lstm = {name.removeprefix("encoder.lstm."): value for name, value in weights.items() if "encoder.lstm." in name}
        self.words = nn.Embedding.from_pretrained(weights["wordEmbedding"], freeze=False)
        self.encoder = nn.LSTM(
            lstm["weight_ih_l0"].shape[1],
            config["lstmSize"],
            config["lstmLayers"],
            batch_first=True,
            bidirectional=True,
        )
        self.encoder.load_state_dict(lstm)
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, batch, embeddings):
        vectors = self.dropout(torch.cat([self.words(batch.ids), embeddings], dim=2))
        packed = pack_padded_sequence(vectors, batch.lengths, batch_first=True, enforce_sorted=False)
        output, (last, _) = self.encoder(packed)
        hidden, _ = pad_packed_sequence(output, batch_first=True)
        return self.dropout(hidden), self.dropout(torch.cat([last[-2], last[-1]], dim=1))


class Gain(nn.Module):
    """The full model; paths are summed, as the published numbers came about."""

    def __init__(self, directory, weights, config):
        super().__init__()
        self.text = LstmText(weights, config) if "wordEmbedding" in weights else BertText(directory)
        self.types = nn.Embedding.from_pretrained(weights["typeEmbedding"], freeze=False)
        self.entity_ids = nn.Embedding.from_pretrained(weights["idEmbedding"], freeze=False)
        self.convolutions = nn.ModuleList(
            Convolution(weights, f"convolutions.{layer}") for layer in range(config["graphLayers"])
        )
        self.edge_map, self.path_map = linear(weights, "edgeMap"), linear(weights, "pathMap")
        parts = ("head", "tail", "difference", "product", "document", "path")
        whole = torch.cat([weights[f"pairMap.{part}"] for part in parts], dim=1)
        self.pair_map = linear({"pairMap.weight": whole, "pairMap.bias": weights["pairMap.bias"]}, "pairMap")
        self.classifier = linear(weights, "classifier")
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, batch):
        """Logits of the pairs."""
        embeddings = torch.cat([self.types(batch.types), self.entity_ids(batch.entity_ids)], dim=2)
        hidden, state = self.text(batch, embeddings)
        named = hidden.flatten(0, 1)[batch.tokens]
        nodes = mean_by(named, batch.token_nodes, batch.node_count).index_copy(0, batch.roots, state)
        layers = [nodes]
        for convolution in self.convolutions:
            layers.append(self.dropout(convolution(layers[-1], batch.edges)))
        bank = torch.cat(layers, dim=1)
        entities = mean_by(bank[batch.mentions], batch.mention_entities, batch.entity_count)

        head, tail = entities[batch.pairs[0]], entities[batch.pairs[1]]
        document, paths = bank[batch.roots][batch.documents], self.join_paths(entities, batch)
        joined = torch.cat([head, tail, (head - tail).abs(), head * tail, document, paths], dim=1)
        return self.classifier(self.dropout(functional.relu(self.pair_map(joined))))

    def join_paths(self, entities, batch):
        """The sum of each pair's two-hop paths, mapped."""
        size = self.edge_map.out_features
        last = entities[:, -size:]
        ends = torch.cat([last[batch.links[0]], last[batch.links[1]]], dim=1)
        links = self.dropout(functional.relu(self.edge_map(ends)))
        owners, *edges = batch.paths
        parts = [links.new_zeros(batch.pairs.shape[1], size).index_add(0, owners, links[edge]) for edge in edges]
        return self.dropout(functional.relu(self.path_map(torch.cat(parts, dim=1))))

    def loss(self, batch):
        return functional.binary_cross_entropy_with_logits(self(batch), batch.targets)

    def groups(self):
        encoder = list(self.text.encoder.parameters())
        inside = {id(value) for value in encoder}
        head = [value for value in self.parameters() if id(value) not in inside]
        decay = ENCODER_DECAY if isinstance(self.text, BertText) else HEAD_DECAY
        return [
            {"params": encoder, "lr": ENCODER_RATE, "weight_decay": decay},
            {"params": head, "lr": HEAD_RATE, "weight_decay": HEAD_DECAY},
        ]


def prepare(job):
    batches, config = read_input(job)
    model = Gain(os.path.join(job["workspace"], "model"), read_weights(job), config)
    labels = len(config["relations"]) + 1
    laid_out = [Batch(documents, labels, model.text.pad_id) for documents in batches]
    return Steps(model, laid_out, model.groups(), epsilon=1e-8)


serve(prepare)
