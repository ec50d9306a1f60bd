import pytest
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")
def test_x(poor, trained):
    for r in (poor, trained):
        v=r.reports["validation"]
        print({k:v[k] for k in ("joint_macro_f1","ece_topic","aurc","ece_stance")})
    assert 0
