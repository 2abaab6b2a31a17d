"""`/docs` shows people what `/openapi.json` tells programs."""

from playwright.sync_api import Page, expect

from gateway.openapi import document
from tests.platform_process import Platform


def test_every_operation_and_object_is_shown(page: Page, platform: Platform) -> None:
    page.goto(f"{platform.url}/docs")
    operations = page.locator("#operations details")
    expect(operations).to_have_count(sum(len(methods) for methods in document()["paths"].values()))
    expect(page.locator("#schemas details")).to_have_count(len(document()["components"]["schemas"]))
    submit = operations.filter(has_text="POST /v1/jobs").first
    submit.locator("summary").click()
    expect(submit).to_contain_text("Idempotency-Key")
    expect(submit).to_contain_text("multipart/form-data")
