"""A headless browser for pages that are files: Debian's Chromium, with nothing of the user's."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1300,2600",
)  # fmt: skip
PATIENCE = 60.0  # seconds
BROWSERS_OWN = ("chrome:", "chrome-untrusted:", "about:")  # pages of its own, before ours


@contextmanager
def opened(page: Path, profile: Path) -> Iterator[Browser]:
    """The page in a browser with an empty profile, when its plots are there."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = BROWSER or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        driver.set_script_timeout(PATIENCE)
        driver.get(page.as_uri())
        browser = Browser(driver)
        browser.wait(lambda: browser.run("return window.Bokeh?.documents[0]?.is_idle ?? false"))
        yield browser
    finally:
        driver.quit()


class Browser:
    """What tests ask of a page."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def run(self, code: str, *arguments: object) -> Any:
        """Run a script in the page; ``model(name)`` finds a model of Bokeh by its name."""
        find = """
        const document_ = window.Bokeh?.documents[0]
        const model = (name) => document_.get_model_by_name(name)
        const box = (title) => [...document_._all_models.values()].find(
          (one) => one.type === "Select" && one.title === title)
        """
        return self.driver.execute_script(find + code, *arguments)

    def wait(self, ready: Callable[[], Any]) -> Any:
        """What ``ready`` returns, as soon as it is true."""
        end = time.monotonic() + PATIENCE
        while not (found := ready()):
            assert time.monotonic() < end, "the page did not come to it"
            time.sleep(0.05)
        return found

    def choose(self, title: str, value: str) -> None:
        """Choose in a select box as a user does."""
        code = """
        const one = box(arguments[0])
        const element = Bokeh.index.find_one(one).el.shadowRoot.querySelector("select")
        element.value = one.options.find(([value]) => value === arguments[1])[1]
        element.dispatchEvent(new Event("change"))
        """
        self.run(code, title, value)

    def click(self, name: str, x: float, y: float) -> None:
        """Click into a plot at the place of its data, with the mouse."""
        from selenium.webdriver import ActionChains

        code = """
        const plot = Bokeh.index.find_one(model(arguments[0])).parent
        const {x_scale, y_scale} = plot.frame
        plot.el.scrollIntoView({block: "center", behavior: "instant"})
        const at = plot.el.getBoundingClientRect()
        return [at.left + x_scale.compute(arguments[1]), at.top + y_scale.compute(arguments[2])]
        """
        left, top = self.run(code, name, x, y)
        actions = ActionChains(self.driver)
        actions.w3c_actions.pointer_action.move_to_location(round(left), round(top))
        actions.click().perform()

    def errors(self) -> list[str]:
        """What the console complains of."""
        entries = self.driver.get_log("browser")
        return [e["message"] for e in entries if e["level"] in ("SEVERE", "WARNING")]

    def requests(self) -> list[str]:
        """Addresses that were asked for, but the page itself and what stands in it."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return [u for u in found if not u.startswith(("data:", "blob:", *BROWSERS_OWN))]
