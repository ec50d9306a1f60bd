"""TF-IDF and a linear SVM per pair: what a course on text classification ends with."""

import pickle

import numpy as np
import task as rival
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC


def fit(task, folder):
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        OneVsRestClassifier(LinearSVC(C=1.0, class_weight="balanced", random_state=task.seed)),
    )
    model.fit(task.texts, task.targets)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    return lambda texts: 1 / (1 + np.exp(-3 * model.decision_function(texts)))  # margins, monotone; calibrated later


rival.run(fit)
