"""The logged model as a Spark UDF, on a Spark of this machine."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest

from communique.model.bundle import load_bundle
from communique.model.predict import predict
from communique.train import tracking

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17"),
    pytest.mark.filterwarnings("ignore"),
]
TEXTS = ["The truce holds.", "They reject the guard.", "Bread.", "", "praise the truce\n\n“ünïcode”"]


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[2]").appName("test")
    options = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.memory": "1g"}
    for name, value in {**options, "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def test_the_udf_gives_what_python_gives(spark: Any, bundle_folder: Path, client: Any) -> None:
    with mlflow.start_run():
        tracking.log_bundle(bundle_folder, TEXTS[:1])
        uri = f"models:/{mlflow.last_logged_model().model_id}"
    udf = mlflow.pyfunc.spark_udf(spark, uri, result_type="string", env_manager="local")
    frame = spark.createDataFrame([(n, text) for n, text in enumerate(TEXTS)], ["n", "text"]).repartition(2)
    rows = frame.withColumn("prediction", udf("text")).orderBy("n").collect()
    expected = [p.to_dict() for p in predict(load_bundle(bundle_folder), TEXTS)]
    found = [json.loads(row["prediction"]) for row in rows]
    for one, other in zip(found, expected, strict=True):
        assert {**one, "index": 0} == json.loads(json.dumps({**other, "index": 0}))
