"""A gRPC server of TensorFlow Serving's PredictionService that runs `.tflite` members on one machine."""
