from pipeline.files import paths, records
from pipeline.results import overview


def test_accuracy_with_its_interval_and_where_to_look(project):
    measured = {"test_accuracy": 0.9, "test_accuracy_low": 0.8, "test_accuracy_high": 0.95, "test_images": 50}
    records.write_json(paths.METRICS, {**measured, "validation_accuracy": 0.875, "validation_images": 40})
    parameters = {"total": 28426, "trainable": 28106}
    records.write_json(paths.TRAINING, {"parameters": parameters, "kept_epoch": 3, "epochs": 5})
    text = overview.of_results()
    assert "90.0 %  (95 % interval 80.0 to 95.0 %, 50 images)" in text
    assert "87.5 %  (40 images)" in text
    assert "linear probe" not in text
    assert "28,106 of 28,426 parameters, epoch 3 of 5 kept" in text
    assert "reports/report.html" in text
    assert "make ui" in text


def test_what_a_linear_probe_reaches_is_said(project):
    measured = {"test_accuracy": 0.9, "test_accuracy_low": 0.8, "test_accuracy_high": 0.95, "test_images": 50}
    of_validation = {"validation_accuracy": 0.875, "validation_images": 40, "linear_probe_validation_accuracy": 0.75}
    records.write_json(paths.METRICS, {**measured, **of_validation})
    parameters = {"total": 28426, "trainable": 28106}
    records.write_json(paths.TRAINING, {"parameters": parameters, "kept_epoch": 3, "epochs": 5})
    assert "linear probe         75.0 %" in overview.of_results()
