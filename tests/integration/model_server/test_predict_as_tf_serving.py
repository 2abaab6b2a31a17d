"""What a client made of TensorFlow Serving's own stubs gets from the running server."""

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from running_server import MODELS, VERSIONS, probabilities_of, request_for, run_directly, some_crops
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import classification_pb2, get_model_metadata_pb2, inference_pb2, regression_pb2

INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND


def metadata_request(*fields, name="baseline"):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = name
    return request


@pytest.mark.parametrize("as_content", [True, False], ids=["tensor_content", "int_val"])
@pytest.mark.parametrize("count", [1, 3, 16, 17, 40])
def test_predict_gives_what_litert_gives_run_directly(baseline, count, as_content):
    crops = some_crops(count)
    response = baseline.predict(request_for(crops, as_content=as_content))
    answer = probabilities_of(response)
    assert answer.shape == (count, 7)
    np.testing.assert_allclose(answer, run_directly("baseline", crops), atol=1e-6)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)


def test_sizes_in_any_order_do_not_disturb_each_other(baseline):
    for count in (16, 1, 5, 33, 2, 16, 1):
        crops = some_crops(count)
        answer = probabilities_of(baseline.predict(request_for(crops)))
        np.testing.assert_allclose(answer, run_directly("baseline", crops), atol=1e-6)


def test_calls_side_by_side_each_get_their_own_answer(baseline):
    batches = [some_crops(count) for count in range(1, 25)]
    calls = [baseline.stub.Predict.future(request_for(crops), timeout=30) for crops in batches]
    for crops, call in zip(batches, calls, strict=True):
        answer = probabilities_of(call.result())
        np.testing.assert_allclose(answer, run_directly("baseline", crops), atol=1e-6)


def test_the_answer_names_model_version_and_signature(baseline):
    spec = baseline.predict(request_for(some_crops(1))).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("baseline", VERSIONS["baseline"], "serving_default")


def test_a_batch_of_none_is_answered_with_none(baseline):
    assert probabilities_of(baseline.predict(request_for(some_crops(0)))).shape == (0, 7)


def test_a_version_that_is_loaded_may_be_named(baseline):
    request = request_for(some_crops(1))
    request.model_spec.version.value = VERSIONS["baseline"]
    request.output_filter.append("probabilities")
    assert probabilities_of(baseline.predict(request)).shape == (1, 7)


def test_metadata_describes_the_signature_as_tf_serving_does(baseline):
    response = baseline.stub.GetModelMetadata(metadata_request("signature_def"), timeout=30)
    assert (response.model_spec.name, response.model_spec.version.value) == ("baseline", VERSIONS["baseline"])
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    signature = signatures.signature_def["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    crops, probabilities = signature.inputs["crops"], signature.outputs["probabilities"]
    assert (crops.name, crops.dtype) == ("serving_default_crops:0", types_pb2.DT_UINT8)
    assert [dim.size for dim in crops.tensor_shape.dim] == [-1, 48, 48, 1]
    assert (probabilities.name, probabilities.dtype) == ("StatefulPartitionedCall:0", types_pb2.DT_FLOAT)
    assert [dim.size for dim in probabilities.tensor_shape.dim] == [-1, 7]


def changed(change):
    request = request_for(some_crops(1))
    change(request)
    return request


def as_floats(request):
    request.inputs["crops"].dtype = types_pb2.DT_FLOAT


def without_inputs(request):
    request.inputs.clear()


def with_another_input(request):
    request.inputs["mask"].CopyFrom(request.inputs["crops"])


def with_a_misspelt_input(request):
    with_another_input(request)
    del request.inputs["crops"]


def of_three_channels(request):
    request.inputs["crops"].tensor_shape.dim[3].size = 3


def flat(request):
    del request.inputs["crops"].tensor_shape.dim[1:]


def cut_short(request):
    request.inputs["crops"].tensor_content = bytes(48 * 48 - 1)


def too_many(request):
    request.inputs["crops"].tensor_shape.dim[0].size = 1025


def with_a_number_no_pixel_has(request):
    request.inputs["crops"].ClearField("tensor_content")
    request.inputs["crops"].int_val.append(256)


def with_a_version_label(request):
    request.model_spec.version_label = "canary"


def asking_for_logits(request):
    request.output_filter.append("logits")


def asking_twice(request):
    request.output_filter.extend(["probabilities", "probabilities"])


def without_model_spec(request):
    request.ClearField("model_spec")


def without_a_name(request):
    request.model_spec.name = ""


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (as_floats, "Expects arg[0] to be uint8 but float is provided"),
        (without_inputs, "input size does not match signature: 0!=1 len({}) != len({crops}). "
         "Sent extra: {}. Missing but required: {crops}."),
        (with_another_input, "input size does not match signature: 2!=1 len({crops,mask}) != len({crops}). "
         "Sent extra: {mask}. Missing but required: {}."),
        (with_a_misspelt_input, "input tensor alias not found in signature: mask. "
         "Inputs expected to be in the set {crops}."),
        (of_three_channels, "Expects arg[0] to have shape [?,48,48,1] but [1,48,48,3] is provided"),
        (flat, "Expects arg[0] to have shape [?,48,48,1] but [1] is provided"),
        (cut_short, "tensor parsing error: crops"),
        (too_many, "Task size 1025 is larger than maximum input batch size 1024"),
        (with_a_number_no_pixel_has, "tensor parsing error: crops: a uint8 is from 0 to 255"),
        (with_a_version_label, "Unrecognized servable version label: canary"),
        (asking_for_logits, "output tensor alias not found in signature: logits "
         "Outputs expected to be in the set {probabilities}."),
        (asking_twice, "duplicate output tensor alias: probabilities"),
        (without_model_spec, "Missing ModelSpec"),
        (without_a_name, "ModelSpec has no name specified."),
    ],
)  # fmt: skip
def test_a_request_that_does_not_fit_is_an_invalid_argument_in_tf_servings_words(baseline, change, text):
    assert baseline.refusal(changed(change)) == (INVALID_ARGUMENT, text)


def test_an_unknown_model_or_version_is_not_found(baseline):
    request = request_for(some_crops(1), name="nobody")
    assert baseline.refusal(request) == (NOT_FOUND, "Servable not found for request: Latest(nobody)")
    request = request_for(some_crops(1))
    request.model_spec.version.value = 99
    assert baseline.refusal(request) == (NOT_FOUND, "Servable not found for request: Specific(baseline, 99)")
    request = metadata_request("signature_def", name="nobody")
    assert baseline.refusal(request) == (NOT_FOUND, "Servable not found for request: Latest(nobody)")


def test_an_unknown_signature_is_a_failed_precondition_as_in_tf_serving(baseline):
    request = request_for(some_crops(1))
    request.model_spec.signature_name = "embed"
    text = 'Serving signature key "embed" not found.'
    assert baseline.refusal(request) == (grpc.StatusCode.FAILED_PRECONDITION, text)


def test_metadata_must_be_asked_for_by_a_field_that_exists(baseline):
    none, unknown = metadata_request(), metadata_request("weights")
    text = "GetModelMetadataRequest must specify at least one metadata_field"
    assert baseline.refusal(none) == (INVALID_ARGUMENT, text)
    assert baseline.refusal(unknown) == (INVALID_ARGUMENT, "Metadata field weights is not supported")


def test_too_large_a_message_is_refused_and_the_connection_goes_on(baseline):
    code, _ = baseline.refusal(request_for(some_crops(1900)))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert probabilities_of(baseline.predict(request_for(some_crops(1)))).shape == (1, 7)


def test_the_largest_batch_fits_into_the_largest_message(baseline):
    assert probabilities_of(baseline.predict(request_for(some_crops(1024)))).shape == (1024, 7)


@pytest.mark.parametrize(
    ("method", "request_type"),
    [
        ("Classify", classification_pb2.ClassificationRequest),
        ("Regress", regression_pb2.RegressionRequest),
        ("MultiInference", inference_pb2.MultiInferenceRequest),
    ],
)
def test_the_other_methods_are_unimplemented(baseline, method, request_type):
    with pytest.raises(grpc.RpcError) as caught:
        getattr(baseline.stub, method)(request_type(), timeout=30)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_health_is_serving_for_the_server_and_its_service_only(baseline):
    stub = health_pb2_grpc.HealthStub(baseline.channel)
    for service in ("", "tensorflow.serving.PredictionService"):
        reply = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
        assert reply.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=30)
    assert caught.value.code() == NOT_FOUND


def test_one_process_can_serve_several_models_from_a_configuration_file(start_server, tmp_path):
    config = tmp_path / "models.config"
    entries = "".join(
        f'config {{ name: "{name}" base_path: "{MODELS / name}" model_platform: "tensorflow" }}'
        for name in ("baseline", "five_layer")
    )
    config.write_text(f"model_config_list {{ {entries} }}")
    server = start_server("--model_config_file", config)
    crops = some_crops(2)
    for name in ("baseline", "five_layer"):
        answer = probabilities_of(server.predict(request_for(crops, name)))
        np.testing.assert_allclose(answer, run_directly(name, crops), atol=1e-6)
