"""A real Chromium, headless, for tests that look at a page as people do.

Playwright's driver comes with its Python package; the browser is the system's. While a browser is open its thread
counts as one in which an asyncio loop runs, so a fixture around this is for a module, not for a session.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_TRIES_MS = 120_000  # bounds how long a failure takes; shared machines are slow at times
expect.set_options(timeout=_TRIES_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser. Without one the test is skipped, but in CI it fails, where a skip would go unnoticed."""
    with sync_playwright() as playwright:
        # Containers have neither the privileges its sandbox needs nor much of /dev/shm.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=_executable(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """A page in a profile of its own, with its address open. An error or a dialog of its scripts fails the test."""
    profile = browser.new_context(viewport={"width": 1280, "height": 860}, timezone_id="Europe/Berlin")
    profile.set_default_timeout(_TRIES_MS)
    page = profile.new_page()
    troubles: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", on_dialog)
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    try:
        page.goto(url)
        yield page
    finally:
        profile.close()
    assert troubles == []


def _executable() -> str:
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    sentence = f"no browser: none of {', '.join(_NAMES)} is on the PATH (`apt-get install chromium`)"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
