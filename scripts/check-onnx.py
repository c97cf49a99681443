#!/usr/bin/env python3
"""Checks exported models by other software than ONNX Runtime and this library: the onnx package's checker, and OpenCV's
dnn or onnx's reference evaluator as a runtime. What isn't installed is skipped, and said.

    scripts/check-onnx.py MODEL.onnx [INPUTS.npz]

INPUTS.npz may hold `inputs` [N, 3, H, W] and `logits` [N, classes]: the labels must then be the same.
Prints a JSON object; the exit status is 1 where something differs.
"""
import json
import sys

path, *more = sys.argv[1:]
report = {"skipped": []}

try:
    import onnx

    version = onnx.load(path, load_external_data=False).opset_import[0].version
    if version > onnx.defs.onnx_opset_version():
        report["skipped"].append(f"checker: onnx {onnx.__version__} does not know opset {version}")
    else:
        onnx.checker.check_model(path, full_check=True)
        report["checker"] = f"onnx {onnx.__version__}, opset {version}: valid"
except ImportError:
    report["skipped"].append("checker: python3-onnx is not installed")


def opencv():
    import cv2

    net = cv2.dnn.readNetFromONNX(path)

    def run(inputs):
        net.setInput(inputs)
        return net.forward("logits")

    return f"OpenCV {cv2.__version__}", run


def reference():
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(path)
    return f"onnx {onnx.__version__} reference", lambda inputs: evaluator.run(["logits"], {"input": inputs})[0]


if more:
    import numpy as np

    data = np.load(more[0])
    for make in opencv, reference:
        try:
            name, run = make()
        except ImportError as error:
            report["skipped"].append(f"{make.__name__}: {error}")
            continue
        found = np.concatenate([run(data["inputs"][i : i + 1]) for i in range(len(data["inputs"]))])
        same = int((found.argmax(1) == data["logits"].argmax(1)).sum())
        report[name] = {
            "same labels": same,
            "of": len(found),
            "largest difference": float(np.abs(found - data["logits"]).max()),
        }

print(json.dumps(report, indent=2))
differs = [value for value in report.values() if isinstance(value, dict) and value["same labels"] != value["of"]]
sys.exit(1 if differs else 0)
