"""Tokenizes documents word by word, as research code does, with the fast tokenizer of the transformers library."""

import json
import os

from transformers import AutoTokenizer

from protocol import serve


class Words:
    """Turns every word of every document into ids."""

    def __init__(self, job):
        self.tokenizer = AutoTokenizer.from_pretrained(job["encoder"], use_fast=True)
        with open(os.path.join(job["workspace"], "documents.json"), encoding="utf-8") as file:
            self.documents = [document["sentences"] for document in json.load(file)]

    def numbers(self):
        ids = self.tokenize()
        return [len(ids), *ids]

    def run(self):
        self.tokenize()

    def tokenize(self):
        ids = []
        for sentences in self.documents:
            tokens = []
            for words in sentences:
                for word in words:
                    tokens.extend(self.tokenizer.tokenize(word))
            ids.extend(self.tokenizer.convert_tokens_to_ids(tokens))
        return ids


serve(Words)
