"""Writes an encoder as an ONNX file for one size of batch: export_onnx.py ENCODER BATCH TOKENS FILE."""

import sys

import torch
from transformers import AutoModel


class Hidden(torch.nn.Module):
    """The encoder with its last hidden states as the only output."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


encoder, batch, tokens, file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
model = Hidden(AutoModel.from_pretrained(encoder, add_pooling_layer=False)).eval()
ids = torch.ones(batch, tokens, dtype=torch.long)
torch.onnx.export(
    model,
    (ids, torch.ones_like(ids)),
    file,
    input_names=["input_ids", "attention_mask"],
    output_names=["hidden"],
    dynamo=True,
    external_data=False,
)
