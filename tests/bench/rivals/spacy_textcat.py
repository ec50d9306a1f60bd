"""spaCy's multilabel text categoriser with its default architecture, trained from a blank English pipeline."""

import random

import numpy as np
import spacy
import task as rival
from spacy.training import Example
from spacy.util import compounding, minibatch

EPOCHS = 8


def fit(task, folder):
    spacy.util.fix_random_seed(task.seed)
    nlp = spacy.blank("en")
    textcat = nlp.add_pipe("textcat_multilabel")
    for pair in task.pairs:
        textcat.add_label(pair)
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": dict(zip(task.pairs, map(float, row), strict=True))})
        for text, row in zip(task.texts, task.targets, strict=True)
    ]
    optimizer = nlp.initialize(lambda: examples)
    shuffle = random.Random(task.seed)
    for _ in range(EPOCHS):
        shuffle.shuffle(examples)
        for batch in minibatch(examples, size=compounding(8.0, 32.0, 1.001)):
            nlp.update(batch, sgd=optimizer, drop=0.2)
    nlp.to_disk(folder)
    return lambda texts: np.array([[doc.cats[pair] for pair in task.pairs] for doc in nlp.pipe(texts, batch_size=64)])


rival.run(fit)
