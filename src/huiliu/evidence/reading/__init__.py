"""Reading evidence: offline Chinese OCR, layouts as data, strict extraction. Needs numpy, cv2 and onnxruntime."""
